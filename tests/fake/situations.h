#pragma once

/* What scenarios of several subjects begin with, and what a person does in them. */

#include "tests/fake/scenarios.h"

#define TRUST                                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":" \
    "\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}]}"
#define EXISTING "arn:aws:iam::" FAKE_ACCOUNT ":role/app/cart-reader"
#define MANAGED(more)                                                                              \
    "{\"serviceAccountName\":\"cart\"," more                                                       \
    "\"roleDescription\":\"the cart\",\"tags\":{\"team\":\"blue\"},\"permissionPolicy\":{"         \
    "\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"," \
    "\"Resource\":\"*\"}]},\"permissionPolicyARNs\":["                                             \
    "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]}"
static const char managed[] = MANAGED("");

/* Every field that may change, changed: one policy goes, another comes; a tag each way. */
static const char changed[] =
    "{\"serviceAccountName\":\"cart\",\"roleDescription\":\"the new cart\",\"maxSessionDuration\":"
    "7200,\"tags\":{\"stage\":\"live\"},\"permissionPolicyName\":\"cart\",\"permissionPolicy\":{"
    "\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:PutObject\","
    "\"Resource\":\"*\"}]},\"permissionPolicyARNs\":[\"arn:aws:iam::aws:policy/PowerUserAccess\"]}";
static const char existing[] = "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\"}";

static inline void bind_managed(struct fake_world *world)
{
    fake_world_bind(world, "cart", managed);
}

static inline void bind_changed(struct fake_world *world)
{
    fake_world_bind(world, "cart", changed);
}

static inline void bind_existing(struct fake_world *world)
{
    fake_world_bind(world, "cart", existing);
}

static inline void unbind(struct fake_world *world)
{
    fake_world_unbind(world, "cart");
}

static inline void make_role(struct fake_world *world)
{
    fake_aws_add_role(&world->aws, "/app/", "cart-reader", TRUST);
}

static inline void have_existing(struct fake_world *world)
{
    make_role(world);
    bind_existing(world);
}

/* A stranger's role and association stand beside: none of them may be written to. */
static inline void have_managed(struct fake_world *world)
{
    make_role(world);
    fake_aws_add_association(&world->aws, "shop", "till", EXISTING);
    bind_managed(world);
}

/* Its finalizer was taken away by hand: what it made is still there, and so are its tags. */
static inline void have_left_over(struct fake_world *world, void (*bind)(struct fake_world *))
{
    make_role(world);
    bind(world);
    fake_world_settle(world);
    fake_world_lose(world, "cart");
}

static inline void left_over_managed(struct fake_world *world)
{
    have_left_over(world, bind_managed);
}

static inline void somebody_took_boundary(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    for (size_t i = 0; i < world->aws.role_count; i++)
        if (!world->aws.roles[i]->foreign)
            fake_text_set(&world->aws.roles[i]->boundary, NULL);
    world->aws.boundary_required = true;
}
