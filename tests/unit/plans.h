#pragma once

/* Specs of bindings and shorthands for tests of whole plans, on the fakes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/want.h"
#include "tests/fake/fake_world.h"

#define EXISTING "arn:aws:iam::" FAKE_ACCOUNT ":role/app/reader"
#define OTHER "arn:aws:iam::" FAKE_ACCOUNT ":role/app/other"
#define TRUST                                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":" \
    "\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}]}"
#define POLICY                                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"" \
    ",\"Resource\":\"*\"}]}"
#define DENY                                                                                       \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\","            \
    "\"Resource\":\"*\"}]}"
#define FOREIGN_POLICY "arn:aws:iam::aws:policy/AdministratorAccess"

#define MANAGED "{\"serviceAccountName\":\"cart\"}"
#define MANAGED_WITH_TWO                                                                           \
    "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":" POLICY ",\"permissionPolicyARNs\":["  \
    "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]}"
#define BOUND_TO(account) "{\"serviceAccountName\":\"" account "\",\"roleARN\":\"" EXISTING "\"}"

/* Of another namespace than shop. */
#define OTHER_GRANT "{\"namespaces\":{\"names\":[\"else\"]},\"serviceAccounts\":[\"*\"]}"

#define BINDINGS "podidentitybindings"

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    INTERVAL_MS = 10 * MINUTE_MS, /* settings.drift_interval_ms of the fake world */
};

static inline void world_free_auto(struct fake_world **world)
{
    fake_world_destroy(*world);
}
#define AUTO_WORLD __attribute__((cleanup(world_free_auto)))

/* A world in which this binding "cart" is Ready, with counts at 0. */
static inline struct fake_world *world_with(const char *spec)
{
    struct fake_world *world = fake_world_create();

    fake_aws_add_role(&world->aws, "/app/", "reader", TRUST);
    if (spec) {
        fake_world_bind(world, "cart", spec);
        assert_true(fake_world_settle(world));
        assert_string_equal(fake_world_condition(world, "cart", "Ready"), "True Ready");
    }
    fake_world_reset(world);
    return world;
}

/* A world in which the annotation of ServiceAccount cart stands for a binding that is Ready, with
 * role OTHER beside its own, and counts at 0. */
static inline struct fake_world *world_annotated(void)
{
    struct fake_world *world = world_with(NULL);

    fake_aws_add_role(&world->aws, "/app/", "other", TRUST);
    fake_world_annotate(world, EXISTING);
    assert_true(fake_world_settle(world));
    assert_string_equal(fake_world_condition(world, "cart", "Ready"), "True Ready");
    fake_world_reset(world);
    return world;
}

/* Binds and goes on until quiet. */
static inline void bind_and_settle(struct fake_world *world, const char *name, const char *spec)
{
    fake_world_bind(world, name, spec);
    assert_true(fake_world_settle(world));
}

/* As after a sweep or a Describe that showed something else than was left: cart's plan reads all.
 */
static inline void look_again(struct fake_world *world)
{
    ledger_doubt(ledger_entry(world->scene.ledger, "shop/cart",
                              fake_world_binding(world, "cart")->record.uid));
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
}

/* Somebody takes the finalizer of cart away and deletes it: all that it made stays. */
static inline void lose_binding(struct fake_world *world)
{
    fake_world_lose(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
}

/* A sweep's interval later, and all that follows from what the sweep shows. */
static inline void look(struct fake_world *world)
{
    assert_true(fake_world_pass(world, INTERVAL_MS));
    assert_true(fake_world_look(world));
    assert_true(fake_world_settle(world));
}

/* Bindings app-0, app-1 … with a role of ours each, and counts at 0. */
static inline void bind_many(struct fake_world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char name[16], spec[600];

        snprintf(name, sizeof(name), "app-%d", i);
        snprintf(spec, sizeof(spec),
                 "{\"serviceAccountName\":\"%s\",\"permissionPolicy\":" POLICY "}", name);
        fake_world_bind(world, name, spec);
    }
    assert_true(fake_world_settle(world));
    fake_world_reset(world);
}

/* The role that a binding for ServiceAccount cart gets by default; NULL. */
static inline struct fake_role *cart_role(const struct fake_world *world)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);

    return fake_aws_role(&world->aws, want_role_name(arena, FAKE_CLUSTER_ARN, "shop", "cart"));
}

/* How often this AWS operation has changed something. */
static inline unsigned effects(const struct fake_world *world, const char *operation)
{
    return fake_counts_get(&world->aws.effects, operation);
}

/* The message of a condition. */
static inline const char *message_of(const struct fake_world *world, const char *name,
                                     const char *type)
{
    const struct podidentitybinding *binding = fake_world_binding(world, name);
    const struct condition *condition = podidentitybinding_condition(&binding->status, type);

    assert_non_null(condition);
    return condition->message;
}

#define assert_condition(world, name, type, words)                                                 \
    assert_string_equal(fake_world_condition(world, name, type), words)
#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr(text, part))                                                                   \
            fail_msg("\"%s\" does not contain \"%s\"", text, part);                                \
    } while (0)
