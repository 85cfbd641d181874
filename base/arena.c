#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/*
 * A block holds what is asked for in one reconcile without policies; a long document gets a block
 * of its own size.
 */
enum { BLOCK_SIZE = 4096 - 64 };

struct block {
    struct block *next; /* older */
    size_t used, room;
    max_align_t bytes[];
};

struct arena {
    struct block *newest, *first;
    size_t used, size_max;
};

static _Noreturn void die(const struct arena *arena, size_t size)
{
    char line[128];
    int length = snprintf(line, sizeof(line),
                          "podidentity: arena is full (%zu of %zu bytes used, %zu more wanted)\n",
                          arena->used, arena->size_max, size);
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)length);

    (void)ignored;
    _Exit(EXIT_FAILURE);
}

static struct block *add_block(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct block *block = memory_alloc(sizeof(*block) + room);

    block->room = room;
    block->next = arena->newest;
    arena->newest = block;
    return block;
}

struct arena *arena_create(size_t size_max)
{
    AUTO(arena_destroy) struct arena *arena = memory_alloc(sizeof(*arena));

    assert(size_max > 0 && size_max < SIZE_MAX / 2);
    arena->size_max = size_max;
    arena->first = add_block(arena, 0);
    return TAKE(arena);
}

static void drop_blocks(struct arena *arena)
{
    while (arena->newest != arena->first) {
        struct block *block = arena->newest;

        arena->newest = block->next;
        free(block);
    }
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    drop_blocks(arena);
    free(arena->first);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    drop_blocks(arena);
    memset(arena->first->bytes, 0, arena->first->used);
    arena->first->used = 0;
    arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

size_t arena_room(const struct arena *arena)
{
    return arena->size_max - arena->used;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t unit = _Alignof(max_align_t);
    struct block *block = arena->newest;
    char *bytes;

    if (size > arena_room(arena))
        die(arena, size);
    size = (size + unit - 1) / unit * unit;
    if (size > block->room - block->used)
        block = add_block(arena, size);
    bytes = (char *)block->bytes + block->used;
    block->used += size;
    /* Rounding up must not carry the sum past the ceiling: arena_room would wrap around. */
    arena->used = size > arena_room(arena) ? arena->size_max : arena->used + size;
    return bytes;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t product;

    if (__builtin_mul_overflow(count, size, &product))
        die(arena, SIZE_MAX);
    return arena_alloc(arena, product);
}

char *arena_text(struct arena *arena, const char *bytes, size_t length)
{
    char *copy;

    if (length == SIZE_MAX)
        die(arena, length);
    copy = arena_alloc(arena, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return text ? arena_text(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    char once[256]; /* most fit, and are formatted once */
    va_list again;
    char *text;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(once, sizeof(once), format, again);
    va_end(again);
    assert(length >= 0);

    text = arena_alloc(arena, (size_t)length + 1);
    if ((size_t)length < sizeof(once))
        memcpy(text, once, (size_t)length + 1);
    else
        vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

char *arena_join(struct arena *arena, const char *const *parts, size_t count, const char *separator)
{
    size_t size = 1;
    char *all, *end;

    for (size_t i = 0; i < count; i++)
        size += strlen(parts[i]) + strlen(separator);
    all = end = arena_alloc(arena, size);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(stpcpy(end, i > 0 ? separator : ""), parts[i]);
    *end = '\0';
    return all;
}
