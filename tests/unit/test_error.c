#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

static void raising_is_false_and_keeps_kind_and_text(void **state)
{
    struct error error = {0};

    (void)state;
    assert_false(error_set(&error, ERROR_REFUSED, "role \"%s\": %d", "cart", 7));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_string_equal(error.text, "role \"cart\": 7");
    assert_string_equal(error.code, "");
}

static void a_code_stays_through_wrapping_and_goes_with_the_next_raise(void **state)
{
    struct error error = {0};

    (void)state;
    assert_false(error_set_code(&error, ERROR_THROTTLE, "Throttling", "slow down"));
    assert_false(error_wrap(&error, "AttachRolePolicy %s", "cart"));
    assert_false(error_wrap(&error, "shop"));
    assert_int_equal(error.kind, ERROR_THROTTLE);
    assert_string_equal(error.code, "Throttling");
    assert_string_equal(error.text, "shop: AttachRolePolicy cart: slow down");

    error_set(&error, ERROR_RETRY, "again");
    assert_string_equal(error.code, "");
}

static void its_own_text_and_code_may_be_arguments(void **state)
{
    struct error error = {0};

    (void)state;
    error_set_code(&error, ERROR_RETRY, "Busy", "busy");
    error_set_code(&error, ERROR_REFUSED, error.code, "told: %s", error.text);
    assert_string_equal(error.text, "told: busy");
    assert_string_equal(error.code, "Busy");
    error_wrap(&error, "<%s>", error.text);
    assert_string_equal(error.text, "<told: busy>: told: busy");
}

static void long_texts_end_at_the_border_of_a_character(void **state)
{
    /* "ä" has two bytes: one of the two starts straddles the end of the room */
    for (size_t start = 0; start < 2; start++) {
        char text[2 * ERROR_TEXT_SIZE] = "";
        struct error error = {0};

        (void)state;
        memset(text, 'x', start);
        while (strlen(text) < sizeof(text) - 3)
            strcat(text, "\xC3\xA4");
        error_set_code(&error, ERROR_RETRY, text, "%s", text);
        assert_in_range(strlen(error.text), ERROR_TEXT_SIZE - 2, ERROR_TEXT_SIZE - 1);
        assert_true(text_utf8(error.text, strlen(error.text)));
        assert_in_range(strlen(error.code), ERROR_CODE_SIZE - 2, ERROR_CODE_SIZE - 1);
        assert_true(text_utf8(error.code, strlen(error.code)));
        error_wrap(&error, "c");
        assert_true(text_starts(error.text, "c: "));
        assert_in_range(strlen(error.text), ERROR_TEXT_SIZE - 2, ERROR_TEXT_SIZE - 1);
        assert_true(text_utf8(error.text, strlen(error.text)));
    }
}

static void clearing_leaves_nothing(void **state)
{
    struct error error = {0};

    (void)state;
    error_set_code(&error, ERROR_LOST, "Reset", "gone");
    error_clear(&error);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_string_equal(error.code, "");
    assert_string_equal(error.text, "");
}

static void every_kind_has_a_word(void **state)
{
    static const struct {
        enum error_kind kind;
        const char *name;
    } cases[] = {
        {ERROR_NONE, "none"},         {ERROR_RETRY, "retry"},     {ERROR_THROTTLE, "throttle"},
        {ERROR_CONFLICT, "conflict"}, {ERROR_REFUSED, "refused"}, {ERROR_LOST, "lost"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++)
        assert_string_equal(error_kind_name(cases[c].kind), cases[c].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raising_is_false_and_keeps_kind_and_text),
        cmocka_unit_test(a_code_stays_through_wrapping_and_goes_with_the_next_raise),
        cmocka_unit_test(its_own_text_and_code_may_be_arguments),
        cmocka_unit_test(long_texts_end_at_the_border_of_a_character),
        cmocka_unit_test(clearing_leaves_nothing),
        cmocka_unit_test(every_kind_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
