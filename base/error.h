#pragma once

/*
 * An error: a kind that tells the program what to do next, a code that names the cause in the
 * words of the side that refused (an AWS error code, a Kubernetes reason; may be empty), and a
 * text that tells a person what happened and what to change.
 *
 * A fixed-size value in the caller's frame: raising an error allocates nothing. The functions
 * that raise return false, so raising and passing on are one line each. On success the error is
 * left untouched. "Not there" is a fact to record, not an error to raise.
 */

#include <stdarg.h>
#include <stdbool.h>

enum error_kind {
    ERROR_NONE,
    ERROR_RETRY,    /* try again, after a back-off */
    ERROR_THROTTLE, /* try again, slower: the other side asks for it */
    ERROR_CONFLICT, /* what we knew is old: read again now */
    ERROR_REFUSED,  /* a person must act */
    ERROR_LOST,     /* the answer was lost: a write may or may not have happened */
};

enum { ERROR_CODE_SIZE = 64, ERROR_TEXT_SIZE = 1536 };

struct error {
    enum error_kind kind;
    char code[ERROR_CODE_SIZE];
    char text[ERROR_TEXT_SIZE]; /* UTF-8, cut at a character's border */
};

/* Raises: sets kind and text, empties code. Always false. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a code. */
bool error_set_code(struct error *error, enum error_kind kind, const char *code, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

/* Puts "context: " before the text of an error that was raised. Always false. */
bool error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Back to ERROR_NONE. */
void error_clear(struct error *error);

/* "retry", "throttle", ...: the word for logs and metrics. */
const char *error_kind_name(enum error_kind kind);
