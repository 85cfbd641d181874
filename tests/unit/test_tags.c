#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/tags.h"
#include "base/memory.h"

static const struct aws_tag items[] = {{"Team", "shop"}, {"team", "cart"}, {"empty", ""}};
static const struct aws_tags tags = {items, COUNT(items)};

static void finds_exactly_the_key(void **state)
{
    (void)state;
    assert_string_equal(aws_tags_get(&tags, "Team"), "shop");
    assert_string_equal(aws_tags_get(&tags, "team"), "cart");
    assert_string_equal(aws_tags_get(&tags, "empty"), "");
    assert_null(aws_tags_get(&tags, "TEAM"));
    assert_null(aws_tags_get(&tags, "tea"));
}

static void finds_the_first_whatever_the_case(void **state)
{
    (void)state;
    assert_string_equal(aws_tags_get_any_case(&tags, "TEAM"), "shop");
    assert_string_equal(aws_tags_get_any_case(&tags, "EmptY"), "");
    assert_null(aws_tags_get_any_case(&tags, "none"));
}

static void finds_nothing_among_no_tags(void **state)
{
    static const struct aws_tags none;

    (void)state;
    assert_null(aws_tags_get(&none, "team"));
    assert_null(aws_tags_get_any_case(&none, "team"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_exactly_the_key),
        cmocka_unit_test(finds_the_first_whatever_the_case),
        cmocka_unit_test(finds_nothing_among_no_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
