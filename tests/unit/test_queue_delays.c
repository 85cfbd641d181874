/* Keys that wait: put off, or backing off after a failure. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/memory.h"
#include "tests/unit/taking.h"

static void a_change_during_a_delay_keeps_its_priority_when_it_ends(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    assert_string_equal(take(queue, 0), "a");
    queue_add(queue, "a", QUEUE_FIRST, 1);
    queue_add_after(queue, "a", 5, 1);
    queue_add(queue, "b", QUEUE_FIRST, 2);
    queue_done(queue, "a", 10);
    assert_string_equal(take(queue, 10), "b");
    assert_string_equal(take(queue, 10), "a");
    assert_int_equal(figures_of(queue).taken_priority, QUEUE_FIRST);
}

static void a_delayed_key_is_ready_at_its_time_and_not_before(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    assert_true(queue_wait_ms(queue, 0) == UINT64_MAX);
    queue_add_after(queue, "a", 100, 1000);
    assert_int_equal(figures_of(queue).delayed, 1);
    assert_int_equal(queue_wait_ms(queue, 1030), 70);
    assert_string_equal(take(queue, 1099), "-");
    assert_int_equal(queue_wait_ms(queue, 1200), 0);
    assert_string_equal(take(queue, 1100), "a");
    assert_true(queue_wait_ms(queue, 1100) == UINT64_MAX);
}

/* The sanitizer and valgrind see whether the delays outlive their keys. */
static void ends_while_keys_wait(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add_after(queue, "a", 1000, 0);
    queue_add_after(queue, "b", 2000, 0);
    assert_int_equal(figures_of(queue).delayed, 2);
}

static void of_two_delays_the_shorter_counts(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add_after(queue, "a", 100, 0);
    queue_add_after(queue, "a", 500, 0);
    assert_int_equal(queue_wait_ms(queue, 0), 100);
    queue_add_after(queue, "a", 30, 10);
    assert_int_equal(queue_wait_ms(queue, 0), 40);
    assert_int_equal(figures_of(queue).delayed, 1);
}

static void adding_ends_a_delay(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add_after(queue, "a", 100, 0);
    queue_add(queue, "a", QUEUE_LATER, 10);
    assert_int_equal(figures_of(queue).delayed, 0);
    assert_string_equal(take(queue, 10), "a");
    queue_done(queue, "a", 20);
    assert_string_equal(take(queue, 200), "-");
}

static void a_ready_key_is_not_put_off(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    queue_add_after(queue, "a", 100, 0);
    assert_int_equal(figures_of(queue).delayed, 0);
    assert_string_equal(take(queue, 0), "a");
    queue_add_after(queue, "b", 0, 0); /* no delay at all: ready */
    assert_string_equal(take(queue, 0), "b");
}

static void a_delay_that_ends_during_work_waits_for_its_end(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    assert_string_equal(take(queue, 0), "a");
    queue_add_after(queue, "a", 10, 0);
    assert_string_equal(take(queue, 20), "-");
    queue_done(queue, "a", 30);
    assert_string_equal(take(queue, 30), "a");
}

/* A turn that fails: taken, put off, done. The delay, or -1 when the key was not ready. */
static int64_t fail_once(struct queue *queue, const char *key, uint64_t now_ms)
{
    if (!queue_take(queue, QUEUE_LATER, now_ms))
        return -1;
    queue_retry(queue, key, 100, 1000, now_ms);
    queue_done(queue, key, now_ms);
    return (int64_t)queue_wait_ms(queue, now_ms);
}

static void assert_about(int64_t delay_ms, int64_t expected_ms)
{
    if (delay_ms < expected_ms * 8 / 10 || delay_ms > expected_ms * 12 / 10)
        fail_msg("%lld is not within 20 %% of %lld", (long long)delay_ms, (long long)expected_ms);
}

static void delays_double_up_to_the_most_until_the_key_is_forgotten(void **state)
{
    static const int64_t expected_ms[] = {100, 200, 400, 800, 1000, 1000};
    AUTO(queue_destroy) struct queue *queue = queue_create();
    uint64_t now_ms = 0;

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    for (size_t i = 0; i < COUNT(expected_ms); i++) {
        int64_t delay_ms = fail_once(queue, "a", now_ms);

        assert_about(delay_ms, expected_ms[i]);
        now_ms += (uint64_t)delay_ms;
    }
    assert_int_equal(figures_of(queue).retries, COUNT(expected_ms));
    queue_forget(queue, "a");
    assert_about(fail_once(queue, "a", now_ms), 100);
}

static void failures_are_counted_for_each_key_alone(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    fail_once(queue, "a", 0);
    fail_once(queue, "a", 10000);
    queue_add(queue, "a", QUEUE_LATER, 20000); /* no person's change: forgets nothing */
    assert_about(fail_once(queue, "a", 20000), 400);
    queue_add(queue, "b", QUEUE_LATER, 20000);
    assert_about(fail_once(queue, "b", 20000), 100);
}

/* Who mends his object shall not wait for what failed before. */
static void a_persons_change_begins_the_back_off_anew(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_FIRST, 0);
    fail_once(queue, "a", 0);
    fail_once(queue, "a", 10000);
    queue_add(queue, "a", QUEUE_FIRST, 20000);
    assert_about(fail_once(queue, "a", 20000), 100);
}

/* A hundred keys that failed at 0 come back one after the other between these two times. */
static void assert_spread(void (*retry)(struct queue *, const char *, uint64_t, uint64_t, uint64_t),
                          uint64_t first_ms, uint64_t last_ms)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();
    char key[16];
    size_t back = 0;

    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        retry(queue, key, 1000, 1000, 0);
    }
    assert_true(queue_wait_ms(queue, 0) >= first_ms);
    while (queue_take(queue, QUEUE_LATER, (first_ms + last_ms) / 2))
        back++;
    assert_in_range(back, 1, 99);
    while (queue_take(queue, QUEUE_LATER, last_ms))
        back++;
    assert_int_equal(back, 100);
}

static void keys_that_failed_together_do_not_all_come_back_together(void **state)
{
    (void)state;
    assert_spread(queue_retry, 800, 1200);
}

static void a_time_that_must_not_be_early_is_never_cut_short(void **state)
{
    (void)state;
    assert_spread(queue_retry_not_before, 1000, 1400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_during_a_delay_keeps_its_priority_when_it_ends),
        cmocka_unit_test(a_delayed_key_is_ready_at_its_time_and_not_before),
        cmocka_unit_test(ends_while_keys_wait),
        cmocka_unit_test(of_two_delays_the_shorter_counts),
        cmocka_unit_test(adding_ends_a_delay),
        cmocka_unit_test(a_ready_key_is_not_put_off),
        cmocka_unit_test(a_delay_that_ends_during_work_waits_for_its_end),
        cmocka_unit_test(delays_double_up_to_the_most_until_the_key_is_forgotten),
        cmocka_unit_test(failures_are_counted_for_each_key_alone),
        cmocka_unit_test(a_persons_change_begins_the_back_off_anew),
        cmocka_unit_test(keys_that_failed_together_do_not_all_come_back_together),
        cmocka_unit_test(a_time_that_must_not_be_early_is_never_cut_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
