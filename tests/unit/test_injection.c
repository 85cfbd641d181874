/* What pods show: the pure look first, then bindings with pods on the fakes. */

#include "tests/unit/plans.h"

#include "reconcilers/injection.h"
#include "reconcilers/ledger.h"

enum { CONTAINER = POD_CONTAINER_CREDENTIALS, TOKEN = POD_WEB_IDENTITY, NONE = POD_NO_CREDENTIALS };

/* An association made at second 100 and settled at 110. */
static const struct injection_question asked = {
    .wanted = POD_CONTAINER_CREDENTIALS,
    .made_ms = 100500,
    .settled_ms = 110500,
    .changed_ms = 100500,
    .cached_ms = 3600000,
    .now_ms = 200000,
};

static const struct sight {
    const char *name;
    struct pod pods[3];
    size_t count;
    struct injection_answer answer; /* its sight, total, current and outdated */
} sights[] = {
    {"no pod", {{0}}, 0, {INJECTION_NOT_SEEN, .total = 0}},
    {"one from before", {{1, 99, NONE, 0}}, 1, {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
    {"one from before an earlier association",
     {{1, 99, CONTAINER, 0}},
     1,
     {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
    {"one of the very second",
     {{1, 100, CONTAINER, 0}},
     1,
     {INJECTION_SEEN, .total = 1, .current = 1}},
    {"one too early to be missed",
     {{1, 110, NONE, 0}},
     1,
     {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
    {"one that was missed", {{1, 111, NONE, 0}}, 1, {INJECTION_MISSING, .total = 1, .outdated = 1}},
    {"one with a token",
     {{1, 111, TOKEN, 0}},
     1,
     {INJECTION_MISSING, .missing_has_token = true, .total = 1, .outdated = 1}},
    {"a newer one has them",
     {{1, 111, NONE, 0}, {2, 112, CONTAINER, 0}},
     2,
     {INJECTION_SEEN, .total = 2, .current = 1, .outdated = 1}},
    {"a newer one has none",
     {{1, 113, NONE, 0}, {2, 112, CONTAINER, 0}},
     2,
     {INJECTION_MISSING, .total = 2, .current = 1, .outdated = 1}},
    {"two of one second",
     {{1, 112, NONE, 0}, {2, 112, CONTAINER, 0}},
     2,
     {INJECTION_MISSING, .total = 2, .current = 1, .outdated = 1}},
    {"the same the other way round",
     {{1, 112, CONTAINER, 0}, {2, 112, NONE, 0}},
     2,
     {INJECTION_MISSING, .total = 2, .current = 1, .outdated = 1}},
    {"one that ends", {{1, 120, NONE, POD_TERMINATING}}, 1, {INJECTION_NOT_SEEN, .total = 0}},
    {"one that wants none", {{1, 120, NONE, POD_OPTED_OUT}}, 1, {INJECTION_NOT_SEEN, .total = 1}},
    {"one on Fargate", {{1, 120, CONTAINER, POD_FARGATE}}, 1, {INJECTION_NOT_SEEN, .total = 1}},
    {"one on Windows", {{1, 120, NONE, POD_WINDOWS}}, 1, {INJECTION_NOT_SEEN, .total = 1}},
    {"one of unknown age",
     {{1, 0, CONTAINER, 0}},
     1,
     {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
};

static void looks_at_the_newest_pod_after_settling(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sights); i++) {
        const struct injection_answer *wanted = &sights[i].answer;
        struct injection_question question = asked;
        struct injection_answer answer;

        question.pods = sights[i].pods;
        question.count = sights[i].count;
        answer = injection_look(&question);
        if (answer.sight != wanted->sight || answer.total != wanted->total ||
            answer.current != wanted->current || answer.outdated != wanted->outdated ||
            answer.missing_has_token != wanted->missing_has_token)
            fail_msg("%s: sight %d, %zu/%zu current, %zu outdated", sights[i].name, answer.sight,
                     answer.current, answer.total, answer.outdated);
    }
}

static void blames_nobody_before_the_association_has_settled(void **state)
{
    static const struct pod pods[] = {{1, 150, NONE, 0}, {2, 150, CONTAINER, 0}};
    struct injection_question question = asked;
    struct injection_answer answer;

    (void)state;
    question.pods = pods;
    question.count = COUNT(pods);
    question.settled_ms = INT64_MAX;
    answer = injection_look(&question);
    assert_int_equal(answer.sight, INJECTION_SEEN);
    question.made_ms = question.changed_ms = INT64_MAX;
    answer = injection_look(&question);
    assert_int_equal(answer.sight, INJECTION_NOT_SEEN);
    assert_int_equal(answer.current, 0);
    assert_int_equal(answer.outdated, 2);
}

/* Injection does not depend on the role: a change of it makes pods outdated, not unseen. */
static void counts_pods_from_before_a_change_of_role_until_they_have_renewed(void **state)
{
    static const struct pod pods[] = {{1, 120, CONTAINER, 0}};
    struct injection_question question = asked;
    struct injection_answer answer;

    (void)state;
    question.pods = pods;
    question.count = 1;
    question.changed_ms = 150000;
    answer = injection_look(&question);
    assert_int_equal(answer.sight, INJECTION_SEEN);
    assert_int_equal(answer.outdated, 1);
    assert_int_equal(answer.fresh_ms, 150000 + 3600000);
    question.now_ms = answer.fresh_ms;
    answer = injection_look(&question);
    assert_int_equal(answer.current, 1);
    assert_int_equal(answer.fresh_ms, 0);
}

static void takes_a_token_for_what_web_identity_wants(void **state)
{
    static const struct pod pods[] = {{1, 120, TOKEN, POD_FARGATE}};
    struct injection_question question = asked;

    (void)state;
    question.pods = pods;
    question.count = 1;
    question.wanted = POD_WEB_IDENTITY;
    assert_int_equal(injection_look(&question).sight, INJECTION_SEEN);
    assert_int_equal(injection_look(&question).current, 1);
}

/* Bindings ------------------------------------------------------------------------------------- */

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

static void assert_pods(const struct fake_world *world, int64_t current, int64_t total)
{
    const struct podidentitybinding_status *status = &fake_world_binding(world, "cart")->status;

    assert_true(status->has_pods);
    assert_int_equal(status->pods_current, current);
    assert_int_equal(status->pods_total, total);
}

static void says_nothing_of_pods_that_are_not_watched(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    assert_condition(world, "cart", "Injected", "Unknown PodsNotWatched");
    assert_condition(world, "cart", "PodsCurrent", "Unknown PodsNotWatched");
    assert_false(fake_world_binding(world, "cart")->status.has_pods);
}

static void follows_a_rollout_that_was_there_before(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, 0);
    fake_world_pass(world, 5 * SECOND_MS);
    fake_world_bind(world, "cart", MANAGED);
    fake_world_pass(world, 5 * SECOND_MS);
    assert_condition(world, "cart", "PodsCurrent", "Unknown Outdated");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "cart", "Injected", "Unknown NotSeen");
    assert_condition(world, "cart", "PodsCurrent", "False Outdated");
    assert_contains(message_of(world, "cart", "PodsCurrent"), "PODIDENTITY-D12-OUTDATED: ");
    assert_pods(world, 0, 1);

    fake_world_pass(world, MINUTE_MS);
    fake_world_reset(world);
    fake_world_pod(world, 2, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, POD_TERMINATING);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Injected", "True Seen");
    assert_condition(world, "cart", "PodsCurrent", "True Current");
    assert_pods(world, 1, 1);
    assert_int_equal(world->wire.aws_calls, 0);
}

static void is_not_ready_when_a_new_pod_was_missed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pass(world, MINUTE_MS);
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, 0);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Injected", "False NotInjected");
    assert_condition(world, "cart", "Ready", "False NotInjected");
    assert_condition(world, "cart", "Stalled", "True NotInjected");
    assert_contains(message_of(world, "cart", "Ready"), "PODIDENTITY-D12-INJECTION: ");

    fake_world_pass(world, MINUTE_MS);
    fake_world_remove_pod(world, 1);
    fake_world_pod(world, 2, POD_CONTAINER_CREDENTIALS, 0);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    fake_world_remove_pod(world, 2);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Injected", "True Seen"); /* what was seen was seen */
}

/* A new process has not read the association: its own status tells since when it has settled. */
static void blames_no_older_pod_after_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, 0);
    fake_world_pass(world, MINUTE_MS);
    bind_and_settle(world, "cart", MANAGED);
    fake_world_pass(world, MINUTE_MS);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Injected", "Unknown NotSeen");
    fake_world_pod(world, 2, POD_CONTAINER_CREDENTIALS, 0);
    assert_true(fake_world_settle(world));
    fake_world_pass(world, MINUTE_MS);
    fake_world_restart(world);
    fake_world_reset(world);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "cart", "Injected", "True Seen");
    assert_condition(world, "cart", "PodsCurrent", "False Outdated");
    assert_pods(world, 1, 2);
    assert_int_equal(world->wire.aws_calls, 0);
    fake_world_pod(world, 3, POD_NO_CREDENTIALS, 0);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Injected", "False NotInjected");
}

static void writes_numbers_of_pods_once_in_30_seconds(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pass(world, MINUTE_MS);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_pass(world, SECOND_MS);
    assert_pods(world, 1, 1);
    fake_world_reset(world);
    for (unsigned pod = 2; pod < 12; pod++) {
        fake_world_pod(world, pod, POD_CONTAINER_CREDENTIALS, 0);
        fake_world_pass(world, 2 * SECOND_MS);
    }
    assert_pods(world, 1, 1);
    assert_int_equal(world->wire.calls, 0);
    fake_world_pass(world, 30 * SECOND_MS);
    assert_pods(world, 11, 11);
    assert_int_equal(world->wire.calls, 1);
}

static void makes_no_association_where_pods_have_no_agent(void **state)
{
    static const int flags[] = {POD_FARGATE, POD_WINDOWS};

    (void)state;
    for (size_t i = 0; i < COUNT(flags); i++) {
        AUTO_WORLD struct fake_world *world = world_with(NULL);

        fake_world_pod(world, 1, POD_NO_CREDENTIALS, flags[i]);
        bind_and_settle(world, "cart", MANAGED);
        assert_condition(world, "cart", "Associated", "False ComputeWithoutAgent");
        assert_condition(world, "cart", "Ready", "False ComputeWithoutAgent");
        assert_int_equal(world->aws.association_count, 0);
        fake_world_remove_pod(world, 1);
        assert_true(fake_world_settle(world));
        assert_condition(world, "cart", "Ready", "True Ready");
        fake_world_pod(world, 2, POD_CONTAINER_CREDENTIALS, flags[i]);
        assert_true(fake_world_settle(world));
        assert_condition(world, "cart", "Ready", "True Ready");
        assert_contains(fake_world_binding(world, "cart")->status.warnings[0], "Fargate");
        assert_pods(world, 0, 1);
    }
}

/* Roles --------------------------------------------------------------------------------------- */

static void keeps_a_role_that_was_left_until_every_pod_is_younger(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_pass(world, MINUTE_MS);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    fake_world_pass(world, HOUR_MS);
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "PodsCurrent", "False Outdated");
    fake_world_pod(world, 2, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_pod(world, 3, POD_NO_CREDENTIALS, 0);
    assert_true(fake_world_settle(world));
    assert_non_null(cart_role(world));
    fake_world_pod(world, 4, POD_CONTAINER_CREDENTIALS, POD_TERMINATING);
    fake_world_remove_pod(world, 1);
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
}

static void keeps_a_role_that_was_left_for_the_moment_that_EKS_needs(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_watch_pods(world);
    fake_world_bind(world, "cart", BOUND_TO("cart"));
    fake_world_pass(world, 5 * SECOND_MS);
    fake_world_reconcile(world, "cart");
    assert_non_null(cart_role(world));
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0); /* may still have got the old role */
    fake_world_pass(world, MINUTE_MS);
    assert_non_null(cart_role(world));
    fake_world_remove_pod(world, 1);
    fake_world_pass(world, SECOND_MS);
    assert_null(cart_role(world));
}

static void keeps_the_role_of_a_deleted_binding_until_its_last_pod_has_ended(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_pod(world, 2, POD_NO_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    fake_world_pass(world, MINUTE_MS);
    assert_int_equal(world->aws.association_count, 0);
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "Reconciling", "True Draining");
    fake_world_pod(world, 3, POD_NO_CREDENTIALS, 0); /* as it must be now */
    fake_world_pass(world, MINUTE_MS);
    assert_condition(world, "cart", "Injected", "Unknown NotSeen");
    assert_condition(world, "cart", "PodsCurrent", "Unknown Outdated");
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, POD_TERMINATING);
    fake_world_pass(world, MINUTE_MS);
    assert_non_null(cart_role(world));
    fake_world_remove_pod(world, 1);
    fake_world_pass(world, SECOND_MS);
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void waits_for_pods_that_never_end_15_minutes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    fake_world_pass(world, 10 * MINUTE_MS);
    fake_world_restart(world); /* the time that has passed still counts */
    fake_world_pass(world, 4 * MINUTE_MS);
    assert_non_null(cart_role(world));
    fake_world_pass(world, 2 * MINUTE_MS);
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void keeps_the_role_of_a_withdrawn_grant_until_its_last_pod_has_ended(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = SECOND_MS;
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    fake_world_pass(world, MINUTE_MS);
    assert_int_equal(world->aws.association_count, 0);
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "Reconciling", "True Draining");
    fake_world_remove_pod(world, 1);
    fake_world_pass(world, SECOND_MS);
    assert_null(cart_role(world));
    assert_condition(world, "cart", "Reconciling", "");
    assert_condition(world, "cart", "Ready", "False NotGranted");
}

/* The heir has the role then: nothing of it goes. */
static void hands_a_role_over_under_its_pods_without_waiting(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pass(world, MINUTE_MS);
    bind_and_settle(world, "mine", MANAGED);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    fake_world_pass(world, 3 * MINUTE_MS);
    assert_null(fake_world_binding(world, "cart"));
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_non_null(cart_role(world));
}

static void keeps_a_role_that_its_heir_does_not_want_while_pods_have_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_pass(world, MINUTE_MS);
    bind_and_settle(world, "mine", BOUND_TO("cart"));
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    fake_world_pass(world, 3 * MINUTE_MS);
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_non_null(cart_role(world));
    fake_world_remove_pod(world, 1);
    fake_world_pass(world, SECOND_MS);
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

/* It comes back in its own time: pods that come and go are no reason to ask AWS again. */
static void leaves_a_refused_binding_alone_whatever_its_pods_do(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_role(&world->aws, "/other/", "closed",
                      "{\"Version\":\"2012-10-17\","
                      "\"Statement\":[]}");
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"roleARN\":"
                    "\"arn:aws:iam::" FAKE_ACCOUNT ":role/other/closed\"}");
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    fake_world_reset(world);
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, 0);
    fake_world_pass(world, SECOND_MS);
    assert_int_equal(world->wire.calls, 0);
}

static void waits_for_no_pod_where_no_role_goes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    fake_world_pass(world, SECOND_MS);
    assert_null(fake_world_binding(world, "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_the_newest_pod_after_settling),
        cmocka_unit_test(blames_nobody_before_the_association_has_settled),
        cmocka_unit_test(counts_pods_from_before_a_change_of_role_until_they_have_renewed),
        cmocka_unit_test(takes_a_token_for_what_web_identity_wants),
        cmocka_unit_test(says_nothing_of_pods_that_are_not_watched),
        cmocka_unit_test(follows_a_rollout_that_was_there_before),
        cmocka_unit_test(is_not_ready_when_a_new_pod_was_missed),
        cmocka_unit_test(blames_no_older_pod_after_a_restart),
        cmocka_unit_test(writes_numbers_of_pods_once_in_30_seconds),
        cmocka_unit_test(makes_no_association_where_pods_have_no_agent),
        cmocka_unit_test(keeps_a_role_that_was_left_until_every_pod_is_younger),
        cmocka_unit_test(keeps_a_role_that_was_left_for_the_moment_that_EKS_needs),
        cmocka_unit_test(keeps_the_role_of_a_deleted_binding_until_its_last_pod_has_ended),
        cmocka_unit_test(waits_for_pods_that_never_end_15_minutes),
        cmocka_unit_test(keeps_the_role_of_a_withdrawn_grant_until_its_last_pod_has_ended),
        cmocka_unit_test(hands_a_role_over_under_its_pods_without_waiting),
        cmocka_unit_test(keeps_a_role_that_its_heir_does_not_want_while_pods_have_it),
        cmocka_unit_test(leaves_a_refused_binding_alone_whatever_its_pods_do),
        cmocka_unit_test(waits_for_no_pod_where_no_role_goes),
    };

    return cmocka_run_group_tests_name("injection", tests, NULL, NULL);
}
