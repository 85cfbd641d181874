/* The consent of a role's owner, where the grant requires it. */

#include "tests/unit/plans.h"

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
        cmocka_unit_test(requires_the_consent_of_the_roles_owner),
        cmocka_unit_test(asks_for_consent_anew_when_the_grant_comes_to_require_it),
        cmocka_unit_test(asks_for_consent_of_each_binding_after_a_restart),
    };

    return cmocka_run_group_tests_name("withdrawal", tests, NULL, NULL);
}
