#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <uv.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/loop.h"

struct place {
    struct loop *loop;
    struct timer timers[5];
    struct task tasks[3];
    char order[64];
    size_t count, again;
    bool inside;
};

static struct place *the_place;

static int place_open(void **state)
{
    the_place = memory_alloc(sizeof(*the_place));
    the_place->loop = loop_create();
    *state = the_place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    loop_destroy(place->loop);
    free(place);
    return 0;
}

static void note(char mark)
{
    assert_true(the_place->count + 1 < sizeof(the_place->order));
    the_place->order[the_place->count++] = mark;
}

static void timer_notes(struct timer *timer)
{
    assert_false(the_place->inside);
    assert_false(timer_running(timer));
    note((char)('0' + (timer - the_place->timers)));
}

static void timer_stops_loop(struct timer *timer)
{
    (void)timer;
    loop_stop(the_place->loop);
}

static void stop_after(struct place *place, uint64_t delay_ms)
{
    timer_init(&place->timers[4], timer_stops_loop);
    timer_start(place->loop, &place->timers[4], delay_ms);
}

static void fires_timers_in_order_and_once(void **state)
{
    struct place *place = *state;
    static const uint64_t delays_ms[] = {30, 0, 20, 10};
    uint64_t begin_ms = uv_hrtime() / 1000000;

    for (size_t i = 0; i < COUNT(delays_ms); i++) {
        timer_init(&place->timers[i], timer_notes);
        assert_false(timer_running(&place->timers[i]));
        place->inside = true;
        timer_start(place->loop, &place->timers[i], delays_ms[i]);
        place->inside = false;
        assert_true(timer_running(&place->timers[i]));
    }
    stop_after(place, 50);
    loop_run(place->loop);
    assert_string_equal(place->order, "1320");
    assert_true(uv_hrtime() / 1000000 - begin_ms >= 49);
}

static void moves_and_stops_timers(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; i < 3; i++) {
        timer_init(&place->timers[i], timer_notes);
        timer_start(place->loop, &place->timers[i], 5);
    }
    timer_start(place->loop, &place->timers[0], 15); /* later */
    timer_stop(place->loop, &place->timers[1]);
    timer_stop(place->loop, &place->timers[1]);
    timer_start(place->loop, &place->timers[2], 1); /* sooner */
    stop_after(place, 30);
    loop_run(place->loop);
    assert_string_equal(place->order, "20");
}

static void timer_starts_itself(struct timer *timer)
{
    note('x');
    if (++the_place->again < 5)
        timer_start(the_place->loop, timer, 0);
    else
        loop_stop(the_place->loop);
}

static void a_timer_may_start_itself_and_stop_others(void **state)
{
    struct place *place = *state;

    timer_init(&place->timers[0], timer_starts_itself);
    timer_start(place->loop, &place->timers[0], 0);
    loop_run(place->loop);
    assert_int_equal(place->again, 5);
}

static void task_notes(struct task *task)
{
    assert_false(the_place->inside);
    note((char)('a' + (task - the_place->tasks)));
}

static void runs_a_task_once_in_the_next_turn(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; i < COUNT(place->tasks); i++)
        task_init(&place->tasks[i], task_notes);
    place->inside = true;
    task_schedule(place->loop, &place->tasks[1]);
    task_schedule(place->loop, &place->tasks[0]);
    task_schedule(place->loop, &place->tasks[1]);
    task_schedule(place->loop, &place->tasks[2]);
    task_cancel(&place->tasks[2]);
    place->inside = false;
    stop_after(place, 10);
    loop_run(place->loop);
    assert_string_equal(place->order, "ba");
}

static void task_repeats(struct task *task)
{
    the_place->again++;
    task_schedule(the_place->loop, task);
}

static void a_task_that_repeats_starves_no_timer(void **state)
{
    struct place *place = *state;

    task_init(&place->tasks[0], task_repeats);
    task_schedule(place->loop, &place->tasks[0]);
    stop_after(place, 20);
    loop_run(place->loop);
    assert_true(place->again > 1);
    task_cancel(&place->tasks[0]);
}

static void task_cancels_the_next(struct task *task)
{
    note((char)('a' + (task - the_place->tasks)));
    task_cancel(&the_place->tasks[1]);
}

static void a_task_may_cancel_one_of_its_own_turn(void **state)
{
    struct place *place = *state;

    task_init(&place->tasks[0], task_cancels_the_next);
    task_init(&place->tasks[1], task_notes);
    task_schedule(place->loop, &place->tasks[0]);
    task_schedule(place->loop, &place->tasks[1]);
    stop_after(place, 10);
    loop_run(place->loop);
    assert_string_equal(place->order, "a");
}

static void terminate_notes(void *context)
{
    assert_ptr_equal(context, the_place);
    note('!');
    loop_stop(the_place->loop);
}

static void hears_both_signals_and_ignores_a_broken_pipe(void **state)
{
    struct place *place = *state;

    loop_on_terminate(place->loop, terminate_notes, place);
    raise(SIGPIPE);
    raise(SIGTERM);
    loop_run(place->loop);
    assert_string_equal(place->order, "!");
    raise(SIGINT);
    loop_run(place->loop);
    assert_string_equal(place->order, "!!");
}

static void task_is_busy(struct task *task)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 50;

    (void)task;
    while (clock() < end)
        continue;
}

static void measures_the_longest_turn_without_its_waiting(void **state)
{
    struct place *place = *state;

    stop_after(place, 60);
    loop_run(place->loop);
    uint64_t idle_us = loop_longest_turn_us(place->loop);

    task_init(&place->tasks[0], task_is_busy);
    task_schedule(place->loop, &place->tasks[0]);
    stop_after(place, 60);
    loop_run(place->loop);
    assert_true(loop_longest_turn_us(place->loop) >= 20000);
    assert_true(idle_us < 20000);
}

static void task_is_the_last(struct task *task)
{
    task_notes(task);
    loop_stop(the_place->loop);
}

static void tasks_that_take_long_share_no_turn(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; i < COUNT(place->tasks); i++) {
        task_init(&place->tasks[i], i < 2 ? task_is_busy : task_is_the_last);
        task_schedule(place->loop, &place->tasks[i]);
    }
    loop_run(place->loop);
    assert_true(loop_longest_turn_us(place->loop) < 40000);
    assert_string_equal(place->order, "c");
}

static void task_sees_a_spent_turn(struct task *task)
{
    assert_false(loop_turn_is_spent(the_place->loop));
    task_is_busy(task);
    assert_true(loop_turn_is_spent(the_place->loop));
}

static void tells_when_a_turn_is_spent(void **state)
{
    struct place *place = *state;

    task_init(&place->tasks[0], task_sees_a_spent_turn);
    task_init(&place->tasks[1], task_sees_a_spent_turn);
    task_init(&place->tasks[2], task_is_the_last);
    for (size_t i = 0; i < COUNT(place->tasks); i++)
        task_schedule(place->loop, &place->tasks[i]);
    loop_run(place->loop);
    assert_string_equal(place->order, "c");
}

static void closer_notes(struct loop_closer *closer)
{
    (void)closer;
    note('c');
}

static void calls_closers_when_it_goes(void **state)
{
    struct loop_closer closers[2];
    struct loop *loop = loop_create();

    (void)state;
    loop_add_closer(loop, &closers[0], closer_notes);
    loop_add_closer(loop, &closers[1], closer_notes);
    list_remove(&closers[0].link);
    loop_destroy(loop);
    assert_string_equal(the_place->order, "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fires_timers_in_order_and_once, place_open, place_close),
        cmocka_unit_test_setup_teardown(moves_and_stops_timers, place_open, place_close),
        cmocka_unit_test_setup_teardown(a_timer_may_start_itself_and_stop_others, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(runs_a_task_once_in_the_next_turn, place_open, place_close),
        cmocka_unit_test_setup_teardown(a_task_that_repeats_starves_no_timer, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(a_task_may_cancel_one_of_its_own_turn, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(hears_both_signals_and_ignores_a_broken_pipe, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(measures_the_longest_turn_without_its_waiting, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(tasks_that_take_long_share_no_turn, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(tells_when_a_turn_is_spent, place_open, place_close),
        cmocka_unit_test_setup_teardown(calls_closers_when_it_goes, place_open, place_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
