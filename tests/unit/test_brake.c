#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reconcilers/brake.h"

enum { LIMIT = 3 };
static const int64_t start_ms = 1795564800000;

static void lets_so_many_pass_in_a_window_and_says_when_to_ask_again(void **state)
{
    struct brake brake = {0};
    uint64_t retry_ms = 0;

    (void)state;
    for (int i = 0; i < LIMIT; i++)
        assert_true(brake_pass(&brake, LIMIT, start_ms + i * 1000, &retry_ms));
    assert_int_equal(retry_ms, 0);
    assert_false(brake_pass(&brake, LIMIT, start_ms + 60000, &retry_ms));
    assert_int_equal(retry_ms, BRAKE_WINDOW_MS - 60000 + 1);
}

static void each_that_leaves_the_window_makes_room_for_one(void **state)
{
    struct brake brake = {0};
    uint64_t retry_ms;
    int64_t now_ms = start_ms;

    (void)state;
    for (int i = 0; i < LIMIT; i++)
        assert_true(brake_pass(&brake, LIMIT, start_ms + i * 1000, &retry_ms));
    assert_false(brake_pass(&brake, LIMIT, now_ms, &retry_ms));
    now_ms += (int64_t)retry_ms;
    assert_true(brake_pass(&brake, LIMIT, now_ms, &retry_ms));
    assert_false(brake_pass(&brake, LIMIT, now_ms, &retry_ms));
    assert_in_range(retry_ms, 990, 1010);
}

static void one_that_is_held_does_not_count(void **state)
{
    struct brake brake = {0};
    uint64_t retry_ms;

    (void)state;
    assert_true(brake_pass(&brake, 1, start_ms, &retry_ms));
    for (int i = 1; i < 100; i++)
        assert_false(brake_pass(&brake, 1, start_ms + i, &retry_ms));
    assert_true(brake_pass(&brake, 1, start_ms + BRAKE_WINDOW_MS, &retry_ms));
}

static void no_limit_holds_nothing(void **state)
{
    struct brake brake = {0};
    uint64_t retry_ms = 7;

    (void)state;
    for (int i = 0; i < 2 * BRAKE_LIMIT_MAX; i++)
        assert_true(brake_pass(&brake, 0, start_ms, &retry_ms));
    assert_int_equal(retry_ms, 7);
}

static void the_highest_limit_holds_through_many_windows(void **state)
{
    static struct brake brake;
    uint64_t retry_ms;

    (void)state;
    for (int64_t window = 0; window < 3; window++) {
        int64_t now_ms = start_ms + window * BRAKE_WINDOW_MS;

        for (int i = 0; i < BRAKE_LIMIT_MAX; i++)
            assert_true(brake_pass(&brake, BRAKE_LIMIT_MAX, now_ms, &retry_ms));
        assert_false(brake_pass(&brake, BRAKE_LIMIT_MAX, now_ms, &retry_ms));
        assert_int_equal(retry_ms, BRAKE_WINDOW_MS + 1);
    }
}

static void a_lowered_limit_counts_what_has_passed(void **state)
{
    struct brake brake = {0};
    uint64_t retry_ms;

    (void)state;
    for (int i = 0; i < LIMIT; i++)
        assert_true(brake_pass(&brake, LIMIT, start_ms, &retry_ms));
    assert_false(brake_pass(&brake, 1, start_ms, &retry_ms));
    assert_true(brake_pass(&brake, LIMIT + 1, start_ms, &retry_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_so_many_pass_in_a_window_and_says_when_to_ask_again),
        cmocka_unit_test(each_that_leaves_the_window_makes_room_for_one),
        cmocka_unit_test(one_that_is_held_does_not_count),
        cmocka_unit_test(no_limit_holds_nothing),
        cmocka_unit_test(the_highest_limit_holds_through_many_windows),
        cmocka_unit_test(a_lowered_limit_counts_what_has_passed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
