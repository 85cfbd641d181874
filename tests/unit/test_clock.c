#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

static void the_real_clocks_agree_with_the_system(void **state)
{
    int64_t before = (int64_t)time(NULL), wall;
    uint64_t first = clock_now_us(), second = clock_now_ms();

    (void)state;
    wall = clock_wall_ms();
    assert_true(wall / 1000 >= before && wall / 1000 <= (int64_t)time(NULL));
    assert_true(second >= first / 1000);
    assert_true(clock_now_us() >= first);
}

static void a_fake_clock_stands_still_until_it_is_real_again(void **state)
{
    (void)state;
    clock_fake(5000, -1);
    assert_int_equal(clock_now_ms(), 5000);
    assert_int_equal(clock_now_us(), 5000000);
    assert_int_equal(clock_wall_ms(), -1);
    clock_fake(6000, 0);
    assert_int_equal(clock_now_ms(), 6000);
    assert_int_equal(clock_wall_ms(), 0);
    clock_real();
    assert_true(clock_wall_ms() > 1500000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clocks_agree_with_the_system),
        cmocka_unit_test(a_fake_clock_stands_still_until_it_is_real_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
