#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

static void an_untouched_text_is_empty_and_costs_nothing(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(10);
    AUTO_FREE char *taken = NULL;

    (void)state;
    assert_string_equal(text.bytes, "");
    text_clear(&text);
    text_drop(&text, 0);
    text_add(&text, NULL, 0);
    text_add_string(&text, "");
    assert_int_equal(text.room, 0);
    taken = text_take(&text);
    assert_string_equal(taken, "");
}

static void grows_as_it_is_added_to(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(100000);

    (void)state;
    for (int i = 0; i < 10000; i++) {
        text_add_char(&text, 'a');
        text_add_string(&text, "bc");
        text_add(&text, "defg", 1);
        text_printf(&text, "%d", i % 10);
    }
    assert_int_equal(text.length, 50000);
    assert_int_equal(strlen(text.bytes), 50000);
    assert_memory_equal(text.bytes + 49990, "abcd8abcd9", 10);
    assert_false(text.overflow);
}

static void the_ceiling_can_be_reached_but_not_passed(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(10);

    (void)state;
    text_add_string(&text, "1234567890");
    assert_false(text.overflow);
    text_add_char(&text, 'x');
    assert_true(text.overflow);
    assert_string_equal(text.bytes, "1234567890");
    assert_true(text.room <= 11);
}

static void after_an_overflow_nothing_is_added_until_cleared(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(10);

    (void)state;
    text_add_string(&text, "12345");
    text_printf(&text, "%s", "too long");
    text_add_string(&text, "6");
    assert_true(text.overflow);
    assert_string_equal(text.bytes, "12345");
    text_clear(&text);
    text_add_string(&text, "6");
    assert_false(text.overflow);
    assert_string_equal(text.bytes, "6");
}

static void a_ceiling_of_nothing_holds(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(0);

    (void)state;
    text_add_char(&text, 'x');
    assert_true(text.overflow);
    assert_string_equal(text.bytes, "");
}

static void dropping_takes_from_the_front(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(100);

    (void)state;
    text_add_string(&text, "line one\nline two");
    text_drop(&text, 9);
    assert_string_equal(text.bytes, "line two");
    assert_int_equal(text.length, 8);
    text_drop(&text, 8);
    assert_string_equal(text.bytes, "");
}

static void taken_bytes_belong_to_the_taker(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(100);
    AUTO_FREE char *taken = NULL;

    (void)state;
    text_add_string(&text, "abc");
    taken = text_take(&text);
    text_add_string(&text, "def");
    assert_string_equal(taken, "abc");
    assert_string_equal(text.bytes, "def");
}

static void compares_starts_and_ends(void **state)
{
    (void)state;
    assert_true(text_equal("a", "a"));
    assert_false(text_equal("a", "b"));
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_false(text_equal("", NULL));
    assert_true(text_starts("arn:aws:iam", "arn:"));
    assert_true(text_starts("arn", ""));
    assert_false(text_starts("ar", "arn"));
    assert_true(text_ends("cart.json", ".json"));
    assert_true(text_ends("cart", ""));
    assert_false(text_ends("json", "a.json"));
    assert_false(text_ends("cart.jsonx", ".json"));
}

static void cuts_at_the_border_of_a_character(void **state)
{
    static const struct {
        const char *text;
        size_t size_max;
        const char *cut;
    } cases[] = {
        {"abc", 3, "abc"},
        {"abc", 2, "ab"},
        {"abc", 0, ""},
        {"", 0, ""},
        {"a\xC3\xA4", 3, "a\xC3\xA4"},
        {"a\xC3\xA4", 2, "a"},
        {"\xE2\x82\xAC\xE2\x82\xAC", 5, "\xE2\x82\xAC"},
        {"\xE2\x82\xAC", 2, ""},
        {"x\xF0\x9F\x98\x80", 4, "x"},
        {"x\xF0\x9F\x98\x80y", 5, "x\xF0\x9F\x98\x80"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        AUTO_FREE char *text = memory_string(cases[c].text);

        text_cut(text, cases[c].size_max);
        assert_string_equal(text, cases[c].cut);
    }
}

static void tells_well_formed_utf8(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool good;
    } cases[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"nul\0inside", 10, true},
        {"\xC3\xA4", 2, true},
        {"\xE2\x82\xAC", 3, true},
        {"\xED\x9F\xBF", 3, true},      /* last before the surrogates */
        {"\xEE\x80\x80", 3, true},      /* first after them */
        {"\xF4\x8F\xBF\xBF", 4, true},  /* U+10FFFF */
        {"\xF4\x90\x80\x80", 4, false}, /* past it */
        {"\xED\xA0\x80", 3, false},     /* surrogate */
        {"\xC0\x80", 2, false},         /* overlong */
        {"\xC1\xBF", 2, false},
        {"\xE0\x9F\xBF", 3, false},
        {"\xF0\x8F\xBF\xBF", 4, false},
        {"\xF5\x80\x80\x80", 4, false},
        {"\x80", 1, false}, /* continuation first */
        {"\xC3", 1, false}, /* cut off */
        {"\xE2\x82", 2, false},
        {"\xE2\x82z", 3, false},
        {"\xF0\x9F\x98", 3, false},
        {"ok\xFF", 3, false},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++)
        assert_int_equal(text_utf8(cases[c].bytes, cases[c].length), cases[c].good);
}

static void globs_are_anchored_and_a_star_stops_at_a_slash(void **state)
{
    static const struct {
        const char *glob, *string;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "cart", true},
        {"*", "a/b", false},
        {"**", "a/b", false},
        {"*/*", "a/b", true},
        {"*/*", "/", true},
        {"*/*", "a/b/c", false},
        {"cart", "cart", true},
        {"cart", "carts", false},
        {"cart", "a-cart", false},
        {"cart-*", "cart-", true},
        {"cart-*", "cart", false},
        {"*-cart", "a-b-cart", true},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXcXb", false},
        {"*a*a*b", "aaaaaaaac", false},
        {"*ab", "aab", true},
        {"arn:aws:iam::111122223333:role/apps/*", "arn:aws:iam::111122223333:role/apps/x", true},
        {"arn:aws:iam::111122223333:role/apps/*", "arn:aws:iam::111122223333:role/apps/x/y", false},
        {"arn:aws:iam::*:role/x", "arn:aws:iam::1:role/y:role/x", false},
        {"role/*/x", "role/a/x", true},
        {"role/*/x", "role/a/b/x", false},
        {"role/a*/b*", "role/ax/by", true},
        {"role/a*/b*", "role/ax/cy/by", false},
        {"a?c", "abc", false}, /* only the star is special */
        {"a?c", "a?c", true},
        {"[ab]", "a", false},
        {"\\*", "\\x", true},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        if (text_glob(cases[c].glob, cases[c].string) != cases[c].matches)
            fail_msg("glob %s on %s", cases[c].glob, cases[c].string);
    }
}

/* A matcher that tried every split would outlive us all; a count of steps is not to be had. */
static void many_stars_do_not_multiply_the_time(void **state)
{
    char glob[201], string[20001];
    clock_t start = clock();

    (void)state;
    for (size_t i = 0; i < 200; i += 2)
        memcpy(glob + i, "*a", 2);
    memcpy(glob + 198, "*b", 3);
    memset(string, 'a', sizeof(string) - 1);
    string[sizeof(string) - 1] = '\0';
    assert_false(text_glob(glob, string));
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void finds_a_text_among_others(void **state)
{
    static const char *const some[] = {"a", "bc", NULL}, *const none[] = {NULL};

    (void)state;
    assert_true(text_among("a", some));
    assert_true(text_among("bc", some));
    assert_false(text_among("b", some));
    assert_false(text_among(NULL, some));
    assert_false(text_among("a", none));
    assert_true(text_among_first("a", some, 1));
    assert_false(text_among_first("bc", some, 1));
    assert_false(text_among_first("a", some, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_text_is_empty_and_costs_nothing),
        cmocka_unit_test(grows_as_it_is_added_to),
        cmocka_unit_test(the_ceiling_can_be_reached_but_not_passed),
        cmocka_unit_test(after_an_overflow_nothing_is_added_until_cleared),
        cmocka_unit_test(a_ceiling_of_nothing_holds),
        cmocka_unit_test(dropping_takes_from_the_front),
        cmocka_unit_test(taken_bytes_belong_to_the_taker),
        cmocka_unit_test(compares_starts_and_ends),
        cmocka_unit_test(cuts_at_the_border_of_a_character),
        cmocka_unit_test(tells_well_formed_utf8),
        cmocka_unit_test(globs_are_anchored_and_a_star_stops_at_a_slash),
        cmocka_unit_test(many_stars_do_not_multiply_the_time),
        cmocka_unit_test(finds_a_text_among_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
