#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

static int number_of(struct list *link)
{
    return container_of(link, struct item, link)->number;
}

static void keeps_the_order_of_appending(void **state)
{
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    struct list list;
    int expected = 0;

    (void)state;
    list_init(&list);
    assert_true(list_empty(&list));
    for (size_t i = 0; i < COUNT(items); i++)
        list_append(&list, &items[i].link);
    assert_false(list_empty(&list));
    list_each (link, &list)
        assert_int_equal(number_of(link), expected++);
    assert_int_equal(expected, 3);
}

static void a_link_can_be_removed_twice(void **state)
{
    struct item one = {.number = 1}, two = {.number = 2};
    struct list list;

    (void)state;
    list_init(&list);
    list_append(&list, &one.link);
    list_append(&list, &two.link);
    list_remove(&one.link);
    list_remove(&one.link);
    assert_ptr_equal(list_take_first(&list), &two.link);
    assert_null(list_take_first(&list));
    assert_true(list_empty(&list));
    list_append(&list, &one.link);
    assert_false(list_empty(&list));
}

static void the_safe_walk_lets_the_body_remove(void **state)
{
    struct item items[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    struct list list;
    int seen = 0, left = 0;

    (void)state;
    list_init(&list);
    for (size_t i = 0; i < COUNT(items); i++)
        list_append(&list, &items[i].link);
    list_each_safe (link, &list) {
        seen++;
        if (number_of(link) % 2 == 0)
            list_remove(link);
    }
    assert_int_equal(seen, 4);
    list_each (link, &list) {
        assert_int_equal(number_of(link) % 2, 1);
        left++;
    }
    assert_int_equal(left, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_appending),
        cmocka_unit_test(a_link_can_be_removed_twice),
        cmocka_unit_test(the_safe_walk_lets_the_body_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
