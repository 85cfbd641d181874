/* Mode Observe, and somebody changes what is observed. */

#include "reconcilers/patrol.h"
#include "tests/unit/observing.h"

static void what_somebody_changes_is_shown_after_a_sweep_and_left(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED_WITH_TWO, LOOK_WITH_TWO);

    (void)state;
    fake_pairs_put(&cart_role(world)->attached, FOREIGN_POLICY, "");
    look(world);
    assert_pending_contains(world, ": detach " FOREIGN_POLICY "\n");
    assert_condition(world, "cart", "RoleReady", "False ChangesPending");
    assert_condition(world, "cart", "Associated", "True Associated");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftFound"), 1);
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.calls, 2); /* pages: it is known */
    fake_pairs_remove(&cart_role(world)->attached, FOREIGN_POLICY);
    look(world);
    assert_pending(world, "");
    assert_condition(world, "cart", "Ready", "True Observed");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftRepaired"), 0);
    assert_nothing_written(world);
}

static void what_somebody_deletes_is_missed_after_one_sweep(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED, LOOK);
    AUTO_FREE char *name = memory_string(cart_role(world)->name);

    (void)state;
    fake_aws_drop_association(&world->aws, "shop", "cart");
    fake_aws_drop_role(&world->aws, name);
    look(world);
    assert_pending_contains(world, "Create role ");
    assert_pending_contains(world, "Create association: ");
    assert_null(fake_world_binding(world, "cart")->status.role_arn);
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.calls, 2);
    assert_nothing_written(world);
}

/* The role of the binding, made by the same hands elsewhere: say, restored from a backup. */
static void what_comes_by_itself_is_not_pending_any_more(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED, LOOK);
    struct fake_role *role = cart_role(world);
    struct fake_association *association = fake_aws_association(&world->aws, "shop", "cart");
    char *name = role->name;

    (void)state;
    role->name = memory_string("elsewhere");
    fake_text_set(&association->namespace_name, "elsewhere");
    look(world);
    assert_pending_contains(world, "Create role ");
    assert_pending_contains(world, "Create association: ");
    free(role->name);
    role->name = name;
    look(world);
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_pending_contains(world, "Create association: ");
    fake_text_set(&association->namespace_name, "shop");
    look(world);
    assert_pending(world, "");
    assert_condition(world, "cart", "Ready", "True Observed");
    assert_nothing_written(world);
}

static void found(void *context, const char *key)
{
    (void)key;
    ++*(unsigned *)context;
}

static void a_changed_association_is_found_by_the_patrol_as_its_end_is(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(BOUND_TO("cart"), LOOK_AT(EXISTING));
    struct fake_association *association = fake_aws_association(&world->aws, "shop", "cart");
    unsigned count = 0;
    AUTO(patrol_destroy)
    struct patrol *patrol = patrol_create(&world->scene, &world->wire.transport, found, &count);

    (void)state;
    fake_text_set(&association->role_arn, OTHER);
    patrol_step(patrol, world->wire.now_ms);
    fake_run(&world->wire);
    assert_int_equal(count, 1);
    fake_world_reconcile(world, "cart");
    fake_world_watch(world);
    assert_pending_contains(world, "; role " EXISTING " (before: arn:aws:iam::" FAKE_ACCOUNT
                                   ":role/app/other)\n");
    assert_condition(world, "cart", "Associated", "False ChangesPending");
    fake_text_set(&association->role_arn, EXISTING);
    patrol_step(patrol, world->wire.now_ms);
    fake_run(&world->wire);
    assert_int_equal(count, 2);
    fake_world_reconcile(world, "cart");
    fake_world_watch(world);
    assert_condition(world, "cart", "Ready", "True Observed");
    assert_nothing_written(world);
}

/* Descriptions stand in no page. */
static void what_no_page_shows_is_read_again_while_it_is_pending(void **state)
{
    AUTO_WORLD struct fake_world *world =
        world_from(MANAGED, LOOK_WITH("\"roleDescription\":\"the cart\""));

    (void)state;
    assert_pending_contains(world, ": set description and maximum session duration\n");
    fake_text_set(&cart_role(world)->description, "the cart");
    look(world);
    assert_condition(world, "cart", "Ready", "True Observed");
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.calls, 2); /* pages */
    assert_nothing_written(world);
}

static void trouble_on_the_way_takes_nothing_from_what_was_seen(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO_TEXT struct text before = TEXT_INIT(1 << 16);

    (void)state;
    bind_and_settle(world, "cart", LOOK_WITH_TWO);
    read_pending(world, "cart", &before);
    fake_world_restart(world);
    fake_world_reset(world);
    world->wire.failures[0] = (struct fake_failure){.call = 2, .fault = FAULT_THROTTLING};
    fake_world_reconcile(world, "cart");
    fake_world_watch(world);
    assert_condition(world, "cart", "Reconciling", "True Throttled");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_pending(world, before.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_somebody_changes_is_shown_after_a_sweep_and_left),
        cmocka_unit_test(what_somebody_deletes_is_missed_after_one_sweep),
        cmocka_unit_test(what_comes_by_itself_is_not_pending_any_more),
        cmocka_unit_test(a_changed_association_is_found_by_the_patrol_as_its_end_is),
        cmocka_unit_test(what_no_page_shows_is_read_again_while_it_is_pending),
        cmocka_unit_test(trouble_on_the_way_takes_nothing_from_what_was_seen),
    };

    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
