#pragma once

/* Worlds with a binding that is only observed, for tests of whole plans. */

#include "tests/unit/plans.h"

#define OBSERVE "\"mode\":\"Observe\""
#define LOOK "{\"serviceAccountName\":\"cart\"," OBSERVE "}"
#define LOOK_WITH_TWO                                                                              \
    "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":" POLICY ",\"permissionPolicyARNs\":["  \
    "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]," OBSERVE "}"
#define LOOK_AT(arn) "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" arn "\"," OBSERVE "}"
#define LOOK_WITH(more) "{\"serviceAccountName\":\"cart\"," more "," OBSERVE "}"

/* Sentences of status.pendingChanges, each with a line's end. */
static inline void read_pending(const struct fake_world *world, const char *name, struct text *all)
{
    const char *const *list = fake_world_binding(world, name)->status.pending_changes;

    for (; list && *list; list++)
        text_printf(all, "%s\n", *list);
}

static inline void assert_pending_of(const struct fake_world *world, const char *name,
                                     const char *wanted)
{
    AUTO_TEXT struct text all = TEXT_INIT(1 << 16);

    read_pending(world, name, &all);
    assert_string_equal(all.length > 0 ? all.bytes : "", wanted);
}

static inline void assert_pending(const struct fake_world *world, const char *wanted)
{
    assert_pending_of(world, "cart", wanted);
}

static inline void assert_pending_contains(const struct fake_world *world, const char *part)
{
    AUTO_TEXT struct text all = TEXT_INIT(1 << 16);

    read_pending(world, "cart", &all);
    assert_contains(all.length > 0 ? all.bytes : "", part);
}

static inline void assert_nothing_written(const struct fake_world *world)
{
    assert_int_equal(world->wire.aws_writes, 0);
    assert_int_equal(world->kubernetes.finalizer_writes, 0);
    assert_int_equal(world->kubernetes.applies, 0);
    assert_int_equal(world->kubernetes.account_writes, 0);
}

/* "cart" is made and Ready, then only observed; counts at 0. */
static inline struct fake_world *world_from(const char *enforced, const char *observed)
{
    struct fake_world *world = world_with(enforced);

    bind_and_settle(world, "cart", observed);
    assert_nothing_written(world);
    fake_world_reset(world);
    return world;
}
