#include "kube/words.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static bool is_control(char character)
{
    return (unsigned char)character < 0x20 || character == 0x7f;
}

char *kube_words(struct arena *arena, const char *bytes, size_t length, size_t size_max)
{
    bool utf8 = text_utf8(bytes, length);
    /* Some bytes more than may stay: text_cut must see that a character goes on. */
    size_t size = length < size_max + 4 ? length : size_max + 4;
    char *words = arena_text(arena, bytes, size);

    for (size_t i = 0; i < size; i++)
        if (is_control(words[i]) || (!utf8 && (unsigned char)words[i] >= 0x80))
            words[i] = ' ';
    text_cut(words, size_max);
    words += strspn(words, " ");
    for (size = strlen(words); size > 0 && words[size - 1] == ' '; size--)
        words[size - 1] = '\0';
    return words;
}
