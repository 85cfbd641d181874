#include "reconcilers/want.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/policy.h"
#include "reconcilers/scene.h"
#include "reconcilers/trust.h"
#include "reconcilers/want_parts.h"

enum { ROLE_NAME_STEM_MAX = 55, ROLE_NAME_MAX = 64, ROLE_PATH_MAX = 512, SESSION_DEFAULT_S = 3600 };

const char *want_role_name(struct arena *arena, const char *cluster_arn, const char *namespace_name,
                           const char *service_account)
{
    char *stem = arena_printf(arena, "%s_%s", namespace_name, service_account);
    char hash[TRUST_HASH_SIZE];

    trust_hash(hash, cluster_arn, namespace_name, service_account);
    return arena_printf(arena, "%.*s_%s", ROLE_NAME_STEM_MAX, stem, hash);
}

void want_warn(struct want *want, struct arena *arena, const char *sentence)
{
    size_t count = 0;
    const char **all;

    while (want->warnings && want->warnings[count])
        count++;
    all = arena_array(arena, count + 2, sizeof(*all));
    if (count > 0)
        memcpy(all, want->warnings, count * sizeof(*all));
    all[count] = sentence;
    want->warnings = all;
}

/* Web identity goes to the role itself, so its account does not matter; an association's role and
 * what judges it are the cluster's. */
static bool is_within_reach(struct want *want, const char *arn, const struct iam_role_arn *parts,
                            const struct podidentitybinding *binding, const struct scene *scene,
                            struct error *error)
{
    want->unreadable = !text_equal(parts->account, scene->account.id);
    if (!text_equal(parts->partition, scene->account.partition))
        return error_set_code(error, ERROR_REFUSED, "RoleInOtherAccount",
                              "Role %s is in partition %s, but the cluster is in %s; nothing leads "
                              "from one to the other. Correct spec.roleARN",
                              arn, parts->partition, scene->account.partition);
    if (!want->unreadable || binding->spec.mechanism == MECHANISM_IRSA)
        return true;
    return error_set_code(error, ERROR_REFUSED, "RoleInOtherAccount",
                          "Role %s is in account %s, but the cluster is in %s, and an association "
                          "takes a role of the cluster's account only. Name a role there in "
                          "spec.roleARN (or leave it out), and this one in spec.targetRoleARN",
                          arn, parts->account, scene->account.id);
}

static bool fill_existing(struct want *want, struct arena *arena,
                          const struct podidentitybinding *binding, const struct scene *scene,
                          struct error *error)
{
    const char *arn = binding->spec.role_arn;
    struct iam_role_arn parts;

    if (!iam_role_arn_parse(arena, arn, &parts))
        return error_set_code(error, ERROR_REFUSED, "RoleMissing",
                              "spec.roleARN \"%s\" is not the ARN of a role, such as "
                              "arn:%s:iam::%s:role/NAME",
                              arn, scene->account.partition, scene->account.id);
    if (!is_within_reach(want, arn, &parts, binding, scene, error))
        return false;
    if (!want->unreadable && text_starts(parts.path, scene->settings.role_path))
        return error_set_code(error, ERROR_REFUSED, "RoleForbidden",
                              "Role %s stands under --role-path %s: such roles belong to the "
                              "bindings they were made for. Name another role in spec.roleARN",
                              arn, scene->settings.role_path);
    if (!want->unreadable && scene->account.caller_role &&
        text_equal(parts.name, scene->account.caller_role))
        return error_set_code(error, ERROR_REFUSED, "RoleForbidden",
                              "Role %s is the controller's own. Name another role in spec.roleARN",
                              arn);
    want->role_arn = arn;
    want->role_name = parts.name;
    return want_fill_ways(want, arena, binding, scene, parts.account, error);
}

/* Ours first, then the user's; the schema keeps them apart. */
static void fill_tags(struct want *want, struct arena *arena,
                      const struct podidentitybinding *binding, const struct scene *scene)
{
    const struct aws_tag ours[] = {
        {TAG_MANAGED, "true"},
        {TAG_CLUSTER, scene->account.cluster_arn},
        {TAG_NAMESPACE, binding->record.namespace_name},
        {TAG_SERVICE_ACCOUNT, binding->spec.service_account},
        {TAG_BINDING_UID, binding->record.uid},
        {TAG_ORIGIN, ORIGIN_CREATED},
    };
    struct aws_tag *tags = arena_array(arena, COUNT(ours) + binding->spec.tag_count, sizeof(*tags));

    memcpy(tags, ours, sizeof(ours));
    for (size_t i = 0; i < binding->spec.tag_count; i++)
        tags[COUNT(ours) + i] = (struct aws_tag){.key = binding->spec.tags[i].key,
                                                 .value = binding->spec.tags[i].value};
    want->tags = (struct aws_tags){.items = tags, .count = COUNT(ours) + binding->spec.tag_count};
}

/* Absent is the narrowest that can work: trust_document makes Cluster of it without tags. */
static enum trust_scope scope_of(const struct podidentitybinding_spec *spec)
{
    if (text_equal(spec->trust_scope, "Account"))
        return TRUST_ACCOUNT;
    return text_equal(spec->trust_scope, "Cluster") ? TRUST_CLUSTER : TRUST_SERVICE_ACCOUNT;
}

static bool fill_trust(struct want *want, struct arena *arena,
                       const struct podidentitybinding *binding, const struct scene *scene,
                       struct error *error)
{
    want->scope = scope_of(&binding->spec);
    if (!want_fill_ways(want, arena, binding, scene, scene->account.id, error))
        return false;
    want->trust = trust_document_of(arena, want->ways, want->way_count, want->scope);
    want->trust_needs_tags = want->pod_identity && want->scope == TRUST_SERVICE_ACCOUNT &&
                             !binding->spec.disable_session_tags;
    if (policy_size(want->trust) > POLICY_TRUST_MAX)
        return error_set_code(error, ERROR_REFUSED, "TrustTooLarge",
                              "The trust policy would have %zu characters; IAM takes %d",
                              policy_size(want->trust), POLICY_TRUST_MAX);
    return true;
}

/* spec.rolePath is relative to --role-path, which ends with a slash. */
static bool fill_name(struct want *want, struct arena *arena,
                      const struct podidentitybinding *binding, const struct scene *scene,
                      struct error *error)
{
    const char *below = binding->spec.role_path ? binding->spec.role_path : "";

    while (*below == '/')
        below++;
    want->role_name =
        binding->spec.role_name && !binding->spec.role_arn
            ? binding->spec.role_name
            : want_role_name(arena, scene->account.cluster_arn, binding->record.namespace_name,
                             binding->spec.service_account);
    want->role_path = arena_printf(arena, "%s%s%s", scene->settings.role_path, below,
                                   below[0] && !text_ends(below, "/") ? "/" : "");
    want->role_arn = arena_printf(arena, "arn:%s:iam::%s:role%s%s", scene->account.partition,
                                  scene->account.id, want->role_path, want->role_name);
    if (strlen(want->role_path) > ROLE_PATH_MAX)
        return error_set_code(error, ERROR_REFUSED, "RoleForbidden",
                              "The path %s has over %d characters. Shorten spec.rolePath",
                              want->role_path, ROLE_PATH_MAX);
    return true;
}

bool want_compute(struct want *want, struct arena *arena, const struct podidentitybinding *binding,
                  const struct scene *scene, struct error *error)
{
    const struct podidentitybinding_spec *spec = &binding->spec;

    *want = (struct want){.managed = spec->role_arn == NULL};
    fill_tags(want, arena, binding, scene);
    if (!want->managed)
        return fill_existing(want, arena, binding, scene, error) &&
               want_fill_session(want, arena, spec, scene, error);
    want->description = spec->role_description ? spec->role_description : "";
    want->boundary_arn = spec->permissions_boundary_arn ? spec->permissions_boundary_arn
                                                        : scene->settings.boundary_arn;
    want->max_session_s = spec->max_session_s ? spec->max_session_s : SESSION_DEFAULT_S;
    /* The name first: who takes away again needs no more. */
    return fill_name(want, arena, binding, scene, error) &&
           want_fill_session(want, arena, spec, scene, error) &&
           fill_trust(want, arena, binding, scene, error) &&
           want_fill_policies(want, arena, spec, scene, error) &&
           want_add_target_policy(want, arena, spec, error);
}
