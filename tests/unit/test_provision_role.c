/* A role of ours over its life: boundary, trust, and when it retires. */

#include "tests/unit/plans.h"

#define OTHER_BOUNDARY "arn:aws:iam::123456789012:policy/other"

static void puts_a_lost_boundary_back_before_any_other_write(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_text_set(&cart_role(world)->boundary, NULL);
    world->aws.boundary_required = true;
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"roleDescription\":\"new\",\"tags\":{\"a\":"
                    "\"b\"}}");
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(fake_counts_get(&world->wire.operations, "PutRolePermissionsBoundary"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "BoundaryRestored"), 1);
}

static void another_boundary_is_put_and_taken_back_as_the_spec_says(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionsBoundaryARN\":\"" OTHER_BOUNDARY
                    "\"}");
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(cart_role(world)->boundary, OTHER_BOUNDARY);
    bind_and_settle(world, "cart", MANAGED);
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_int_equal(world->wire.aws_writes, 2);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "BoundaryRestored"), 0);
}

static void a_boundary_that_was_asked_for_is_not_changed_before_deletion(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(
        "{\"serviceAccountName\":\"cart\",\"permissionsBoundaryARN\":\"" OTHER_BOUNDARY "\"}");

    (void)state;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
    assert_int_equal(fake_counts_get(&world->wire.operations, "PutRolePermissionsBoundary"), 0);
}

static void further_trust_conditions_are_written_into_roles_at_the_next_start(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_restart(world);
    fake_world_reset(world);
    world->scene.settings.trust_conditions = "aws:SourceOrgId=o-1";
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_contains(cart_role(world)->trust, "\"aws:SourceOrgId\":\"o-1\"");
    assert_int_equal(world->wire.aws_writes, 1);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void lets_an_edited_trust_age_before_an_association_needs_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    int64_t edited_ms;

    (void)state;
    fake_text_set(&cart_role(world)->trust, "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    bind_and_settle(world, "other", "{\"serviceAccountName\":\"other\"}");
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:s}}", "spec", "roleDescription", "new"));
    fake_text_set(&fake_aws_association(&world->aws, "shop", "cart")->role_arn, EXISTING);
    fake_world_reconcile(world, "cart");
    edited_ms = world->wire.now_ms;
    assert_condition(world, "cart", "Associated", "Unknown WaitingForRole");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_true(fake_aws_association(&world->aws, "shop", "cart")->modified_ms >=
                edited_ms + 29000);
}

static void retires_a_role_and_deletes_it_after_six_hours(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_string_equal(fake_aws_association(&world->aws, "shop", "cart")->role_arn, EXISTING);
    assert_non_null(fake_pairs_get(&cart_role(world)->tags, TAG_RETIRED_AT));
    assert_true(fake_world_pass(world, INT64_C(5) * 60 * 60 * 1000 + 59 * 60 * 1000));
    assert_non_null(cart_role(world));
    assert_true(fake_world_pass(world, 2 * 60 * 1000));
    assert_null(cart_role(world));
    assert_int_equal(fake_counts_get(&world->aws.effects, "TagRole"), 1);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void remembers_a_retired_role_over_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_true(fake_world_pass(world, 60 * 60 * 1000));
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_non_null(cart_role(world));
    assert_true(fake_world_pass(world, INT64_C(5) * 60 * 60 * 1000 + 60 * 1000));
    assert_null(cart_role(world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_a_lost_boundary_back_before_any_other_write),
        cmocka_unit_test(another_boundary_is_put_and_taken_back_as_the_spec_says),
        cmocka_unit_test(a_boundary_that_was_asked_for_is_not_changed_before_deletion),
        cmocka_unit_test(further_trust_conditions_are_written_into_roles_at_the_next_start),
        cmocka_unit_test(lets_an_edited_trust_age_before_an_association_needs_it),
        cmocka_unit_test(retires_a_role_and_deletes_it_after_six_hours),
        cmocka_unit_test(remembers_a_retired_role_over_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
