#pragma once

/*
 * Growing text with a ceiling. `bytes` is never NULL and always ends with NUL; `length` does not
 * count the NUL. Adding past the ceiling adds nothing, sets `overflow` and keeps what was there:
 * check it once at the end. After an overflow nothing more is added until text_clear, so that a
 * text may be cut short but never has a hole.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes;
    size_t length;
    size_t room;       /* allocated, NUL included; 0: nothing allocated yet */
    size_t length_max; /* the ceiling */
    bool overflow;
};

/* TEXT_INIT(ceiling) for locals and statics: no allocation until something is added. */
extern char text_empty[1];
#define TEXT_INIT(max)                                                                             \
    {                                                                                              \
        .bytes = text_empty, .length_max = (max)                                                   \
    }

void text_init(struct text *text, size_t length_max);
void text_finish(struct text *text); /* frees; usable again afterwards as after init */
void text_clear(struct text *text);  /* length 0, no overflow, memory kept */

void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_char(struct text *text, char character);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the first length bytes. */
void text_drop(struct text *text, size_t length);

/* The bytes, for free(); the text is empty afterwards. */
char *text_take(struct text *text);

static inline void text_finish_auto(struct text *text)
{
    text_finish(text);
}
#define AUTO_TEXT __attribute__((cleanup(text_finish_auto)))

/* Plain C strings. */
bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
bool text_starts(const char *string, const char *prefix);
bool text_ends(const char *string, const char *suffix);
/* Is it one of a list that ends with NULL? NULL is among none. */
bool text_among(const char *string, const char *const *list);
/* Is it one of the first count of a list? */
bool text_among_first(const char *string, const char *const *list, size_t count);
/* Cuts a UTF-8 string in place to at most size_max bytes, at a character's border. */
void text_cut(char *string, size_t size_max);
/* The length (1-4) of the well-formed UTF-8 character that starts here; 0 when none does. */
size_t text_utf8_sequence(const char *bytes, size_t length);
/* True when every byte sequence is well-formed UTF-8. */
bool text_utf8(const char *bytes, size_t length);
/* Anchored glob: '*' matches any run of characters but '/', everything else itself. */
bool text_glob(const char *glob, const char *string);
