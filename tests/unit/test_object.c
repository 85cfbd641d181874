#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/object.h"

static bool read(struct kube_meta *meta, struct arena *arena, const char *json, struct error *error)
{
    AUTO_JSON json_t *object = json_parse(json, strlen(json), error);

    assert_non_null(object);
    return kube_meta_read(meta, arena, object, error);
}

static void reads_all_that_is_kept(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    struct error error = {0};
    AUTO_FREE char *json = file_read("tests/data/kube/object.json", 1 << 20, NULL, &error);
    struct kube_meta meta;

    (void)state;
    assert_non_null(json);
    assert_true(read(&meta, arena, json, &error));
    assert_string_equal(meta.namespace_name, "shop");
    assert_string_equal(meta.name, "cart.v2");
    assert_string_equal(meta.uid, "6a5f4a86-5e54-4f3c-9d3a-8c7c1d3f2b10");
    assert_string_equal(meta.resource_version, "170141183460469231731687303715884105727");
    assert_int_equal(meta.generation, 3);
    assert_int_equal(meta.created_ms, 1795580124000);
    assert_int_equal(meta.deleted_ms, 1795580400000);
    assert_string_equal(meta.deletion_timestamp, "2026-11-25T04:20:00Z");
    assert_string_equal(meta.finalizers[0], "podidentity.io/aws");
    assert_string_equal(meta.finalizers[1], "foregroundDeletion");
    assert_null(meta.finalizers[2]);
    assert_string_equal(meta.suspended, "moving clusters");
    assert_string_equal(meta.deletion_approved, "2026-11-25T04:20:00Z");
    assert_true(kube_meta_has_finalizer(&meta, "podidentity.io/aws"));
    assert_false(kube_meta_has_finalizer(&meta, "podidentity.io"));
}

#define IDENTITY "\"name\":\"a\",\"uid\":\"u\",\"resourceVersion\":\"1\""

static void reads_what_is_absent_as_empty(void **state)
{
    static const char *const objects[] = {
        "{\"metadata\":{" IDENTITY "}}",
        "{\"metadata\":{" IDENTITY ",\"namespace\":\"\",\"creationTimestamp\":null,"
        "\"deletionTimestamp\":null,\"finalizers\":null,\"annotations\":null}}",
        "{\"metadata\":{" IDENTITY ",\"namespace\":null,\"finalizers\":[],\"annotations\":"
        "{\"podidentity.io/suspended\":7,\"other.example/suspended\":\"x\"}}}",
        "{\"metadata\":{" IDENTITY ",\"annotations\":\"x\"}}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(objects); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
        struct error error = {0};
        struct kube_meta meta;

        assert_true(read(&meta, arena, objects[i], &error));
        assert_string_equal(meta.namespace_name, "");
        assert_int_equal(meta.generation, 0);
        assert_int_equal(meta.created_ms, 0);
        assert_int_equal(meta.deleted_ms, 0);
        assert_string_equal(meta.deletion_timestamp, "");
        assert_null(meta.finalizers[0]);
        assert_null(meta.suspended);
        assert_null(meta.deletion_approved);
        assert_false(kube_meta_has_finalizer(&meta, ""));
    }
}

static void refuses_what_is_not_of_its_form(void **state)
{
    static const struct {
        const char *object, *text;
    } cases[] = {
        {"{}", "metadata is missing"},
        {"[]", "metadata is missing"},
        {"{\"metadata\":[]}", "metadata is missing"},
        {"{\"metadata\":{}}", "metadata.name is missing"},
        {"{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}", "metadata.uid is missing"},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}", "metadata.resourceVersion is missing"},
        {"{\"metadata\":{\"name\":\"\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":7,\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"A\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"a/b\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"..\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"a..b\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"a-\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"a.-b\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"a\\nb\",\"uid\":\"u\"}}", "metadata.name is not of its form"},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":\"\"}}", "metadata.uid is not of its form"},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":\"u/v\"}}", "metadata.uid is not of its form"},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":{}}}", "metadata.uid is not of its form"},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":\"u\",\"resourceVersion\":1}}",
         "metadata.resourceVersion is not of its form"},
        {"{\"metadata\":{\"name\":\"a\",\"uid\":\"u\",\"resourceVersion\":\"1 2\"}}",
         "metadata.resourceVersion is not of its form"},
        {"{\"metadata\":{\"namespace\":\"a.b\"," IDENTITY "}}",
         "metadata.namespace is not of its form"},
        {"{\"metadata\":{\"namespace\":[]," IDENTITY "}}", "metadata.namespace is not of its form"},
        {"{\"metadata\":{" IDENTITY ",\"generation\":\"1\"}}",
         "metadata.generation is not a number"},
        {"{\"metadata\":{" IDENTITY ",\"generation\":-1}}", "metadata.generation is not a number"},
        {"{\"metadata\":{" IDENTITY ",\"creationTimestamp\":7}}",
         "metadata.creationTimestamp is not a time"},
        {"{\"metadata\":{" IDENTITY ",\"deletionTimestamp\":\"\"}}",
         "metadata.deletionTimestamp is not a time"},
        {"{\"metadata\":{" IDENTITY ",\"deletionTimestamp\":\"now\"}}",
         "metadata.deletionTimestamp is not a time"},
        {"{\"metadata\":{" IDENTITY ",\"finalizers\":\"a\"}}", "metadata.finalizers is not a list"},
        {"{\"metadata\":{" IDENTITY ",\"finalizers\":[\"a\",null]}}",
         "metadata.finalizers has one that is no name"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
        struct error error = {0};
        struct kube_meta meta;

        if (read(&meta, arena, cases[i].object, &error))
            fail_msg("accepted: %s", cases[i].object);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_string_equal(error.text, cases[i].text);
    }
}

/* {"metadata":{"<key>": <letter> × length, …}} with the other required texts. */
static bool reads_with(const char *key, char letter, size_t length)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    AUTO_JSON json_t *object =
        json_pack("{s:{s:s,s:s,s:s}}", "metadata", "name", "a", "uid", "u", "resourceVersion", "1");
    AUTO_FREE char *text = memory_alloc(length + 1);
    struct error error = {0};
    struct kube_meta meta;

    memset(text, letter, length);
    json_object_set_new(json_object_get(object, "metadata"), key, json_string(text));
    return kube_meta_read(&meta, arena, object, &error);
}

static void keeps_to_its_ceilings(void **state)
{
    static const struct {
        const char *key;
        char letter;
        size_t length_max;
    } cases[] = {
        {"name", 'a', OBJECT_NAME_MAX},
        {"namespace", 'a', OBJECT_NAMESPACE_MAX},
        {"uid", 'f', OBJECT_UID_MAX},
        {"resourceVersion", '1', OBJECT_VERSION_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(reads_with(cases[i].key, cases[i].letter, cases[i].length_max));
        assert_false(reads_with(cases[i].key, cases[i].letter, cases[i].length_max + 1));
    }
}

static bool reads_finalizers(size_t count, size_t size)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    AUTO_JSON json_t *object = json_pack("{s:{s:s,s:s,s:s,s:[]}}", "metadata", "name", "a", "uid",
                                         "u", "resourceVersion", "1", "finalizers");
    AUTO_FREE char *text = memory_alloc(size + 1);
    struct error error = {0};
    struct kube_meta meta;

    memset(text, 'f', size);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json_path(object, "metadata.finalizers"), json_string(text));
    return kube_meta_read(&meta, arena, object, &error);
}

static void bounds_finalizers(void **state)
{
    (void)state;
    assert_true(reads_finalizers(OBJECT_FINALIZERS_MAX, OBJECT_FINALIZER_SIZE_MAX));
    assert_false(reads_finalizers(OBJECT_FINALIZERS_MAX + 1, 1));
    assert_false(reads_finalizers(1, OBJECT_FINALIZER_SIZE_MAX + 1));
}

static void cuts_a_long_annotation_at_a_character(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    AUTO_TEXT struct text object = TEXT_INIT(16 << 10);
    struct error error = {0};
    struct kube_meta meta;

    (void)state;
    text_add_string(&object, "{\"metadata\":{" IDENTITY
                             ",\"annotations\":{\"podidentity.io/suspended\":\"x");
    for (int i = 0; i < 2000; i++)
        text_add_string(&object, "\xc3\xa9");
    text_add_string(&object, "\"}}}");
    assert_true(read(&meta, arena, object.bytes, &error));
    assert_int_equal(strlen(meta.suspended), OBJECT_ANNOTATION_MAX - 1);
    assert_true(text_utf8(meta.suspended, strlen(meta.suspended)));
}

static void compares_versions_of_any_length(void **state)
{
    static const struct {
        const char *a, *b;
        bool comparable;
        int sign;
    } cases[] = {
        {"9", "10", true, -1},
        {"10", "9", true, 1},
        {"342", "342", true, 0},
        {"341", "342", true, -1},
        {"18446744073709551615", "18446744073709551616", true, -1},
        {"340282366920938463463374607431768211456", "340282366920938463463374607431768211455", true,
         1},
        {"0", "1", false, 0},
        {"01", "1", false, 0},
        {"", "1", false, 0},
        {"1", "a", false, 0},
        {"1", "-2", false, 0},
        {"1 ", "1", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool comparable = !cases[i].comparable;
        int order = kube_version_compare(cases[i].a, cases[i].b, &comparable);

        assert_int_equal(comparable, cases[i].comparable);
        assert_int_equal((order > 0) - (order < 0), cases[i].sign);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_that_is_kept),
        cmocka_unit_test(reads_what_is_absent_as_empty),
        cmocka_unit_test(refuses_what_is_not_of_its_form),
        cmocka_unit_test(keeps_to_its_ceilings),
        cmocka_unit_test(bounds_finalizers),
        cmocka_unit_test(cuts_a_long_annotation_at_a_character),
        cmocka_unit_test(compares_versions_of_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
