#pragma once

/*
 * A record is a watched object read once from JSON: packed into one block with all its strings,
 * counted, and never changed. Kinds embed struct record as their first member.
 *
 * Reading runs in two passes over the same code: with a pack that only counts, then with one that
 * copies into the block of that size.
 */

#include <stdbool.h>
#include <stddef.h>

struct kube_meta;

struct record {
    unsigned references;
    unsigned size;              /* of the whole block, bytes; for metrics */
    const char *key;            /* "namespace/name", or "name" for cluster-scoped kinds */
    const char *namespace_name; /* "" for cluster-scoped */
    const char *name;
    const char *uid;
    const char *resource_version;
};

struct pack {
    char *block;       /* NULL: the counting pass */
    size_t used, size; /* size is 0 in the counting pass */
};

/* Room for an array in the block (zeroed), aligned; NULL in the counting pass. */
void *pack_array(struct pack *pack, size_t count, size_t size);
/* A copy in the block; NULL in the counting pass or when text is NULL. */
const char *pack_string(struct pack *pack, const char *text);

/*
 * Calls fill twice and gives the record, references 1, free'd by the last record_unref. In the
 * counting pass `record` is a scratch struct of size bytes whose pointers mean nothing; fill must
 * ask the pack for the same things in the same order both times.
 */
typedef void (*record_fill_fn)(void *record, struct pack *pack, void *context);
void *record_create(size_t size, record_fill_fn fill, void *context);

/* Fills in the identity: the key is built from namespace_name ("" for cluster-scoped) and name,
 * and name is its tail. For fill functions. */
void record_identify(struct record *record, struct pack *pack, const char *namespace_name,
                     const char *name, const char *uid, const char *resource_version);

/* The same from what kube_meta_read gave, whose texts are copied and from then on in the block. */
void record_identify_meta(struct record *record, struct pack *pack, struct kube_meta *meta);

/* A copy in the block of a NULL-terminated list, strings and all; never NULL but in the counting
 * pass. A NULL list counts as empty. */
const char *const *pack_list(struct pack *pack, const char *const *list);

const void *record_ref(const void *record);
void record_unref(const void *record); /* NULL is fine */
