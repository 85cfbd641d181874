#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/text.h"

/*
 * A value longer than an error's text tells nobody more; a line has room for some ten of them with
 * every byte escaped. What does not fit is left out whole, so the line stays JSON.
 */
enum { VALUE_LENGTH_MAX = 2048, LINE_LENGTH_MAX = 128 * 1024 };

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};
static const char *const format_names[] = {[LOG_JSON] = "json", [LOG_TEXT] = "text"};

static enum log_level level_now = LOG_INFO;
static enum log_format format_now = LOG_JSON;

void log_configure(enum log_level level, enum log_format format)
{
    level_now = level;
    format_now = format;
}

bool log_enabled(enum log_level level)
{
    return level <= level_now;
}

/* Code points that a terminal obeys or that turn text around; C0 and DEL are single bytes. */
static bool is_unsafe(const char *bytes, size_t length, unsigned *point)
{
    const unsigned char *at = (const unsigned char *)bytes;

    if (length == 1)
        *point = at[0];
    else if (length == 2)
        *point = (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu);
    else if (length == 3)
        *point = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    else
        return false;
    return *point < 0x20 || (*point >= 0x7F && *point <= 0x9F) || *point == 0x061C ||
           (*point >= 0x200E && *point <= 0x200F) || (*point >= 0x2028 && *point <= 0x202E) ||
           (*point >= 0x2066 && *point <= 0x2069);
}

static size_t add_character(struct text *line, const char *bytes, size_t length)
{
    size_t step = text_utf8_sequence(bytes, length);
    unsigned point;

    if (step == 0) {
        text_add_string(line, "\\ufffd");
        return 1;
    }
    if (*bytes == '"' || *bytes == '\\')
        text_printf(line, "\\%c", *bytes);
    else if (*bytes == '\n')
        text_add_string(line, "\\n");
    else if (is_unsafe(bytes, step, &point))
        text_printf(line, "\\u%04x", point);
    else
        text_add(line, bytes, step);
    return step;
}

static void add_quoted(struct text *line, const char *value)
{
    size_t length = strnlen(value, VALUE_LENGTH_MAX + 1);
    bool cut = length > VALUE_LENGTH_MAX;

    if (cut)
        length = VALUE_LENGTH_MAX;
    while (cut && length > 0 && ((unsigned char)value[length] & 0xC0) == 0x80)
        length--;
    text_add_char(line, '"');
    for (size_t i = 0; i < length;)
        i += add_character(line, value + i, length - i);
    text_add_string(line, cut ? "...\"" : "\"");
}

static void add_field(struct text *line, const char *key, const char *value)
{
    size_t length = line->length;

    text_add_string(line, format_now == LOG_JSON ? "," : " ");
    if (format_now == LOG_JSON) {
        add_quoted(line, key);
        text_add_char(line, ':');
    } else {
        text_printf(line, "%s=", key);
    }
    add_quoted(line, value);
    if (line->overflow || line->length > LINE_LENGTH_MAX) {
        line->overflow = false;
        line->length = length;
        line->bytes[line->length] = '\0';
    }
}

static void add_head(struct text *line, enum log_level level, const char *message)
{
    char time[ENCODE_TIME_SIZE];

    encode_time(clock_wall_ms(), time);
    if (format_now == LOG_JSON)
        text_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time,
                    level_names[level]);
    else
        text_printf(line, "%s %-5s ", time, level_names[level]);
    add_quoted(line, message);
}

/* One write, so that lines of several processes on one terminal do not mix. */
static void put(const struct text *line)
{
    size_t sent = 0;

    while (sent < line->length) {
        ssize_t wrote = write(STDERR_FILENO, line->bytes + sent, line->length - sent);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return; /* nobody reads: there is no place left to say so */
        sent += (size_t)wrote;
    }
}

void log_event(enum log_level level, const char *message, ...)
{
    AUTO_TEXT struct text line = TEXT_INIT(LINE_LENGTH_MAX + 2);
    va_list fields;

    assert((size_t)level < COUNT(level_names));
    if (!log_enabled(level))
        return;
    add_head(&line, level, message);
    va_start(fields, message);
    for (const char *key; (key = va_arg(fields, const char *));) {
        const char *value = va_arg(fields, const char *);

        assert(value);
        add_field(&line, key, value);
    }
    va_end(fields);
    text_add_string(&line, format_now == LOG_JSON ? "}\n" : "\n");
    put(&line);
}

bool log_level_parse(const char *word, enum log_level *level)
{
    for (size_t l = 0; l < COUNT(level_names); l++) {
        if (text_equal(word, level_names[l])) {
            *level = (enum log_level)l;
            return true;
        }
    }
    return false;
}

bool log_format_parse(const char *word, enum log_format *format)
{
    for (size_t f = 0; f < COUNT(format_names); f++) {
        if (text_equal(word, format_names[f])) {
            *format = (enum log_format)f;
            return true;
        }
    }
    return false;
}
