#pragma once

/*
 * Well-known policies: what spec.wellKnownPolicies and spec.wellKnownPolicyScopes of a binding give
 * its role, and what a grant must allow for it. Pure; everything that is known of a policy stands
 * in policies/<name>.json, which is built into the program:
 *
 *   managed     ARNs that are attached.
 *   policy      one inline policy. ${partition}, ${region} and ${account} are the cluster's, any
 *               other ${…} is a parameter, of which a list spreads over the list around it. A
 *               statement with "When" is there when that parameter is given, one with "Unless"
 *               when it is not. Sids are for readers: they are not sent, because the inline
 *               policies of a role have 10,240 characters together.
 *   parameters  "within": a pattern that every value must match, so that a scope can only narrow.
 *               "wide": the parameter narrows, and this is what the role may do without it; a
 *               parameter without "wide" adds. "absent": what stands for it when it is left out
 *               (else "within"). "needs": another one without which it means nothing.
 *
 * The first seven grant what eksctl grants under these names, also when narrowed; the others what
 * terraform-aws-modules/eks-pod-identity grants.
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/iam.h"

struct arena;
struct error;
struct podidentitybinding_spec;

/* Before the name of a policy in the name of its inline policy: "WellKnown-externalDNS". */
#define WELLKNOWN_PREFIX "WellKnown-"

/* Where the role lives: no policy reaches further than that by itself. */
struct wellknown_place {
    const char *partition, *account_id, *region;
};

/* Of these policies alone: spec.permissionPolicy and spec.permissionPolicyARNs are not in it. Texts
 * are in the arena, in the spec or for ever. */
struct wellknown {
    const struct iam_policy *inline_policies; /* compact JSON */
    size_t inline_count;
    const char *const *attached_arns; /* each once, none that spec.permissionPolicyARNs has */
    size_t attached_count;
    const char *const *warnings; /* NULL-terminated: a sentence for each policy left wide */
};

/*
 * ERROR_REFUSED with code PolicyTooLarge and every size when the inline policies, the spec's own
 * included, have over POLICY_INLINE_MAX characters together; with code MalformedPolicy when a value
 * is not within what its parameter may name (of another partition, say), when a parameter stands
 * without what it needs, a scope without the true of its policy, two inline policies under one
 * name, or when something is not known (wellknown_unknown tells that before).
 */
bool wellknown_compute(struct wellknown *wellknown, struct arena *arena,
                       const struct podidentitybinding_spec *spec,
                       const struct wellknown_place *place, struct error *error);

/* The first policy or parameter that this version does not know, as a field
 * ("spec.wellKnownPolicies.x"); NULL: none. */
const char *wellknown_unknown(struct arena *arena, const struct podidentitybinding_spec *spec);

/* One thing that some grant must allow. Each policy that is wanted has one or more. */
struct wellknown_item {
    const char *policy; /* its name, to be looked for in managedRoles.wellKnownPolicies */
    /* An ARN, the name of a cluster, or the name of a switch that is on (createPermission). NULL:
     * the policy as wide as it is, because it takes no parameter that narrows or one is left out.
     */
    const char *value;
    /* The value is more than the policy gives unscoped: `unscoped` does not allow it. */
    bool adds;
    /* What the switch acts on, NULL-terminated: the very grant that allows the switch must allow
     * these, or a grant to read would become one to write beside a grant for other resources. */
    const char *const *with;
};

/*
 * All of them, count told. Values that are derived are among them: the objects of the buckets given
 * to velero without pathARNs. Scopes without the true of their policy ask for nothing.
 */
const struct wellknown_item *
wellknown_items(struct arena *arena, const struct podidentitybinding_spec *spec, size_t *count);

/* Does a grant's entry of that policy allow it? globs: its `resources`, NULL-terminated. */
bool wellknown_item_allowed(const struct wellknown_item *item, const char *const *globs,
                            bool unscoped);
