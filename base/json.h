#pragma once

/*
 * Reading paths out of Jansson trees and building small objects. A json_t never outlives the
 * function that decoded it. Decoding is strict: depth ≤ 64, no duplicate keys where asked, size
 * checked by the caller before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/memory.h"

struct arena;
struct error;

static inline void json_decref_auto_(json_t **json)
{
    json_decref(*json);
}
#define AUTO_JSON __attribute__((cleanup(json_decref_auto_)))

/* The tree, or NULL with ERROR_REFUSED saying where it stops being JSON. Any value at the top. */
json_t *json_parse(const char *bytes, size_t length, struct error *error);
/* The same, and an object that names a key twice is refused. */
json_t *json_parse_strict(const char *bytes, size_t length, struct error *error);

/* Walks keys separated by '.', e.g. "metadata.name"; NULL when any part is missing. Borrowed. */
json_t *json_path(const json_t *json, const char *path);
/* The text there; NULL when missing or not a text. Borrowed. */
const char *json_path_text(const json_t *json, const char *path);
/* The number there, or fallback. */
int64_t json_path_int(const json_t *json, const char *path, int64_t fallback);
bool json_path_bool(const json_t *json, const char *path, bool fallback);

/* Compact text in the arena; keys sorted when `sorted`. Never NULL. */
char *json_write(struct arena *arena, const json_t *json, bool sorted);

/* A copy of the text there in the arena, NULL when missing or not a text. */
char *json_take_text(struct arena *arena, const json_t *json, const char *path);
