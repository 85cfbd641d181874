/* What follows when the gate refuses a binding that was granted before. */

#include "reconcilers/ledger.h"
#include "tests/unit/plans.h"

#define READ_ONLY "arn:aws:iam::aws:policy/ReadOnlyAccess"
#define NARROW_GRANT                                                                               \
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],\"managedRoles\":{"        \
    "\"inlinePolicies\":\"Allow\"}}"
#define WITH_POLICY "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":[\"" READ_ONLY "\"]}"
#define DAY_MS (24 * 60 * 60 * INT64_C(1000))

/* The drift sweep of a later version: what was verified is doubted. */
static void doubt(struct fake_world *world)
{
    const struct podidentitybinding *binding = fake_world_binding(world, "cart");

    ledger_doubt(ledger_entry(world->scene.ledger, binding->record.key, binding->record.uid));
    if (cart_role(world))
        picture_put_role(world->scene.picture, cart_role(world)->name, binding->record.uid, "",
                         false);
}

static void delete_after(struct fake_world *world, int64_t grace_ms)
{
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = (uint64_t)grace_ms;
}

static void keeps_role_and_association_and_says_so(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, 3 * DAY_MS));
    assert_int_equal(world->wire.aws_calls, 0);
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_contains(message_of(world, "cart", "Allowed"), "The grant was withdrawn; role arn:");
    assert_contains(message_of(world, "cart", "Allowed"), "--on-withdrawal Keep");
    assert_contains(message_of(world, "cart", "Allowed"), "No PodIdentityGrant gives");
    assert_null(strstr(message_of(world, "cart", "Allowed"), "stays as it is"));
}

static void goes_on_narrowing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(WITH_POLICY);
    struct fake_role *role = cart_role(world);

    (void)state;
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    fake_pairs_put(&role->attached, "arn:aws:iam::aws:policy/AdministratorAccess", "");
    fake_pairs_put(&role->policies, "Extra", POLICY);
    fake_text_set(&role->boundary, NULL);
    fake_pairs_remove(&role->attached, READ_ONLY);
    doubt(world);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_int_equal(role->attached.count, 0); /* what they took away stays away */
    assert_int_equal(role->policies.count, 0);
    assert_string_equal(role->boundary, FAKE_BOUNDARY);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
}

static void makes_nothing_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(WITH_POLICY);

    (void)state;
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    fake_text_set(&cart_role(world)->name, "elsewhere");
    doubt(world);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_int_equal(fake_counts_get(&world->aws.effects, "CreateRole"), 0);
    assert_int_equal(fake_counts_get(&world->aws.effects, "CreatePodIdentityAssociation"), 0);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
}

static void puts_a_trust_right_only_where_that_takes_away(void **state)
{
    static const struct {
        const char *trust;
        bool put_right;
    } cases[] = {
        {TRUST, true}, /* admits everybody, us included */
        {"{\"Version\":\"2012-10-17\",\"Statement\":[]}", false}, /* admits nobody */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_WORLD struct fake_world *world = world_with(MANAGED);

        fake_world_withdraw(world);
        assert_true(fake_world_settle(world));
        fake_text_set(&cart_role(world)->trust, cases[i].trust);
        doubt(world);
        fake_world_reconcile(world, "cart");
        assert_true(fake_world_settle(world));
        assert_int_equal(strcmp(cart_role(world)->trust, cases[i].trust) != 0, cases[i].put_right);
    }
}

/* Ours, and beside it a statement of somebody else for another account. */
static void a_trust_with_further_conditions_is_narrowed_too(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO_TEXT struct text wide = TEXT_INIT(8192);
    struct fake_role *role;
    const char *statements;

    (void)state;
    world->scene.settings.trust_conditions = "aws:SourceOrgId=o-1";
    bind_and_settle(world, "cart", MANAGED);
    role = cart_role(world);
    assert_contains(role->trust, "o-1");
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    statements = strstr(role->trust, "\"Statement\":[") + strlen("\"Statement\":[");
    text_printf(&wide,
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
                "\"AWS\":\"arn:aws:iam::999999999999:root\"},\"Action\":\"sts:AssumeRole\"},%s",
                statements);
    fake_text_set(&role->trust, wide.bytes);
    doubt(world);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(strstr(role->trust, "999999999999"));
}

static void an_edit_that_is_not_granted_keeps_the_granted_state_and_names_both(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(WITH_POLICY);
    const char *message;

    (void)state;
    fake_world_bind(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":["
                    "\"arn:aws:iam::aws:policy/x/NotGranted\"]}");
    assert_true(fake_world_settle(world));
    assert_non_null(fake_pairs_get(&cart_role(world)->attached, READ_ONLY));
    assert_int_equal(cart_role(world)->attached.count, 1);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    message = message_of(world, "cart", "Allowed");
    assert_contains(message, "The spec of generation 2 is not granted, so role arn:");
    assert_contains(message, "stays as it is, with no more than generation 1 asked for");
    assert_null(strstr(message, "Until then")); /* what stands is said once */
    assert_contains(message, "arn:aws:iam::aws:policy/x/NotGranted");
}

static void an_edit_to_a_role_that_is_not_granted_keeps_the_managed_one(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    delete_after(world, DAY_MS);
    fake_world_bind(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::" FAKE_ACCOUNT
                    ":role/a/b/c/d\"}");
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, 3 * DAY_MS));
    assert_non_null(cart_role(world));
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
    assert_condition(world, "cart", "Allowed", "False NotGranted");
}

/* The role in use is then not the one that the spec wants: it must not be retired as unwanted. */
static void an_edit_whose_grant_goes_too_keeps_the_role_in_use(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_bind(world, "cart", BOUND_TO("cart"));
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, 3 * DAY_MS));
    assert_non_null(cart_role(world));
    assert_null(fake_pairs_get(&cart_role(world)->tags, TAG_RETIRED_AT));
    assert_contains(message_of(world, "cart", "Allowed"), "The grant was withdrawn");
}

static void a_retired_role_still_goes_after_the_withdrawal(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_non_null(cart_role(world)); /* retired, for pods that still use it */
    fake_world_withdraw(world);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, DAY_MS));
    assert_null(cart_role(world));
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
}

static void an_edit_that_only_takes_away_is_followed_after_the_withdrawal(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_world_withdraw(world);
    assert_true(fake_world_settle(world));
    bind_and_settle(world, "cart", WITH_POLICY);
    assert_int_equal(cart_role(world)->policies.count, 0);
    assert_int_equal(cart_role(world)->attached.count, 1);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
}

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

static void the_brake_holds_a_flood_of_withdrawals(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    bind_and_settle(world, "till", "{\"serviceAccountName\":\"till\"}");
    delete_after(world, 0);
    world->scene.settings.deletion_limit = 1;
    fake_world_withdraw(world);
    assert_true(fake_world_pass(world, 30 * 1000));
    assert_int_equal(world->aws.association_count, 1);
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
    delete_after(world, 0);
    world->scene.settings.deletion_limit = 1;
    fake_world_withdraw(world);
    assert_true(fake_world_pass(world, 30 * 1000));
    assert_int_equal(world->aws.association_count, 1);
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

static void requires_the_consent_of_the_roles_owner(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);

    (void)state;
    fake_world_grant(world, "shop",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
                     "\"existingRoles\":{\"arns\":[\"" EXISTING
                     "\"],\"requireTrustConsent\":true}}");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Allowed", "True Granted");
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    assert_contains(message_of(world, "cart", "RoleReady"), "requireTrustConsent");
    assert_int_equal(world->aws.association_count, 0);

    fake_text_set(&fake_aws_role(&world->aws, "reader")->trust,
                  arena_string(arena, fake_world_binding(world, "cart")->status.required_trust));
    {
        AUTO_TEXT struct text trust = TEXT_INIT(1 << 16);

        text_printf(&trust, "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}",
                    fake_aws_role(&world->aws, "reader")->trust);
        fake_text_set(&fake_aws_role(&world->aws, "reader")->trust, trust.bytes);
    }
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void asks_for_consent_anew_when_the_grant_comes_to_require_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    fake_world_grant(world, "shop",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
                     "\"existingRoles\":{\"arns\":[\"" EXISTING
                     "\"],\"requireTrustConsent\":true}}");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    assert_int_equal(world->aws.association_count, 1); /* what is there stays */

    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
}

/* What another binding of the role has read must not stand for the consent to this one. */
static void asks_for_consent_of_each_binding_after_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    bind_and_settle(world, "till", BOUND_TO("till"));
    fake_world_grant(world, "shop",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
                     "\"existingRoles\":{\"arns\":[\"" EXISTING
                     "\"],\"requireTrustConsent\":true}}");
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    assert_condition(world, "till", "RoleReady", "False TrustInsufficient");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_role_and_association_and_says_so),
        cmocka_unit_test(goes_on_narrowing),
        cmocka_unit_test(makes_nothing_again),
        cmocka_unit_test(puts_a_trust_right_only_where_that_takes_away),
        cmocka_unit_test(a_trust_with_further_conditions_is_narrowed_too),
        cmocka_unit_test(an_edit_that_is_not_granted_keeps_the_granted_state_and_names_both),
        cmocka_unit_test(an_edit_to_a_role_that_is_not_granted_keeps_the_managed_one),
        cmocka_unit_test(an_edit_whose_grant_goes_too_keeps_the_role_in_use),
        cmocka_unit_test(a_retired_role_still_goes_after_the_withdrawal),
        cmocka_unit_test(an_edit_that_only_takes_away_is_followed_after_the_withdrawal),
        cmocka_unit_test(deletes_association_then_role_when_the_grace_is_over),
        cmocka_unit_test(the_grace_outlives_a_restart),
        cmocka_unit_test(a_grant_that_comes_back_within_the_grace_mends_all),
        cmocka_unit_test(a_grant_that_comes_back_after_the_removal_makes_it_new),
        cmocka_unit_test(the_brake_holds_a_flood_of_withdrawals),
        cmocka_unit_test(nobody_approves_the_removal_with_an_empty_annotation),
        cmocka_unit_test(a_binding_that_is_deleted_goes_without_a_grant),
        cmocka_unit_test(requires_the_consent_of_the_roles_owner),
        cmocka_unit_test(asks_for_consent_anew_when_the_grant_comes_to_require_it),
        cmocka_unit_test(asks_for_consent_of_each_binding_after_a_restart),
    };

    return cmocka_run_group_tests_name("withdrawal", tests, NULL, NULL);
}
