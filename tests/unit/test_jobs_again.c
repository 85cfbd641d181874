/* When a key comes back. */

#include "base/log.h"
#include "tests/unit/jobs_place.h"

#define NO_ROLE                                                                                    \
    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::" FAKE_ACCOUNT ":role/none\"}"

/* Within 20 % of this delay a next run begins, and not before. */
static void assert_comes_back_after(struct place *place, uint64_t delay_ms)
{
    unsigned before = place->sent;

    pass(place, delay_ms * 8 / 10 - 1);
    if (place->sent != before)
        fail_msg("came back well before %llu ms", (unsigned long long)delay_ms);
    pass(place, delay_ms * 4 / 10 + 1);
    if (place->sent == before)
        fail_msg("did not come back after %llu ms", (unsigned long long)delay_ms);
}

static void an_association_that_has_to_settle_is_looked_at_then(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    run_once(place, MANAGED);
    assert_int_equal(ended(place, "requeue_after"), 1);
    pass(place, 5000);
    answer(place);
    assert_true(ended(place, "success") < 0);
    pass(place, 6000);
    answer(place);
    assert_int_equal(ended(place, "success"), 1);
    assert_condition(place->fake, "cart", "Ready", "True Ready");
}

static void an_aws_that_is_down_is_asked_again_after_twice_the_time(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    place->fake->wire.aws_down = true;
    run_once(place, MANAGED);
    assert_int_equal(ended(place, "error"), 1);
    assert_comes_back_after(place, 500);
    answer(place);
    assert_comes_back_after(place, 1000);
    answer(place);
    assert_comes_back_after(place, 2000);
    answer(place);
    assert_int_equal(measured(place, "workqueue_retries_total{name=\"podidentitybinding\","
                                     "controller=\"podidentitybinding\"}"),
                     4);
    place->fake->wire.aws_down = false;
    assert_comes_back_after(place, 4000);
    answer(place);
    assert_int_equal(ended(place, "requeue_after"), 1);
    place->fake->wire.aws_down = true;
    bound(place, "cart", MANAGED_WITH_TWO);
    add(place, "cart", QUEUE_FIRST);
    answer(place);
    assert_comes_back_after(place, 500); /* what went well ended the back-off */
}

static void a_conflict_comes_back_at_once(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    place->fake->wire.failures[0] =
        (struct fake_failure){.call = 1, .fault = FAULT_CONCURRENT_MODIFICATION};
    run_once(place, MANAGED);
    assert_int_equal(ended(place, "error"), 1);
    assert_comes_back_after(place, 20);
}

static void a_refusal_is_looked_at_again_more_seldom(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    run_once(place, NO_ROLE);
    assert_condition(place->fake, "cart", "RoleReady", "False RoleMissing");
    assert_int_equal(measured(place, "controller_runtime_terminal_reconcile_errors_total{"
                                     "controller=\"podidentitybinding\"}"),
                     1);
    assert_comes_back_after(place, 5000);
    answer(place);
    assert_comes_back_after(place, 10000);
    for (int i = 0; i < 12; i++) {
        answer(place);
        pass(place, 12 * 60 * 1000);
    }
    answer(place);
    assert_comes_back_after(place, 10 * 60 * 1000); /* at most ten minutes, for good */
}

static void a_refusal_of_the_gate_waits_for_an_object_to_change(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);
    unsigned sent;

    (void)state;
    fake_world_grant(place->fake, "shop", OTHER_GRANT);
    run_once(place, MANAGED);
    assert_condition(place->fake, "cart", "Allowed", "False NotGranted");
    assert_int_equal(ended(place, "error"), 1); /* counted once, as the error that it is */
    assert_true(ended(place, "success") < 0);
    assert_int_equal(measured(place, "controller_runtime_reconcile_errors_total{"
                                     "controller=\"podidentitybinding\"}"),
                     1);
    assert_int_equal(measured(place, "controller_runtime_terminal_reconcile_errors_total{"
                                     "controller=\"podidentitybinding\"}"),
                     1);
    sent = place->sent;
    pass(place, 24 * 3600 * 1000);
    assert_int_equal(place->sent, sent);
}

/* Turns the loop until so many runs have ended, at most 20 s. */
static bool came_to(struct place *place, double runs)
{
    static const char series[] = "reconcile_time_seconds_count{controller=\"podidentitybinding\"}";
    struct deadline deadline = {.passed = false};

    timer_init(&deadline.timer, deadline_passes);
    timer_start(place->world.loop, &deadline.timer, WAIT_MS);
    while (measured(place, series) < runs && !deadline.passed) {
        uv_run(loop_uv(place->world.loop), UV_RUN_ONCE);
        fake_run(&place->fake->wire);
    }
    timer_stop(place->world.loop, &deadline.timer);
    return measured(place, series) >= runs;
}

static void the_loops_own_timer_brings_keys_back(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    clock_real();
    place->fake->wire.failures[0] =
        (struct fake_failure){.call = 1, .fault = FAULT_CONCURRENT_MODIFICATION};
    run_once(place, MANAGED);
    assert_int_equal(ended(place, "error"), 1);
    assert_true(came_to(place, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_association_that_has_to_settle_is_looked_at_then),
        cmocka_unit_test(an_aws_that_is_down_is_asked_again_after_twice_the_time),
        cmocka_unit_test(a_conflict_comes_back_at_once),
        cmocka_unit_test(a_refusal_is_looked_at_again_more_seldom),
        cmocka_unit_test(a_refusal_of_the_gate_waits_for_an_object_to_change),
        cmocka_unit_test(the_loops_own_timer_brings_keys_back),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
