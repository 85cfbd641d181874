/* The command `release`: what it lets go, and what it takes away. */

#include "tests/unit/plans.h"

static void release_purge_removes_what_a_former_binding_left(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    lose_binding(world);
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "False RoleOfFormerBinding");
    assert_true(fake_world_release(world, "cart", RELEASE_PURGE));
    assert_null(cart_role(world));
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void release_purge_keeps_what_the_living_binding_has(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    assert_true(fake_world_release(world, "cart", RELEASE_PURGE));
    assert_int_equal(world->wire.aws_writes, 0);
}

static void release_without_purge_keeps_the_role(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_world_unbind(world, "cart");
    fake_world_watch(world);
    assert_true(fake_world_release(world, "cart", RELEASE_ASSOCIATION));
    fake_world_watch(world);
    assert_int_equal(world->aws.association_count, 0);
    assert_non_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void letting_go_asks_AWS_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_world_unbind(world, "cart");
    fake_world_watch(world);
    assert_true(fake_world_release(world, "cart", RELEASE_LET_GO));
    fake_world_watch(world);
    assert_int_equal(world->wire.aws_calls, 0);
    assert_null(fake_world_binding(world, "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_purge_removes_what_a_former_binding_left),
        cmocka_unit_test(release_purge_keeps_what_the_living_binding_has),
        cmocka_unit_test(release_without_purge_keeps_the_role),
        cmocka_unit_test(letting_go_asks_AWS_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
