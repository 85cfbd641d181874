/* Mode Observe: what Enforce would do is said, and nothing is written. */

#include "tests/unit/observing.h"

#include "reconcilers/patrol.h"
#include "reconcilers/rows.h"

/* The table ------------------------------------------------------------------------------------ */

static bool reads(const struct step *row)
{
    return text_starts(row->name, "Get") || text_starts(row->name, "List") ||
           text_starts(row->name, "Describe");
}

static void no_row_of_the_table_writes(void **state)
{
    const struct step *const others[] = {provision_plan, teardown_plan};

    (void)state;
    for (const struct step *row = observe_plan; row->name; row++) {
        assert_true(!row->answer || reads(row));
        for (size_t i = 0; i < COUNT(others); i++)
            for (const struct step *other = others[i]; other->name; other++)
                assert_true(other->ask != row->ask || !other->answer || reads(other));
    }
}

/* Nothing is there ----------------------------------------------------------------------------- */

static void says_what_would_be_made(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", LOOK_WITH_TWO);
    assert_nothing_written(world);
    assert_string_equal(world->wire.log.bytes, "ListPodIdentityAssociations GetRole");
    assert_pending_contains(world, "Create role arn:aws:iam::" FAKE_ACCOUNT ":role" FAKE_ROLE_PATH
                                   "shop_cart_");
    assert_pending_contains(world, ": put inline policy Policy1\n");
    assert_pending_contains(world, ": attach arn:aws:iam::aws:policy/ReadOnlyAccess\n");
    assert_pending_contains(world, "Create association: new pods of ServiceAccount cart get role");
    assert_condition(world, "cart", "Allowed", "True Granted");
    assert_condition(world, "cart", "RoleReady", "False ChangesPending");
    assert_condition(world, "cart", "Associated", "False ChangesPending");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_condition(world, "cart", "Stalled", "True ChangesPending");
    assert_contains(message_of(world, "cart", "Ready"), "4 changes stand");
    assert_null(fake_world_binding(world, "cart")->status.role_arn);
    assert_null(fake_world_binding(world, "cart")->status.association_id);
}

static void what_is_pending_is_told_once_and_is_no_warning(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    const json_t *event;

    (void)state;
    bind_and_settle(world, "cart", LOOK);
    assert_int_equal(json_array_size(world->kubernetes.events), 1);
    event = json_array_get(world->kubernetes.events, 0);
    assert_string_equal(json_path_text(event, "reason"), "ChangesPending");
    assert_string_equal(json_path_text(event, "type"), "Normal");
}

static void asks_nothing_when_nothing_changed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", LOOK_WITH_TWO);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "a", "b"));
    assert_true(fake_world_settle(world));
    assert_int_equal(world->reconciles, 2);
    assert_int_equal(world->wire.calls, 0);
    look(world);
    assert_int_equal(world->wire.calls, 2); /* pages */
    assert_pending_contains(world, "Create role ");
}

static void without_a_grant_nothing_is_asked(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    bind_and_settle(world, "cart", LOOK);
    assert_int_equal(world->wire.aws_calls, 0);
    assert_nothing_written(world);
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_pending(world, "");
}

static void enforced_it_does_all_that_it_said(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", LOOK_WITH_TWO);
    bind_and_settle(world, "cart", MANAGED_WITH_TWO);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 4);
    assert_non_null(cart_role(world));
    assert_pending(world, "");
}

/* All of it is there --------------------------------------------------------------------------- */

static void what_is_right_is_observed_and_keeps_its_finalizer(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED_WITH_TWO, LOOK_WITH_TWO);
    const struct podidentitybinding *binding = fake_world_binding(world, "cart");

    (void)state;
    assert_condition(world, "cart", "Ready", "True Observed");
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_condition(world, "cart", "Associated", "True Associated");
    assert_condition(world, "cart", "Stalled", "");
    assert_pending(world, "");
    assert_non_null(binding->status.role_arn);
    assert_non_null(binding->status.association_id);
    assert_true(kube_meta_has_finalizer(&binding->meta, PODIDENTITYBINDING_FINALIZER));
    look(world);
    look(world);
    assert_int_equal(world->wire.calls, 4); /* pages */
}

static void a_restart_costs_pages_where_nothing_is_pending(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED_WITH_TWO, LOOK_WITH_TWO);

    (void)state;
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 0);
    assert_int_equal(fake_counts_get(&world->wire.operations, "DescribePodIdentityAssociation"), 0);
    assert_condition(world, "cart", "Ready", "True Observed");
    fake_pairs_put(&cart_role(world)->attached, FOREIGN_POLICY, "");
    look(world);
    assert_pending_contains(world, ": detach " FOREIGN_POLICY "\n");
    assert_nothing_written(world);
}

static void deleted_it_lets_go_of_all(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED_WITH_TWO, LOOK_WITH_TWO);

    (void)state;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_int_equal(world->wire.aws_calls, 0);
    assert_non_null(cart_role(world));
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
}

/* Somebody changes it -------------------------------------------------------------------------- */

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
    fake_text_set(&association->role_arn, "arn:aws:iam::" FAKE_ACCOUNT ":role/app/other");
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

/* What would stop Enforce ---------------------------------------------------------------------- */

static void an_association_of_others_is_refused_and_the_role_pending(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);
    bind_and_settle(world, "cart", LOOK);
    assert_condition(world, "cart", "RoleReady", "False ChangesPending");
    assert_condition(world, "cart", "Associated", "False AssociationForeign");
    assert_condition(world, "cart", "Ready", "False AssociationForeign");
    assert_pending_contains(world, "Create role ");
    assert_nothing_written(world);
}

static void what_would_be_adopted_is_said_and_not_tagged(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    const struct fake_association *association =
        fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);

    (void)state;
    bind_and_settle(world, "cart",
                    LOOK_WITH("\"roleARN\":\"" EXISTING "\",\"adoptionPolicy\":\"Adopt\""));
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_pending_contains(world, "Adopt association ");
    assert_pending_contains(world, ", which others made with role " EXISTING "\n");
    assert_nothing_written(world);
    assert_int_equal(association->tags.count, 0);
}

static void a_role_of_others_keeps_its_name(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_role(&world->aws, FAKE_ROLE_PATH, "taken", TRUST);
    bind_and_settle(world, "cart", LOOK_WITH("\"roleName\":\"taken\""));
    assert_condition(world, "cart", "Ready", "False RoleNameTaken");
    assert_pending(world, "");
    assert_nothing_written(world);
}

static void an_existing_role_is_judged(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", LOOK_AT("arn:aws:iam::" FAKE_ACCOUNT ":role/app/none"));
    assert_condition(world, "cart", "Ready", "False RoleMissing");
    bind_and_settle(world, "cart", LOOK_AT(EXISTING));
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_pending(world,
                   "Create association: new pods of ServiceAccount cart get role " EXISTING "\n");
    assert_nothing_written(world);
}

static void pods_without_an_agent_hold_it_back_as_they_would(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", LOOK_AT(EXISTING));
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, POD_FARGATE);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "False ComputeWithoutAgent");
    assert_pending(world, "");
    assert_nothing_written(world);
}

static void pods_without_credentials_are_not_what_enforce_would_change(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(BOUND_TO("cart"), LOOK_AT(EXISTING));

    (void)state;
    world->wire.now_ms += 60000;
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, 0);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Injected", "False NotInjected");
    assert_condition(world, "cart", "Ready", "True Observed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_of_the_table_writes),
        cmocka_unit_test(says_what_would_be_made),
        cmocka_unit_test(what_is_pending_is_told_once_and_is_no_warning),
        cmocka_unit_test(asks_nothing_when_nothing_changed),
        cmocka_unit_test(without_a_grant_nothing_is_asked),
        cmocka_unit_test(enforced_it_does_all_that_it_said),
        cmocka_unit_test(what_is_right_is_observed_and_keeps_its_finalizer),
        cmocka_unit_test(a_restart_costs_pages_where_nothing_is_pending),
        cmocka_unit_test(deleted_it_lets_go_of_all),
        cmocka_unit_test(what_somebody_changes_is_shown_after_a_sweep_and_left),
        cmocka_unit_test(what_somebody_deletes_is_missed_after_one_sweep),
        cmocka_unit_test(what_comes_by_itself_is_not_pending_any_more),
        cmocka_unit_test(a_changed_association_is_found_by_the_patrol_as_its_end_is),
        cmocka_unit_test(what_no_page_shows_is_read_again_while_it_is_pending),
        cmocka_unit_test(trouble_on_the_way_takes_nothing_from_what_was_seen),
        cmocka_unit_test(an_association_of_others_is_refused_and_the_role_pending),
        cmocka_unit_test(what_would_be_adopted_is_said_and_not_tagged),
        cmocka_unit_test(a_role_of_others_keeps_its_name),
        cmocka_unit_test(an_existing_role_is_judged),
        cmocka_unit_test(pods_without_an_agent_hold_it_back_as_they_would),
        cmocka_unit_test(pods_without_credentials_are_not_what_enforce_would_change),
    };

    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
