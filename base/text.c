#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

char text_empty[1];

void text_init(struct text *text, size_t length_max)
{
    *text = (struct text)TEXT_INIT(length_max);
}

void text_finish(struct text *text)
{
    if (text->room > 0)
        free(text->bytes);
    text_init(text, text->length_max);
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->overflow = false;
    if (text->room > 0)
        text->bytes[0] = '\0';
}

/* Makes room for length more bytes and the NUL; false when the ceiling forbids it. */
static bool reserve(struct text *text, size_t length)
{
    size_t room = text->room > 0 ? text->room : 64;

    assert(text->length <= text->length_max && text->length_max < SIZE_MAX / 2);
    if (text->overflow || length > text->length_max - text->length) {
        text->overflow = true;
        return false;
    }
    while (room <= text->length + length)
        room *= 2;
    if (room > text->length_max + 1)
        room = text->length_max + 1;
    if (room > text->room) {
        text->bytes = memory_resize(text->room > 0 ? text->bytes : NULL, room, 1);
        text->room = room;
    }
    return true;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    if (length == 0 || !reserve(text, length))
        return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_char(struct text *text, char character)
{
    text_add(text, &character, 1);
}

/* Most of what is printed fits here and is formatted once; the rest is formatted again in place. */
enum { PRINTED_ONCE = 256 };

void text_printf(struct text *text, const char *format, ...)
{
    char once[PRINTED_ONCE];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(once, sizeof(once), format, arguments);
    va_end(arguments);
    assert(length >= 0);
    if ((size_t)length < sizeof(once)) {
        text_add(text, once, (size_t)length);
        return;
    }
    if (!reserve(text, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_drop(struct text *text, size_t length)
{
    assert(length <= text->length);
    if (length == 0)
        return;
    text->length -= length;
    memmove(text->bytes, text->bytes + length, text->length + 1);
}

char *text_take(struct text *text)
{
    char *bytes = text->room > 0 ? text->bytes : memory_alloc(1);

    text_init(text, text->length_max);
    return bytes;
}

bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_starts(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *string, const char *suffix)
{
    size_t length = strlen(string), tail = strlen(suffix);

    return length >= tail && memcmp(string + length - tail, suffix, tail) == 0;
}

bool text_among(const char *string, const char *const *list)
{
    while (*list && !text_equal(*list, string))
        list++;
    return *list != NULL;
}

bool text_among_first(const char *string, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(list[i], string))
            return true;
    return false;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

void text_cut(char *string, size_t size_max)
{
    if (strnlen(string, size_max + 1) <= size_max)
        return;
    while (size_max > 0 && is_continuation(string[size_max]))
        size_max--;
    string[size_max] = '\0';
}

/*
 * The well-formed sequences of Unicode's table 3-7: the second byte's range depends on the first,
 * which keeps out overlong forms, surrogates and what lies past U+10FFFF.
 */
static const struct {
    unsigned char first_min, first_max, second_min, second_max;
    size_t length;
} sequences[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

size_t text_utf8_sequence(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;

    for (size_t s = 0; length > 0 && s < COUNT(sequences); s++) {
        size_t n = 1;

        if (at[0] < sequences[s].first_min || at[0] > sequences[s].first_max)
            continue;
        if (sequences[s].length > length)
            return 0;
        if (sequences[s].length > 1 &&
            (at[1] < sequences[s].second_min || at[1] > sequences[s].second_max))
            return 0;
        while (n < sequences[s].length && is_continuation(bytes[n]))
            n++;
        return n == sequences[s].length ? n : 0;
    }
    return 0;
}

bool text_utf8(const char *bytes, size_t length)
{
    while (length > 0) {
        size_t step = text_utf8_sequence(bytes, length);

        if (step == 0)
            return false;
        bytes += step;
        length -= step;
    }
    return true;
}

/*
 * Only the last star is ever tried again, so the time is at most the product of both lengths. That
 * is complete: stars do not cross '/', so the parts between slashes match independently, and inside
 * one part whatever an earlier star could swallow, a later one can.
 */
bool text_glob(const char *glob, const char *string)
{
    const char *star = NULL, *retry = NULL;

    while (*string) {
        if (*glob == '*') {
            star = ++glob;
            retry = string;
        } else if (*glob == *string) {
            glob++;
            string++;
        } else if (star && *retry != '/') {
            glob = star;
            string = ++retry;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}
