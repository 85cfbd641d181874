/* What stands in AWS already when provision comes: of rivals, of former bindings, of others. */

#include "tests/unit/plans.h"

static void the_younger_of_two_bindings_gives_way_and_names_the_other(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", MANAGED);
    assert_condition(world, "second", "Ready", "False Conflict");
    assert_contains(message_of(world, "second", "Ready"), "shop/cart");
    assert_int_equal(world->wire.aws_calls, 0);
    fake_world_unbind(world, "second");
    assert_true(fake_world_settle(world));
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void the_second_takes_over_when_the_first_is_gone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", MANAGED);
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "second", "Ready", "True Ready");
    assert_non_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void refuses_a_name_that_a_role_of_others_has(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_role(&world->aws, "/", "Mine", TRUST);
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"roleName\":\"mine\"}");
    assert_condition(world, "cart", "RoleReady", "False RoleNameTaken");
    assert_int_equal(world->aws.trespasses, 0);
    assert_int_equal(world->aws.association_count, 0);
}

static void replaces_the_association_of_a_former_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));
    AUTO_FREE char *former = NULL;

    (void)state;
    former = memory_string(fake_aws_association(&world->aws, "shop", "cart")->id);
    lose_binding(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->aws.association_count, 1);
    assert_string_not_equal(world->aws.associations[0]->id, former);
    assert_string_equal(fake_pairs_get(&world->aws.associations[0]->tags, TAG_BINDING_UID),
                        fake_world_binding(world, "cart")->record.uid);
}

static void hands_on_neither_role_nor_access_of_a_former_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    lose_binding(world);
    bind_and_settle(world, "cart", MANAGED_WITH_TWO);
    assert_condition(world, "cart", "Ready", "False RoleOfFormerBinding");
    assert_contains(message_of(world, "cart", "Ready"), "release shop/cart --purge");
    assert_int_equal(world->aws.association_count, 0);
    assert_non_null(cart_role(world));
    assert_int_equal(cart_role(world)->policies.count, 1);
}

static void leaves_an_association_of_others_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", "arn:aws:iam::123456789012:role/x");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Associated", "False AssociationForeign");
    assert_int_equal(world->aws.trespasses, 0);
    assert_string_equal(world->aws.associations[0]->role_arn, "arn:aws:iam::123456789012:role/x");
}

static void names_the_add_on_that_owns_an_association(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct fake_association *association =
        fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);

    (void)state;
    fake_text_set(&association->owner_arn, "arn:aws:eks:eu-west-1:123456789012:addon/main/ebs/1");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "False AddonManaged");
    assert_contains(message_of(world, "cart", "Ready"), "aws eks update-addon");
    assert_int_equal(world->aws.trespasses, 0);
}

static void believes_no_association_ID_in_a_status(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    const char *ours = fake_aws_association(&world->aws, "shop", "cart")->id;
    const struct fake_association *victim =
        fake_aws_add_association(&world->aws, "bank", "vault", EXISTING);

    (void)state;
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:s}}", "status", "associationID", victim->id));
    fake_world_restart(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_string_equal(fake_world_binding(world, "cart")->status.association_id, ours);
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:s}}", "status", "associationID", victim->id));
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_int_equal(world->aws.trespasses, 0);
    assert_non_null(fake_aws_association(&world->aws, "bank", "vault"));
    assert_null(fake_aws_association(&world->aws, "shop", "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_younger_of_two_bindings_gives_way_and_names_the_other),
        cmocka_unit_test(the_second_takes_over_when_the_first_is_gone),
        cmocka_unit_test(refuses_a_name_that_a_role_of_others_has),
        cmocka_unit_test(replaces_the_association_of_a_former_binding),
        cmocka_unit_test(hands_on_neither_role_nor_access_of_a_former_binding),
        cmocka_unit_test(leaves_an_association_of_others_alone),
        cmocka_unit_test(names_the_add_on_that_owns_an_association),
        cmocka_unit_test(believes_no_association_ID_in_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
