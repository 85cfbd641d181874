#pragma once

/*
 * The store is the controller's picture of one kind of object: the newest version of each, by
 * key "namespace/name" (cluster-scoped: "name"). Records in it are packed, counted and never
 * change; a newer version takes the place of the old one, which lives on while somebody refers
 * to it. Indices (text → keys) are kept in step with the records.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "kube/record.h"

struct records;
struct store;

/* Index values of a record: calls add for each; none is fine. */
typedef void (*store_index_add_fn)(void *context, const char *value);
typedef void (*store_index_fn)(const void *record, store_index_add_fn add, void *context);

struct store_index {
    const char *name; /* "serviceAccount", "roleARN", "namespace" */
    store_index_fn values;
};

/* The table ends with a zeroed row and must outlive the store; NULL: no index. */
struct store *store_create(const struct store_index *indices);
void store_destroy(struct store *store);

/* The record under this key, or NULL. Borrowed until the loop turns; record_ref it to keep it. */
const void *store_get(const struct store *store, const char *key);
/* The first record in the order of keys that is behind this key ("": the first of all), or NULL,
 * for walks that go on in a later turn. Borrowed likewise. */
const void *store_after(const struct store *store, const char *key);
size_t store_count(const struct store *store);
/* Grows with each change of what is held: the same number, the same objects. */
uint64_t store_changes(const struct store *store);

/* Takes over the caller's reference. True if this is news: another version than the one held. */
bool store_put(struct store *store, const void *record);
/* True when it was there. */
bool store_remove(struct store *store, const char *key);

/*
 * Afterwards the store holds exactly these records, which it takes over: records becomes empty. A
 * record whose version is already held stays the one it was. When everything is in place, changed
 * is called for each difference in the order of keys: before is NULL for what is new, after is
 * NULL for what is gone (before is then the last that was known of it). changed must not change
 * the store.
 */
typedef void (*store_changed_fn)(void *context, const void *before, const void *after);
void store_replace(struct store *store, struct records *records, store_changed_fn changed,
                   void *context);

/* In the order of keys; visit must not change the store. */
typedef void (*store_visit_fn)(void *context, const void *record);
void store_each(const struct store *store, store_visit_fn visit, void *context);
/* Every record whose index has this value, in the order of keys. */
void store_each_with(const struct store *store, const char *index, const char *value,
                     store_visit_fn visit, void *context);

DEFINE_AUTO(struct store *, store_destroy);
