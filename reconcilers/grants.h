#pragma once

/*
 * The gate: may this namespace bind what the binding asks for? Default deny; grants only add:
 * each requested item must be allowed by some grant that matches namespace and ServiceAccount.
 * Pure, asked by the first row of every plan.
 *
 * By file: grants_match (which namespaces and ServiceAccounts a grant is for), grants_items (what
 * a binding asks for and who allows it), grants_decide (the decision and its reasons),
 * grants_consent (the second look, once the trust of an existing role is read), grants (what this
 * version does not do, and whose the ServiceAccount is).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct labels;
struct podidentitybinding;
struct podidentitygrant;
struct scene;
struct settings;
struct trust_subject;

struct grant_decision {
    bool granted;
    bool needs_consent;  /* granted, if the role's trust itself names whom it is for */
    const char *message; /* granted: by which grants; refused: each grant and why not */
};

struct grant_decision grants_decide(struct arena *arena, const struct podidentitybinding *binding,
                                    const struct scene *scene);

/*
 * Does this trust policy name the cluster, the namespace and the ServiceAccount of the subject,
 * all three as they are written, and admit no other of either? For requireTrustConsent.
 */
bool grants_consent(struct arena *arena, const char *trust, const struct trust_subject *subject);

/* What decisions are made of, as a number that is never 0: while it is the same, so is each
 * decision about the same binding. */
uint64_t grants_stamp(const struct scene *scene);

/* adoption.roles, adoption.associations: for who finds that something exists which is not ours. */
bool grants_allow_adoption_of_role(const struct podidentitybinding *binding,
                                   const struct scene *scene, const char *role_arn);
bool grants_allow_adoption_of_association(const struct podidentitybinding *binding,
                                          const struct scene *scene);

/* Does some grant that matches this ServiceAccount let its annotation be a binding? */
bool grants_allow_annotation(const char *namespace_name, const char *service_account,
                             const struct scene *scene);

/* spec.deletionPolicy: Retain, and a grant that says allowRetain now: an edit right before the
 * deletion must not leave behind what may not be left. */
bool grants_retain(const struct podidentitybinding *binding, const struct scene *scene);

/* The field a binding sets that this version does not act on yet, as a sentence; NULL: none. */
const char *grants_unsupported(struct arena *arena, const struct podidentitybinding *binding);

/*
 * The other binding that has the ServiceAccount: a person's before the shorthand's, the older
 * (whole seconds), the lower UID. One of mode Observe has it for nobody who enforces. NULL when
 * nobody stops this one.
 */
const struct podidentitybinding *grants_rival(const struct podidentitybinding *binding,
                                              const struct scene *scene);

/* Of two bindings the older (whole seconds), the lower UID: who comes first under maxBindings. */
bool grants_is_older(const struct podidentitybinding *a, const struct podidentitybinding *b);

/*
 * Is the grant for this namespace: by name; or by labels, every key of which is
 * kubernetes.io/metadata.name or one of --grant-label-keys. Labels NULL: not known. kube-* and the
 * controller's own namespace are reached by name only. Says nothing of whether the grant can be
 * read: what is asked again when a grant changes must not depend on that.
 */
bool grant_selects(const struct podidentitygrant *grant, const char *namespace_name,
                   const struct labels *labels, const struct settings *settings);

/* It can be read, selects this namespace (labels from the scene), and has a glob that matches the
 * ServiceAccount. */
bool grant_matches(const struct podidentitygrant *grant, const char *namespace_name,
                   const char *service_account, const struct scene *scene);
/* Why grant_matches says no, as words for a person; NULL when it says yes. */
const char *grant_mismatch(struct arena *arena, const struct podidentitygrant *grant,
                           const char *namespace_name, const char *service_account,
                           const struct scene *scene);

/* The first key of matchLabels that grants may not use; NULL: none. */
const char *grant_forbidden_label(const struct podidentitygrant *grant,
                                  const struct settings *settings);

/* Does the grant, which selects the binding's namespace (grant_selects), match its ServiceAccount
 * and allow one of the things it asks for, at least? Cheap: asked of every binding of a grant. */
bool grant_serves(struct arena *arena, const struct podidentitygrant *grant,
                  const struct podidentitybinding *binding, const struct scene *scene);
