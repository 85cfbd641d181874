#pragma once

/* An association that others made for shop/cart, and what becomes of it. */

#include "tests/unit/plans.h"

#define ADOPT ",\"adoptionPolicy\":\"Adopt\""
#define ADOPTING "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\"" ADOPT "}"
#define REFUSING "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\"}"
#define ADOPTING_MANAGED "{\"serviceAccountName\":\"cart\"" ADOPT "}"

/* Others' association stands, with a tag of theirs, and may be written to from now on. */
static inline struct fake_world *world_with_theirs(const char *role_arn)
{
    struct fake_world *world = world_with(NULL);
    struct fake_association *theirs;

    fake_aws_add_role(&world->aws, "/app/", "other", TRUST);
    theirs = fake_aws_add_association(&world->aws, "shop", "cart", role_arn);
    fake_pairs_put(&theirs->tags, "team", "blue");
    theirs->foreign = false;
    assert_true(fake_world_sweep(world));
    fake_world_reset(world);
    return world;
}

static inline struct fake_association *cart(const struct fake_world *world)
{
    return fake_aws_association(&world->aws, "shop", "cart");
}

static inline const char *tag(const struct fake_world *world, const char *key)
{
    return fake_pairs_get(&cart(world)->tags, key);
}

static inline struct fake_world *world_adopted(const char *spec)
{
    struct fake_world *world = world_with_theirs(OTHER);

    bind_and_settle(world, "cart", spec);
    assert_condition(world, "cart", "Ready", "True Ready");
    fake_world_reset(world);
    return world;
}
