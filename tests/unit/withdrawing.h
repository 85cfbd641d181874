#pragma once

/* Grants that are taken back, for tests of what follows. */

#include "tests/unit/plans.h"

#define READ_ONLY "arn:aws:iam::aws:policy/ReadOnlyAccess"
#define NARROW_GRANT                                                                               \
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],\"managedRoles\":{"        \
    "\"inlinePolicies\":\"Allow\"}}"
#define WITH_POLICY "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":[\"" READ_ONLY "\"]}"
#define DAY_MS (24 * INT64_C(1) * HOUR_MS)

static inline void delete_after(struct fake_world *world, int64_t grace_ms)
{
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = (uint64_t)grace_ms;
}
