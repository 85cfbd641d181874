#pragma once

/*
 * PodIdentityGrant (podidentity.io/v1alpha1, cluster-scoped): what a namespace may bind. One
 * packed record. Lists are NULL-terminated, empty ones point to a NULL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "crds/podidentitybinding.h"
#include "kube/calls.h"
#include "kube/record.h"

struct error;

extern const struct kube_resource podidentitygrant_resource;

struct podidentitygrant {
    struct record record;
    struct kube_meta meta;
    const char *const *namespace_names;
    const char *const *service_accounts;       /* globs */
    const char *const *existing_role_arns;     /* globs */
    bool managed_roles;                        /* spec.managedRoles is there, even {} */
    const char *const *permission_policy_arns; /* globs */
    bool inline_policies;                      /* Allow */
    const char *const *role_names;             /* globs */
    /* The first field set that this version does not act on ("spec.targetRoleARNs"), or what is
     * wrong with one that cannot be read; such a grant allows nothing. NULL: none. */
    const char *unsupported;
    int64_t observed_generation, matched_namespaces,
        bindings; /* status as it was read; -1: absent */
    const struct condition *conditions;
    size_t condition_count;
};

/* For informers: NULL with ERROR_REFUSED only when its metadata cannot be used. */
void *podidentitygrant_read(const json_t *object, struct error *error);

struct podidentitygrant_status {
    int64_t observed_generation, matched_namespaces, bindings;
    struct condition ready;
};

/* The merge patch {"status": …}, NULL when nothing differs from what the grant carries. */
json_t *podidentitygrant_status_patch(const struct podidentitygrant *grant,
                                      const struct podidentitygrant_status *status);
