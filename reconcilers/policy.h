#pragma once

/*
 * IAM policy documents as meaning: two documents that AWS would read alike have the same canonical
 * text. Rules: IAM "Grammar of the IAM JSON policy language" (text or list, object or list, action
 * names and condition keys whatever the case, account id as root ARN, order of lists).
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

/* The grammar nests six deep. Below what the reader of objects keeps (KUBE_DECODE_DEPTH), so that a
 * document which it had to cut is never taken for a whole one. */
enum { POLICY_INLINE_MAX = 10240, POLICY_TRUST_MAX = 2048, POLICY_DEPTH_MAX = 32 };

/*
 * The canonical text of a document: compact JSON with sorted keys, lists sorted and without
 * repetition, one value and a list of one alike. What is not understood stays as it is; a text
 * that is not JSON is returned unchanged. Never NULL.
 */
const char *policy_canonical(struct arena *arena, const char *document);

/* Equal meaning by canonical text. */
bool policy_equal(struct arena *arena, const char *a, const char *b);

/* Characters as IAM counts them: white space outside of strings does not count. */
size_t policy_size(const char *document);

/* Every statement is a Deny (IAM's "revoke sessions" is such a policy): told, never removed. */
bool policy_only_denies(const char *document);

/*
 * Refuses with ERROR_REFUSED, code MalformedPolicy, what IAM would refuse for sure: not an object,
 * no Statement, a character outside IAM's set (tab, LF, CR, U+0020–U+00FF), nesting over
 * POLICY_DEPTH_MAX; code PolicyTooLarge over size_max with both sizes in the text.
 */
bool policy_check(const char *document, size_t size_max, struct error *error);
