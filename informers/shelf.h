#pragma once

/*
 * One index of a store: which records have a value. An array of the hashes of values with the
 * records that have them, in the order of hash and key, found by halving: sixteen bytes for each,
 * where sets by text cost 140 for a value that one record has. Whether a record found by its hash
 * has the value is asked of the record itself.
 *
 * Records are borrowed: the store takes one off the shelf before it lets it go. A record in the
 * middle moves places, 5 µs among 5,000; a newer version with the same values moves none.
 */

#include <stddef.h>
#include <stdint.h>

#include "informers/store.h"

struct shelf_place {
    uint32_t hash;
    const void *record;
};

struct shelf {
    const struct store_index *index;
    struct shelf_place *places;
    size_t count, room;
};

/* Under each of its values, of which it may name one twice; where a former version stood it takes
 * its place. */
void shelf_put(struct shelf *shelf, const void *record);
/* Wherever this very version still stands. */
void shelf_remove(struct shelf *shelf, const void *record);

/* Every record that has this value, in the order of keys; visit must not change the shelf. */
void shelf_each(const struct shelf *shelf, const char *value, store_visit_fn visit, void *context);

void shelf_finish(struct shelf *shelf);
