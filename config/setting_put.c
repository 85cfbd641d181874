#include "config/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/memory.h"
#include "config/duration.h"

/* More digits than any number in a range has; they fit 64 bits. */
enum { DIGITS_MAX = 15 };

/* "text" is no <what>: write <allowed> */
static bool refuse(struct error *error, const char *text, const char *what, const char *allowed)
{
    char shown[SETTING_SHOWN_SIZE];

    setting_show(text, shown);
    return error_set(error, ERROR_REFUSED, "\"%s\" is no %s: write %s", shown, what, allowed);
}

/* One word for a number of that kind, as a person would write it. */
static void write_number(enum setting_kind kind, double number, char text[DURATION_TEXT_SIZE])
{
    if (kind == SETTING_DURATION)
        duration_write((uint64_t)number, text);
    else
        snprintf(text, DURATION_TEXT_SIZE, "%g", number);
}

/* The reader of the number failed (read is false), or it may be out of range. */
static bool check_range(const struct setting *setting, const char *text, bool read, double number,
                        struct error *error)
{
    static const char *const names[] = {[SETTING_COUNT] = "whole number",
                                        [SETTING_RATE] = "number",
                                        [SETTING_DURATION] = "duration"};
    static const char *const examples[] = {[SETTING_COUNT] = "",
                                           [SETTING_RATE] = "",
                                           [SETTING_DURATION] = ", such as 10s, 1m30s or 500ms"};
    char min[DURATION_TEXT_SIZE], max[DURATION_TEXT_SIZE], shown[SETTING_SHOWN_SIZE];

    if (read && number >= setting->min && number <= setting->max)
        return true;
    write_number(setting->kind, setting->min, min);
    write_number(setting->kind, setting->max, max);
    setting_show(text, shown);
    return error_set(error, ERROR_REFUSED, "\"%s\" is %s%s: write one from %s to %s%s", shown,
                     read ? "out of range for a " : "no ", names[setting->kind], min, max,
                     examples[setting->kind]);
}

/* Digits, and with decimals a point and up to three of them. strtod alone would take "0x1p3". */
static bool read_number(const char *text, bool decimals, double *number)
{
    size_t whole = strspn(text, "0123456789");
    size_t length = whole;

    if (decimals && text[whole] == '.') {
        size_t fraction = strspn(text + whole + 1, "0123456789");

        if (fraction == 0 || fraction > 3)
            return false;
        length += 1 + fraction;
    }
    *number = strtod(text, NULL);
    return whole > 0 && whole <= DIGITS_MAX && text[length] == '\0';
}

static bool put_text(const struct setting *setting, const char *text, char *field,
                     struct error *error)
{
    size_t length = strlen(text);

    if (length >= CONFIG_TEXT_SIZE)
        return error_set(error, ERROR_REFUSED, "has %zu bytes: write at most %d", length,
                         CONFIG_TEXT_SIZE - 1);
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == '\x7f')
            return error_set(error, ERROR_REFUSED,
                             "has a control character or a line break: write plain text");
    }
    /* "" sets back what has no default, and only that. */
    if (setting->check && (length > 0 || setting->fallback[0]) && !setting->check(text, error))
        return false;
    memcpy(field, text, length + 1);
    return true;
}

static bool put_flag(const char *text, bool *field, struct error *error)
{
    *field = strcasecmp(text, "true") == 0;
    if (!*field && strcasecmp(text, "false") != 0)
        return refuse(error, text, "answer to this", "true or false");
    return true;
}

static bool put_count(const struct setting *setting, const char *text, unsigned *field,
                      struct error *error)
{
    double number = 0;
    bool read = read_number(text, false, &number);

    if (!check_range(setting, text, read, number, error))
        return false;
    *field = (unsigned)number;
    return true;
}

static bool put_rate(const struct setting *setting, const char *text, double *field,
                     struct error *error)
{
    double number = 0;
    bool read = read_number(text, true, &number);

    if (!check_range(setting, text, read, number, error))
        return false;
    *field = number;
    return true;
}

static bool put_duration(const struct setting *setting, const char *text, uint64_t *field,
                         struct error *error)
{
    uint64_t duration_ms = 0;
    bool read = duration_parse(text, &duration_ms);

    if (!check_range(setting, text, read, (double)duration_ms, error))
        return false;
    *field = duration_ms;
    return true;
}

bool setting_put(const struct setting *setting, const char *text, struct config *config,
                 struct error *error)
{
    void *field = (char *)config + setting->offset;

    switch (setting->kind) {
    case SETTING_TEXT:
        return put_text(setting, text, field, error);
    case SETTING_FLAG:
        return put_flag(text, field, error);
    case SETTING_COUNT:
        return put_count(setting, text, field, error);
    case SETTING_RATE:
        return put_rate(setting, text, field, error);
    case SETTING_DURATION:
        return put_duration(setting, text, field, error);
    case SETTING_LEVEL:
        return log_level_parse(text, field) ||
               refuse(error, text, "log level", "error, warn, info or debug");
    case SETTING_FORMAT:
        return log_format_parse(text, field) || refuse(error, text, "log format", "json or text");
    }
    return false;
}
