#pragma once

/*
 * The small values inside of policy documents, for those who read them by meaning: a text or a
 * list, scalars that stand for texts, patterns. Internal to policy_*.c and trust_*.c.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* A ceiling for documents that are read: no quota of IAM comes near it (model: 131,072). */
enum { POLICY_READ_MAX = 131072 };

/* The tree of a document, the caller's; NULL when it is too long, no JSON object or names a key
 * twice. */
json_t *policy_parse(const char *document);

/* A value alone counts as a list of one: how many, and the one at index. Borrowed. */
size_t policy_value_count(const json_t *value);
const json_t *policy_value_at(const json_t *value, size_t index);

/* true, 1 and "1" in conditions are texts to IAM: the value as a text, a new reference; NULL when
 * it is none. */
json_t *policy_value_text(const json_t *value);

/* Does a pattern of '*' (any run of characters) and '?' (one) match the whole text? */
bool policy_pattern_matches(const char *pattern, const char *text, bool any_case);
/* The same over bytes. */
bool policy_pattern_matches_part(const char *pattern, size_t pattern_length, const char *text,
                                 size_t text_length, bool any_case);
