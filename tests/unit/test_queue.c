/* Keys: once each, in the order of their priority, one worker at a time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/taking.h"

static void a_key_added_three_times_is_taken_once(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    queue_add(queue, "a", QUEUE_LATER, 1);
    queue_add(queue, "a", QUEUE_LATER, 2);
    assert_int_equal(figures_of(queue).depth[QUEUE_LATER], 1);
    assert_string_equal(take(queue, 3), "a");
    assert_string_equal(take(queue, 3), "-");
    queue_done(queue, "a", 4);
    assert_string_equal(take(queue, 5), "-");
}

static void keys_of_one_priority_come_in_the_order_of_their_first_adding(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    queue_add(queue, "b", QUEUE_LATER, 1);
    queue_add(queue, "c", QUEUE_LATER, 2);
    queue_add(queue, "a", QUEUE_LATER, 3);
    assert_string_equal(take(queue, 4), "a");
    assert_string_equal(take(queue, 4), "b");
    assert_string_equal(take(queue, 4), "c");
}

static void a_persons_change_goes_before_repeats(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "old", QUEUE_LATER, 0);
    queue_add(queue, "new", QUEUE_FIRST, 1);
    assert_string_equal(take(queue, 2), "new");
    assert_string_equal(take(queue, 2), "old");
}

static void what_was_begun_is_ended_before_what_is_new_is_begun(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "drift", QUEUE_LATER, 0);
    queue_add(queue, "new", QUEUE_NEW, 0);
    queue_add_after(queue, "settled", 10, 0);
    queue_retry(queue, "failed", 10, 10, 0);
    queue_add(queue, "changed", QUEUE_FIRST, 12);
    assert_string_equal(take(queue, 12), "changed");
    assert_int_equal(figures_of(queue).taken_priority, QUEUE_FIRST);
    assert_int_equal(figures_of(queue).depth[QUEUE_AGAIN], 2);
    queue_take(queue, QUEUE_AGAIN, 12);
    queue_take(queue, QUEUE_AGAIN, 12);
    assert_int_equal(figures_of(queue).taken_priority, QUEUE_AGAIN);
    assert_string_equal(take(queue, 12), "new");
    assert_string_equal(take(queue, 12), "drift");
}

/* Our own writes come back in the watch while a key is worked on. */
static void what_is_added_while_it_is_begun_stays_before_what_is_new(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_NEW, 0);
    queue_add(queue, "b", QUEUE_NEW, 0);
    queue_add(queue, "c", QUEUE_NEW, 0);
    assert_string_equal(take(queue, 0), "a");
    queue_add(queue, "a", QUEUE_NEW, 0);
    queue_done(queue, "a", 1);
    assert_string_equal(take(queue, 1), "a");
    queue_add_after(queue, "a", 5, 1);
    queue_done(queue, "a", 2);
    queue_add(queue, "a", QUEUE_LATER, 3);
    assert_string_equal(take(queue, 3), "a");
    queue_done(queue, "a", 4);
    assert_string_equal(take(queue, 9), "b");
}

static void what_waits_for_a_person_is_not_tried_again_before_what_is_new(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_retry_later(queue, "refused", 100, 100, 0);
    queue_retry_later(queue, "looked at", 100000, 100000, 0);
    queue_add(queue, "looked at", QUEUE_LATER, 0); /* a grant has changed, say */
    queue_add(queue, "new", QUEUE_NEW, 200);
    assert_string_equal(take(queue, 200), "new");
    assert_string_equal(take(queue, 200), "looked at");
    assert_string_equal(take(queue, 200), "refused");
    queue_done(queue, "refused", 200);
    queue_add(queue, "new too", QUEUE_NEW, 200);
    queue_add_after(queue, "refused", 1, 200); /* another delay is one of what was begun */
    assert_string_equal(take(queue, 300), "refused");
}

static void who_wants_only_people_s_changes_gets_nothing_else(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "new", QUEUE_NEW, 0);
    queue_add_after(queue, "again", 0, 0);
    assert_null(queue_take(queue, QUEUE_FIRST, 0));
    queue_add(queue, "new", QUEUE_FIRST, 1);
    assert_string_equal(queue_take(queue, QUEUE_FIRST, 1), "new");
    assert_null(queue_take(queue, QUEUE_FIRST, 1));
    assert_string_equal(take(queue, 1), "again");
}

static void a_waiting_key_rises_but_never_falls(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    queue_add(queue, "b", QUEUE_LATER, 0);
    queue_add(queue, "b", QUEUE_FIRST, 1);
    queue_add(queue, "b", QUEUE_LATER, 2);
    assert_int_equal(figures_of(queue).depth[QUEUE_FIRST], 1);
    assert_int_equal(figures_of(queue).depth[QUEUE_LATER], 1);
    assert_string_equal(take(queue, 3), "b");
    assert_string_equal(take(queue, 3), "a");
}

static void the_priority_of_one_turn_does_not_stay_for_the_next(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_FIRST, 0);
    assert_string_equal(take(queue, 0), "a");
    queue_retry(queue, "a", 1, 1, 0); /* a failure keeps its place between the turns */
    queue_done(queue, "a", 0);
    assert_string_equal(take(queue, 2), "a");
    queue_done(queue, "a", 2);
    queue_add(queue, "b", QUEUE_LATER, 2);
    queue_add(queue, "a", QUEUE_LATER, 3);
    assert_string_equal(take(queue, 4), "b");
    assert_string_equal(take(queue, 4), "a");
}

static void what_is_added_while_it_is_worked_on_comes_back_once_when_done(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_LATER, 0);
    assert_string_equal(take(queue, 0), "a");
    queue_add(queue, "a", QUEUE_LATER, 1);
    queue_add(queue, "a", QUEUE_FIRST, 2);
    assert_string_equal(take(queue, 3), "-");
    queue_add(queue, "b", QUEUE_LATER, 3);
    queue_done(queue, "a", 4);
    assert_string_equal(take(queue, 5), "a"); /* with the higher of its priorities */
    assert_string_equal(take(queue, 5), "b");
    queue_done(queue, "a", 6);
    assert_string_equal(take(queue, 7), "-");
}

static void figures_say_what_waits_what_is_worked_on_and_how_long_it_waited(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_add(queue, "a", QUEUE_FIRST, 100);
    queue_add(queue, "a", QUEUE_FIRST, 150);
    queue_add(queue, "b", QUEUE_LATER, 100);
    queue_add_after(queue, "c", 1000, 100);
    assert_int_equal(figures_of(queue).adds, 4);
    assert_string_equal(take(queue, 170), "a");
    assert_int_equal(figures_of(queue).taken_waited_ms, 70);
    assert_int_equal(figures_of(queue).working, 1);
    assert_int_equal(figures_of(queue).depth[QUEUE_FIRST], 0);
    assert_int_equal(figures_of(queue).depth[QUEUE_LATER], 1);
    assert_int_equal(figures_of(queue).delayed, 1);
    queue_done(queue, "a", 200);
    assert_int_equal(figures_of(queue).working, 0);
    assert_string_equal(take(queue, 1300), "c");
    assert_int_equal(figures_of(queue).taken_waited_ms, 0); /* what it was put off is no waiting */
    assert_string_equal(take(queue, 1300), "b");
}

static void forgetting_an_unknown_key_does_nothing(void **state)
{
    AUTO(queue_destroy) struct queue *queue = queue_create();

    (void)state;
    queue_forget(queue, "a");
    assert_string_equal(take(queue, 0), "-");
    queue_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_added_three_times_is_taken_once),
        cmocka_unit_test(keys_of_one_priority_come_in_the_order_of_their_first_adding),
        cmocka_unit_test(a_persons_change_goes_before_repeats),
        cmocka_unit_test(what_was_begun_is_ended_before_what_is_new_is_begun),
        cmocka_unit_test(what_is_added_while_it_is_begun_stays_before_what_is_new),
        cmocka_unit_test(what_waits_for_a_person_is_not_tried_again_before_what_is_new),
        cmocka_unit_test(who_wants_only_people_s_changes_gets_nothing_else),
        cmocka_unit_test(a_waiting_key_rises_but_never_falls),
        cmocka_unit_test(the_priority_of_one_turn_does_not_stay_for_the_next),
        cmocka_unit_test(what_is_added_while_it_is_worked_on_comes_back_once_when_done),
        cmocka_unit_test(figures_say_what_waits_what_is_worked_on_and_how_long_it_waited),
        cmocka_unit_test(forgetting_an_unknown_key_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
