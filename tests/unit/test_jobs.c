#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "controller/jobs.h"
#include "controller/metrics.h"
#include "controller/world.h"
#include "informers/store.h"
#include "kube/record.h"
#include "net/loop.h"
#include "reconcilers/podidentitybinding.h"
#include "tests/unit/plans.h"
#include "tests/unit/wire.h"

#define FOR(name) "{\"serviceAccountName\":\"" name "\"}"
#define NO_ROLE                                                                                    \
    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::" FAKE_ACCOUNT ":role/none\"}"
#define OTHER_GRANT "{\"namespaces\":{\"names\":[\"else\"]},\"serviceAccounts\":[\"*\"]}"

enum { EXPOSITION_MAX = 1 << 20, TURNS = 4 };

/* Does the watch bring news of the binding shop/cart? */
static bool brings_news(struct fake_world *world)
{
    const struct record *record;

    fake_world_watch(world);
    record = store_get(world->scene.bindings, "shop/cart");
    return record && !reconcile_is_own_write(&world->scene, record->key, record->uid,
                                             record->resource_version);
}

/* Jobs on the fakes: their requests wait until the test lets them be answered, and the clock of
 * the queue stands still until it is moved. */
struct place {
    struct world world;
    struct fake_world *fake;
    struct jobs *jobs;
    uint64_t now_ms;
    unsigned sent, stops;
    char path[200]; /* of the last request */
    bool urgent;    /* it was */
    bool known;     /* when an Event is told, the status before it is known as a write of ours */
};

static void send_on(struct transport *transport, const struct request *request, void *context,
                    transport_done_fn done)
{
    struct place *place = container_of(transport, struct place, world.transport);

    place->sent++;
    place->urgent = request->urgent;
    if (strcmp(request->operation, "CreateEvent") == 0)
        place->known = !brings_news(place->fake);
    snprintf(place->path, sizeof(place->path), "%s", request->path);
    place->fake->wire.transport.send(&place->fake->wire.transport, request, context, done);
}

static struct place *place_open(unsigned concurrent_max)
{
    struct place *place = memory_alloc(sizeof(*place));

    place->fake = fake_world_create();
    fake_aws_add_role(&place->fake->aws, "/app/", "reader", TRUST);
    place->world.transport.send = send_on;
    place->world.loop = loop_create();
    place->world.metrics = metrics_create();
    place->now_ms = 1000000;
    clock_fake(place->now_ms, place->fake->wire.now_ms);
    place->jobs =
        jobs_create(&place->world, &place->fake->scene, place->fake->events, concurrent_max);
    return place;
}

static void place_close_auto(struct place **place)
{
    fake_run(&(*place)->fake->wire);
    jobs_destroy((*place)->jobs);
    loop_destroy((*place)->world.loop);
    metrics_destroy((*place)->world.metrics);
    fake_world_destroy((*place)->fake);
    clock_real();
    free(*place);
}
#define AUTO_PLACE __attribute__((cleanup(place_close_auto)))

static void turn(struct place *place)
{
    for (int i = 0; i < TURNS; i++)
        uv_run(loop_uv(place->world.loop), UV_RUN_NOWAIT);
}

/* Moves the clock and lets the queue look at it. */
static void pass(struct place *place, uint64_t ms)
{
    place->now_ms += ms;
    place->fake->wire.now_ms += (int64_t)ms;
    clock_fake(place->now_ms, place->fake->wire.now_ms);
    jobs_open(place->jobs);
    turn(place);
}

static unsigned on_its_way(const struct place *place)
{
    unsigned count = 0;

    list_each (link, &place->fake->wire.waiting)
        count++;
    return count;
}

/* Answers everything until what runs now has ended; the watch brings what it wrote. */
static void answer(struct place *place)
{
    fake_run(&place->fake->wire);
    fake_world_watch(place->fake);
    turn(place);
}

/* The value of this series, -1 when there is none. */
static double measured(const struct place *place, const char *series)
{
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);
    const char *at;

    metrics_write(place->world.metrics, &text);
    at = strstr(text.bytes, series);
    return at ? strtod(at + strlen(series), NULL) : -1;
}

static double ended(const struct place *place, const char *result)
{
    char series[200];

    snprintf(series, sizeof(series),
             "controller_runtime_reconcile_total{controller=\"podidentitybinding\",result=\"%s\"}",
             result);
    return measured(place, series);
}

static void bound(struct place *place, const char *name, const char *spec)
{
    fake_world_bind(place->fake, name, spec);
    fake_world_watch(place->fake);
}

static void add(struct place *place, const char *name, enum queue_priority priority)
{
    char key[100];

    snprintf(key, sizeof(key), "shop/%s", name);
    jobs_add(place->jobs, JOB_BINDING, key, priority, 0);
    turn(place);
}

/* One binding "cart" with this spec, added, with its first run behind it. */
static void run_once(struct place *place, const char *spec)
{
    bound(place, "cart", spec);
    jobs_open(place->jobs);
    add(place, "cart", QUEUE_FIRST);
    answer(place);
}

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

static void a_status_is_known_before_its_events_are_told(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    run_once(place, MANAGED);
    assert_true(place->known);
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

static void a_grant_is_told_how_many_bindings_it_matches(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    jobs_open(place->jobs);
    jobs_add(place->jobs, JOB_GRANT, "shop", QUEUE_FIRST, 0);
    turn(place);
    assert_contains(place->path, "podidentitygrants/shop/status");
    answer(place);
    assert_int_equal(measured(place, "controller_runtime_reconcile_total{controller="
                                     "\"podidentitygrant\",result=\"success\"}"),
                     1);
}

/* How the grant's conditions stand: "Ready=True ", with "Stalled=True " when it stands there. */
static const char *grant_conditions(const struct place *place)
{
    const json_t *grant =
        fake_kubernetes_get(&place->fake->kubernetes, "podidentitygrants", "", "shop");
    static char words[200];
    const json_t *condition;
    size_t index, used = 0;

    words[0] = '\0';
    json_array_foreach((json_t *)json_path(grant, "status.conditions"), index, condition)
    {
        used += (size_t)snprintf(words + used, sizeof(words) - used, "%s=%s ",
                                 json_path_text(condition, "type"),
                                 json_path_text(condition, "status"));
    }
    return words;
}

/* kstatus takes Ready=False alone for "on the way": it would wait for ever. */
static void a_grant_that_can_match_nothing_is_stalled_until_it_is_mended(void **state)
{
    static const struct {
        const char *spec, *conditions;
    } turns[] = {
        {"{\"namespaces\":{},\"serviceAccounts\":[\"*\"]}", "Ready=False Stalled=True "},
        {OTHER_GRANT, "Ready=True "},
    };
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    jobs_open(place->jobs);
    for (size_t i = 0; i < COUNT(turns); i++) {
        fake_world_grant(place->fake, "shop", turns[i].spec);
        fake_world_watch(place->fake);
        jobs_add(place->jobs, JOB_GRANT, "shop", QUEUE_FIRST, 0);
        turn(place);
        answer(place);
        assert_string_equal(grant_conditions(place), turns[i].conditions);
    }
}

/* The watch tells of a write before the write is answered. */
static void what_a_job_wrote_itself_brings_it_no_second_run(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);
    unsigned sent;

    (void)state;
    place->fake->aws.eks_settles_ms = 9000; /* the association waits for the role */
    bound(place, "cart", MANAGED);
    jobs_open(place->jobs);
    add(place, "cart", QUEUE_FIRST);
    assert_int_equal(on_its_way(place), 1);
    jobs_hear(place->jobs, "shop/cart", QUEUE_FIRST, 1);
    answer(place);
    assert_condition(place->fake, "cart", "Associated", "Unknown WaitingForRole");
    sent = place->sent;
    pass(place, 2000);
    assert_int_equal(place->sent, sent);
    pass(place, 3000);
    assert_true(place->sent > sent);
}

static void what_others_wrote_meanwhile_brings_a_second_run(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    bound(place, "cart", MANAGED);
    jobs_open(place->jobs);
    add(place, "cart", QUEUE_FIRST);
    fake_run(&place->fake->wire);
    bound(place, "cart", MANAGED_WITH_TWO);
    jobs_hear(place->jobs, "shop/cart", QUEUE_FIRST, 1);
    turn(place);
    assert_int_equal(on_its_way(place), 1);

    /* and when it is on its way */
    answer(place);
    pass(place, 60000);
    answer(place);
    add(place, "cart", QUEUE_FIRST);
    assert_int_equal(on_its_way(place), 0); /* nothing to do */
    bound(place, "cart", MANAGED);
    add(place, "cart", QUEUE_FIRST);
    assert_int_equal(on_its_way(place), 1);
    bound(place, "cart", MANAGED_WITH_TWO);
    jobs_hear(place->jobs, "shop/cart", QUEUE_FIRST, 1);
    answer(place);
    assert_int_equal(on_its_way(place), 1);
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

/* Coming back ---------------------------------------------------------------------------------- */

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

/* Stopping ------------------------------------------------------------------------------------- */

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

/* Measuring ------------------------------------------------------------------------------------ */

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

static void a_held_deletion_is_counted(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    place->fake->scene.settings.deletion_limit = 1;
    bind_and_settle(place->fake, "a", FOR("a"));
    bind_and_settle(place->fake, "b", FOR("b"));
    fake_world_unbind(place->fake, "a");
    fake_world_unbind(place->fake, "b");
    fake_world_watch(place->fake);
    jobs_open(place->jobs);
    add(place, "a", QUEUE_FIRST);
    answer(place);
    assert_true(measured(place, "\npodidentity_deletions_held_total") < 0);
    add(place, "b", QUEUE_FIRST);
    answer(place);
    assert_int_equal(measured(place, "\npodidentity_deletions_held_total"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_runs_before_it_is_opened),
        cmocka_unit_test(no_more_run_at_a_time_than_allowed),
        cmocka_unit_test(a_persons_change_runs_before_repeats),
        cmocka_unit_test(of_eight_at_a_time_one_is_for_people_s_changes),
        cmocka_unit_test(one_key_never_runs_twice_at_a_time),
        cmocka_unit_test(a_status_is_known_before_its_events_are_told),
        cmocka_unit_test(a_key_whose_object_is_gone_asks_nothing),
        cmocka_unit_test(a_grant_is_told_how_many_bindings_it_matches),
        cmocka_unit_test(a_grant_that_can_match_nothing_is_stalled_until_it_is_mended),
        cmocka_unit_test(what_a_job_wrote_itself_brings_it_no_second_run),
        cmocka_unit_test(what_others_wrote_meanwhile_brings_a_second_run),
        cmocka_unit_test(what_is_put_off_runs_at_its_time),
        cmocka_unit_test(an_association_that_has_to_settle_is_looked_at_then),
        cmocka_unit_test(an_aws_that_is_down_is_asked_again_after_twice_the_time),
        cmocka_unit_test(a_conflict_comes_back_at_once),
        cmocka_unit_test(a_refusal_is_looked_at_again_more_seldom),
        cmocka_unit_test(a_refusal_of_the_gate_waits_for_an_object_to_change),
        cmocka_unit_test(the_loops_own_timer_brings_keys_back),
        cmocka_unit_test(a_full_pool_waits_for_an_end_and_not_for_the_clock),
        cmocka_unit_test(stopping_waits_for_what_runs_and_begins_nothing),
        cmocka_unit_test(with_nothing_on_its_way_it_stops_in_the_next_turn),
        cmocka_unit_test(it_stops_once_whatever_is_added_or_opened_afterwards),
        cmocka_unit_test(measures_from_the_change_to_the_first_request),
        cmocka_unit_test(measures_what_waits_by_priority_and_how_long_it_did),
        cmocka_unit_test(a_held_deletion_is_counted),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
