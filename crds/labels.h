#pragma once

/*
 * Labels as records keep them: keys with values, in the order the API server writes them (by key).
 * Used for the labels of a namespace and for those that a grant asks for.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "kube/record.h"

struct arena;
struct fields;

/* More than that on one object is nobody's plan; a label that is not kept matches no grant. */
enum { LABELS_MAX = 256 };

struct label {
    const char *key, *value;
};

struct labels {
    const struct label *items;
    size_t count;
};

/* The object under key, each value a text; texts are borrowed from the tree. */
struct labels labels_read(struct fields *fields, const char *key);
/* The same of an object's metadata.labels, where what is no text is left out. */
struct labels labels_of(struct arena *arena, const json_t *object);

/* For fill functions: a copy in the block. */
struct labels labels_pack(struct pack *pack, const struct labels *labels);

/* The value, or NULL; NULL labels have none. */
const char *labels_get(const struct labels *labels, const char *key);
