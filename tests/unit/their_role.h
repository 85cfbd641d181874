#pragma once

/* A role of the wanted name that others made, and what becomes of it. */

#include "tests/unit/plans.h"

#define NAME "till"
#define ADOPT ",\"roleName\":\"" NAME "\",\"adoptionPolicy\":\"Adopt\"}"
#define SPEC(more) "{\"serviceAccountName\":\"cart\"" more ADOPT
#define ATTACHED "arn:aws:iam::aws:policy/ReadOnlyAccess"
#define THEIRS "arn:aws:iam::aws:policy/Theirs"
#define WITH_TWO                                                                                   \
    SPEC(",\"permissionPolicy\":" POLICY ",\"permissionPolicyARNs\":[\"" ATTACHED "\"]")
#define REFUSING                                                                                   \
    "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":" POLICY                                \
    ",\"permissionPolicyARNs\":[\"" ATTACHED "\"],\"roleName\":\"" NAME "\"}"
#define GRANT(adoption)                                                                            \
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],\"managedRoles\":{"        \
    "\"roleNames\":[\"*\"],\"inlinePolicies\":\"Allow\",\"permissionPolicyARNs\":["                \
    "\"arn:aws:iam::*:policy/*\"]}" adoption "}"
#define ARN "arn:aws:iam::" FAKE_ACCOUNT ":role" FAKE_ROLE_PATH NAME

/* What others said in its trust, and must go on saying. */
#define OF_OTHERS                                                                                  \
    "{\"Sid\":\"Them\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"},"      \
    "\"Action\":\"sts:AssumeRole\"}"
#define OF_OTHERS2                                                                                 \
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::2:root\"},\"Action\":"            \
    "\"sts:AssumeRole\"}"
#define OF_OTHERS3                                                                                 \
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::3:root\"},\"Action\":"            \
    "\"sts:AssumeRole\"}"
#define TRUST_OF_OTHERS "{\"Version\":\"2012-10-17\",\"Statement\":" OF_OTHERS "}"

static inline struct fake_role *role(const struct fake_world *world)
{
    return fake_aws_role(&world->aws, NAME);
}

static inline const char *tag(const struct fake_world *world, const char *key)
{
    return fake_pairs_get(&role(world)->tags, key);
}

/* Theirs stands, with policies and a tag of theirs, and may be written to from now on. */
static inline struct fake_world *world_with_theirs(const char *trust)
{
    struct fake_world *world = world_with(NULL);
    struct fake_role *theirs = fake_aws_add_role(&world->aws, FAKE_ROLE_PATH, NAME, trust);

    theirs->foreign = false;
    fake_text_set(&theirs->description, "theirs");
    theirs->max_session_s = 7200;
    fake_pairs_put(&theirs->tags, "team", "blue");
    fake_pairs_put(&theirs->policies, "Theirs", POLICY);
    fake_pairs_put(&theirs->attached, THEIRS, "");
    fake_world_reset(world);
    return world;
}

static inline struct fake_world *world_adopted(const char *spec)
{
    struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    bind_and_settle(world, "cart", spec);
    assert_condition(world, "cart", "Ready", "True Ready");
    fake_world_reset(world);
    return world;
}

static inline void assert_theirs_stand(const struct fake_world *world)
{
    assert_non_null(strstr(role(world)->trust, OF_OTHERS));
    assert_string_equal(tag(world, "team"), "blue");
    assert_non_null(fake_pairs_get(&role(world)->policies, "Theirs"));
    assert_non_null(fake_pairs_get(&role(world)->attached, THEIRS));
    assert_string_equal(role(world)->description, "theirs");
    assert_int_equal(role(world)->max_session_s, 7200);
}
