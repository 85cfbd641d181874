/*
 * The policies of a role of ours: the spec's own first, then those of the well-known policies.
 * Names differ, and all that is inline fits into one role, or nothing is wanted at all.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/policy.h"
#include "reconcilers/scene.h"
#include "reconcilers/want.h"
#include "reconcilers/want_parts.h"
#include "reconcilers/wellknown.h"

static bool refuse_too_long(const struct podidentitybinding_spec *spec, struct error *error)
{
    return error_set_code(error, ERROR_REFUSED, "PolicyTooLarge",
                          "spec.permissionPolicy: the policy has %lld characters; IAM takes %d",
                          (long long)spec->policy_too_long, POLICY_INLINE_MAX);
}

static bool check_own(const struct podidentitybinding_spec *spec, struct error *error)
{
    if (spec->policy_too_long)
        return refuse_too_long(spec, error);
    return !spec->permission_policy ||
           policy_check(spec->permission_policy, POLICY_INLINE_MAX, error) ||
           error_wrap(error, "spec.permissionPolicy");
}

/* IAM calls such an ARN not valid and does not say why. */
static bool check_partition(const char *arn, const char *field, struct arena *arena,
                            const struct scene *scene, struct error *error)
{
    const char *partition = scene->account.partition;

    return !arn || text_starts(arn, arena_printf(arena, "arn:%s:", partition)) ||
           error_set_code(error, ERROR_REFUSED, "PolicyNotFound",
                          "Policy %s is of another partition than the cluster, and IAM knows those "
                          "of partition %s alone. Name one that begins with arn:%s: in %s",
                          arn, partition, partition, field);
}

static bool check_partitions(const struct podidentitybinding_spec *spec, struct arena *arena,
                             const struct scene *scene, struct error *error)
{
    bool good = check_partition(spec->permissions_boundary_arn, "spec.permissionsBoundaryARN",
                                arena, scene, error);

    for (const char *const *arn = spec->permission_policy_arns; good && arn && *arn; arn++)
        good = check_partition(*arn, "spec.permissionPolicyARNs", arena, scene, error);
    return good;
}

static void join_inline(struct want *want, struct arena *arena,
                        const struct podidentitybinding_spec *spec,
                        const struct wellknown *wellknown)
{
    struct iam_policy *all = arena_array(arena, 1 + wellknown->inline_count, sizeof(*all));

    if (spec->permission_policy)
        all[want->inline_count++] = (struct iam_policy){
            .name = spec->permission_policy_name ? spec->permission_policy_name : "Policy1",
            .document = spec->permission_policy,
        };
    for (size_t i = 0; i < wellknown->inline_count; i++)
        all[want->inline_count++] = wellknown->inline_policies[i];
    want->inline_policies = all;
}

static void join_attached(struct want *want, struct arena *arena,
                          const struct podidentitybinding_spec *spec,
                          const struct wellknown *wellknown)
{
    size_t own = 0;
    const char **all;

    while (spec->permission_policy_arns && spec->permission_policy_arns[own])
        own++;
    all = arena_array(arena, own + wellknown->attached_count + 1, sizeof(*all));
    for (size_t i = 0; i < own; i++)
        all[want->attached_count++] = spec->permission_policy_arns[i];
    for (size_t i = 0; i < wellknown->attached_count; i++)
        all[want->attached_count++] = wellknown->attached_arns[i];
    want->attached_arns = all;
}

bool want_fill_policies(struct want *want, struct arena *arena,
                        const struct podidentitybinding_spec *spec, const struct scene *scene,
                        struct error *error)
{
    const struct wellknown_place place = {.partition = scene->account.partition,
                                          .account_id = scene->account.id,
                                          .region = scene->settings.region};
    struct wellknown wellknown;

    if (!check_own(spec, error) || !check_partitions(spec, arena, scene, error) ||
        !wellknown_compute(&wellknown, arena, spec, &place, error))
        return false;
    join_inline(want, arena, spec, &wellknown);
    join_attached(want, arena, spec, &wellknown);
    for (const char *const *warning = wellknown.warnings; *warning; warning++)
        want_warn(want, arena, *warning);
    return true;
}
