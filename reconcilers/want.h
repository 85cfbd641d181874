#pragma once

/*
 * The wish: what AWS should look like for one binding, computed from its spec, the settings and
 * the account alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/iam.h"
#include "aws/tags.h"
#include "reconcilers/trust.h"

struct arena;
struct error;
struct podidentitybinding;
struct scene;

#define TAG_MANAGED "podidentity.io/managed"
#define TAG_CLUSTER "podidentity.io/cluster"
#define TAG_NAMESPACE "podidentity.io/namespace"
#define TAG_SERVICE_ACCOUNT "podidentity.io/service-account"
#define TAG_BINDING_UID "podidentity.io/binding-uid"
#define TAG_ORIGIN "podidentity.io/origin"
#define TAG_RETIRED_AT "podidentity.io/retired-at"
#define ORIGIN_CREATED "created"
#define ORIGIN_ADOPTED "adopted"

/* On a ServiceAccount that we made: the UID of the binding that it was made for. */
#define ANNOTATION_CREATED_FOR "podidentity.io/created-for"
enum { WANT_WAYS_MAX = 2 };

struct want {
    bool managed; /* a role of ours; else role_arn is somebody's */
    const char *role_name, *role_arn;
    /* How pods come to the role, by the binding's mechanism: one or both. */
    bool pod_identity, web_identity;
    bool unreadable;                          /* somebody's, in another account (IRSA alone) */
    struct trust_subject ways[WANT_WAYS_MAX]; /* whom its trust has to admit */
    size_t way_count;
    enum trust_scope scope;   /* of its Pod Identity statement */
    struct trust_subject web; /* the one of them with web identity, also where it is not wanted;
                                 provider_arn NULL: the cluster has no issuer */
    /* of a managed role */
    const char *role_path, *trust, *description, *boundary_arn; /* boundary NULL: none wanted */
    const char *own_trust; /* of an adopted role: our statements alone; trust has others' beside */
    int64_t max_session_s;
    const struct iam_policy *inline_policies;
    size_t inline_count;
    const char *const *attached_arns;
    size_t attached_count;
    bool trust_needs_tags; /* the trust tells ServiceAccounts apart by their session tags */
    /* of the association */
    const char *target_role_arn, *session_policy; /* NULL: none */
    bool disable_session_tags;
    const char *const *warnings; /* sentences for status.warnings, NULL-terminated; NULL: none */
    /* of role and association */
    struct aws_tags tags;
};

/*
 * ERROR_REFUSED with the condition's reason as code (PolicyTooLarge, MalformedPolicy,
 * RoleInOtherAccount, RoleForbidden, TrustTooLarge) when the wish cannot be granted by any AWS.
 */
bool want_compute(struct want *want, struct arena *arena, const struct podidentitybinding *binding,
                  const struct scene *scene, struct error *error);

/* Before the hash in the name of the inline policy that lets a role of ours assume its target. */
#define TARGET_POLICY_PREFIX "AssumeTargetRole-"

/* The statement that the owner of the target role must add, for status; NULL when it is longer
 * than status takes. */
enum { WANT_TARGET_TRUST_MAX = 4096 };
const char *want_target_trust(struct arena *arena, const struct want *want,
                              const char *external_id);

/* The default name of a role: design rule 6.1. */
const char *want_role_name(struct arena *arena, const char *cluster_arn, const char *namespace_name,
                           const char *service_account);
