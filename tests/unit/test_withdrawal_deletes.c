/* A withdrawal that deletes, after a grace. */

#include "tests/unit/withdrawing.h"

static void deletes_association_then_role_when_the_grace_is_over(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    const struct podidentitybinding *binding;

    (void)state;
    delete_after(world, DAY_MS);
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->wire.aws_calls, 0);
    binding = fake_world_binding(world, "cart");
    assert_contains(binding->status.pending_changes[0],
                    "because the grant was withdrawn, after 20");
    assert_contains(message_of(world, "cart", "Allowed"), "are deleted after 20");
    assert_null(strstr(message_of(world, "cart", "Allowed"), "stays"));
    assert_true(fake_world_pass(world, DAY_MS - 60 * 1000));
    assert_non_null(cart_role(world));
    assert_true(fake_world_pass(world, 2 * 60 * 1000));
    assert_null(cart_role(world));
    assert_null(fake_aws_association(&world->aws, "shop", "cart"));
    assert_true(strstr(world->wire.log.bytes, "DeletePodIdentityAssociation") <
                strstr(world->wire.log.bytes, "DeleteRole"));
    binding = fake_world_binding(world, "cart");
    assert_null(binding->status.role_arn);
    assert_null(binding->status.association_id);
    assert_null(binding->status.pending_changes[0]);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_condition(world, "cart", "RoleReady", "Unknown NotGranted");

    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_calls, 0); /* once */
}

static void the_grace_outlives_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    delete_after(world, DAY_MS);
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, DAY_MS / 2));
    fake_world_restart(world);
    delete_after(world, DAY_MS);
    assert_true(fake_world_settle(world));
    assert_non_null(cart_role(world));
    assert_true(fake_world_pass(world, DAY_MS / 2 + 60 * 1000));
    assert_null(cart_role(world));
}

static void a_grant_that_comes_back_within_the_grace_mends_all(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    delete_after(world, DAY_MS);
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, DAY_MS / 2));
    fake_world_grant(world, "shop", NARROW_GRANT);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_null(fake_world_binding(world, "cart")->status.pending_changes[0]);
    assert_true(fake_world_pass(world, 2 * DAY_MS));
    assert_non_null(cart_role(world));
}

static void a_grant_that_comes_back_after_the_removal_makes_it_new(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    delete_after(world, 0);
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
    fake_world_grant(world, "shop", NARROW_GRANT);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_non_null(cart_role(world));
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
}

/* Of two bindings whose grant is taken back the brake lets one go. */
static void assert_braked(struct fake_world *world)
{
    delete_after(world, 0);
    world->scene.settings.deletion_limit = 1;
    fake_world_withdraw(world);
    assert_true(fake_world_pass(world, 30 * 1000));
    assert_int_equal(world->aws.association_count, 1);
}

static void the_brake_holds_a_flood_of_withdrawals(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    bind_and_settle(world, "till", "{\"serviceAccountName\":\"till\"}");
    assert_braked(world);
}

/* What is not being deleted has no time of deletion that a person could approve. */
static void nobody_approves_the_removal_with_an_empty_annotation(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    bind_and_settle(world, "till", "{\"serviceAccountName\":\"till\"}");
    for (int i = 0; i < 2; i++)
        fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", i ? "cart" : "till",
                              json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                                        "podidentity.io/deletion-approved", ""));
    assert_braked(world);
}

static void a_binding_that_is_deleted_goes_without_a_grant(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_null(cart_role(world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deletes_association_then_role_when_the_grace_is_over),
        cmocka_unit_test(the_grace_outlives_a_restart),
        cmocka_unit_test(a_grant_that_comes_back_within_the_grace_mends_all),
        cmocka_unit_test(a_grant_that_comes_back_after_the_removal_makes_it_new),
        cmocka_unit_test(the_brake_holds_a_flood_of_withdrawals),
        cmocka_unit_test(nobody_approves_the_removal_with_an_empty_annotation),
        cmocka_unit_test(a_binding_that_is_deleted_goes_without_a_grant),
    };

    return cmocka_run_group_tests_name("withdrawal", tests, NULL, NULL);
}
