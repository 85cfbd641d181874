/* What a job wrote, what others wrote meanwhile, and what is told of it. */

#include "base/log.h"
#include "tests/unit/jobs_place.h"

static void a_status_is_known_before_its_events_are_told(void **state)
{
    AUTO_PLACE struct place *place = place_open(4);

    (void)state;
    run_once(place, MANAGED);
    assert_true(place->known);
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
        cmocka_unit_test(a_status_is_known_before_its_events_are_told),
        cmocka_unit_test(a_grant_is_told_how_many_bindings_it_matches),
        cmocka_unit_test(a_grant_that_can_match_nothing_is_stalled_until_it_is_mended),
        cmocka_unit_test(what_a_job_wrote_itself_brings_it_no_second_run),
        cmocka_unit_test(what_others_wrote_meanwhile_brings_a_second_run),
        cmocka_unit_test(a_held_deletion_is_counted),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
