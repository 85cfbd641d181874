#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "kube/managed_fields.h"

/* Exactly length bytes of room: a sanitizer sees one more. */
static char *cut(const char *bytes, size_t length)
{
    AUTO_FREE char *room = memory_alloc(length > 0 ? length : 1);
    size_t left = managed_fields_cut(room, bytes, length);

    assert_true(left <= length);
    return memory_text(room, left);
}

#define FIELDS "[{\"manager\":\"x]\\\"}\",\"fieldsV1\":{\"f:spec\":{}}}]"

static void cuts_them_where_kubernetes_puts_them_and_nowhere_else(void **state)
{
    static const struct {
        const char *text, *left;
    } cases[] = {
        {"{\"metadata\":{\"managedFields\":" FIELDS ",\"name\":\"a\"},\"spec\":{}}",
         "{\"metadata\":{\"managedFields\":[],\"name\":\"a\"},\"spec\":{}}"},
        {"{\"type\":\"ADDED\",\"object\":{\"kind\":\"K\",\"metadata\":{\"name\":\"a\", "
         "\"managedFields\" : " FIELDS "}}}\n",
         "{\"type\":\"ADDED\",\"object\":{\"kind\":\"K\",\"metadata\":{\"name\":\"a\", "
         "\"managedFields\" : []}}}\n"},
        {"{\"items\":[{\"metadata\":{\"managedFields\":" FIELDS "}},{\"metadata\":{}},7]}",
         "{\"items\":[{\"metadata\":{\"managedFields\":[]}},{\"metadata\":{}},7]}"},
        /* what people write stays, whatever its name */
        {"{\"spec\":{\"metadata\":{\"managedFields\":[1]}},\"managedFields\":[2]}",
         "{\"spec\":{\"metadata\":{\"managedFields\":[1]}},\"managedFields\":[2]}"},
        {"{\"metadata\":{\"annotations\":{\"managedFields\":\"[1]\"}}}",
         "{\"metadata\":{\"annotations\":{\"managedFields\":\"[1]\"}}}"},
        {"{\"spec\":{\"items\":[{\"metadata\":{\"managedFields\":[1]}}]}}",
         "{\"spec\":{\"items\":[{\"metadata\":{\"managedFields\":[1]}}]}}"},
        {"{\"metadata\":null,\"object\":3,\"items\":{}}",
         "{\"metadata\":null,\"object\":3,\"items\":{}}"},
        {"[]", "[]"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_FREE char *left = cut(cases[i].text, strlen(cases[i].text));

        assert_string_equal(left, cases[i].left);
    }
}

/* An object whose policy is so many times this part. */
static char *with_policy(const char *part, size_t times)
{
    AUTO_TEXT struct text text = TEXT_INIT(4 << 20);

    text_add_string(&text, "{\"spec\":{\"permissionPolicy\":{\"a\":[1");
    for (size_t i = 0; i < times; i++)
        text_add_string(&text, part);
    text_add_string(&text, "]},\"roleName\":\"x\"},\"status\":{}}");
    return text_take(&text);
}

static void puts_a_word_in_the_place_of_a_policy_that_would_fill_the_memory(void **state)
{
    static const struct {
        const char *part;
        size_t times;
        bool stays;
    } cases[] = {
        {",{}", 470000, false}, /* 1.4 MB, which as a tree are over a hundred */
        {",{}", 2040, true},
        {",{}", 2050, false},                /* 6 kB of nothing but parts */
        {",\"a,{[\\\"\"", 2000, true},       /* what stands in texts is no part */
        {",\"\\u003c\\u003c\"", 4000, true}, /* 60 kB, which may be IAM's 10,240 characters */
        {",\"\\u003c\\u003c\"", 4500, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_FREE char *whole = with_policy(cases[i].part, cases[i].times);
        AUTO_FREE char *left = cut(whole, strlen(whole));

        if (cases[i].stays) {
            assert_string_equal(left, whole);
            continue;
        }
        assert_true(text_starts(left, "{\"spec\":{\"permissionPolicy\":{\"" KUBE_TOO_LONG "\":"));
        assert_int_equal(strtoul(strstr(left, "Long\":") + 6, NULL, 10),
                         strlen("{\"a\":[1]}") + cases[i].times * strlen(cases[i].part));
        assert_non_null(strstr(left, "},\"roleName\":\"x\"},\"status\":{}}"));
    }
}

static void survives_text_that_ends_anywhere(void **state)
{
    static const char whole[] = "{\"items\":[{\"metadata\":{\"managedFields\":" FIELDS
                                ",\"name\":\"\\\\\"}}],\"object\":{\"metadata\":{}}}";

    (void)state;
    for (size_t length = 0; length < sizeof(whole); length++) {
        AUTO_FREE char *part = memory_text(whole, length);
        AUTO_FREE char *exact = memory_alloc(length > 0 ? length : 1);

        memcpy(exact, part, length);
        free(cut(exact, length));
    }
}

static void survives_what_is_not_json(void **state)
{
    static const char *const texts[] = {
        "{\"metadata\":{\"managedFields\"",
        "{\"metadata\":{\"managedFields\":}}",
        "{\"metadata\":{\"managedFields\":1}}",
        "{\"items\":[}]}",
        "{\"items\":[:]]]}",
        "}}}{{{",
        "{\"a\\",
        "{\"metadata\":{\"managedFields\":\"\\",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        size_t length = strlen(texts[i]);
        AUTO_FREE char *exact = memory_alloc(length);

        memcpy(exact, texts[i], length);
        free(cut(exact, length));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_them_where_kubernetes_puts_them_and_nowhere_else),
        cmocka_unit_test(puts_a_word_in_the_place_of_a_policy_that_would_fill_the_memory),
        cmocka_unit_test(survives_text_that_ends_anywhere),
        cmocka_unit_test(survives_what_is_not_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
