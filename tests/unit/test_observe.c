/* Mode Observe: what Enforce would do is said, and nothing is written. */

#include "reconcilers/rows.h"
#include "tests/unit/observing.h"

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
        cmocka_unit_test(an_association_of_others_is_refused_and_the_role_pending),
        cmocka_unit_test(what_would_be_adopted_is_said_and_not_tagged),
        cmocka_unit_test(a_role_of_others_keeps_its_name),
        cmocka_unit_test(an_existing_role_is_judged),
        cmocka_unit_test(pods_without_an_agent_hold_it_back_as_they_would),
        cmocka_unit_test(pods_without_credentials_are_not_what_enforce_would_change),
    };

    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
