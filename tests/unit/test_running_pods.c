/* A role stays while pods work with it. */

#include "tests/unit/plans.h"

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
        cmocka_unit_test(keeps_a_role_that_was_left_until_every_pod_is_younger),
        cmocka_unit_test(keeps_a_role_that_was_left_for_the_moment_that_EKS_needs),
        cmocka_unit_test(keeps_the_role_of_a_deleted_binding_until_its_last_pod_has_ended),
        cmocka_unit_test(waits_for_pods_that_never_end_15_minutes),
        cmocka_unit_test(keeps_the_role_of_a_withdrawn_grant_until_its_last_pod_has_ended),
        cmocka_unit_test(hands_a_role_over_under_its_pods_without_waiting),
        cmocka_unit_test(keeps_a_role_that_its_heir_does_not_want_while_pods_have_it),
        cmocka_unit_test(waits_for_no_pod_where_no_role_goes),
    };

    return cmocka_run_group_tests_name("injection", tests, NULL, NULL);
}
