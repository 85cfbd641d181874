#pragma once

/*
 * Text → pointer, by open hashing with a per-process random seed (keys come from outside).
 * Keys are copied; values are the caller's. Iteration is in no order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct map;
typedef void (*map_visit_fn)(const char *key, void *value, void *context);

struct map *map_create(void);
void map_destroy(struct map *map); /* values are not freed */

/* NULL when absent. */
void *map_get(const struct map *map, const char *key);

/* The former value, NULL when there was none. value must not be NULL. */
void *map_put(struct map *map, const char *key, void *value);

/* The value taken out, NULL when there was none. */
void *map_remove(struct map *map, const char *key);

/* The hash that maps find keys by, for tables of another form. */
uint32_t map_hash(const char *key);

size_t map_count(const struct map *map);

/* visit must not change the map. */
void map_each(const struct map *map, map_visit_fn visit, void *context);

/* Takes out every entry whose value keep does not want, and calls destroy for that value. */
void map_filter(struct map *map, bool (*keep)(const void *value, const void *context),
                const void *context, void (*destroy)(void *value));

/* Calls destroy for each value and empties the map. */
void map_clear(struct map *map, void (*destroy)(void *value));

DEFINE_AUTO(struct map *, map_destroy);
