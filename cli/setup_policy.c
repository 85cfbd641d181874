/*
 * The controller's policy as a table of statements. AWS enforces two fences that hold even if the
 * controller is taken over: it writes only to roles below its own path, and only while they carry
 * the boundary. Tags fence roles nowhere, because who may tag a role can forge them.
 * Source: the Service Authorization Reference of IAM and EKS (which action knows which key).
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "aws/addons.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/setup.h"
#include "reconcilers/trust.h"
#include "reconcilers/want.h"

enum { ACTIONS_MAX = 10 };

enum resource {
    ANYTHING,
    OUR_ROLES,      /* below the role path */
    ALL_ROLES,      /* of the account */
    EXISTING_ROLES, /* as listed */
    CLUSTER,        /* this one */
    ASSOCIATIONS,   /* of this cluster */
    OIDC_PROVIDERS, /* of EKS clusters in the Region: which is ours is known to AWS alone */
    ADDONS,         /* of this cluster */
    AGENT_ADDON,    /* eks-pod-identity-agent of this cluster; EKS makes up the last part */
};

enum condition {
    BOUNDED = 1 << 0,        /* the role has, or gets, a boundary of ours */
    CLUSTER_TAGGED = 1 << 1, /* created with our tag */
    LISTED_POLICY = 1 << 2,  /* attached policies as listed */
    TO_POD_IDENTITY = 1 << 3,
    OURS = 1 << 4,         /* the association has our tag */
    SESSION_TAGS = 1 << 5, /* a tag key that sessions of pods have */
};

enum when {
    ALWAYS,
    WITH_BOUNDARY,
    WITHOUT_BOUNDARY,
    WITH_ANY_BOUNDARY,  /* of the settings, or that bindings may name */
    WITH_OIDC_PROVIDER, /* the controller may make it */
    WITH_AGENT_ADDON,   /* the same */
};

struct statement {
    const char *sid;
    enum when when;
    bool deny;
    enum resource resource;
    unsigned conditions;
    const char *actions[ACTIONS_MAX];
};

/* A role of ours is changed only while it has its boundary; PutRolePermissionsBoundary is judged by
 * the boundary it asks for, so that one which somebody removed can be put back. */
#define CHANGES                                                                                    \
    {                                                                                              \
        "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy",                       \
            "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole",                      \
    }

static const struct statement statements[] = {
    {"CreateInOurPathWithBoundary",
     WITH_BOUNDARY,
     false,
     OUR_ROLES,
     BOUNDED | CLUSTER_TAGGED,
     {"iam:CreateRole"}},
    {"CreateInOurPath", WITHOUT_BOUNDARY, false, OUR_ROLES, CLUSTER_TAGGED, {"iam:CreateRole"}},
    {"ChangeOnlyBoundedRoles", WITH_BOUNDARY, false, OUR_ROLES, BOUNDED, CHANGES},
    {"ChangeOurRoles", WITHOUT_BOUNDARY, false, OUR_ROLES, 0, CHANGES},
    {"PutBoundariesBack",
     WITH_ANY_BOUNDARY,
     false,
     OUR_ROLES,
     BOUNDED,
     {"iam:PutRolePermissionsBoundary"}},
    {"AttachListedPoliciesToBoundedRoles",
     WITH_BOUNDARY,
     false,
     OUR_ROLES,
     BOUNDED | LISTED_POLICY,
     {"iam:AttachRolePolicy"}},
    {"AttachListedPolicies",
     WITHOUT_BOUNDARY,
     false,
     OUR_ROLES,
     LISTED_POLICY,
     {"iam:AttachRolePolicy"}},
    /* Neither action knows the key of the boundary. */
    {"TagInOurPath", ALWAYS, false, OUR_ROLES, 0, {"iam:TagRole", "iam:UntagRole"}},
    {"ReadRoles",
     ALWAYS,
     false,
     ALL_ROLES,
     0,
     {"iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole"}},
    {"ReadAccount", ALWAYS, false, ANYTHING, 0, {"iam:GetAccountAuthorizationDetails"}},
    {"ReadOIDCProvider", ALWAYS, false, OIDC_PROVIDERS, 0, {"iam:GetOpenIDConnectProvider"}},
    /* A tag at creation asks for the right to tag. */
    {"MakeOIDCProvider",
     WITH_OIDC_PROVIDER,
     false,
     OIDC_PROVIDERS,
     CLUSTER_TAGGED,
     {"iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"}},
    {"AddAudience",
     WITH_OIDC_PROVIDER,
     false,
     OIDC_PROVIDERS,
     0,
     {"iam:AddClientIDToOpenIDConnectProvider"}},
    {"PassOurRoles", ALWAYS, false, OUR_ROLES, TO_POD_IDENTITY, {"iam:PassRole"}},
    {"PassExistingRoles", ALWAYS, false, EXISTING_ROLES, TO_POD_IDENTITY, {"iam:PassRole"}},
    {"Cluster",
     ALWAYS,
     false,
     CLUSTER,
     0,
     {"eks:DescribeCluster", "eks:ListPodIdentityAssociations", "eks:CreatePodIdentityAssociation",
      "eks:ListAddons"}},
    {"ReadAddons", ALWAYS, false, ADDONS, 0, {"eks:DescribeAddon"}},
    /* CreateAddon is judged by the cluster, the tags it brings along by the add-on. Neither passes
     * a role, so no add-on gets rights of its own by this. */
    {"MakeAgentAddon", WITH_AGENT_ADDON, false, CLUSTER, CLUSTER_TAGGED, {"eks:CreateAddon"}},
    {"TagAgentAddon", WITH_AGENT_ADDON, false, AGENT_ADDON, CLUSTER_TAGGED, {"eks:TagResource"}},
    /* A tag at creation cannot be told apart from a later one. */
    {"ReadAndTagAssociations",
     ALWAYS,
     false,
     ASSOCIATIONS,
     0,
     {"eks:DescribePodIdentityAssociation", "eks:TagResource"}},
    {"ChangeOurAssociations",
     ALWAYS,
     false,
     ASSOCIATIONS,
     OURS,
     {"eks:UpdatePodIdentityAssociation", "eks:DeletePodIdentityAssociation", "eks:UntagResource"}},
    {"NeverTheFence",
     ALWAYS,
     true,
     ANYTHING,
     0,
     {"iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion",
      "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:CreateUser", "iam:CreateAccessKey",
      "iam:CreateLoginProfile"}},
    /* A role that carried them could pass for a pod. */
    {"NeverSessionTagsOfPods",
     ALWAYS,
     true,
     ANYTHING,
     SESSION_TAGS,
     {"iam:CreateRole", "iam:TagRole"}},
};

static const char *const session_tag_keys[] = {
    "eks-cluster-arn",      "eks-cluster-name",
    "kubernetes-namespace", "kubernetes-service-account",
    "kubernetes-pod-name",  "kubernetes-pod-uid",
};

/* A text, or a list of more than one. */
static json_t *texts(const char *const *items, size_t count)
{
    json_t *list;

    if (count == 1)
        return json_string(items[0]);
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(items[i]));
    return list;
}

static json_t *actions_of(const struct statement *statement)
{
    size_t count = 0;

    while (count < ACTIONS_MAX && statement->actions[count])
        count++;
    return texts(statement->actions, count);
}

static json_t *iam_arn(const struct setup *setup, const char *what, const char *rest)
{
    return json_sprintf("arn:%s:iam::%s:%s%s*", setup->partition, setup->account_id, what, rest);
}

static json_t *resource_of(const struct setup *setup, enum resource resource)
{
    switch (resource) {
    case OUR_ROLES:
        return iam_arn(setup, "role", setup->role_path);
    case ALL_ROLES:
        return iam_arn(setup, "role", "/");
    case EXISTING_ROLES:
        return texts(setup->existing_roles.items, setup->existing_roles.count);
    case CLUSTER:
        return json_string(setup->cluster_arn);
    case ASSOCIATIONS:
        return json_sprintf("arn:%s:eks:%s:%s:podidentityassociation/%s/*", setup->partition,
                            setup->region, setup->account_id, setup->cluster_name);
    case OIDC_PROVIDERS:
        return json_sprintf("arn:%s:iam::%s:oidc-provider/oidc.eks.%s.%s/id/*", setup->partition,
                            setup->account_id, setup->region, setup->dns_suffix);
    case ADDONS:
    case AGENT_ADDON:
        return json_sprintf("arn:%s:eks:%s:%s:addon/%s/%s*", setup->partition, setup->region,
                            setup->account_id, setup->cluster_name,
                            resource == AGENT_ADDON ? ADDON_AGENT "/" : "");
    case ANYTHING:
        break;
    }
    return json_string("*");
}

static void add_test(json_t *conditions, const char *operation, const char *key, json_t *value)
{
    json_t *tests = json_object_get(conditions, operation);

    if (!tests) {
        tests = json_object();
        json_object_set_new(conditions, operation, tests);
    }
    json_object_set_new(tests, key, value);
}

/* Ours first, then those that grants may name. */
static json_t *boundaries(const struct setup *setup)
{
    const char *arns[SETUP_LIST_MAX + 1];
    size_t count = 0;

    if (setup->boundary_arn[0])
        arns[count++] = setup->boundary_arn;
    for (size_t i = 0; i < setup->boundary_arns.count; i++)
        arns[count++] = setup->boundary_arns.items[i];
    return texts(arns, count);
}

static json_t *conditions_of(const struct setup *setup, unsigned wanted)
{
    json_t *conditions = json_object();

    if (wanted & BOUNDED)
        add_test(conditions, setup->boundary_arns.count ? "ArnLike" : "ArnEquals",
                 "iam:PermissionsBoundary", boundaries(setup));
    if (wanted & LISTED_POLICY)
        add_test(conditions, "ArnLike", "iam:PolicyARN",
                 texts(setup->policy_arns.items, setup->policy_arns.count));
    if (wanted & CLUSTER_TAGGED)
        add_test(conditions, "StringEquals", "aws:RequestTag/" TAG_CLUSTER,
                 json_string(setup->cluster_arn));
    if (wanted & TO_POD_IDENTITY)
        add_test(conditions, "StringEquals", "iam:PassedToService", json_string(TRUST_PRINCIPAL));
    if ((wanted & TO_POD_IDENTITY) && setup->pass_to_cluster_only)
        add_test(conditions, "ArnEquals", "iam:AssociatedResourceArn",
                 json_string(setup->cluster_arn));
    if (wanted & OURS)
        add_test(conditions, "StringEquals", "aws:ResourceTag/" TAG_MANAGED, json_string("true"));
    if (wanted & SESSION_TAGS)
        add_test(conditions, "ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys",
                 texts(session_tag_keys, COUNT(session_tag_keys)));
    return conditions;
}

static bool is_time(const struct setup *setup, enum when when)
{
    bool bounded = setup->boundary_arn[0] != '\0';

    switch (when) {
    case WITH_BOUNDARY:
        return bounded;
    case WITHOUT_BOUNDARY:
        return !bounded;
    case WITH_ANY_BOUNDARY:
        return bounded || setup->boundary_arns.count > 0;
    case WITH_OIDC_PROVIDER:
        return setup->manage_oidc_provider;
    case WITH_AGENT_ADDON:
        return setup->manage_agent_addon;
    case ALWAYS:
        break;
    }
    return true;
}

/* An empty list of resources or values would be no policy, and there is nothing to allow. */
static bool applies(const struct setup *setup, const struct statement *statement)
{
    return is_time(setup, statement->when) &&
           (statement->resource != EXISTING_ROLES || setup->existing_roles.count > 0) &&
           (!(statement->conditions & LISTED_POLICY) || setup->policy_arns.count > 0);
}

static json_t *statement_json(const struct setup *setup, const struct statement *statement)
{
    json_t *json = json_pack("{s:s, s:s, s:o, s:o}", "Sid", statement->sid, "Effect",
                             statement->deny ? "Deny" : "Allow", "Action", actions_of(statement),
                             "Resource", resource_of(setup, statement->resource));

    if (statement->conditions)
        json_object_set_new(json, "Condition", conditions_of(setup, statement->conditions));
    return json;
}

static json_t *document(json_t *list)
{
    return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", list);
}

json_t *setup_policy(const struct setup *setup)
{
    json_t *list = json_array();

    for (size_t i = 0; i < COUNT(statements); i++)
        if (applies(setup, &statements[i]))
            json_array_append_new(list, statement_json(setup, &statements[i]));
    return document(list);
}

/* IAM does not count white space; there is none in ARNs and actions. */
bool setup_fits(const char *what, const json_t *json, struct error *error)
{
    size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);

    return size <= SETUP_POLICY_MAX ||
           error_set(error, ERROR_REFUSED,
                     "the %s has %zu characters, and IAM takes %d: write globs that cover several "
                     "ARNs",
                     what, size, SETUP_POLICY_MAX);
}
