#pragma once

/*
 * A priority queue of entries embedded in the structs they serve; each entry knows its place, so
 * it can be moved or removed in O(log n). The smallest `when` comes first; equal ones in no order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
    uint64_t when;
    size_t place; /* index + 1; 0: in no heap */
};

struct heap {
    struct heap_entry **entries;
    size_t count, room;
};

void heap_init(struct heap *heap);
void heap_finish(struct heap *heap); /* frees the array, not the entries */

/* Inserts, or moves when it is already there. */
void heap_put(struct heap *heap, struct heap_entry *entry, uint64_t when);

/* Harmless when entry is in no heap. */
void heap_remove(struct heap *heap, struct heap_entry *entry);

/* NULL when empty; stays in the heap. */
struct heap_entry *heap_first(const struct heap *heap);
