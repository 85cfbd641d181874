#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/unit/child.h"

enum { SAID_SIZE = 300000 };

static char said[SAID_SIZE];

static const char *run(void (*body)(void))
{
    assert_int_equal(child_exit_code(child_run(body, said, sizeof(said))), EXIT_SUCCESS);
    return said;
}

static void start(enum log_level level, enum log_format format)
{
    clock_fake(0, 1795580124000);
    log_configure(level, format);
}

static void log_json(void)
{
    start(LOG_INFO, LOG_JSON);
    log_event(LOG_INFO, "role created", "namespace", "shop", "name", "cart", NULL);
}

static void log_text(void)
{
    start(LOG_INFO, LOG_TEXT);
    log_event(LOG_WARN, "role created", "namespace", "shop", "name", "cart", NULL);
}

static void an_event_is_one_line(void **state)
{
    (void)state;
    assert_string_equal(run(log_json),
                        "{\"time\":\"2026-11-25T04:15:24Z\",\"level\":\"info\",\"message\":"
                        "\"role created\",\"namespace\":\"shop\",\"name\":\"cart\"}\n");
    assert_string_equal(run(log_text), "2026-11-25T04:15:24Z warn  \"role created\" "
                                       "namespace=\"shop\" name=\"cart\"\n");
}

static void log_every_level(void)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        start((enum log_level)level, LOG_TEXT);
        log_event(LOG_ERROR, "e", NULL);
        log_event(LOG_WARN, "w", NULL);
        log_event(LOG_INFO, "i", NULL);
        log_event(LOG_DEBUG, "d", NULL);
    }
}

static void only_what_is_asked_for_is_written(void **state)
{
    char levels[32] = "";

    (void)state;
    run(log_every_level);
    for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"))
        strncat(levels, line + strlen(line) - 2, 1);
    assert_string_equal(levels, "eewewiewid");
    log_configure(LOG_WARN, LOG_JSON);
    assert_true(log_enabled(LOG_WARN));
    assert_false(log_enabled(LOG_INFO));
}

/* Quotes, ends of lines, terminal escapes (C0, DEL, C1), what turns text around, broken UTF-8. */
#define HOSTILE                                                                                    \
    "\"\\\n\r\t\x1b[31m\x7f\xC2\x9B\xE2\x80\xAE\xE2\x81\xA6\xE2\x80\xA8\xD8\x9C\xC3\xA4\xff\xC3"

static void log_hostile(void)
{
    start(LOG_INFO, LOG_JSON);
    log_event(LOG_INFO, HOSTILE, "key", HOSTILE, NULL);
    log_configure(LOG_INFO, LOG_TEXT);
    log_event(LOG_INFO, HOSTILE, "key", HOSTILE, NULL);
}

static void nothing_breaks_out_of_its_value(void **state)
{
    static const char safe[] = "\"\\\"\\\\\\n\\u000d\\u0009\\u001b[31m\\u007f\\u009b\\u202e\\u2066"
                               "\\u2028\\u061c\xC3\xA4\\ufffd\\ufffd\"";
    char *second;

    (void)state;
    run(log_hostile);
    second = strchr(said, '\n') + 1;
    assert_ptr_equal(strchr(second, '\n') + 1, said + strlen(said));
    for (int value = 0; value < 4; value++) {
        char *at = strstr(said, safe);

        assert_non_null(at);
        memset(at, '.', strlen(safe));
    }
}

static void log_long(void)
{
    AUTO_FREE char *text = memory_alloc(1000000);

    text[0] = 'x'; /* the ceiling falls into a character */
    for (size_t i = 1; i < 999998; i += 2)
        memcpy(text + i, "\xC3\xA4", 2);
    start(LOG_INFO, LOG_JSON);
    log_event(LOG_INFO, text, "a", text, "b", "short", NULL);
    memset(text, 1, 999999);
    log_event(LOG_INFO, text, "a", text, "b", text, "c", text, "d", text, "e", text, "f", text, "g",
              text, "h", text, "i", text, "j", text, "k", text, "z", "last", NULL);
}

static void long_values_are_cut_and_the_line_stays_json(void **state)
{
    char *second;
    json_t *json;

    (void)state;
    run(log_long);
    second = strchr(said, '\n') + 1;
    json = json_loadb(said, (size_t)(second - said), 0, NULL);
    assert_non_null(json);
    assert_int_equal(json_string_length(json_object_get(json, "a")), 2047 + 3);
    assert_true(text_ends(json_string_value(json_object_get(json, "message")), "\xC3\xA4..."));
    assert_string_equal(json_string_value(json_object_get(json, "b")), "short");
    json_decref(json);

    json = json_loads(second, 0, NULL);
    assert_non_null(json);
    assert_non_null(json_object_get(json, "a"));
    assert_null(json_object_get(json, "k"));
    assert_string_equal(json_string_value(json_object_get(json, "z")), "last");
    json_decref(json);
}

static void words_name_levels_and_formats(void **state)
{
    enum log_level level = LOG_ERROR;
    enum log_format format = LOG_JSON;

    (void)state;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_true(log_level_parse("warn", &level));
    assert_int_equal(level, LOG_WARN);
    assert_false(log_level_parse("Debug", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_WARN);
    assert_true(log_format_parse("text", &format));
    assert_int_equal(format, LOG_TEXT);
    assert_true(log_format_parse("json", &format));
    assert_int_equal(format, LOG_JSON);
    assert_false(log_format_parse("xml", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line),
        cmocka_unit_test(only_what_is_asked_for_is_written),
        cmocka_unit_test(nothing_breaks_out_of_its_value),
        cmocka_unit_test(long_values_are_cut_and_the_line_stays_json),
        cmocka_unit_test(words_name_levels_and_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
