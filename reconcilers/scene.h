#pragma once

/*
 * The scene: what all plans share. Settings and account are constant while plans run; stores are
 * kept by informers; the picture, the ledger and the brake are memory that a restart may lose.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "reconcilers/brake.h"

struct ledger;
struct picture;
struct pods;
struct store;
struct survey;

struct settings {
    const char *cluster_name, *region;
    const char *role_path;            /* "/podidentity/eu-west-1/main/": both slashes */
    const char *boundary_arn;         /* NULL: roles are made without one */
    const char *trust_conditions;     /* "key=value,…" for every trust we write; NULL, "": none */
    const char *controller_namespace; /* its bindings need a grant that names it */
    const char *grant_label_keys;     /* "a,b": labels that grants may ask for; NULL: none */
    bool delete_on_withdrawal;        /* after withdrawal_grace_ms: --on-withdrawal Delete */
    uint64_t withdrawal_grace_ms;
    bool manage_oidc_provider;     /* may make the cluster's provider, and add audiences to ours */
    uint64_t settle_ms;            /* how long an association must stand before Ready */
    uint64_t retired_role_ms;      /* how long a role lives on after the last use: 6 h */
    uint64_t drift_interval_ms;    /* between two sweeps */
    uint64_t describe_interval_ms; /* in which every association is described once */
    double eks_rate;               /* requests a second that EKS is asked at most */
    unsigned deletion_limit;       /* teardowns per BRAKE_WINDOW_MS; 0: none */
};

/* The IAM OIDC provider of the cluster, read when a binding needs it; a restart may lose it. */
struct oidc_state {
    int64_t read_ms; /* wall; 0: never */
    bool present, ours;
    char *client_ids; /* one a line, each with its newline; NULL: none */
};

/* Learnt from AWS at start, never from a person. Strings live as long as the scene. */
struct account {
    bool known;
    struct error trouble; /* why it is not known yet: every binding is told */
    char *id, *partition, *cluster_arn;
    char *issuer; /* of the ServiceAccounts' tokens; NULL: the cluster has none */
    struct oidc_state oidc;
    char *caller_role; /* the name of the controller's own role; NULL: not a role */
};

struct scene {
    struct settings settings;
    struct account account;
    const struct store *bindings, *grants, *service_accounts, *namespaces;
    const struct pods *pods; /* NULL: not watched */
    struct picture *picture;
    struct ledger *ledger;
    const struct survey *survey; /* of add-ons; NULL: none is made */
    struct brake brake;
};
