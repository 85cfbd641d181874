#include "informers/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kube/record.h"

enum { ROOM_MIN = 4 };

static const char *key_of(const void *record)
{
    return ((const struct record *)record)->key;
}

int records_compare(const void *a, const void *b)
{
    return strcmp(key_of(a), key_of(b));
}

/* The first place whose key is not below this one. */
static size_t place_of(const struct records *records, const char *key)
{
    size_t low = 0;
    size_t high = records->count;

    if (high > 0 && strcmp(key_of(records->items[high - 1]), key) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(key_of(records->items[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct records *records, size_t place, const char *key)
{
    return place < records->count && strcmp(key_of(records->items[place]), key) == 0;
}

const void *records_get(const struct records *records, const char *key)
{
    size_t place = place_of(records, key);

    return is_at(records, place, key) ? records->items[place] : NULL;
}

const void *records_after(const struct records *records, const char *key)
{
    size_t place = place_of(records, key);

    if (is_at(records, place, key))
        place++;
    return place < records->count ? records->items[place] : NULL;
}

static void resize(struct records *records, size_t room)
{
    records->items = memory_resize(records->items, room, sizeof(*records->items));
    records->room = room;
}

const void *records_put(struct records *records, const void *record)
{
    size_t place = place_of(records, key_of(record));
    const void *former = NULL;

    if (is_at(records, place, key_of(record))) {
        former = records->items[place];
    } else {
        if (records->count == records->room)
            resize(records,
                   records->room < ROOM_MIN ? ROOM_MIN : records->room + records->room / 2);
        memmove(records->items + place + 1, records->items + place,
                (records->count - place) * sizeof(*records->items));
        records->count++;
    }
    records->items[place] = record;
    return former;
}

const void *records_remove(struct records *records, const char *key)
{
    size_t place = place_of(records, key);
    const void *record;

    if (!is_at(records, place, key))
        return NULL;
    record = records->items[place];
    records->count--;
    memmove(records->items + place, records->items + place + 1,
            (records->count - place) * sizeof(*records->items));
    if (records->room > ROOM_MIN && records->count < records->room / 4)
        resize(records, records->room / 2);
    return record;
}

void records_clear(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        record_unref(records->items[i]);
    free(records->items);
    *records = (struct records){0};
}
