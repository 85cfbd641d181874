#pragma once

/*
 * PodIdentityBinding (podidentity.io/v1alpha1) as the program knows it: one packed record, read
 * once from JSON, never changed. Optional texts are NULL when absent; lists are NULL-terminated.
 * The schema in podidentity.io_podidentitybindings.yaml refuses what is malformed; what is read
 * here is checked again, because an older or other schema may be installed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "crds/condition.h"
#include "kube/calls.h"
#include "kube/object.h"
#include "kube/record.h"

struct error;

extern const struct kube_resource podidentitybinding_resource;
#define PODIDENTITYBINDING_FINALIZER "podidentity.io/aws"
/* IAM takes 10,240 characters of at most two bytes. What is longer is not kept: each of thousands
 * of bindings may have 1.5 MiB. */
enum { PODIDENTITYBINDING_POLICY_MAX = 24 << 10 };

/* Label of bindings that the controller keeps for an annotated ServiceAccount, and its value. */
#define PODIDENTITYBINDING_ORIGIN "podidentity.io/origin"
#define PODIDENTITYBINDING_FROM_SERVICE_ACCOUNT "serviceaccount"

struct podidentitybinding_tag {
    const char *key, *value;
};

/* One parameter of a well-known policy as it is written: a list, a text as a list of one, or a
 * switch that is on as the list "true". Never empty. */
struct podidentitybinding_parameter {
    const char *name;
    const char *const *values; /* NULL-terminated */
};

/* A policy that wellKnownPolicies sets to true, or that has a scope: each name once. Which names
 * and parameters there are is known to reconcilers/wellknown.h alone. */
struct podidentitybinding_wellknown {
    const char *name;
    const struct podidentitybinding_parameter *parameters;
    size_t parameter_count;
    bool wanted; /* false: a scope without its true, which the schema refuses */
};

enum mechanism { MECHANISM_POD_IDENTITY, MECHANISM_IRSA, MECHANISM_BOTH };

/* spec.irsa: what the annotations of the ServiceAccount are to say. */
struct podidentitybinding_irsa {
    const char *audience;       /* NULL: absent */
    int64_t token_expiration_s; /* 0: absent */
    bool has_regional_endpoints, regional_endpoints;
};

struct podidentitybinding_spec {
    const char *service_account;
    const char *role_arn; /* NULL: a role of ours is wanted */
    const char *role_name, *role_path, *role_description;
    int64_t max_session_s;         /* 0: absent */
    const char *permission_policy; /* JSON text, compact, keys sorted; NULL: absent */
    int64_t policy_too_long;       /* its length, where that is over PODIDENTITYBINDING_POLICY_MAX
                                      and it was not kept ("{}"); else 0 */
    const char *permission_policy_name;
    const char *const *permission_policy_arns;
    const char *permissions_boundary_arn;
    const char *target_role_arn, *policy, *trust_scope;
    const struct podidentitybinding_tag *tags;
    size_t tag_count;
    const struct podidentitybinding_wellknown *wellknown;
    size_t wellknown_count;
    bool disable_session_tags, create_service_account;
    enum mechanism mechanism;
    struct podidentitybinding_irsa irsa;
    bool observe, adopt, retain;
};

struct podidentitybinding_status {
    int64_t observed_generation; /* -1: never looked at */
    const struct condition *conditions;
    size_t condition_count;
    const char *role_arn, *association_id, *association_arn, *required_trust; /* NULL: absent */
    const char *external_id, *target_trust_policy;                            /* NULL: absent */
    const char *const *warnings;                                              /* NULL-terminated */
    const char *const *pending_changes;                                       /* NULL-terminated */
    bool has_pods; /* pods were counted */
    int64_t pods_total, pods_current;
    int64_t last_verified_ms; /* 0: absent */
};

struct podidentitybinding {
    struct record record;
    struct kube_meta meta; /* its strings are inside the record */
    bool from_shorthand;   /* label podidentity.io/origin: serviceaccount */
    struct podidentitybinding_spec spec;
    struct podidentitybinding_status status;
};

/* For informers: NULL with ERROR_REFUSED when the object cannot be used. free by record_unref. */
void *podidentitybinding_read(const json_t *object, struct error *error);

/* The merge patch {"status": …} that turns `before` into `after`; NULL when they are equal
 * (lastVerifiedTime alone is no difference). Absent fields of `after` that `before` has become
 * null. The caller's reference. */
json_t *podidentitybinding_status_patch(const struct podidentitybinding_status *before,
                                        const struct podidentitybinding_status *after);

/* Do both say the same of pods? */
bool podidentitybinding_same_pods(const struct podidentitybinding_status *a,
                                  const struct podidentitybinding_status *b);

/* The condition of that type, or NULL. */
const struct condition *podidentitybinding_condition(const struct podidentitybinding_status *status,
                                                     const char *type);
