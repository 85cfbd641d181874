/* Mode Observe beside what else there is: ServiceAccounts, other mechanisms, bindings before and
 * after, grants that go. */

#include "tests/unit/observing.h"

#include "aws/oidc.h"

/* The cluster ---------------------------------------------------------------------------------- */

static void a_service_account_is_neither_made_nor_annotated(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_pairs_put(&fake_aws_add_provider(&world->aws, FAKE_ISSUER)->client_ids, OIDC_AUDIENCE, "");
    fake_kubernetes_delete(&world->kubernetes, "serviceaccounts", "shop", "cart");
    bind_and_settle(world, "cart",
                    LOOK_WITH("\"createServiceAccount\":true,\"mechanism\":\"Both\",\"roleARN\":"
                              "\"" EXISTING "\""));
    assert_condition(world, "cart", "Ready", "False TrustInsufficient");
    bind_and_settle(world, "cart",
                    LOOK_WITH("\"createServiceAccount\":true,\"mechanism\":\"Both\""));
    assert_pending_contains(world, "Create ServiceAccount cart\n");
    assert_pending_contains(world, "Annotate ServiceAccount cart: its new pods get web identity "
                                   "for role ");
    assert_nothing_written(world);
}

static void a_provider_that_is_missing_is_looked_for_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->scene.settings.manage_oidc_provider = true;
    bind_and_settle(world, "cart", LOOK_WITH("\"mechanism\":\"IRSA\""));
    assert_pending_contains(world, "Make the cluster's OIDC provider ");
    assert_condition(world, "cart", "Associated", "");
    fake_pairs_put(&fake_aws_add_provider(&world->aws, FAKE_ISSUER)->client_ids, OIDC_AUDIENCE, "");
    look(world);
    assert_pending_contains(world, "Create role ");
    assert_null(strstr(fake_world_binding(world, "cart")->status.pending_changes[0], "provider"));
    assert_nothing_written(world);
}

static void another_mechanism_is_told_and_not_begun(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->scene.settings.manage_oidc_provider = true;
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\"}");
    fake_world_reset(world);
    bind_and_settle(world, "cart", LOOK);
    assert_pending_contains(world, "Take web identity back: ");
    assert_pending_contains(world, ": write the trust policy\n");
    bind_and_settle(world, "cart", LOOK_WITH("\"mechanism\":\"IRSA\""));
    assert_pending_contains(world, "Delete association ");
    assert_condition(world, "cart", "Associated", "False ChangesPending");
    assert_nothing_written(world);
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
}

static void annotate_as_others(struct fake_world *world)
{
    fake_kubernetes_patch(&world->kubernetes, "serviceaccounts", "shop", "cart",
                          json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                                    "eks.amazonaws.com/role-arn", EXISTING));
}

static unsigned accounts_read(const struct fake_world *world)
{
    return fake_counts_get(&world->wire.operations, "Get");
}

static void whose_an_annotation_is_a_new_process_asks_once(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->scene.settings.manage_oidc_provider = true;
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\"}");
    fake_world_restart(world);
    fake_world_reset(world);
    bind_and_settle(world, "cart", LOOK);
    assert_pending_contains(world, "Take web identity back: ");
    assert_int_equal(accounts_read(world), 1);
    look(world);
    assert_pending_contains(world, "Take web identity back: ");
    assert_int_equal(accounts_read(world), 1);
    assert_nothing_written(world);
}

/* As in a cluster that comes from eksctl: the annotation names the very role. */
static void an_annotation_of_others_is_not_taken_for_ours(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    annotate_as_others(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    bind_and_settle(world, "cart", LOOK_AT(EXISTING));
    assert_condition(world, "cart", "Ready", "True Observed");
    fake_world_restart(world);
    fake_world_reset(world);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Observed");
    assert_int_equal(accounts_read(world), 1);
    look(world);
    assert_int_equal(accounts_read(world), 1);
}

static void an_annotation_before_the_finalizer_is_not_ours(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    annotate_as_others(world);
    bind_and_settle(world, "cart", LOOK_AT(EXISTING));
    assert_int_equal(accounts_read(world), 0);
    assert_pending(world,
                   "Create association: new pods of ServiceAccount cart get role " EXISTING "\n");
}

/* What was made before, and other bindings ----------------------------------------------------- */

static void a_role_that_is_not_wanted_any_more_stays(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED, LOOK_AT(EXISTING));

    (void)state;
    assert_pending_contains(world, "Delete role shop_cart_");
    assert_pending_contains(world, "; role " EXISTING " (before: ");
    assert_true(fake_world_pass(world, 7 * 60 * 60 * 1000));
    look(world);
    assert_non_null(cart_role(world));
    fake_aws_drop_role(&world->aws, cart_role(world)->name);
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.aws_calls, 2); /* pages */
    assert_null(fake_world_binding(world, "cart")->status.pending_changes[1]);
    assert_pending_contains(world, "; role " EXISTING " (before: ");
    assert_nothing_written(world);
}

static void a_grant_that_goes_takes_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED, LOOK);

    (void)state;
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = 5000;
    fake_pairs_put(&cart_role(world)->attached, FOREIGN_POLICY, ""); /* which would be narrowed */
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, INTERVAL_MS));
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_pending(world, "");
    assert_int_equal(world->wire.aws_calls, 0);
}

/* Let go of and bound again: the tags name a binding that is gone. */
static struct fake_world *world_with_left_over(const char *spec)
{
    struct fake_world *world = world_from(MANAGED, LOOK);

    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    fake_world_reset(world);
    bind_and_settle(world, "cart", spec);
    return world;
}

static void what_a_former_binding_left_stays_for_all_of_the_audit(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_left_over(LOOK);

    (void)state;
    assert_condition(world, "cart", "Ready", "False RoleOfFormerBinding");
    look(world);
    look(world);
    look(world);
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
    assert_nothing_written(world);
}

static void what_a_former_binding_left_is_pending_until_enforced(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_left_over(LOOK_AT(EXISTING));

    (void)state;
    assert_pending_contains(world, ", which a former binding left\nCreate association: ");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_nothing_written(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(fake_aws_association(&world->aws, "shop", "cart")->role_arn, EXISTING);
}

static void nobody_hands_over_to_who_only_looks(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", LOOK);
    assert_condition(world, "second", "Ready", "False Conflict");
    fake_world_unbind(world, "cart");
    fake_world_reconcile(world, "second");
    fake_world_watch(world);
    assert_condition(world, "second", "Ready", "False ChangesPending");
    assert_true(fake_world_pass(world, 2000));
    assert_null(fake_world_binding(world, "cart"));
    assert_null(cart_role(world));
    assert_int_equal(world->aws.association_count, 0);
    look(world);
    assert_condition(world, "second", "Ready", "False ChangesPending");
}

/* A person's goes first, and would take it over. */
static void who_only_looks_does_not_stop_the_annotation(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();
    AUTO_TEXT struct text wanted = TEXT_INIT(1 << 12);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "mine", LOOK_AT(OTHER));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "mine", "Ready", "False ChangesPending");
    text_printf(&wanted,
                "Change association %s; role " OTHER " (before: " EXISTING ")\n"
                "Tag association %s: podidentity.io/binding-uid\n",
                fake_world_binding(world, "cart")->status.association_id,
                fake_world_binding(world, "cart")->status.association_id);
    assert_pending_of(world, "mine", wanted.bytes);
    look(world);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_pending_of(world, "mine", wanted.bytes);
    assert_nothing_written(world);
    bind_and_settle(world, "mine", "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" OTHER "\"}");
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_condition(world, "cart", "Ready", "False Conflict");
    assert_string_equal(fake_aws_association(&world->aws, "shop", "cart")->role_arn, OTHER);
}

static void of_two_who_only_look_the_second_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "mine", LOOK_AT(OTHER));
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", LOOK_AT(OTHER));
    assert_condition(world, "second", "Ready", "False Conflict");
    assert_contains(message_of(world, "second", "Ready"), "shop/mine already binds");
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void who_begins_to_look_gives_way_to_who_waited(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    AUTO_FREE char *association =
        memory_string(fake_world_binding(world, "cart")->status.association_id);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", BOUND_TO("cart"));
    assert_condition(world, "second", "Ready", "False Conflict");
    bind_and_settle(world, "cart", LOOK);
    assert_condition(world, "second", "Ready", "True Ready");
    assert_string_equal(fake_world_binding(world, "second")->status.association_id, association);
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_pending_contains(world, " (before: " EXISTING ")\nTag association ");
    assert_non_null(cart_role(world));
    fake_world_unbind(world, "second");
    assert_true(fake_world_settle(world)); /* no page has to show that the association is gone */
    assert_pending_contains(world, "Create association: ");
    bind_and_settle(world, "second", BOUND_TO("cart"));
    assert_pending_contains(world, " (before: " EXISTING ")\nTag association ");
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "second", "Ready", "False Conflict");
    assert_string_equal(strrchr(fake_aws_association(&world->aws, "shop", "cart")->role_arn, '/') +
                            1,
                        cart_role(world)->name);
}

static void finished(void *context, const struct reconcile_result *result)
{
    (void)result;
    *(bool *)context = true;
}

static void what_is_moved_while_it_is_read_is_read_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_from(MANAGED, LOOK);
    const struct podidentitybinding *binding = fake_world_binding(world, "cart");
    const struct ledger_entry *entry =
        ledger_entry(world->scene.ledger, "shop/cart", binding->record.uid);
    bool done = false;

    (void)state;
    reconcile_doubt_observer(&world->scene, binding);
    reconcile_start(&world->scene, &world->wire.transport, world->events, "shop/cart",
                    world->wire.now_ms, finished, &done);
    assert_false(done);
    reconcile_doubt_observer(&world->scene, binding);
    fake_run(&world->wire);
    assert_true(done);
    assert_false(entry->verified);
    fake_world_reconcile(world, "cart");
    assert_true(entry->verified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_account_is_neither_made_nor_annotated),
        cmocka_unit_test(a_provider_that_is_missing_is_looked_for_again),
        cmocka_unit_test(another_mechanism_is_told_and_not_begun),
        cmocka_unit_test(whose_an_annotation_is_a_new_process_asks_once),
        cmocka_unit_test(an_annotation_of_others_is_not_taken_for_ours),
        cmocka_unit_test(an_annotation_before_the_finalizer_is_not_ours),
        cmocka_unit_test(a_role_that_is_not_wanted_any_more_stays),
        cmocka_unit_test(a_grant_that_goes_takes_nothing),
        cmocka_unit_test(what_a_former_binding_left_stays_for_all_of_the_audit),
        cmocka_unit_test(what_a_former_binding_left_is_pending_until_enforced),
        cmocka_unit_test(nobody_hands_over_to_who_only_looks),
        cmocka_unit_test(who_only_looks_does_not_stop_the_annotation),
        cmocka_unit_test(of_two_who_only_look_the_second_is_told),
        cmocka_unit_test(who_begins_to_look_gives_way_to_who_waited),
        cmocka_unit_test(what_is_moved_while_it_is_read_is_read_again),
    };

    return cmocka_run_group_tests_name("observe_beside", tests, NULL, NULL);
}
