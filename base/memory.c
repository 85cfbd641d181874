#include "base/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * No stdio and no exit handlers: both may want memory, and what they would tidy up belongs to a
 * process that has no future.
 */
static _Noreturn void die(size_t count, size_t size)
{
    char line[96];
    int length =
        snprintf(line, sizeof(line), "podidentity: out of memory (%zu x %zu bytes)\n", count, size);
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)length);

    (void)ignored;
    _Exit(EXIT_FAILURE);
}

void *memory_array(size_t count, size_t size)
{
    /* calloc refuses products that overflow; of nothing it may give NULL, hence the ones. */
    void *room = calloc(count ? count : 1, size ? size : 1);

    if (!room)
        die(count, size);
    return room;
}

void *memory_alloc(size_t size)
{
    return memory_array(1, size);
}

void *memory_resize(void *pointer, size_t count, size_t size)
{
    void *room = reallocarray(pointer, count ? count : 1, size ? size : 1);

    if (!room)
        die(count, size);
    return room;
}

void *memory_copy(const void *bytes, size_t size)
{
    void *copy = memory_resize(NULL, 1, size);

    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *memory_text(const char *bytes, size_t length)
{
    char *copy;

    length = length > 0 ? strnlen(bytes, length) : 0;
    if (length == SIZE_MAX)
        die(1, length);
    copy = memory_resize(NULL, 1, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *memory_string(const char *text)
{
    return text ? memory_text(text, strlen(text)) : NULL;
}

void memory_give_back(void)
{
    malloc_trim(0);
}

void memory_wipe(void *bytes, size_t size)
{
    if (bytes)
        explicit_bzero(bytes, size);
}
