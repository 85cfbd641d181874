#pragma once

/*
 * The session policy of an association (spec.policy): judged before any request, because EKS would
 * refuse it only after the role is made, and in fewer words.
 * Rules: IAM "Grammar of the IAM JSON policy language", of which an identity-based policy takes no
 * Principal; EKS takes 2,048 characters.
 */

#include <stdbool.h>

struct error;

enum { SESSION_POLICY_MAX = 2048 };

/*
 * ERROR_REFUSED with code MalformedPolicy and the place in words for a text that is too long, not
 * JSON, nests too deeply, has a key twice, a character outside IAM's set, or breaks the grammar.
 */
bool session_policy_check(const char *text, struct error *error);
