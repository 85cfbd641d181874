/* What runs, how many at a time, and how it ends. */

#include "base/log.h"
#include "tests/unit/jobs_place.h"

static void nothing_runs_before_it_is_opened(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    bound(place, "cart", MANAGED);
    add(place, "cart", QUEUE_FIRST);
    assert_int_equal(place->sent, 0);
    jobs_open(place->jobs);
    turn(place);
    assert_int_equal(on_its_way(place), 1);
}

static void no_more_run_at_a_time_than_allowed(void **state)
{
    AUTO_PLACE struct place *place = place_open(2);

    (void)state;
    bound(place, "a", FOR("a"));
    bound(place, "b", FOR("b"));
    bound(place, "c", FOR("c"));
    jobs_open(place->jobs);
    add(place, "a", QUEUE_LATER);
    add(place, "b", QUEUE_LATER);
    add(place, "c", QUEUE_LATER);
    assert_int_equal(on_its_way(place), 2);
    assert_true(measured(place, "active_workers{controller=\"podidentitybinding\"}") <= 2);
    assert_int_equal(measured(place, "max_concurrent_reconciles{controller="
                                     "\"podidentitybinding\"}"),
                     2);
    answer(place);
    assert_int_equal(on_its_way(place), 1);
    assert_contains(place->path, "/c");
}

static void a_persons_change_runs_before_repeats(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);

    (void)state;
    bound(place, "a", FOR("a"));
    bound(place, "b", FOR("b"));
    add(place, "a", QUEUE_LATER);
    add(place, "b", QUEUE_FIRST);
    jobs_open(place->jobs);
    turn(place);
    assert_contains(place->path, "podidentitybindings/b");
}

/* Whatever else waits for AWS's budget. */
static void of_eight_at_a_time_one_is_for_people_s_changes(void **state)
{
    AUTO_PLACE struct place *place = place_open(8);
    char name[] = "0";

    (void)state;
    jobs_open(place->jobs);
    for (; name[0] < '8'; name[0]++) {
        bound(place, name, FOR("any"));
        add(place, name, name[0] % 2 ? QUEUE_NEW : QUEUE_LATER);
    }
    assert_int_equal(on_its_way(place), 7);
    assert_false(place->urgent);
    bound(place, "changed", FOR("any"));
    add(place, "changed", QUEUE_FIRST);
    assert_int_equal(on_its_way(place), 8);
    assert_contains(place->path, "/changed");
    assert_true(place->urgent);
}

static void one_key_never_runs_twice_at_a_time(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    bound(place, "cart", MANAGED);
    jobs_open(place->jobs);
    add(place, "cart", QUEUE_FIRST);
    add(place, "cart", QUEUE_FIRST);
    add(place, "cart", QUEUE_FIRST);
    assert_int_equal(on_its_way(place), 1);
    answer(place);
    answer(place);
    assert_int_equal(ended(place, "requeue_after"), 2); /* once for the first, once for the rest */
}

static void a_key_whose_object_is_gone_asks_nothing(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    jobs_open(place->jobs);
    add(place, "none", QUEUE_FIRST);
    assert_int_equal(place->sent, 0);
    assert_int_equal(ended(place, "success"), 1);
}

static void what_is_put_off_runs_at_its_time(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    bound(place, "cart", MANAGED);
    jobs_open(place->jobs);
    jobs_add_after(place->jobs, JOB_BINDING, "shop/cart", 1000);
    pass(place, 999);
    assert_int_equal(place->sent, 0);
    pass(place, 1);
    assert_int_equal(on_its_way(place), 1);
}

/* While as many run as may, a key that is due changes nothing before one of them ends. */
static void a_full_pool_waits_for_an_end_and_not_for_the_clock(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);

    (void)state;
    bound(place, "a", FOR("a"));
    bound(place, "b", FOR("b"));
    jobs_open(place->jobs);
    add(place, "a", QUEUE_FIRST);
    jobs_add_after(place->jobs, JOB_BINDING, "shop/b", 1);
    pass(place, 10);
    assert_int_equal(uv_backend_timeout(loop_uv(place->world.loop)), -1);
    answer(place);
    assert_contains(place->path, "podidentitybindings/b");
}

static void stopped(void *context)
{
    ((struct place *)context)->stops++;
}

static void stopping_waits_for_what_runs_and_begins_nothing(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);
    unsigned sent;

    (void)state;
    bound(place, "a", FOR("a"));
    bound(place, "b", FOR("b"));
    jobs_open(place->jobs);
    add(place, "a", QUEUE_FIRST);
    add(place, "b", QUEUE_FIRST);
    jobs_stop(place->jobs, stopped, place);
    turn(place);
    assert_int_equal(place->stops, 0);
    fake_run(&place->fake->wire); /* late results still count */
    sent = place->sent;
    assert_int_equal(ended(place, "requeue_after"), 1);
    turn(place);
    assert_int_equal(place->stops, 1);
    assert_int_equal(place->sent, sent);
}

static void with_nothing_on_its_way_it_stops_in_the_next_turn(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);

    (void)state;
    jobs_stop(place->jobs, stopped, place);
    assert_int_equal(place->stops, 0); /* never from inside */
    turn(place);
    assert_int_equal(place->stops, 1);
}

static void it_stops_once_whatever_is_added_or_opened_afterwards(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);

    (void)state;
    bound(place, "cart", MANAGED);
    jobs_open(place->jobs);
    jobs_stop(place->jobs, stopped, place);
    turn(place);
    add(place, "cart", QUEUE_FIRST);
    jobs_open(place->jobs); /* the sweep that was on its way when the program was told to end */
    turn(place);
    assert_int_equal(place->stops, 1);
    assert_int_equal(place->sent, 0);
}

static void measures_from_the_change_to_the_first_request(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);

    (void)state;
    bound(place, "cart", MANAGED);
    jobs_add(place->jobs, JOB_BINDING, "shop/cart", QUEUE_FIRST, clock_now_us() - 3000);
    jobs_add(place->jobs, JOB_BINDING, "shop/cart", QUEUE_FIRST, clock_now_us() - 1000);
    jobs_open(place->jobs);
    turn(place);
    answer(place);
    assert_int_equal(measured(place, "podidentity_change_to_request_seconds_count{}"), 1);
    assert_float_equal(measured(place, "podidentity_change_to_request_seconds_sum{}"), 0.003, 1e-9);
    assert_int_equal(measured(place, "podidentity_finalizer_to_write_seconds_count{}"), 1);
}

static void measures_what_waits_by_priority_and_how_long_it_did(void **state)
{
    AUTO_PLACE struct place *place = place_open(1);

    (void)state;
    bound(place, "a", FOR("a"));
    add(place, "a", QUEUE_FIRST);
    add(place, "b", QUEUE_LATER);
    add(place, "c", QUEUE_LATER);
    jobs_measure(place->jobs);
    assert_int_equal(measured(place, "workqueue_depth{name=\"podidentity\",controller="
                                     "\"podidentity\",priority=\"0\"}"),
                     1);
    assert_int_equal(measured(place, "workqueue_depth{name=\"podidentity\",controller="
                                     "\"podidentity\",priority=\"-100\"}"),
                     2);
    pass(place, 2000);
    assert_float_equal(measured(place, "workqueue_queue_duration_seconds_sum{name="
                                       "\"podidentitybinding\",controller=\"podidentitybinding\"}"),
                       2, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_runs_before_it_is_opened),
        cmocka_unit_test(no_more_run_at_a_time_than_allowed),
        cmocka_unit_test(a_persons_change_runs_before_repeats),
        cmocka_unit_test(of_eight_at_a_time_one_is_for_people_s_changes),
        cmocka_unit_test(one_key_never_runs_twice_at_a_time),
        cmocka_unit_test(a_key_whose_object_is_gone_asks_nothing),
        cmocka_unit_test(what_is_put_off_runs_at_its_time),
        cmocka_unit_test(a_full_pool_waits_for_an_end_and_not_for_the_clock),
        cmocka_unit_test(stopping_waits_for_what_runs_and_begins_nothing),
        cmocka_unit_test(with_nothing_on_its_way_it_stops_in_the_next_turn),
        cmocka_unit_test(it_stops_once_whatever_is_added_or_opened_afterwards),
        cmocka_unit_test(measures_from_the_change_to_the_first_request),
        cmocka_unit_test(measures_what_waits_by_priority_and_how_long_it_did),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
