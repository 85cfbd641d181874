/*
 * Target role, session tags and session policy: what the association says besides role and tags.
 * EKS assumes the target role with the credentials of the first one, so a role of ours needs the
 * right to; its own policy for that has the target in its name, so that old and new stand beside
 * each other while the association moves.
 * Source: EKS User Guide "pod-id-assign-target-role".
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/policy.h"
#include "reconcilers/scene.h"
#include "reconcilers/session_policy.h"
#include "reconcilers/want.h"
#include "reconcilers/want_parts.h"

static bool check_target(const char *arn, struct arena *arena, const struct scene *scene,
                         struct error *error)
{
    struct iam_role_arn parts;
    bool here;

    if (!iam_role_arn_parse(arena, arn, &parts))
        return error_set_code(error, ERROR_REFUSED, "RoleMissing",
                              "spec.targetRoleARN \"%s\" is not the ARN of a role, such as "
                              "arn:%s:iam::210987654321:role/NAME",
                              arn, scene->account.partition);
    if (!text_equal(parts.partition, scene->account.partition))
        return error_set_code(error, ERROR_REFUSED, "RoleForbidden",
                              "Target role %s is of partition %s, and the cluster of %s: no role "
                              "is assumed across partitions. Name a role of partition %s in "
                              "spec.targetRoleARN",
                              arn, parts.partition, scene->account.partition,
                              scene->account.partition);
    here = text_equal(parts.account, scene->account.id);
    if (here && (text_starts(parts.path, scene->settings.role_path) ||
                 text_equal(parts.name, scene->account.caller_role)))
        return error_set_code(error, ERROR_REFUSED, "RoleForbidden",
                              "Target role %s is the controller's own, or one that it made for a "
                              "binding. Name another role in spec.targetRoleARN",
                              arn);
    return true;
}

static bool check_mix(const struct podidentitybinding_spec *spec, struct error *error)
{
    if (spec->policy && !spec->disable_session_tags)
        return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                              "EKS takes a session policy only without session tags. Write "
                              "spec.disableSessionTags: true beside spec.policy");
    if (spec->disable_session_tags && text_equal(spec->trust_scope, "ServiceAccount"))
        return error_set_code(error, ERROR_REFUSED, "TrustInsufficient",
                              "Without session tags a trust policy cannot tell ServiceAccounts "
                              "apart. Write spec.trustScope: Cluster, or remove "
                              "spec.disableSessionTags");
    return true;
}

/* EKS gives the session policy to the last role in the chain. */
static void tell_whom_it_limits(struct want *want, struct arena *arena)
{
    if (want->session_policy && want->target_role_arn)
        want_warn(want, arena,
                  arena_printf(arena,
                               "spec.policy limits what pods may do as target role %s; the role "
                               "that assumes it is not limited by it",
                               want->target_role_arn));
}

bool want_fill_session(struct want *want, struct arena *arena,
                       const struct podidentitybinding_spec *spec, const struct scene *scene,
                       struct error *error)
{
    want->target_role_arn = spec->target_role_arn;
    want->session_policy = spec->policy;
    want->disable_session_tags = spec->disable_session_tags;
    tell_whom_it_limits(want, arena);
    return check_mix(spec, error) &&
           (!spec->policy || session_policy_check(spec->policy, error) ||
            error_wrap(error, "spec.policy")) &&
           (!spec->target_role_arn || check_target(spec->target_role_arn, arena, scene, error));
}

static const char *target_policy_name(struct arena *arena, const char *target_role_arn)
{
    enum { HASH_BITS = 40, HASH_SIZE = HASH_BITS / 5 + 1 };
    unsigned char digest[SHA256_SIZE];
    char hash[HASH_SIZE];

    encode_sha256(target_role_arn, strlen(target_role_arn), digest);
    encode_base32(digest, HASH_BITS, hash);
    return arena_printf(arena, TARGET_POLICY_PREFIX "%s", hash);
}

static const char *target_policy(struct arena *arena, const struct want *want)
{
    AUTO_JSON json_t *actions = json_pack("[s]", "sts:AssumeRole");
    AUTO_JSON json_t *document = NULL;

    if (!want->disable_session_tags)
        json_array_append_new(actions, json_string("sts:TagSession"));
    document = json_pack("{s:s, s:[{s:s, s:O, s:s}]}", "Version", "2012-10-17", "Statement",
                         "Effect", "Allow", "Action", actions, "Resource", want->target_role_arn);
    return json_write(arena, document, false);
}

static bool fits(const struct want *want, struct error *error)
{
    size_t size = 0;

    for (size_t i = 0; i < want->inline_count; i++)
        size += policy_size(want->inline_policies[i].document);
    if (size > POLICY_INLINE_MAX)
        return error_set_code(error, ERROR_REFUSED, "PolicyTooLarge",
                              "The inline policies have %zu characters together with the right to "
                              "assume spec.targetRoleARN (%zu); IAM takes %d for one role",
                              size,
                              policy_size(want->inline_policies[want->inline_count - 1].document),
                              POLICY_INLINE_MAX);
    return true;
}

bool want_add_target_policy(struct want *want, struct arena *arena,
                            const struct podidentitybinding_spec *spec, struct error *error)
{
    struct iam_policy *all = arena_array(arena, want->inline_count + 1, sizeof(*all));
    const char *name;

    if (!want->target_role_arn)
        return true;
    name = target_policy_name(arena, want->target_role_arn);
    if (spec->permission_policy && spec->permission_policy_name &&
        strcasecmp(name, spec->permission_policy_name) == 0)
        return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                              "spec.permissionPolicyName %s is the name of the inline policy that "
                              "lets the role assume spec.targetRoleARN. Write another one",
                              spec->permission_policy_name);
    if (want->inline_count > 0)
        memcpy(all, want->inline_policies, want->inline_count * sizeof(*all));
    all[want->inline_count++] =
        (struct iam_policy){.name = name, .document = target_policy(arena, want)};
    want->inline_policies = all;
    return fits(want, error);
}

const char *want_target_trust(struct arena *arena, const struct want *want, const char *external_id)
{
    AUTO_JSON json_t *actions = json_pack("[s]", "sts:AssumeRole");
    AUTO_JSON json_t *statement = NULL;
    const char *text;

    if (!want->disable_session_tags)
        json_array_append_new(actions, json_string("sts:TagSession"));
    statement = json_pack("{s:s, s:{s:s}, s:O, s:{s:{s:s}}}", "Effect", "Allow", "Principal", "AWS",
                          want->role_arn, "Action", actions, "Condition", "StringEquals",
                          "sts:ExternalId", external_id);
    text = json_write(arena, statement, false);
    return strlen(text) <= WANT_TARGET_TRUST_MAX ? text : NULL;
}
