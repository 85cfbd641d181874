/* What a binding tells of its pods. */

#include "tests/unit/plans.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_of_pods_that_are_not_watched),
        cmocka_unit_test(follows_a_rollout_that_was_there_before),
        cmocka_unit_test(is_not_ready_when_a_new_pod_was_missed),
        cmocka_unit_test(blames_no_older_pod_after_a_restart),
        cmocka_unit_test(writes_numbers_of_pods_once_in_30_seconds),
        cmocka_unit_test(makes_no_association_where_pods_have_no_agent),
        cmocka_unit_test(leaves_a_refused_binding_alone_whatever_its_pods_do),
    };

    return cmocka_run_group_tests_name("injection", tests, NULL, NULL);
}
