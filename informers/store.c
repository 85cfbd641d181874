#include "informers/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/text.h"
#include "informers/records.h"

/* One index: value → the set of records that have it. A set that becomes empty is dropped. */
struct shelf {
    const struct store_index *index;
    struct map *sets;
};

struct store {
    struct records records;
    struct shelf *shelves;
    size_t shelf_count;
};

struct store *store_create(const struct store_index *indices)
{
    struct store *store = memory_alloc(sizeof(*store));

    while (indices && indices[store->shelf_count].name)
        store->shelf_count++;
    store->shelves = memory_array(store->shelf_count, sizeof(*store->shelves));
    for (size_t i = 0; i < store->shelf_count; i++) {
        store->shelves[i].index = &indices[i];
        store->shelves[i].sets = map_create();
    }
    return store;
}

static void destroy_set(void *set)
{
    records_clear(set);
    free(set);
}

void store_destroy(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->shelf_count; i++) {
        map_clear(store->shelves[i].sets, destroy_set);
        map_destroy(store->shelves[i].sets);
    }
    free(store->shelves);
    records_clear(&store->records);
    free(store);
}

/* One record on its way onto a shelf, or off it. */
struct shelving {
    struct map *sets;
    const void *record;
};

static void shelve(void *context, const char *value)
{
const void *store_after(const struct store *store, const char *key)
{
    return records_after(&store->records, key);
}

    const struct shelving *shelving = context;
    struct records *set = map_get(shelving->sets, value);

    if (!set) {
        set = memory_alloc(sizeof(*set));
        map_put(shelving->sets, value, set);
    }
    record_unref(records_put(set, record_ref(shelving->record)));
}

/* A record may name one value twice, so that the second time nothing is left to do. */
static void unshelve(void *context, const char *value)
{
    const struct shelving *shelving = context;
    struct records *set = map_get(shelving->sets, value);

    if (!set)
        return;
    record_unref(records_remove(set, ((const struct record *)shelving->record)->key));
    if (set->count == 0)
        destroy_set(map_remove(shelving->sets, value));
}

static void index_change(struct store *store, const void *before, const void *after)
{
    for (size_t i = 0; i < store->shelf_count; i++) {
        const struct shelf *shelf = &store->shelves[i];
        struct shelving old = {.sets = shelf->sets, .record = before};
        struct shelving new = {.sets = shelf->sets, .record = after};

        if (before)
            shelf->index->values(before, unshelve, &old);
        if (after)
            shelf->index->values(after, shelve, &new);
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

size_t store_count(const struct store *store)
{
    return store->records.count;
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
    const struct records *set;

    while (i < store->shelf_count && !text_equal(store->shelves[i].index->name, index))
        i++;
    assert(i < store->shelf_count); /* the name is written in our own code */
    set = map_get(store->shelves[i].sets, value);
    for (size_t j = 0; set && j < set->count; j++)
        visit(context, set->items[j]);
}
