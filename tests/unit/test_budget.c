#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/budget.h"

/* How many tokens a caller gets who asks whenever it is told to, until end_ms. */
static unsigned taken_until(struct budget *budget, uint64_t now_ms, uint64_t end_ms)
{
    unsigned taken = 0;

    while (now_ms < end_ms) {
        uint64_t wait_ms = budget_take(budget, now_ms);

        if (wait_ms == 0)
            taken++;
        now_ms += wait_ms;
    }
    return taken;
}

static void starts_full_and_then_keeps_the_rate(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 10, 1000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(budget_take(&budget, 1000), 0);
    assert_in_range(budget_take(&budget, 1000), 99, 101);
    assert_in_range(taken_until(&budget, 1000, 61000), 590, 601);
}

static void the_wait_it_tells_is_enough(void **state)
{
    static const double rates[] = {0.1, 0.5, 3, 7, 16, 333};

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct budget budget;
        uint64_t now_ms = 5;

        budget_init(&budget, rates[i], now_ms);
        for (int n = 0; n < 1000; n++) {
            uint64_t wait_ms = budget_take(&budget, now_ms);

            now_ms += wait_ms;
            if (wait_ms > 0)
                assert_int_equal(budget_take(&budget, now_ms), 0);
        }
    }
}

static void saves_up_no_more_than_a_burst(void **state)
{
    struct budget budget;
    unsigned taken = 0;

    (void)state;
    budget_init(&budget, 5, 0);
    while (budget_take(&budget, 3600000) == 0)
        taken++;
    assert_int_equal(taken, 5);
    budget_init(&budget, 0.2, 0);
    assert_int_equal(budget_take(&budget, 0), 0);
    assert_in_range(budget_take(&budget, 0), 4999, 5001);
}

static void a_throttle_halves_the_rate_and_empties_the_bucket(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 10, 0);
    budget_throttled(&budget, 0);
    assert_true(budget.rate == 5);
    assert_in_range(budget_take(&budget, 0), 199, 201);
}

static void throttles_of_one_moment_count_once(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 10, 0);
    for (int i = 0; i < 16; i++)
        budget_throttled(&budget, 5000);
    assert_true(budget.rate == 5);
    budget_throttled(&budget, 6000);
    assert_true(budget.rate == 2.5);
}

static void never_stands_still(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 10, 0);
    for (uint64_t now_ms = 0; now_ms < 100000; now_ms += 1000)
        budget_throttled(&budget, now_ms);
    assert_true(budget.rate == 0.5);
    budget_init(&budget, 0.1, 0);
    budget_throttled(&budget, 0);
    assert_true(budget.rate == 0.1);
}

static void grows_back_slowly_however_many_answers_come(void **state)
{
    struct budget budget;
    uint64_t now_ms = 0;

    (void)state;
    budget_init(&budget, 10, 0);
    budget_throttled(&budget, 0);
    for (; now_ms < 1000; now_ms += 10)
        budget_answered(&budget, now_ms);
    assert_true(budget.rate > 5.4 && budget.rate <= 5.5);
    for (; now_ms < 9000; now_ms += 10)
        budget_answered(&budget, now_ms);
    assert_true(budget.rate < 10);
    for (; now_ms < 11000; now_ms += 10)
        budget_answered(&budget, now_ms);
    assert_true(budget.rate == 10);
}

/* An hour without an answer says nothing about what AWS takes now. */
static void one_answer_after_a_long_time_is_one_step(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 10, 0);
    budget_throttled(&budget, 0);
    budget_answered(&budget, 3600000);
    assert_true(budget.rate == 5.5);
}

static void a_clock_that_stands_or_goes_back_gives_nothing(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 1, 10000);
    assert_int_equal(budget_take(&budget, 10000), 0);
    assert_true(budget_take(&budget, 0) > 0);
    assert_true(budget_take(&budget, 10000) > 0);
    assert_int_equal(budget_take(&budget, 11000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_full_and_then_keeps_the_rate),
        cmocka_unit_test(the_wait_it_tells_is_enough),
        cmocka_unit_test(saves_up_no_more_than_a_burst),
        cmocka_unit_test(a_throttle_halves_the_rate_and_empties_the_bucket),
        cmocka_unit_test(throttles_of_one_moment_count_once),
        cmocka_unit_test(never_stands_still),
        cmocka_unit_test(grows_back_slowly_however_many_answers_come),
        cmocka_unit_test(one_answer_after_a_long_time_is_one_step),
        cmocka_unit_test(a_clock_that_stands_or_goes_back_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
