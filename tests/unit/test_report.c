#include "tests/unit/plans.h"

/* What no grant allows is refused by the first row: a plan of nothing but its report. */
static void bind_ungranted(struct fake_world *world)
{
    fake_world_grant(world, "shop", OTHER_GRANT);
    fake_world_watch(world);
    fake_world_bind(world, "cart", MANAGED);
}

static void a_change_is_told_once_and_not_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_ungranted(world);
    fake_world_reconcile(world, "cart");
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NotGranted"), 1);
    fake_world_bind(world, "cart", MANAGED_WITH_TWO); /* another generation, the same trouble */
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->kubernetes.status_writes, 2);
    assert_int_equal(fake_counts_get(&world->wire.operations, "PatchEvent"), 0);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NotGranted"), 1);
}

static void a_status_that_says_it_already_is_not_written(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_ungranted(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->kubernetes.status_writes, 1);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->kubernetes.status_writes, 1);
}

static void ready_is_told_as_good_news(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "Ready"), 1);
}

static void a_namespace_that_takes_no_events_stops_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->kubernetes.terminating = "shop";
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->first_failure, ERROR_NONE);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "Ready"), 0);
}

static void what_somebody_takes_out_of_the_status_is_written_again(void **state)
{
    static const char *const fields[] = {"associationID", "associationARN", "roleARN"};

    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        AUTO_WORLD struct fake_world *world = world_with(MANAGED);
        AUTO_FREE char *arn =
            memory_string(fake_world_binding(world, "cart")->status.association_arn);

        assert_non_null(arn);
        fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                              json_pack("{s:{s:n}}", "status", fields[i]));
        assert_true(fake_world_settle(world));
        assert_string_equal(fake_world_binding(world, "cart")->status.association_arn, arn);
        assert_non_null(fake_world_binding(world, "cart")->status.association_id);
        assert_non_null(fake_world_binding(world, "cart")->status.role_arn);
        assert_int_equal(world->wire.aws_writes, 0);
    }
}

/* The number of the call that writes the status, when a first run meets no trouble. */
static unsigned status_call(void)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    bind_ungranted(world);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(fake_counts_get(&world->wire.operations, "PatchStatus"), 1);
    return world->wire.calls - (unsigned)fake_kubernetes_events(&world->kubernetes, "NotGranted");
}

static void a_status_that_was_not_taken_is_a_failure_of_the_run(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    unsigned call = status_call();

    (void)state;
    bind_ungranted(world);
    fake_world_reset(world);
    world->wire.failures[0] = (struct fake_failure){.call = call, .fault = FAULT_500};
    fake_world_reconcile(world, "cart");
    assert_string_equal(world->wire.hit_operation, "PatchStatus");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NotGranted"), 0);
    assert_true(fake_world_settle(world)); /* the next run tells it */
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NotGranted"), 1);
}

static void a_binding_deleted_meanwhile_is_told_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_ungranted(world);
    fake_world_watch(world);
    fake_kubernetes_delete(&world->kubernetes, BINDINGS, "shop", "cart");
    fake_world_reset(world);
    fake_world_reconcile_unseen(world, "cart");
    assert_int_equal(fake_counts_get(&world->wire.operations, "PatchStatus"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NotGranted"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_once_and_not_again),
        cmocka_unit_test(a_status_that_says_it_already_is_not_written),
        cmocka_unit_test(ready_is_told_as_good_news),
        cmocka_unit_test(a_namespace_that_takes_no_events_stops_nothing),
        cmocka_unit_test(what_somebody_takes_out_of_the_status_is_written_again),
        cmocka_unit_test(a_status_that_was_not_taken_is_a_failure_of_the_run),
        cmocka_unit_test(a_binding_deleted_meanwhile_is_told_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
