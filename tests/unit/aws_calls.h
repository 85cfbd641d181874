#pragma once

/* Every builder of aws/ by name, with its arguments out of JSON: so vectors can say what to build.
 */

#include <string.h>

#include "aws/addons.h"
#include "aws/eks.h"
#include "aws/iam.h"
#include "aws/oidc.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/memory.h"

struct call {
    struct arena *arena;
    struct request *request;
    const json_t *arguments;
};

static const char *argument(const struct call *call, const char *name)
{
    return json_string_value(json_object_get(call->arguments, name));
}

static struct aws_tags tags_argument(const struct call *call)
{
    json_t *object = json_object_get(call->arguments, "tags"), *value;
    struct aws_tag *items = arena_array(call->arena, json_object_size(object) + 1, sizeof(*items));
    struct aws_tags tags = {.items = items};
    const char *key;

    json_object_foreach(object, key, value) items[tags.count++] =
        (struct aws_tag){.key = key, .value = json_string_value(value)};
    return tags;
}

static const char *const *keys_argument(const struct call *call, size_t *count)
{
    const json_t *array = json_object_get(call->arguments, "keys");
    const char **keys = arena_array(call->arena, json_array_size(array) + 1, sizeof(*keys));

    *count = json_array_size(array);
    for (size_t i = 0; i < *count; i++)
        keys[i] = json_string_value(json_array_get(array, i));
    return keys;
}

static void call_create_role(const struct call *call)
{
    const struct iam_role_wish wish = {
        .name = argument(call, "name"),
        .path = argument(call, "path"),
        .trust = argument(call, "trust"),
        .description = argument(call, "description"),
        .boundary_arn = argument(call, "boundary_arn"),
        .max_session_s = json_path_int(call->arguments, "max_session_s", 0),
        .tags = tags_argument(call),
    };

    iam_create_role(call->arena, call->request, &wish);
}

static void call_update_role(const struct call *call)
{
    iam_update_role(call->arena, call->request, argument(call, "name"),
                    argument(call, "description"),
                    json_path_int(call->arguments, "max_session_s", 0));
}

static void call_tag_role(const struct call *call)
{
    const struct aws_tags tags = tags_argument(call);

    iam_tag_role(call->arena, call->request, argument(call, "name"), &tags);
}

static void call_untag_role(const struct call *call)
{
    size_t count;
    const char *const *keys = keys_argument(call, &count);

    iam_untag_role(call->arena, call->request, argument(call, "name"), keys, count);
}

static void call_account_details(const struct call *call)
{
    iam_get_account_details(call->arena, call->request,
                            (unsigned)json_path_int(call->arguments, "items_max", 0),
                            argument(call, "marker"));
}

static void call_create_association(const struct call *call)
{
    const struct eks_association_wish wish = {
        .namespace_name = argument(call, "namespace"),
        .service_account = argument(call, "service_account"),
        .role_arn = argument(call, "role_arn"),
        .client_request_token = argument(call, "token"),
        .target_role_arn = argument(call, "target_role_arn"),
        .policy = argument(call, "policy"),
        .disable_session_tags = json_path_bool(call->arguments, "disable_session_tags", false),
        .tags = tags_argument(call),
    };

    eks_create_association(call->arena, call->request, argument(call, "cluster"), &wish);
}

static enum eks_session_tags session_tags_argument(const struct call *call)
{
    if (!json_path(call->arguments, "disable_session_tags"))
        return EKS_SESSION_TAGS_STAY;
    return json_path_bool(call->arguments, "disable_session_tags", false) ? EKS_SESSION_TAGS_OFF
                                                                          : EKS_SESSION_TAGS_ON;
}

static void call_change_association(const struct call *call)
{
    const struct eks_association_change change = {
        .role_arn = argument(call, "role_arn"),
        .target_role_arn = argument(call, "target_role_arn"),
        .policy = argument(call, "policy"),
        .session_tags = session_tags_argument(call),
        .client_request_token = argument(call, "token"),
    };

    eks_update_association(call->arena, call->request, argument(call, "cluster"),
                           argument(call, "id"), &change);
}

static void call_update_association(const struct call *call)
{
    eks_update_association_role(call->arena, call->request, argument(call, "cluster"),
                                argument(call, "id"), argument(call, "role_arn"),
                                argument(call, "token"));
}

static void call_list_associations(const struct call *call)
{
    eks_list_associations(call->arena, call->request, argument(call, "cluster"),
                          argument(call, "namespace"), argument(call, "service_account"),
                          argument(call, "token"));
}

static void call_tag_resource(const struct call *call)
{
    const struct aws_tags tags = tags_argument(call);

    eks_tag_resource(call->arena, call->request, argument(call, "arn"), &tags);
}

static void call_untag_resource(const struct call *call)
{
    size_t count;
    const char *const *keys = keys_argument(call, &count);

    eks_untag_resource(call->arena, call->request, argument(call, "arn"), keys, count);
}

static void call_create_addon(const struct call *call)
{
    const struct addon_wish wish = {
        .name = argument(call, "name"),
        .version = argument(call, "version"),
        .client_request_token = argument(call, "token"),
        .tags = tags_argument(call),
    };

    addon_create(call->arena, call->request, argument(call, "cluster"), &wish);
}

static void call_list_providers(const struct call *call)
{
    oidc_list_providers(call->arena, call->request);
}

static void call_create_provider(const struct call *call)
{
    const struct aws_tags tags = tags_argument(call);

    oidc_create_provider(call->arena, call->request, argument(call, "issuer"),
                         argument(call, "client_id"), &tags);
}

/* Builders that take texts only, in this order. */
typedef void (*one_text_fn)(struct arena *, struct request *, const char *);
typedef void (*two_texts_fn)(struct arena *, struct request *, const char *, const char *);
typedef void (*three_texts_fn)(struct arena *, struct request *, const char *, const char *,
                               const char *);

static const struct {
    const char *name;
    bool write;
    void (*call)(const struct call *call);
    one_text_fn one;
    two_texts_fn two;
    three_texts_fn three;
    const char *arguments[3];
} calls[] = {
    {"iam_create_role", true, .call = call_create_role},
    {"iam_get_role", false, .one = iam_get_role, .arguments = {"name"}},
    {"iam_update_role", true, .call = call_update_role},
    {"iam_update_trust", true, .two = iam_update_trust, .arguments = {"name", "trust"}},
    {"iam_delete_role", true, .one = iam_delete_role, .arguments = {"name"}},
    {"iam_put_boundary", true, .two = iam_put_boundary, .arguments = {"name", "boundary_arn"}},
    {"iam_tag_role", true, .call = call_tag_role},
    {"iam_untag_role", true, .call = call_untag_role},
    {"iam_put_role_policy", true, .three = iam_put_role_policy,
     .arguments = {"name", "policy", "document"}},
    {"iam_get_role_policy", false, .two = iam_get_role_policy, .arguments = {"name", "policy"}},
    {"iam_delete_role_policy", true, .two = iam_delete_role_policy,
     .arguments = {"name", "policy"}},
    {"iam_attach_role_policy", true, .two = iam_attach_role_policy,
     .arguments = {"name", "policy_arn"}},
    {"iam_detach_role_policy", true, .two = iam_detach_role_policy,
     .arguments = {"name", "policy_arn"}},
    {"iam_list_role_policies", false, .two = iam_list_role_policies,
     .arguments = {"name", "marker"}},
    {"iam_list_attached_role_policies", false, .two = iam_list_attached_role_policies,
     .arguments = {"name", "marker"}},
    {"iam_get_account_details", false, .call = call_account_details},
    {"iam_list_instance_profiles", false, .two = iam_list_instance_profiles,
     .arguments = {"name", "marker"}},
    {"iam_remove_from_instance_profile", true, .two = iam_remove_from_instance_profile,
     .arguments = {"name", "profile"}},
    {"oidc_list_providers", false, .call = call_list_providers},
    {"oidc_get_provider", false, .one = oidc_get_provider, .arguments = {"arn"}},
    {"oidc_create_provider", true, .call = call_create_provider},
    {"oidc_add_client_id", true, .two = oidc_add_client_id, .arguments = {"arn", "client_id"}},
    {"sts_get_caller_identity", false, .call = NULL},
    {"eks_create_association", true, .call = call_create_association},
    {"eks_update_association", true, .call = call_change_association},
    {"eks_update_association_role", true, .call = call_update_association},
    {"eks_describe_association", false, .two = eks_describe_association,
     .arguments = {"cluster", "id"}},
    {"eks_delete_association", true, .two = eks_delete_association, .arguments = {"cluster", "id"}},
    {"eks_list_associations", false, .call = call_list_associations},
    {"eks_tag_resource", true, .call = call_tag_resource},
    {"eks_untag_resource", true, .call = call_untag_resource},
    {"eks_describe_cluster", false, .one = eks_describe_cluster, .arguments = {"name"}},
    {"addon_list", false, .two = addon_list, .arguments = {"cluster", "token"}},
    {"addon_describe", false, .two = addon_describe, .arguments = {"cluster", "name"}},
    {"addon_create", true, .call = call_create_addon},
};

/* The row of the builder; COUNT(calls) when there is none of that name. */
static size_t call_find(const char *name)
{
    size_t row = 0;

    while (row < COUNT(calls) && strcmp(calls[row].name, name) != 0)
        row++;
    return row;
}

static void call_build(size_t row, const struct call *call)
{
    const char *texts[3];

    for (size_t i = 0; i < COUNT(texts); i++)
        texts[i] = calls[row].arguments[i] ? argument(call, calls[row].arguments[i]) : NULL;
    if (calls[row].call)
        calls[row].call(call);
    else if (calls[row].one)
        calls[row].one(call->arena, call->request, texts[0]);
    else if (calls[row].two)
        calls[row].two(call->arena, call->request, texts[0], texts[1]);
    else if (calls[row].three)
        calls[row].three(call->arena, call->request, texts[0], texts[1], texts[2]);
    else
        sts_get_caller_identity(call->arena, call->request);
}
