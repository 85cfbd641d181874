#pragma once

/*
 * Trust policies: the one we write, and the judgement of one that others wrote. A judgement is
 * three-valued: what is not understood is Unknown, never "fine".
 * Sources: EKS "pod-id-role" (principal, actions, session tags), IAM policy evaluation logic.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Who assumes roles for pods, in every partition. */
#define TRUST_PRINCIPAL "pods.eks.amazonaws.com"

/* Whom the trust is for, and how he comes: by EKS Pod Identity, or with web identity (IRSA). Each
 * way has a statement of its own. */
struct trust_subject {
    const char *partition, *account_id, *cluster_arn, *cluster_name;
    const char *namespace_name, *service_account;
    bool session_tags;      /* false: disableSessionTags, no aws:RequestTag is sent */
    const char *conditions; /* --trust-conditions, "key=value,…"; NULL, "": none. None are written
                               for web identity: no request with a pod's own token has such keys */
    /* With web identity; else NULL: the cluster's OIDC provider in the role's account, and what the
     * token says: "system:serviceaccount:NAMESPACE:NAME". */
    const char *provider_arn, *issuer_name, *token_subject, *audience;
};

/* Of a binding of this cluster, with the session tags that its spec asks for. The account must be
 * known. */
struct podidentitybinding;
struct scene;
struct trust_subject trust_subject_of(const struct podidentitybinding *binding,
                                      const struct scene *scene);

/* The same one with web identity, for a role of that account. NULL members when issuer is none that
 * IAM takes (oidc_issuer_name). */
struct trust_subject trust_with_web_identity(struct arena *arena,
                                             const struct trust_subject *subject,
                                             const char *account_id, const char *issuer,
                                             const char *audience);

enum trust_scope { TRUST_SERVICE_ACCOUNT, TRUST_CLUSTER, TRUST_ACCOUNT };

/* The first 40 bits of SHA-256 over cluster ARN, namespace and ServiceAccount joined by newlines,
 * lower-case base32: 8 characters and NUL. Names roles and statements. */
enum { TRUST_HASH_SIZE = 9 };
void trust_hash(char hash[TRUST_HASH_SIZE], const char *cluster_arn, const char *namespace_name,
                const char *service_account);

/*
 * The statement alone, for the owner of another role, and the whole document that we write, which
 * has the subject's further conditions as well: compact JSON, keys in AWS's order.
 * Without session tags no aws:RequestTag can match, so TRUST_SERVICE_ACCOUNT is TRUST_CLUSTER then.
 */
const char *trust_statement(struct arena *arena, const struct trust_subject *subject,
                            enum trust_scope scope);
const char *trust_document(struct arena *arena, const struct trust_subject *subject,
                           enum trust_scope scope);

/* The statements of several ways, as a list when there is more than one; and the document around
 * them. scope is that of Pod Identity: web identity always names exactly this ServiceAccount. */
const char *trust_statements(struct arena *arena, const struct trust_subject *subjects,
                             size_t count, enum trust_scope scope);
const char *trust_document_of(struct arena *arena, const struct trust_subject *subjects,
                              size_t count, enum trust_scope scope);

enum trust_verdict { TRUST_ADMITS, TRUST_REFUSES, TRUST_UNKNOWN };

struct trust_judgement {
    enum trust_verdict verdict;
    const char *why; /* for a person: which action, which condition, which statement (Sid) */
};

/*
 * Would this document let pods.eks.amazonaws.com take the role for the subject: sts:AssumeRole and,
 * with session tags, sts:TagSession? Or let a pod's own token take it: with web identity,
 * sts:AssumeRoleWithWebIdentity? Allow and Deny, Action and NotAction, Principal and
 * NotPrincipal, wildcards, and conditions are read as IAM does; a key or operator whose value the
 * subject does not determine makes its statement a maybe.
 */
struct trust_judgement trust_judge(struct arena *arena, const char *document,
                                   const struct trust_subject *subject);

/*
 * The same for a role that we made: what --trust-conditions put into its trust is held to be so, as
 * whoever set them says. Any other value of those keys is Unknown, as it is for roles of others.
 */
struct trust_judgement trust_judge_ours(struct arena *arena, const char *document,
                                        const struct trust_subject *subject);
