#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

static struct yaml *parse(const char *document, struct error *error)
{
    return yaml_parse(document, strlen(document), error);
}

static void reads_a_document_into_json(void **state)
{
    static const struct {
        const char *document, *json;
    } cases[] = {
        {"", "null"},
        {"# nothing but a comment\n", "null"},
        {"---\n", "null"},
        {"a: text\nb: [1, -2, x]\nc: {d: true, e: False, f: ~}\n",
         "{\"a\":\"text\",\"b\":[1,-2,\"x\"],\"c\":{\"d\":true,\"e\":false,\"f\":null}}"},
        {"a: \"1\"\nb: 'true'\nc: !!str 7\nd:\n",
         "{\"a\":\"1\",\"b\":\"true\",\"c\":\"7\",\"d\":null}"},
        {"- 1.5\n- 1e3\n- 10m\n- 1.2.3.4\n", "[1.5,1000.0,\"10m\",\"1.2.3.4\"]"},
        {"[012345678901, 0, 00, -0, 0x10, 1_000, +5, .5, 1.]",
         "[\"012345678901\",0,\"00\",0,\"0x10\",\"1_000\",5,\".5\",\"1.\"]"},
        {"[9223372036854775807, 9223372036854775808, 1e999, .inf, yes, on]",
         "[9223372036854775807,\"9223372036854775808\",\"1e999\",\".inf\",\"yes\",\"on\"]"},
        {"a: |\n  one\n  two\nb: >\n  one\n  two\n",
         "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\"}"},
        {"text", "\"text\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
        struct error error = {0};
        AUTO(yaml_destroy) struct yaml *yaml = parse(cases[i].document, &error);

        assert_string_equal(error.text, "");
        assert_non_null(yaml);
        assert_string_equal(json_write(arena, yaml_root(yaml), true), cases[i].json);
    }
}

static void names_the_line_of_every_value(void **state)
{
    struct error error = {0};
    AUTO(yaml_destroy)
    struct yaml *yaml = parse("# settings\na: 1\nb:\n  c: x\n\n  d:\n  - y\n  - e: z\n", &error);
    const json_t *root = yaml_root(yaml);
    const json_t *list = json_path(root, "b.d");

    (void)state;
    assert_int_equal(yaml_line(yaml, root, "a"), 2);
    assert_int_equal(yaml_line(yaml, json_path(root, "b"), "c"), 4);
    assert_int_equal(yaml_line(yaml, list, "0"), 7);
    assert_int_equal(yaml_line(yaml, list, "1"), 8);
    assert_int_equal(yaml_line(yaml, json_array_get(list, 1), "e"), 8);
    assert_int_equal(yaml_line(yaml, root, "c"), 0);
    assert_int_equal(yaml_line(yaml, list, "2"), 0);
}

static void keeps_scalars_as_they_were_written(void **state)
{
    struct error error = {0};
    AUTO(yaml_destroy)
    struct yaml *yaml = parse("a: 1.50\nb: True\nc: \"quo\\ted\"\nd: ~\ne: {}\nf: ''\n", &error);
    const json_t *root = yaml_root(yaml);

    (void)state;
    assert_string_equal(yaml_written(yaml, root, "a"), "1.50");
    assert_string_equal(yaml_written(yaml, root, "b"), "True");
    assert_string_equal(yaml_written(yaml, root, "c"), "quo\ted");
    assert_string_equal(yaml_written(yaml, root, "f"), "");
    assert_null(yaml_written(yaml, root, "d"));
    assert_null(yaml_written(yaml, root, "e"));
    assert_null(yaml_written(yaml, root, "g"));
}

static void refuses_with_the_line(void **state)
{
    static const struct {
        const char *document, *text;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "line 3: \"a\" is here twice, first in line 1"},
        {"a: &x 1\n", "line 1: an anchor or alias"},
        {"a: 1\nb: &x\n  c: 1\n", "line 2: an anchor or alias"},
        {"a: [&x 1]\n", "line 1: an anchor or alias"},
        {"&x a: 1\n", "line 1: an anchor or alias"},
        {"a: 1\nb: *a\n", "line 2: an anchor or alias"},
        {"<<: {a: 1}\n", "line 1: a merge key"},
        {"[a]: 1\n", "line 1: a key that is not a word"},
        {"a: !!binary aGk=\n", "line 1: a tag"},
        {"a: !own {}\n", "line 1: a tag"},
        {"a: !!set {}\n", "line 1: a tag"},
        {"a: 1\n---\nb: 2\n", "line 2: a second document"},
        {"a: \"x\\0y\"\n", "line 1: a NUL"},
        {"\"x\\0y\": 1\n", "line 1: a NUL"},
        {"a: 1\n  b: 2\n", "line 2: mapping values are not allowed"},
        {"a: [1\n", "line 2: "},
        {"a: \"\xff\"\n", "line "},
        {"\ta: 1\n", "line 1: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};

        assert_null(parse(cases[i].document, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        if (!text_starts(error.text, cases[i].text))
            fail_msg("%s: %s", cases[i].text, error.text);
    }
}

static void bounds_depth_and_size(void **state)
{
    AUTO_TEXT struct text document = TEXT_INIT(4 << 20);
    struct error error = {0};
    struct yaml *yaml;

    (void)state;
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        text_add_char(&document, '[');
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        text_add_char(&document, ']');
    yaml = parse(document.bytes, &error);
    assert_non_null(yaml);
    yaml_destroy(yaml);

    for (int levels = YAML_DEPTH_MAX + 1; levels < 200000; levels *= 16) {
        text_clear(&document);
        for (int i = 0; i < levels; i++)
            text_add_char(&document, '[');
        assert_null(parse(document.bytes, &error));
        assert_string_equal(error.text, "line 1: nested too deeply");
    }

    text_clear(&document);
    while (document.length <= YAML_SIZE_MAX)
        text_add_string(&document, "a very long text ");
    assert_null(parse(document.bytes, &error));
    assert_string_equal(error.text, "line 1: larger than 1048576 bytes");
}

/* As many places as a document can have are found in a time that a person does not notice. */
static void finds_each_of_many_values(void **state)
{
    AUTO_TEXT struct text document = TEXT_INIT(YAML_SIZE_MAX);
    AUTO(yaml_destroy) struct yaml *yaml = NULL;
    struct error error = {0};
    char index[24];

    (void)state;
    while (document.length + 4 <= YAML_SIZE_MAX)
        text_add_string(&document, "- 7\n");
    yaml = yaml_parse(document.bytes, document.length, &error);
    assert_non_null(yaml);
    for (size_t i = 0; i < json_array_size(yaml_root(yaml)); i++) {
        snprintf(index, sizeof(index), "%zu", i);
        assert_int_equal(yaml_line(yaml, yaml_root(yaml), index), i + 1);
    }
}

/* Cut anywhere, a document is either refused or a shorter document; never a crash. */
static void survives_a_document_cut_at_every_byte(void **state)
{
    static const char document[] =
        "a: {b: [1, \"x\\u00e9\", 'y']}\nc: |\n  text\nd: !!str \xc3\xa9\n";

    (void)state;
    for (size_t length = 0; length < sizeof(document); length++) {
        AUTO_FREE char *cut = memory_copy(document, length ? length : 1);
        struct error error = {0};
        AUTO(yaml_destroy) struct yaml *yaml = yaml_parse(cut, length, &error);

        assert_true(yaml ? error.kind == ERROR_NONE : error.kind == ERROR_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_document_into_json),
        cmocka_unit_test(names_the_line_of_every_value),
        cmocka_unit_test(keeps_scalars_as_they_were_written),
        cmocka_unit_test(refuses_with_the_line),
        cmocka_unit_test(bounds_depth_and_size),
        cmocka_unit_test(finds_each_of_many_values),
        cmocka_unit_test(survives_a_document_cut_at_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
