/*
 * The boundary of the roles the controller makes, and its own role. A boundary gives nothing: it is
 * the most that policies of those roles can ever allow, written by whoever may write bindings.
 */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/setup.h"
#include "reconcilers/trust.h"

/* Roles that can make or change roles would step over every fence. */
static json_t *never_identities(void)
{
    return json_pack("{s:s, s:s, s:[s,s,s,s], s:s}", "Sid", "NeverIdentities", "Effect", "Deny",
                     "Action", "iam:*", "organizations:*", "account:*",
                     /* The last star: List ends in Associations. */
                     "eks:*PodIdentityAssociation*", "Resource", "*");
}

static json_t *list_of(const struct setup_list *list)
{
    json_t *json;

    if (list->count == 1)
        return json_string(list->items[0]);
    json = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(json, json_string(list->items[i]));
    return json;
}

json_t *setup_boundary(const struct setup *setup)
{
    json_t *list = json_array();
    json_t *others = json_pack("{s:s, s:s, s:s}", "Sid", "NoRoleButListedTargets", "Effect", "Deny",
                               "Action", "sts:AssumeRole*");

    json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:s}", "Sid", "WhatApplicationsMayDo",
                                          "Effect", "Allow", "Action",
                                          list_of(&setup->application_may), "Resource", "*"));
    json_array_append_new(list, never_identities());
    if (setup->target_roles.count > 0) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:[s,s], s:o}", "Sid", "AssumeTargets",
                                              "Effect", "Allow", "Action", "sts:AssumeRole",
                                              "sts:TagSession", "Resource",
                                              list_of(&setup->target_roles)));
        json_object_set_new(others, "NotResource", list_of(&setup->target_roles));
    } else {
        json_object_set_new(others, "Resource", json_string("*"));
    }
    json_array_append_new(list, others);
    return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", list);
}

/* The statement that the controller itself writes for a ServiceAccount: this one and no other. */
json_t *setup_trust(const struct setup *setup, struct arena *arena)
{
    const struct trust_subject subject = {
        .partition = setup->partition,
        .account_id = setup->account_id,
        .cluster_arn = setup->cluster_arn,
        .cluster_name = setup->cluster_name,
        .namespace_name = setup->namespace_name,
        .service_account = setup->service_account,
        .session_tags = true,
        .conditions = setup->trust_conditions,
    };
    const char *text = trust_document(arena, &subject, TRUST_SERVICE_ACCOUNT);
    struct error error = {0};

    return json_parse(text, strlen(text), &error);
}

const char *setup_policy_name(const char *arn)
{
    return strrchr(arn, '/') + 1;
}

const char *setup_policy_path(struct arena *arena, const char *arn)
{
    const char *path = strchr(arn, '/');

    return arena_text(arena, path, (size_t)(strrchr(arn, '/') + 1 - path));
}

bool setup_makes_boundary(const struct setup *setup)
{
    return setup->boundary_arn[0] && !setup->boundary_made &&
           !strstr(setup->boundary_arn, "::aws:");
}
