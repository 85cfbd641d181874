#include "base/yaml_plain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* [-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? ; sets whether it is whole. */
static bool looks_like_number(const char *text, bool *whole)
{
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    const char *end = skip_digits(digits);

    if (end == digits || (*digits == '0' && end != digits + 1))
        return false;
    *whole = *end == '\0';
    if (*end == '.') {
        const char *fraction = end + 1;

        end = skip_digits(fraction);
        if (end == fraction)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1;

        exponent += *exponent == '-' || *exponent == '+';
        end = skip_digits(exponent);
        if (end == exponent)
            return false;
    }
    return *end == '\0';
}

/* NULL when the text is no number that JSON can hold. */
static json_t *number(const char *text)
{
    bool whole = false;

    if (!looks_like_number(text, &whole))
        return NULL;
    errno = 0;
    if (whole) {
        long long value = strtoll(text, NULL, 10);

        return errno ? NULL : json_integer(value);
    }
    double value = strtod(text, NULL);

    return errno ? NULL : json_real(value);
}

json_t *yaml_plain(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    json_t *value;

    if (text_among(text, nulls))
        return json_null();
    if (text_among(text, trues))
        return json_true();
    if (text_among(text, falses))
        return json_false();
    value = number(text);
    return value ? value : json_string(text);
}
