#include "base/heap.h"

#include <assert.h>

#include "base/memory.h"

/* `place` is index + 1, so the parent of place p is p / 2 and its children are 2p and 2p + 1. */

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_finish(struct heap *heap)
{
    for (size_t e = 0; e < heap->count; e++)
        heap->entries[e]->place = 0;
    free(heap->entries);
    heap_init(heap);
}

static void set(struct heap *heap, size_t place, struct heap_entry *entry)
{
    heap->entries[place - 1] = entry;
    entry->place = place;
}

static void rise(struct heap *heap, struct heap_entry *entry)
{
    size_t place = entry->place;

    while (place > 1 && heap->entries[place / 2 - 1]->when > entry->when) {
        set(heap, place, heap->entries[place / 2 - 1]);
        place /= 2;
    }
    set(heap, place, entry);
}

static void sink(struct heap *heap, struct heap_entry *entry)
{
    size_t place = entry->place;

    for (size_t child; (child = 2 * place) <= heap->count; place = child) {
        if (child < heap->count && heap->entries[child]->when < heap->entries[child - 1]->when)
            child++;
        if (heap->entries[child - 1]->when >= entry->when)
            break;
        set(heap, place, heap->entries[child - 1]);
    }
    set(heap, place, entry);
}

void heap_put(struct heap *heap, struct heap_entry *entry, uint64_t when)
{
    if (entry->place == 0) {
        if (heap->count == heap->room) {
            heap->room = heap->room > 0 ? 2 * heap->room : 16;
            heap->entries = memory_resize(heap->entries, heap->room, sizeof(struct heap_entry *));
        }
        set(heap, ++heap->count, entry);
    }
    assert(entry->place <= heap->count && heap->entries[entry->place - 1] == entry);
    entry->when = when;
    rise(heap, entry);
    sink(heap, entry);
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
    struct heap_entry *last;

    if (entry->place == 0)
        return;
    assert(entry->place <= heap->count && heap->entries[entry->place - 1] == entry);
    last = heap->entries[--heap->count];
    if (last != entry) {
        set(heap, entry->place, last);
        rise(heap, last);
        sink(heap, last);
    }
    entry->place = 0;
}

struct heap_entry *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->entries[0] : NULL;
}
