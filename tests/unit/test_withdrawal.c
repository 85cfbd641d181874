/* What stays and what is narrowed when the gate refuses a binding that was granted before. */

#include "reconcilers/ledger.h"
#include "tests/unit/withdrawing.h"

/* The drift sweep of a later version: what was verified is doubted. */
static void doubt(struct fake_world *world)
{
    const struct podidentitybinding *binding = fake_world_binding(world, "cart");

    ledger_doubt(ledger_entry(world->scene.ledger, binding->record.key, binding->record.uid));
    if (cart_role(world))
        picture_put_role(world->scene.picture, cart_role(world)->name, binding->record.uid, "",
                         false);
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
    };

    return cmocka_run_group_tests_name("withdrawal", tests, NULL, NULL);
}
