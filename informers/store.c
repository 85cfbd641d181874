#include "informers/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/text.h"
#include "informers/records.h"
#include "informers/shelf.h"

struct store {
    struct records records;
    struct shelf *shelves;
    size_t shelf_count;
    uint64_t changes;
};

struct store *store_create(const struct store_index *indices)
{
    struct store *store = memory_alloc(sizeof(*store));

    while (indices && indices[store->shelf_count].name)
        store->shelf_count++;
    store->shelves = memory_array(store->shelf_count, sizeof(*store->shelves));
    for (size_t i = 0; i < store->shelf_count; i++)
        store->shelves[i].index = &indices[i];
    return store;
}

void store_destroy(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->shelf_count; i++)
        shelf_finish(&store->shelves[i]);
    free(store->shelves);
    records_clear(&store->records);
    free(store);
}

static void index_change(struct store *store, const void *before, const void *after)
{
    store->changes++;
    for (size_t i = 0; i < store->shelf_count; i++) {
        if (after) /* first: it takes the places of the version before */
            shelf_put(&store->shelves[i], after);
        if (before)
            shelf_remove(&store->shelves[i], before);
    }
}

static bool same_version(const void *a, const void *b)
{
    const struct record *one = a;
    const struct record *other = b;

    return text_equal(one->resource_version, other->resource_version) &&
           text_equal(one->uid, other->uid);
}

const void *store_get(const struct store *store, const char *key)
{
    return records_get(&store->records, key);
}

const void *store_after(const struct store *store, const char *key)
{
    return records_after(&store->records, key);
}

size_t store_count(const struct store *store)
{
    return store->records.count;
}

uint64_t store_changes(const struct store *store)
{
    return store->changes;
}

bool store_put(struct store *store, const void *record)
{
    const void *held = store_get(store, ((const struct record *)record)->key);

    if (held && same_version(held, record)) {
        record_unref(record);
        return false;
    }
    index_change(store, held, record);
    record_unref(records_put(&store->records, record));
    return true;
}

bool store_remove(struct store *store, const char *key)
{
    const void *held = records_remove(&store->records, key);

    if (!held)
        return false;
    index_change(store, held, NULL);
    record_unref(held);
    return true;
}

/* The differences of a replacement: references are the list's own. */
struct change {
    const void *before, *after;
};

struct changes {
    struct change *list;
    size_t count;
};

static void note(struct changes *changes, const void *before, const void *after)
{
    changes->list[changes->count++] = (struct change){
        .before = before ? record_ref(before) : NULL,
        .after = after ? record_ref(after) : NULL,
    };
}

/* Walks both sets at once; what is held in the same version takes its newer twin's place. */
static void compare(const struct records *held, struct records *fresh, struct changes *changes)
{
    size_t i = 0;
    size_t j = 0;

    while (i < held->count || j < fresh->count) {
        const void *before = i < held->count ? held->items[i] : NULL;
        const void *after = j < fresh->count ? fresh->items[j] : NULL;
        int order = !before ? 1 : !after ? -1 : records_compare(before, after);

        if (order == 0 && same_version(before, after)) {
            record_unref(after);
            fresh->items[j] = record_ref(before);
        } else {
            note(changes, order <= 0 ? before : NULL, order >= 0 ? after : NULL);
        }
        i += order <= 0;
        j += order >= 0;
    }
}

static void tell(struct changes *changes, store_changed_fn changed, void *context)
{
    for (size_t i = 0; i < changes->count; i++) {
        changed(context, changes->list[i].before, changes->list[i].after);
        record_unref(changes->list[i].before);
        record_unref(changes->list[i].after);
    }
}

void store_replace(struct store *store, struct records *records, store_changed_fn changed,
                   void *context)
{
    struct changes changes = {
        .list = memory_array(store->records.count + records->count, sizeof(*changes.list)),
    };

    compare(&store->records, records, &changes);
    for (size_t i = 0; i < changes.count; i++)
        index_change(store, changes.list[i].before, changes.list[i].after);
    records_clear(&store->records);
    store->records = *records;
    *records = (struct records){0};
    tell(&changes, changed, context);
    free(changes.list);
}

void store_each(const struct store *store, store_visit_fn visit, void *context)
{
    for (size_t i = 0; i < store->records.count; i++)
        visit(context, store->records.items[i]);
}

void store_each_with(const struct store *store, const char *index, const char *value,
                     store_visit_fn visit, void *context)
{
    size_t i = 0;

    while (i < store->shelf_count && !text_equal(store->shelves[i].index->name, index))
        i++;
    assert(i < store->shelf_count); /* the name is written in our own code */
    shelf_each(&store->shelves[i], value, visit, context);
}
