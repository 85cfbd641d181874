#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/map.h"

enum { MANY = 10000 };

static void remembers_what_was_put_and_forgets_what_was_removed(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();
    int one = 1, two = 2;

    (void)state;
    assert_null(map_get(map, "shop/cart"));
    assert_null(map_remove(map, "shop/cart"));
    assert_null(map_put(map, "shop/cart", &one));
    assert_ptr_equal(map_put(map, "shop/cart", &two), &one);
    assert_int_equal(map_count(map), 1);
    assert_ptr_equal(map_get(map, "shop/cart"), &two);
    assert_null(map_get(map, "shop/car"));
    assert_ptr_equal(map_remove(map, "shop/cart"), &two);
    assert_null(map_get(map, "shop/cart"));
    assert_int_equal(map_count(map), 0);
}

static void keys_are_copied(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();
    char key[] = "abc";
    int one = 1;

    (void)state;
    map_put(map, key, &one);
    key[0] = 'x';
    assert_ptr_equal(map_get(map, "abc"), &one);
    assert_null(map_get(map, "xbc"));
}

static void keys_of_every_length_are_told_apart(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();
    char key[41] = "";
    int values[41];

    (void)state;
    for (size_t length = 0; length < COUNT(values); length++) {
        map_put(map, key, &values[length]);
        if (length + 1 < sizeof(key))
            key[length] = 'a';
    }
    assert_int_equal(map_count(map), COUNT(values));
    for (size_t length = COUNT(values); length-- > 0;) {
        key[length] = '\0';
        assert_ptr_equal(map_get(map, key), &values[length]);
    }
}

static void holds_ten_thousand_keys_and_loses_every_other(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();
    AUTO_FREE int *values = memory_array(MANY, sizeof(int));
    char key[32];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "namespace-%d/name", i);
        assert_null(map_put(map, key, &values[i]));
    }
    for (int i = 0; i < MANY; i += 2) {
        snprintf(key, sizeof(key), "namespace-%d/name", i);
        assert_ptr_equal(map_remove(map, key), &values[i]);
    }
    assert_int_equal(map_count(map), MANY / 2);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "namespace-%d/name", i);
        assert_ptr_equal(map_get(map, key), i % 2 ? &values[i] : NULL);
    }
}

static void count_visit(const char *key, void *value, void *context)
{
    int *visits = context;

    assert_non_null(key);
    ++*(int *)value;
    ++*visits;
}

static void visits_every_key_once(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();
    int values[1000] = {0}, visits = 0;
    char key[16];

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        snprintf(key, sizeof(key), "%zu", i);
        map_put(map, key, &values[i]);
    }
    map_each(map, count_visit, &visits);
    assert_int_equal(visits, COUNT(values));
    for (size_t i = 0; i < COUNT(values); i++)
        assert_int_equal(values[i], 1);
}

static void clearing_hands_each_value_to_its_destroyer(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();

    (void)state;
    map_put(map, "a", memory_string("one"));
    map_put(map, "b", memory_string("two"));
    map_clear(map, free); /* a sanitizer or valgrind sees what is left */
    assert_int_equal(map_count(map), 0);
    assert_null(map_get(map, "a"));
    map_put(map, "a", map);
    assert_int_equal(map_count(map), 1);
}

static bool is_even(const void *value, const void *context)
{
    return *(const int *)value % *(const int *)context == 0;
}

static unsigned destroyed;

static void count_destroyed(void *value)
{
    (void)value;
    destroyed++;
}

static void filtering_takes_out_what_is_not_wanted(void **state)
{
    AUTO(map_destroy) struct map *map = map_create();
    int values[1000], two = 2;
    char key[16];

    (void)state;
    destroyed = 0;
    for (int i = 0; i < 1000; i++) {
        values[i] = i;
        snprintf(key, sizeof(key), "%d", i);
        map_put(map, key, &values[i]);
    }
    map_filter(map, is_even, &two, count_destroyed);
    assert_int_equal(map_count(map), 500);
    assert_int_equal(destroyed, 500);
    assert_ptr_equal(map_get(map, "998"), &values[998]);
    assert_null(map_get(map, "999"));
}

static void destroying_null_is_fine(void **state)
{
    (void)state;
    map_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_what_was_put_and_forgets_what_was_removed),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(keys_of_every_length_are_told_apart),
        cmocka_unit_test(holds_ten_thousand_keys_and_loses_every_other),
        cmocka_unit_test(visits_every_key_once),
        cmocka_unit_test(clearing_hands_each_value_to_its_destroyer),
        cmocka_unit_test(filtering_takes_out_what_is_not_wanted),
        cmocka_unit_test(destroying_null_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
