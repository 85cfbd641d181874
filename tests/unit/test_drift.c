/* What others change in AWS: noticed by one sweep, repaired or told, at the price of pages. */

#include <time.h>

#include "reconcilers/drift.h"
#include "reconcilers/ledger.h"
#include "tests/unit/drifting.h"

static struct ledger_entry *entry_of(const struct fake_world *world, const char *name)
{
    const struct podidentitybinding *binding = fake_world_binding(world, name);

    return ledger_entry(world->scene.ledger, binding->record.key, binding->record.uid);
}

static void drop_association(struct fake_world *world)
{
    fake_text_set(&fake_aws_association(&world->aws, "shop", "cart")->namespace_name, "elsewhere");
}

static void a_sweep_over_what_is_right_costs_pages_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    bind_and_settle(world, "reader", BOUND_TO("reader"));
    look(world);
    fake_world_reset(world);
    look(world);
    look(world);
    assert_int_equal(fake_counts_get(&world->wire.operations, "ListPodIdentityAssociations"), 2);
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetAccountAuthorizationDetails"), 2);
    assert_int_equal(world->wire.calls, 4);
    assert_int_equal(world->reconciles, 0);
}

/* What else somebody did to the role, and the writes that undo it. */
static void detach(struct fake_role *role)
{
    fake_pairs_remove(&role->attached, "arn:aws:iam::aws:policy/ReadOnlyAccess");
}
static void put_policy(struct fake_role *role)
{
    fake_pairs_put(&role->policies, "theirs", POLICY);
}
static void change_policy(struct fake_role *role)
{
    fake_pairs_put(&role->policies, "Policy1", DENY);
}
static void delete_policy(struct fake_role *role)
{
    fake_pairs_remove(&role->policies, "Policy1");
}
static void edit_trust(struct fake_role *role)
{
    fake_text_set(&role->trust, TRUST);
}
static void tag(struct fake_role *role)
{
    fake_pairs_put(&role->tags, "theirs", "yes");
}
static void take_boundary(struct fake_role *role)
{
    fake_text_set(&role->boundary, NULL);
}

static const struct edit {
    const char *name;
    void (*make)(struct fake_role *role);
    const char *repair;
} edits[] = {
    {"a policy is attached", attach, "DetachRolePolicy"},
    {"a policy is detached", detach, "AttachRolePolicy"},
    {"an inline policy is added", put_policy, "DeleteRolePolicy"},
    {"an inline policy is changed", change_policy, "PutRolePolicy"},
    {"an inline policy is deleted", delete_policy, "PutRolePolicy"},
    {"the trust is edited", edit_trust, "UpdateAssumeRolePolicy"},
    {"a tag comes", tag, "UntagRole"},
    {"the boundary is removed", take_boundary, "PutRolePermissionsBoundary"},
};

static void every_edit_of_our_role_is_undone_after_one_sweep(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

        edits[i].make(cart_role(world));
        look(world);
        if (effects(world, edits[i].repair) != 1)
            fail_msg("%s: no %s", edits[i].name, edits[i].repair);
        assert_int_equal(world->wire.aws_writes, 1);
        assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftRepaired"), 1);
        assert_condition(world, "cart", "Ready", "True Ready");
        look(world); /* shows what was repaired: quiet again */
        fake_world_reset(world);
        look(world);
        assert_int_equal(world->wire.calls, 2);
    }
}

static void a_removed_boundary_comes_back_before_any_other_repair(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    take_boundary(cart_role(world));
    attach(cart_role(world));
    world->aws.boundary_required = true;
    look(world);
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_int_equal(cart_role(world)->attached.count, 1);
    assert_int_equal(world->first_failure, ERROR_NONE);
}

static void a_policy_that_only_denies_is_told_and_stays(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    fake_pairs_put(&cart_role(world)->policies, "AWSRevokeOlderSessions", DENY);
    look(world);
    assert_int_equal(world->wire.aws_writes, 0);
    assert_int_equal(cart_role(world)->policies.count, 2);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftFound"), 1);
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0],
                    "AWSRevokeOlderSessions");
    fake_world_reset(world);
    look(world); /* known: pages alone */
    assert_int_equal(world->wire.calls, 2);
    fake_world_reconcile(world, "cart");
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0],
                    "AWSRevokeOlderSessions");
    fake_pairs_remove(&cart_role(world)->policies, "AWSRevokeOlderSessions");
    look(world);
    fake_world_reconcile(world, "cart");
    assert_null(fake_world_binding(world, "cart")->status.warnings[0]);
}

/* It only narrows, and whoever put it there knows why; it is never removed. */
/* The schema takes 1,024 characters; a longer one, and the API server refuses the whole status. */
static void a_warning_of_many_policies_still_fits_into_status(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    const char *const *warnings;
    char name[129];

    (void)state;
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "%0127d%c", i, 'x');
        fake_pairs_put(&cart_role(world)->policies, name, DENY);
    }
    look_again(world);
    warnings = fake_world_binding(world, "cart")->status.warnings;
    assert_non_null(warnings[0]);
    assert_int_equal(strlen(warnings[0]), 1024);
    assert_contains(warnings[0], "Inline policy 0000");
}

static void a_boundary_that_nobody_asked_for_is_told_and_stays(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->scene.settings.boundary_arn = NULL;
    bind_and_settle(world, "cart", MANAGED);
    look(world);
    fake_text_set(&cart_role(world)->boundary, FAKE_BOUNDARY);
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.aws_writes, 0);
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0], FAKE_BOUNDARY);
    fake_world_reset(world);
    look(world); /* known: pages alone */
    assert_int_equal(world->wire.calls, 2);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0], FAKE_BOUNDARY);
    fake_text_set(&cart_role(world)->boundary, NULL);
    look(world);
    fake_world_reconcile(world, "cart");
    assert_null(fake_world_binding(world, "cart")->status.warnings[0]);
}

static void a_deleted_association_is_made_again_after_one_more_sweep(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    fake_aws_drop_association(&world->aws, "shop", "cart");
    look(world);
    assert_condition(world, "cart", "Associated", "Unknown RepairingDeleted");
    assert_condition(world, "cart", "Ready", "Unknown RepairingDeleted");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RepairingDeleted"), 1);
    assert_int_equal(world->wire.aws_writes, 0);
    look(world);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 1);
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftRepaired"), 1);
}

static void a_deleted_role_is_made_again_after_one_more_sweep(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    fake_aws_drop_role(&world->aws, cart_role(world)->name);
    look(world);
    assert_condition(world, "cart", "RoleReady", "Unknown RepairingDeleted");
    assert_int_equal(world->wire.aws_writes, 0);
    look(world);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(effects(world, "CreateRole"), 1);
    assert_int_equal(cart_role(world)->policies.count, 1);
}

static void what_a_lagging_list_did_not_show_is_not_made_again(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);
    struct fake_association *association = fake_aws_association(&world->aws, "shop", "cart");

    (void)state;
    drop_association(world);
    look(world);
    fake_text_set(&association->namespace_name, "shop");
    look(world);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void a_persons_change_does_not_wait_for_the_sweep(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED);

    (void)state;
    drop_association(world);
    look(world);
    assert_condition(world, "cart", "Ready", "Unknown RepairingDeleted");
    bind_and_settle(world, "cart", MANAGED_WITH_TWO);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void a_trust_of_others_that_does_not_admit_any_more_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(BOUND_TO("cart"));
    struct fake_role *role = fake_aws_role(&world->aws, "reader");

    (void)state;
    fake_text_set(&role->trust, DENY);
    look(world);
    assert_int_equal(world->wire.aws_writes, 0);
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    assert_condition(world, "cart", "Associated", "True Associated");
}

static void the_fourth_change_within_an_hour_waits_and_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    for (int i = 0; i < DRIFT_REPAIRS_MAX; i++) {
        attach(cart_role(world));
        look(world);
        assert_int_equal(cart_role(world)->attached.count, 1);
    }
    attach(cart_role(world));
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.aws_writes, 0);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftSlowed"), 1);
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0],
                    "was repaired 3 times within an hour");
    assert_condition(world, "cart", "Ready", "True Ready");
    look(world); /* is said once */
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftSlowed"), 1);
    assert_true(fake_world_pass(world, HOUR_MS));
    look(world);
    assert_int_equal(cart_role(world)->attached.count, 1);
    assert_null(fake_world_binding(world, "cart")->status.warnings[0]);
}

enum { MANY = 300 };

static void many_right_bindings_are_found_right_without_a_request_of_their_own(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO(drift_look_end) struct drift_look *looking = NULL;
    clock_t began;

    (void)state;
    bind_many(world, MANY);
    assert_true(fake_world_pass(world, INTERVAL_MS));
    fake_world_reset(world);
    began = clock();
    assert_true(fake_world_look(world));
    print_message("a look at %d bindings with the fake's part: %.0f ms of CPU\n", MANY,
                  (double)(clock() - began) * 1e3 / CLOCKS_PER_SEC);
    looking = drift_look_begin(&world->scene, found, (char[FOUND_SIZE]){0});
    began = clock();
    assert_false(drift_look_on(looking, MANY, world->wire.now_ms));
    print_message("of that the comparison: %.1f ms\n",
                  (double)(clock() - began) * 1e3 / CLOCKS_PER_SEC);
    assert_int_equal(world->reconciles, 0);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->reconciles, 0);
    assert_int_equal(entry_of(world, "app-299")->verified, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_over_what_is_right_costs_pages_alone),
        cmocka_unit_test(every_edit_of_our_role_is_undone_after_one_sweep),
        cmocka_unit_test(a_removed_boundary_comes_back_before_any_other_repair),
        cmocka_unit_test(a_policy_that_only_denies_is_told_and_stays),
        cmocka_unit_test(a_warning_of_many_policies_still_fits_into_status),
        cmocka_unit_test(a_boundary_that_nobody_asked_for_is_told_and_stays),
        cmocka_unit_test(a_deleted_association_is_made_again_after_one_more_sweep),
        cmocka_unit_test(a_deleted_role_is_made_again_after_one_more_sweep),
        cmocka_unit_test(what_a_lagging_list_did_not_show_is_not_made_again),
        cmocka_unit_test(a_persons_change_does_not_wait_for_the_sweep),
        cmocka_unit_test(a_trust_of_others_that_does_not_admit_any_more_is_told),
        cmocka_unit_test(the_fourth_change_within_an_hour_waits_and_is_told),
        cmocka_unit_test(many_right_bindings_are_found_right_without_a_request_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
