#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/decode.h"
#include "kube/watch.h"

static bool decode(struct watch_event *event, const char *line, struct error *error)
{
    return watch_decode(event, line, strlen(line), error);
}

struct recording {
    char *bytes;
    const char *lines[16];
    size_t count;
};

/* The lines of a recorded watch, in order. */
static void load(struct recording *recording, const char *path)
{
    struct error error = {0};
    char *rest;

    *recording = (struct recording){.bytes = file_read(path, 1 << 20, NULL, &error)};
    assert_non_null(recording->bytes);
    for (char *line = strtok_r(recording->bytes, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(recording->count < COUNT(recording->lines));
        recording->lines[recording->count++] = line;
    }
}

static void reads_every_kind_of_line(void **state)
{
    static const struct {
        enum watch_kind kind;
        const char *version;
        bool end;
    } expected[] = {
        {WATCH_ADDED, "340", false},    {WATCH_BOOKMARK, "342", true},
        {WATCH_MODIFIED, "351", false}, {WATCH_BOOKMARK, "360", false},
        {WATCH_DELETED, "361", false},  {WATCH_UNKNOWN, "", false},
    };
    struct recording recording;

    (void)state;
    load(&recording, "tests/data/kube/watch.jsonl");
    assert_int_equal(recording.count, COUNT(expected));
    for (size_t i = 0; i < recording.count; i++) {
        struct watch_event event;
        struct error error = {0};

        assert_true(decode(&event, recording.lines[i], &error));
        assert_int_equal(event.kind, expected[i].kind);
        assert_string_equal(event.resource_version, expected[i].version);
        assert_int_equal(event.initial_events_end, expected[i].end);
        assert_int_equal(event.object != NULL, expected[i].kind != WATCH_UNKNOWN);
        watch_event_finish(&event);
    }
    free(recording.bytes);
}

static void tells_what_an_error_event_says(void **state)
{
    static const struct {
        int code;
        const char *reason, *message;
        int retry_after_s;
        bool too_large;
    } expected[] = {
        {410, "Expired", "too old resource version: 2 (223)", -1, false},
        {504, "Timeout", "Too large resource version: 9000, current: 342", 1, true},
        {500, "InternalError", "required storage feature RequestWatchProgress is disabled", -1,
         false},
        {429, "TooManyRequests", "storage is (re)initializing", 1, false},
    };
    struct recording recording;

    (void)state;
    load(&recording, "tests/data/kube/watch-errors.jsonl");
    assert_int_equal(recording.count, COUNT(expected));
    for (size_t i = 0; i < recording.count; i++) {
        struct watch_event event;
        struct error error = {0};

        assert_true(decode(&event, recording.lines[i], &error));
        assert_int_equal(event.kind, WATCH_ERROR);
        assert_null(event.object);
        assert_int_equal(event.code, expected[i].code);
        assert_string_equal(event.reason, expected[i].reason);
        assert_string_equal(event.message, expected[i].message);
        assert_int_equal(event.retry_after_s, expected[i].retry_after_s);
        assert_int_equal(event.too_large_version, expected[i].too_large);
        watch_event_finish(&event);
    }
    free(recording.bytes);
}

static void distrusts_a_stream_whose_line_is_no_event(void **state)
{
    static const char *const lines[] = {
        "",
        " ",
        "null",
        "7",
        "\"ADDED\"",
        "[]",
        "{}",
        "{\"type\":7,\"object\":{}}",
        "{\"type\":null,\"object\":{}}",
        "{\"object\":{\"metadata\":{}}}",
        "{\"type\":\"ADDED\"}",
        "{\"type\":\"ADDED\",\"object\":null}",
        "{\"type\":\"DELETED\",\"object\":[{}]}",
        "{\"type\":\"MODIFIED\",\"object\":\"x\"}",
        "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}",
        "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":5}}}",
        "{\"type\":\"ERROR\",\"object\":{}}",
        "{\"type\":\"ERROR\",\"object\":{\"kind\":7}}",
        "{\"type\":\"ERROR\"}",
        "{\"type\":\"ADDED\",\"object\":{}} {\"type\":\"ADDED\",\"object\":{}}",
        "<html>502 Bad Gateway</html>",
        "{\"type\":\"ADDED\",\"object\":{\"a\":\"\xff\"}}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct watch_event event;
        struct error error = {0};

        if (decode(&event, lines[i], &error))
            fail_msg("accepted: %s", lines[i]);
        assert_int_equal(error.kind, ERROR_RETRY);
        assert_true(text_starts(error.text, "watch: "));
        assert_null(event.object);
    }
}

static void survives_wrong_shapes_inside(void **state)
{
    static const struct {
        const char *line;
        enum watch_kind kind;
    } cases[] = {
        {"{\"type\":\"ADDED\",\"object\":{}}", WATCH_ADDED},
        {"{\"type\":\"ADDED\",\"object\":{\"metadata\":7}}", WATCH_ADDED},
        {"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":{}}}}", WATCH_ADDED},
        {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\"}}", WATCH_ERROR},
        {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":99999999999,"
         "\"reason\":[],\"message\":{},\"details\":{\"retryAfterSeconds\":-5,"
         "\"causes\":[7,{\"reason\":1},null]}}}",
         WATCH_ERROR},
        {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"details\":\"x\"}}", WATCH_ERROR},
        {"{\"type\":\"added\",\"object\":{}}", WATCH_UNKNOWN},
        {"{\"type\":\"\"}", WATCH_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct watch_event event;
        struct error error = {0};

        assert_true(decode(&event, cases[i].line, &error));
        assert_int_equal(event.kind, cases[i].kind);
        assert_string_equal(event.resource_version, "");
        assert_int_equal(event.code, 0);
        assert_int_equal(event.retry_after_s, -1);
        assert_string_equal(event.reason, "");
        assert_false(event.too_large_version);
        watch_event_finish(&event);
    }
}

/* However a stream is cut, half a line is never taken for an event. */
static void refuses_a_line_cut_at_any_byte(void **state)
{
    static const char *const paths[] = {"tests/data/kube/watch.jsonl",
                                        "tests/data/kube/watch-errors.jsonl"};

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct recording recording;

        load(&recording, paths[i]);
        for (size_t j = 0; j < recording.count; j++) {
            for (size_t length = 0; length < strlen(recording.lines[j]); length++) {
                /* A block of its own lets the sanitizers see a byte read too far. */
                AUTO_FREE char *cut = memory_copy(recording.lines[j], length ? length : 1);
                struct watch_event event;
                struct error error = {0};

                assert_false(watch_decode(&event, cut, length, &error));
                assert_int_equal(error.kind, ERROR_RETRY);
            }
        }
        free(recording.bytes);
    }
}

static void cuts_long_words_of_an_error_at_a_character(void **state)
{
    AUTO_TEXT struct text line = TEXT_INIT(4096);
    struct watch_event event;
    struct error error = {0};

    (void)state;
    text_add_string(&line, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"x");
    for (int i = 0; i < 400; i++)
        text_add_string(&line, "\xc3\xa9");
    text_add_string(&line, "\"}}");
    assert_true(decode(&event, line.bytes, &error));
    assert_int_equal(strlen(event.message), 255);
    assert_true(text_utf8(event.message, 255));
    watch_event_finish(&event);
}

/* {"type":"ADDED","object":{"metadata":{"name":"deep","resourceVersion":"9"},"spec":{"p": … }}} */
static char *line_with(const char *value)
{
    struct text line;

    text_init(&line, 8 << 20);
    text_add_string(&line, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"deep\","
                           "\"resourceVersion\":\"9\"},\"spec\":{\"p\":");
    text_add_string(&line, value);
    text_add_string(&line, "}}}");
    return text_take(&line);
}

static char *nested(size_t depth, bool objects)
{
    struct text value;

    text_init(&value, 8 << 20);
    for (size_t i = 0; i < depth; i++)
        text_add_string(&value, objects ? "{\"k]\":" : "[");
    text_add_string(&value, "\"\\\"}\"");
    for (size_t i = 0; i < depth; i++)
        text_add_char(&value, objects ? '}' : ']');
    return text_take(&value);
}

static void reads_objects_that_nest_as_deep_as_a_user_likes(void **state)
{
    static const size_t depths[] = {1, 44, 45, 46, 47, 60, 61, 62, 100, 9000, 300000};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(depths); i++) {
        AUTO_FREE char *value = nested(depths[i / 2], i % 2 == 1);
        AUTO_FREE char *line = line_with(value);
        struct watch_event event;
        struct error error = {0};

        assert_true(decode(&event, line, &error));
        assert_string_equal(event.resource_version, "9");
        assert_string_equal(json_path_text(event.object, "metadata.name"), "deep");
        assert_non_null(json_path(event.object, "spec.p"));
        watch_event_finish(&event);
    }
}

static void reads_what_servers_store_and_strict_readers_refuse(void **state)
{
    static const struct {
        const char *value, *read;
    } cases[] = {
        {"12345678901234567890", "1.2345678901234567e19"},
        {"-12345678901234567890", "-1.2345678901234567e19"},
        {"[1.12345678901234567890,1e21,12345678901234567890123,7]", NULL},
        {"\"a\\u0000b\"", "\"a\xef\xbf\xbd"
                          "b\""},
        {"\"a\\\\u0000b\"", "\"a\\\\u0000b\""},
        {"{\"k\\u0000\":1,\"n\":99999999999999999999}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_FREE char *line = line_with(cases[i].value);
        AUTO_FREE char *read = NULL;
        struct watch_event event;
        struct error error = {0};

        if (!decode(&event, line, &error))
            fail_msg("%s: %s", cases[i].value, error.text);
        read = json_dumps(json_path(event.object, "spec.p"), JSON_ENCODE_ANY | JSON_COMPACT);
        if (cases[i].read)
            assert_string_equal(read, cases[i].read);
        watch_event_finish(&event);
    }
}

static void keeps_a_value_at_the_last_level_and_drops_what_is_below(void **state)
{
    AUTO_FREE char *value = nested(200, false);
    struct error error = {0};
    AUTO_JSON json_t *tree = kube_decode(value, strlen(value), &error);
    const json_t *at = tree;
    size_t depth = 0;

    (void)state;
    for (; json_is_array(at); at = json_array_get(at, 0))
        depth++;
    assert_int_equal(depth, KUBE_DECODE_DEPTH);
    assert_true(json_is_null(at));
}

static void takes_the_last_of_two_equal_keys(void **state)
{
    struct watch_event event;
    struct error error = {0};

    (void)state;
    assert_true(decode(&event,
                       "{\"type\":\"ERROR\",\"type\":\"ADDED\",\"object\":{\"metadata\":"
                       "{\"resourceVersion\":\"1\",\"resourceVersion\":\"2\"}}}",
                       &error));
    assert_int_equal(event.kind, WATCH_ADDED);
    assert_string_equal(event.resource_version, "2");
    watch_event_finish(&event);
}

static void reads_an_object_of_three_mebibytes(void **state)
{
    struct text value;
    AUTO_FREE char *line = NULL;
    struct watch_event event;
    struct error error = {0};

    (void)state;
    text_init(&value, 4 << 20);
    text_add_char(&value, '"');
    while (value.length < 3 << 20)
        text_add_string(&value, "sixteen bytes...");
    text_add_char(&value, '"');
    line = line_with(value.bytes);
    assert_true(decode(&event, line, &error));
    assert_int_equal(json_string_length(json_path(event.object, "spec.p")), value.length - 2);
    watch_event_finish(&event);
    assert_false(watch_decode(&event, line, strlen(line) - 3, &error));
    text_finish(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_line),
        cmocka_unit_test(tells_what_an_error_event_says),
        cmocka_unit_test(distrusts_a_stream_whose_line_is_no_event),
        cmocka_unit_test(survives_wrong_shapes_inside),
        cmocka_unit_test(refuses_a_line_cut_at_any_byte),
        cmocka_unit_test(cuts_long_words_of_an_error_at_a_character),
        cmocka_unit_test(reads_objects_that_nest_as_deep_as_a_user_likes),
        cmocka_unit_test(reads_what_servers_store_and_strict_readers_refuse),
        cmocka_unit_test(keeps_a_value_at_the_last_level_and_drops_what_is_below),
        cmocka_unit_test(takes_the_last_of_two_equal_keys),
        cmocka_unit_test(reads_an_object_of_three_mebibytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
