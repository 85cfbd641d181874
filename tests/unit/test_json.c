#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

static json_t *parse(const char *text)
{
    struct error error = {0};
    json_t *json = json_parse(text, strlen(text), &error);

    if (!json)
        fail_msg("%s: %s", text, error.text);
    return json;
}

static void any_value_may_stand_at_the_top(void **state)
{
    static const char *const cases[] = {"{}",     "[]",   "\"text\"", "7",
                                        "-1.5e3", "true", "null",     " 1 "};

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        AUTO_JSON json_t *json = parse(cases[c]);

        assert_non_null(json);
    }
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    static const char *const cases[] = {
        "",
        "{",
        "{\"a\":}",
        "{\"a\" 1}",
        "[1,]",
        "{} {}",
        "nul",
        "'a'",
        "\"\\u0000\"",
        "\"\xff\"",
        "\"a",
        "\"\\ud800\"",
        "01",
        "[1e999]",
        "{\"\\u0000a\":1}",
        "99999999999999999999",
        "]",
        "\"\x01\"",
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct error error = {0};

        if (json_parse(cases[c], strlen(cases[c]), &error))
            fail_msg("%s was taken for JSON", cases[c]);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_true(text_starts(error.text, "not JSON: line 1, column "));
    }
}

static void a_refusal_quotes_nothing_of_the_input(void **state)
{
    static const char text[] = "{\"Token\":\n \"s3cr3t\" \"t0ps3cr3t\"}";
    struct error error = {0};

    (void)state;
    assert_null(json_parse(text, strlen(text), &error));
    assert_non_null(strstr(error.text, "line 2"));
    assert_null(strstr(error.text, "s3cr3t"));
}

static char *nest(char opener, size_t depth, char closer)
{
    char *text = memory_alloc(2 * depth + 1);

    memset(text, opener, depth);
    memset(text + depth, closer, depth);
    return text;
}

static void sixty_four_levels_are_read_and_sixty_five_are_not(void **state)
{
    AUTO_FREE char *deepest = nest('[', 64, ']');
    AUTO_FREE char *deeper = nest('[', 65, ']');
    AUTO_FREE char *bomb = nest('[', 1000000, ']');
    AUTO_FREE char *half = nest('{', 1000000, '{');
    AUTO_JSON json_t *json = parse(deepest);
    struct error error = {0};

    (void)state;
    assert_int_equal(json_array_size(json), 1);
    assert_null(json_parse(deeper, strlen(deeper), &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_string_equal(error.text, "JSON nests deeper than 64");
    assert_null(json_parse_strict(bomb, strlen(bomb), &error));
    assert_string_equal(error.text, "JSON nests deeper than 64");
    assert_null(json_parse(half, strlen(half), &error));
}

static void depth_counts_objects_and_arrays_but_no_brackets_in_texts(void **state)
{
    static const char mixed[] = "{\"a\":[{\"a\":[{\"a\":[1]}]}]}";
    AUTO_TEXT struct text text = TEXT_INIT(1000);
    AUTO_TEXT struct text wide = TEXT_INIT(10000);
    AUTO_JSON json_t *json = NULL, *many = NULL, *shallow = parse(mixed);

    (void)state;
    assert_int_equal(json_object_size(shallow), 1);
    text_add_string(&text, "[\"\\\"\\\\");
    for (int i = 0; i < 100; i++)
        text_add_string(&text, "[{\\\"");
    text_add_string(&text, "\"]");
    json = parse(text.bytes);
    assert_int_equal(json_array_size(json), 1);

    text_add_char(&wide, '[');
    for (int i = 0; i < 1000; i++)
        text_add_string(&wide, "[{}],");
    text_add_string(&wide, "[]]");
    many = parse(wide.bytes);
    assert_int_equal(json_array_size(many), 1001);
}

static void only_the_strict_reader_refuses_a_key_named_twice(void **state)
{
    static const char text[] = "{\"a\":1,\"b\":{\"c\":1,\"\\u0063\":2}}";
    struct error error = {0};
    AUTO_JSON json_t *json = parse(text);

    (void)state;
    assert_int_equal(json_path_int(json, "b.c", -1), 2);
    assert_null(json_parse_strict(text, strlen(text), &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "duplicate"));
}

static void the_length_counts_not_the_nul(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = json_parse("[1]garbage", 3, &error);

    (void)state;
    assert_non_null(json);
    assert_null(json_parse("[1]\0", 4, &error));
}

static void paths_lead_through_objects(void **state)
{
    AUTO_JSON json_t *json = parse("{\"metadata\":{\"name\":\"cart\",\"generation\":3,\"x\":null,"
                                   "\"deep\":{\"est\":true}},\"time\":1764234500.9,\"big\":1e300,"
                                   "\"list\":[{\"a\":1}]}");

    (void)state;
    assert_string_equal(json_path_text(json, "metadata.name"), "cart");
    assert_null(json_path_text(json, "metadata.nam"));
    assert_null(json_path_text(json, "metadata.name.first"));
    assert_null(json_path_text(json, "metadata.generation"));
    assert_null(json_path_text(json, "metadata.x"));
    assert_null(json_path(json, ""));
    assert_null(json_path(json, "list.a"));
    assert_null(json_path(NULL, "a"));
    assert_true(json_is_null(json_path(json, "metadata.x")));
    assert_int_equal(json_path_int(json, "metadata.generation", -1), 3);
    assert_int_equal(json_path_int(json, "metadata.name", -1), -1);
    assert_int_equal(json_path_int(json, "metadata.absent", -1), -1);
    assert_int_equal(json_path_int(json, "time", -1), 1764234500);
    assert_int_equal(json_path_int(json, "big", -1), -1);
    assert_true(json_path_bool(json, "metadata.deep.est", false));
    assert_true(json_path_bool(json, "metadata.name", true));
    assert_false(json_path_bool(json, "metadata.absent", false));
}

static void writes_compact_text_in_order_when_asked(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(10000);
    AUTO_JSON json_t *json = parse("{ \"b\" : [ 1, \"\\u00e4\\n\" ], \"a\" : { } }");
    AUTO_JSON json_t *text = parse("\"top\"");

    (void)state;
    assert_string_equal(json_write(arena, json, true), "{\"a\":{},\"b\":[1,\"\xC3\xA4\\n\"]}");
    assert_string_equal(json_write(arena, json, false), "{\"b\":[1,\"\xC3\xA4\\n\"],\"a\":{}}");
    assert_string_equal(json_write(arena, text, false), "\"top\"");
}

static void taken_texts_outlive_the_tree(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(10000);
    json_t *json = parse("{\"a\":\"text\",\"b\":1}");
    char *text = json_take_text(arena, json, "a");

    (void)state;
    assert_null(json_take_text(arena, json, "b"));
    assert_null(json_take_text(arena, json, "c"));
    json_decref(json);
    assert_string_equal(text, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_value_may_stand_at_the_top),
        cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
        cmocka_unit_test(a_refusal_quotes_nothing_of_the_input),
        cmocka_unit_test(sixty_four_levels_are_read_and_sixty_five_are_not),
        cmocka_unit_test(depth_counts_objects_and_arrays_but_no_brackets_in_texts),
        cmocka_unit_test(only_the_strict_reader_refuses_a_key_named_twice),
        cmocka_unit_test(the_length_counts_not_the_nul),
        cmocka_unit_test(paths_lead_through_objects),
        cmocka_unit_test(writes_compact_text_in_order_when_asked),
        cmocka_unit_test(taken_texts_outlive_the_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
