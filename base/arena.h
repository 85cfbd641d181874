#pragma once

/*
 * Many small allocations, one release. Work done for one object lives in that object's arena
 * and ends with it; code that builds values in an arena contains no free().
 *
 * An arena has a ceiling: past it the process ends, so whoever feeds it from outside checks
 * sizes first (replies and objects are capped before they are decoded).
 */

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* Room for size_max bytes in all; blocks are taken as needed. */
struct arena *arena_create(size_t size_max);
void arena_destroy(struct arena *arena);

/* Everything given out is gone; the first block is kept for reuse. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type, never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies, NUL-terminated. arena_string(NULL) is NULL. */
char *arena_text(struct arena *arena, const char *bytes, size_t length);
char *arena_string(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "" of none. */
char *arena_join(struct arena *arena, const char *const *parts, size_t count,
                 const char *separator);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Bytes given out since creation or reset. */
size_t arena_used(const struct arena *arena);

/* Bytes left under the ceiling: what a decoder of outside bytes asks before it builds. */
size_t arena_room(const struct arena *arena);

#include "base/memory.h"
DEFINE_AUTO(struct arena *, arena_destroy);
