#pragma once

/*
 * What podidentity aws-setup prints: the controller's IAM policy, the boundary of the roles it
 * makes and its own role, as documents generated from its settings, and the forms they are printed
 * in. Pure: settings in, values and text out; AWS is not asked.
 *
 * The policy holds a right exactly if some request of the controller, run with these settings,
 * needs it: the end-to-end tests check every request of theirs against it, and fail for a right
 * that the whole suite never used.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct arena;
struct error;

/* A list that a flag gives, with commas between its items. */
enum { SETUP_LIST_MAX = 64 }; /* a policy has 6,144 characters: more do not fit into it */
struct setup_list {
    const char *items[SETUP_LIST_MAX];
    size_t count;
};

struct setup {
    const char *partition, *account_id, *region, *cluster_name, *cluster_arn;
    const char *dns_suffix;                       /* "amazonaws.com": where EKS's issuers are */
    const char *trust_conditions;                 /* of --trust-conditions; "": none */
    const char *role_path;                        /* of the roles it makes: /…/ */
    const char *boundary_arn;                     /* "": roles without one are allowed */
    const char *namespace_name, *service_account; /* that it runs as */
    const char *role_name;                        /* of its own role, and of its policy */
    struct setup_list policy_arns;                /* managed policies it may attach; globs */
    struct setup_list boundary_arns;   /* boundaries that grants may name besides; globs */
    struct setup_list existing_roles;  /* roles of others it may pass; ARNs, globs */
    struct setup_list target_roles;    /* roles that applications may assume further */
    struct setup_list application_may; /* actions the boundary leaves to applications */
    bool manage_oidc_provider;         /* it may make the cluster's OIDC provider */
    bool manage_agent_addon;           /* it may make the add-on eks-pod-identity-agent */
    bool boundary_made;                /* the boundary is there already: do not print it */
    bool pass_to_cluster_only;         /* iam:AssociatedResourceArn */
};

/* The documents: objects of the caller's, members in AWS's order. */
json_t *setup_policy(const struct setup *setup);
json_t *setup_boundary(const struct setup *setup);
json_t *setup_trust(const struct setup *setup, struct arena *arena);

/* True when the boundary is a policy of this account that has still to be made. */
bool setup_makes_boundary(const struct setup *setup);

/* What stands between "policy/" and the end of an ARN: path "/podidentity/" and name "boundary".
 * The name points into the ARN, the path is the arena's. */
const char *setup_policy_name(const char *arn);
const char *setup_policy_path(struct arena *arena, const char *arn);

/* The path of the controller's own policy. */
#define SETUP_POLICY_PATH "/podidentity/"

/* The three documents, for the forms; borrowed. boundary is NULL when there is none to make. */
struct setup_documents {
    const json_t *policy, *boundary, *trust;
};

/*
 * {"documents": {"policy": …, "boundary": …, "trust": …}, "commands": ["aws iam …", …]}: the
 * commands hold the documents, are quoted for a POSIX shell and stand in the order to run them.
 * The caller's.
 */
json_t *setup_as_json(const struct setup *setup, const struct setup_documents *documents,
                      struct arena *arena);
/* A CloudFormation template in JSON. The caller's. */
json_t *setup_as_cloudformation(const struct setup *setup, const struct setup_documents *documents,
                                struct arena *arena);
/* Terraform (HCL), with the resources of the AWS provider; the arena's. */
const char *setup_as_terraform(const struct setup *setup, const struct setup_documents *documents,
                               struct arena *arena);

/* IAM's limit for a managed policy, white space left out. */
enum { SETUP_POLICY_MAX = 6144 };
/* ERROR_REFUSED when a document is over it. */
bool setup_fits(const char *what, const json_t *document, struct error *error);
