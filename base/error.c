#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/*
 * Formats beside the error, so that its own text may be among the arguments. The buffer is one
 * byte longer than the text may be: text_cut then sees whether a character straddles the end.
 */
__attribute__((format(printf, 2, 0))) static void put_text(struct error *error, const char *format,
                                                           va_list arguments)
{
    char text[ERROR_TEXT_SIZE + 1];

    if (vsnprintf(text, sizeof(text), format, arguments) < 0)
        text[0] = '\0';
    text_cut(text, ERROR_TEXT_SIZE - 1);
    memcpy(error->text, text, strlen(text) + 1);
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list arguments;

    assert(kind != ERROR_NONE);
    va_start(arguments, format);
    put_text(error, format, arguments);
    va_end(arguments);
    error->kind = kind;
    error->code[0] = '\0';
    return false;
}

bool error_set_code(struct error *error, enum error_kind kind, const char *code, const char *format,
                    ...)
{
    char copy[ERROR_CODE_SIZE + 1];
    va_list arguments;

    assert(kind != ERROR_NONE);
    snprintf(copy, sizeof(copy), "%s", code);
    text_cut(copy, ERROR_CODE_SIZE - 1);

    va_start(arguments, format);
    put_text(error, format, arguments);
    va_end(arguments);
    error->kind = kind;
    memcpy(error->code, copy, strlen(copy) + 1);
    return false;
}

bool error_wrap(struct error *error, const char *format, ...)
{
    char context[ERROR_TEXT_SIZE];
    char former[ERROR_TEXT_SIZE];
    char joined[2 * ERROR_TEXT_SIZE + 2];
    va_list arguments;

    assert(error->kind != ERROR_NONE);
    va_start(arguments, format);
    memcpy(former, error->text, sizeof(former));
    put_text(error, format, arguments);
    va_end(arguments);
    memcpy(context, error->text, sizeof(context));

    snprintf(joined, sizeof(joined), "%s: %s", context, former);
    text_cut(joined, ERROR_TEXT_SIZE - 1);
    memcpy(error->text, joined, strlen(joined) + 1);
    return false;
}

void error_clear(struct error *error)
{
    error->kind = ERROR_NONE;
    error->code[0] = '\0';
    error->text[0] = '\0';
}

const char *error_kind_name(enum error_kind kind)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",         [ERROR_RETRY] = "retry",     [ERROR_THROTTLE] = "throttle",
        [ERROR_CONFLICT] = "conflict", [ERROR_REFUSED] = "refused", [ERROR_LOST] = "lost",
    };

    assert((size_t)kind < COUNT(names));
    return names[kind];
}
