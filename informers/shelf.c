#include "informers/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "informers/records.h"

/* One record on its way onto a shelf, or off it. */
struct shelving {
    struct shelf *shelf;
    const void *record;
};

/* Is the place before that of this hash and record (NULL: of all records)? */
static bool is_before(const struct shelf_place *place, uint32_t hash, const void *record)
{
    if (place->hash != hash)
        return place->hash < hash;
    return record && records_compare(place->record, record) < 0;
}

/* The first place that is not before it. */
static size_t place_of(const struct shelf *shelf, uint32_t hash, const void *record)
{
    size_t low = 0;
    size_t high = shelf->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_before(&shelf->places[middle], hash, record))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is there one of this hash and key, of whatever version? */
static bool is_at(const struct shelf *shelf, size_t place, uint32_t hash, const void *record)
{
    return place < shelf->count && shelf->places[place].hash == hash &&
           records_compare(shelf->places[place].record, record) == 0;
}

static void put(void *context, const char *value)
{
    const struct shelving *shelving = context;
    struct shelf *shelf = shelving->shelf;
    uint32_t hash = map_hash(value);
    size_t place = place_of(shelf, hash, shelving->record);

    if (is_at(shelf, place, hash, shelving->record)) {
        shelf->places[place].record = shelving->record;
        return;
    }
    if (shelf->count == shelf->room) {
        shelf->room += shelf->room / 4 + 4;
        shelf->places = memory_resize(shelf->places, shelf->room, sizeof(*shelf->places));
    }
    memmove(&shelf->places[place + 1], &shelf->places[place],
            (shelf->count - place) * sizeof(*shelf->places));
    shelf->places[place] = (struct shelf_place){.hash = hash, .record = shelving->record};
    shelf->count++;
}

static void take_off(void *context, const char *value)
{
    const struct shelving *shelving = context;
    struct shelf *shelf = shelving->shelf;
    uint32_t hash = map_hash(value);
    size_t place = place_of(shelf, hash, shelving->record);

    if (!is_at(shelf, place, hash, shelving->record) ||
        shelf->places[place].record != shelving->record)
        return;
    shelf->count--;
    memmove(&shelf->places[place], &shelf->places[place + 1],
            (shelf->count - place) * sizeof(*shelf->places));
}

void shelf_put(struct shelf *shelf, const void *record)
{
    struct shelving shelving = {.shelf = shelf, .record = record};

    shelf->index->values(record, put, &shelving);
}

void shelf_remove(struct shelf *shelf, const void *record)
{
    struct shelving shelving = {.shelf = shelf, .record = record};

    shelf->index->values(record, take_off, &shelving);
}

struct asking {
    const char *value;
    bool has;
};

static void compare(void *context, const char *value)
{
    struct asking *asking = context;

    asking->has |= strcmp(value, asking->value) == 0;
}

static bool has_value(const struct shelf *shelf, const void *record, const char *value)
{
    struct asking asking = {.value = value};

    shelf->index->values(record, compare, &asking);
    return asking.has;
}

void shelf_each(const struct shelf *shelf, const char *value, store_visit_fn visit, void *context)
{
    uint32_t hash = map_hash(value);

    for (size_t i = place_of(shelf, hash, NULL); i < shelf->count; i++) {
        const void *record = shelf->places[i].record;

        if (shelf->places[i].hash != hash)
            return;
        if (has_value(shelf, record, value))
            visit(context, record);
    }
}

void shelf_finish(struct shelf *shelf)
{
    free(shelf->places);
}
