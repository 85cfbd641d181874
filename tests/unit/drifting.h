#pragma once

/* Worlds in which a sweep has seen what we wrote: from here on, others change it. */

#include <stdio.h>

#include "tests/unit/plans.h"

static inline struct fake_world *quiet(const char *spec)
{
    struct fake_world *world = world_with(spec);

    look(world); /* the sweep's digests stand in the place of our own writes */
    fake_world_reset(world);
    return world;
}

/* What somebody did to a role. */
static inline void attach(struct fake_role *role)
{
    fake_pairs_put(&role->attached, FOREIGN_POLICY, "");
}

enum { FOUND_SIZE = 100 };

/* What a look or a patrol found: the key, in FOUND_SIZE bytes. */
static inline void found(void *context, const char *key)
{
    snprintf(context, FOUND_SIZE, "%s", key);
}
