#pragma once

/*
 * An AWS account with one cluster, in memory: IAM roles and what hangs on them, EKS pod identity
 * associations, STS. Reads the requests our builders make and answers in AWS's own forms. Every
 * write is counted as an effect when it changed something, as idle when it did not, and as a
 * trespass when what it was aimed at is not ours. A write that leaves an association of ours with a
 * role that does not admit it, or may not assume its target role, is counted as a gap; so is one
 * that turns session tags off within 30 s of an edit of the role's trust. Behaviour: IAM API
 * 2010-05-08, EKS API 2017-11-01.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/fake/fake_wire.h"

#define FAKE_ACCOUNT "123456789012"
#define FAKE_CLUSTER "main"
#define FAKE_CLUSTER_ARN "arn:aws:eks:eu-west-1:" FAKE_ACCOUNT ":cluster/" FAKE_CLUSTER
#define FAKE_ROLE_PATH "/podidentity/eu-west-1/main/"
#define FAKE_BOUNDARY "arn:aws:iam::" FAKE_ACCOUNT ":policy/podidentity/boundary"
#define FAKE_CONTROLLER_ROLE "podidentity-controller"
#define FAKE_ISSUER "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"

struct fake_pair {
    char *key, *value;
};
struct fake_pairs {
    struct fake_pair *items;
    size_t count;
};

struct fake_role {
    char *name, *path, *trust, *description, *boundary; /* boundary NULL: none */
    int64_t max_session_s, created_ms;
    int64_t trust_edited_ms;                    /* 0: never */
    struct fake_pairs tags, policies, attached; /* attached: ARNs, no values */
    struct fake_pairs profiles;                 /* instance profiles: names, no values */
    bool foreign;
};

struct fake_association {
    char *namespace_name, *service_account, *role_arn, *id, *owner_arn; /* owner_arn NULL: none */
    char *token;
    char *target_role_arn, *policy; /* NULL: none */
    bool disable_session_tags;
    int64_t created_ms, modified_ms;
    struct fake_pairs tags;
    bool foreign;
};

/* OIDC provider. */
struct fake_provider {
    char *arn, *url;                    /* url without "https://" */
    struct fake_pairs client_ids, tags; /* client_ids: no values */
    bool foreign;
};

struct fake_addon {
    char *name, *status, *role_arn, *token; /* role_arn NULL: none */
    struct fake_pairs associations, tags;   /* associations: ARNs, no values */
    bool foreign;
};

struct fake_aws {
    struct fake_server server;
    const int64_t *now_ms;
    struct fake_role **roles;
    size_t role_count;
    struct fake_association **associations;
    size_t association_count;
    struct fake_provider **providers;
    size_t provider_count;
    struct fake_addon **addons;
    size_t addon_count;
    unsigned ids; /* how many were given out */

    /* switches */
    size_t page_max;        /* items on a page, 0: as asked */
    int64_t iam_settles_ms; /* until IAM shows a new role */
    int64_t eks_settles_ms; /* until EKS sees a new role */
    bool boundary_required; /* writes to a role without the boundary are denied */
    bool lists_nothing;     /* ListPodIdentityAssociations lags behind: none is shown */
    const char *cluster;    /* the only one there is */
    const char *issuer;     /* of its OIDC tokens; NULL: it has none */
    bool auto_mode;

    /* since fake_aws_reset */
    struct fake_counts effects;
    unsigned idle_writes, trespasses;
    unsigned gaps; /* writes after which pods of an association of ours were without credentials */
    const char *idle_operation; /* the last idle one */
};

void fake_aws_init(struct fake_aws *aws, const int64_t *now_ms);
void fake_aws_finish(struct fake_aws *aws);
void fake_aws_reset(struct fake_aws *aws);

/* Somebody else at work, not counted. What a test adds is foreign until it says otherwise. */
struct fake_role *fake_aws_add_role(struct fake_aws *aws, const char *path, const char *name,
                                    const char *trust);
struct fake_association *fake_aws_add_association(struct fake_aws *aws, const char *namespace_name,
                                                  const char *service_account,
                                                  const char *role_arn);
/* Gone, whatever hangs on it. */
void fake_aws_drop_role(struct fake_aws *aws, const char *name);
void fake_aws_drop_association(struct fake_aws *aws, const char *namespace_name,
                               const char *service_account);
struct fake_provider *fake_aws_add_provider(struct fake_aws *aws, const char *issuer);
struct fake_addon *fake_aws_add_addon(struct fake_aws *aws, const char *name);
/* NULL when there is none. */
struct fake_provider *fake_aws_provider(const struct fake_aws *aws, const char *issuer);
struct fake_addon *fake_aws_addon(const struct fake_aws *aws, const char *name);
/* Names whatever the case; NULL when there is none. */
struct fake_role *fake_aws_role(const struct fake_aws *aws, const char *name);
struct fake_association *fake_aws_association(const struct fake_aws *aws,
                                              const char *namespace_name,
                                              const char *service_account);

/* True when something changed. */
bool fake_pairs_put(struct fake_pairs *pairs, const char *key, const char *value);
bool fake_pairs_remove(struct fake_pairs *pairs, const char *key);
/* NULL when absent. */
const char *fake_pairs_get(const struct fake_pairs *pairs, const char *key);
/* Replaces one of the texts; true when it was another. */
bool fake_text_set(char **place, const char *text);

/* The whole state without IDs and times, a line each, sorted: two equal texts, two equal AWSs. */
void fake_aws_describe(const struct fake_aws *aws, struct text *text);
