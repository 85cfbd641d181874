#pragma once

/*
 * PodIdentityGrant (podidentity.io/v1alpha1, cluster-scoped): what a namespace may bind. One
 * packed record. Lists are NULL-terminated, empty ones point to a NULL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "crds/condition.h"
#include "crds/labels.h"
#include "kube/calls.h"
#include "kube/object.h"
#include "kube/record.h"

struct error;

extern const struct kube_resource podidentitygrant_resource;

struct podidentitygrant_well_known {
    const char *name;             /* "externalDNS" */
    const char *const *resources; /* globs over its parameters */
    bool unscoped;                /* also without parameters, as wide as it is */
};

struct podidentitygrant {
    struct record record;
    struct kube_meta meta;
    const char *const *namespace_names;
    struct labels match_labels;
    const char *const *service_accounts;   /* globs */
    const char *const *existing_role_arns; /* globs */
    bool require_trust_consent;
    bool managed_roles;                           /* spec.managedRoles is there, even {} */
    const char *const *permission_policy_arns;    /* globs */
    const char *const *permissions_boundary_arns; /* globs */
    const char *const *role_names;                /* globs */
    const char *const *trust_scopes;              /* exact */
    const struct podidentitygrant_well_known *well_known;
    size_t well_known_count;
    bool inline_policies;                /* Allow */
    int64_t max_bindings;                /* -1: no limit */
    const char *const *target_role_arns; /* globs */
    const char *const *adoption_roles;   /* globs */
    bool adoption_associations, allow_retain, allow_service_account_annotation, allow_migration;
    /* Why it cannot be read ("spec.serviceAccounts is a text where a list is expected"); such a
     * grant allows nothing. NULL: it was read. */
    const char *unreadable;
    const char *bad_glob; /* the first glob that is none; then it allows nothing. NULL: none */
    int64_t observed_generation, matched_namespaces,
        bindings; /* status as it was read; -1: absent */
    const struct condition *conditions;
    size_t condition_count;
};

/* For informers: NULL with ERROR_REFUSED only when its metadata cannot be used. */
void *podidentitygrant_read(const json_t *object, struct error *error);

enum { PODIDENTITYGRANT_CONDITIONS_MAX = 2 }; /* Ready; Stalled while Ready is False */
struct podidentitygrant_status {
    int64_t observed_generation, matched_namespaces, bindings;
    struct condition conditions[PODIDENTITYGRANT_CONDITIONS_MAX];
    size_t condition_count;
};

/* The merge patch {"status": …}, NULL when nothing differs from what the grant carries. */
json_t *podidentitygrant_status_patch(const struct podidentitygrant *grant,
                                      const struct podidentitygrant_status *status);
