/* What a person is told of provision: conditions, warnings and Events. */

#include "tests/unit/plans.h"

static void a_refusal_that_could_not_be_told_is_told_later(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    fake_world_bind(world, "cart", MANAGED);
    world->wire.failures[0] = (struct fake_failure){.call = 1, .fault = FAULT_503};
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "False NotGranted");
}

static void touches_nothing_for_what_is_not_supported_yet(void **state)
{
    static const char *const fields[] = {
        "\"wellKnownPolicies\":{\"fromTheFuture\":true}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        AUTO_WORLD struct fake_world *world = world_with(MANAGED);
        AUTO_TEXT struct text spec = TEXT_INIT(4096);

        text_printf(&spec, "{\"serviceAccountName\":\"cart\",%s}", fields[i]);
        bind_and_settle(world, "cart", spec.bytes);
        assert_condition(world, "cart", "Ready", "False NotYetSupported");
        assert_int_equal(world->wire.aws_calls, 0);
        assert_non_null(cart_role(world)); /* what was Ready keeps what it has */
    }
}

static void tells_what_an_existing_roles_trust_lacks(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct fake_role *role = fake_aws_role(&world->aws, "reader");

    (void)state;
    fake_text_set(&role->trust, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                                "\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\"Action\":"
                                "\"sts:AssumeRole\"}]}");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    assert_contains(fake_world_binding(world, "cart")->status.required_trust, "sts:TagSession");
    assert_int_equal(world->wire.aws_writes, 0);
    fake_text_set(&role->trust, TRUST);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_null(fake_world_binding(world, "cart")->status.required_trust);
}

/* A spec and what Ready says of it. */
static const struct refusal {
    const char *spec, *ready;
} refusals[] = {
    {"{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::123456789012:role/nobody\"}",
     "False RoleMissing"},
    {"{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::123456789012:role/reader\"}",
     "False RoleMissing"}, /* the role of that name has another path */
    {"{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::210987654321:role/x\"}",
     "False RoleInOtherAccount"},
    {"{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::123456789012:role/"
     "podidentity-controller\"}",
     "False RoleForbidden"},
    {"{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":["
     "\"arn:aws:iam::123456789012:policy/missing\"]}",
     "False PolicyNotFound"},
    {"{\"serviceAccountName\":\"cart\",\"permissionPolicy\":{\"nonsense\":true}}",
     "False MalformedPolicy"},
};

static void says_which_of_a_persons_mistakes_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO_WORLD struct fake_world *world = world_with(NULL);

        bind_and_settle(world, "cart", refusals[i].spec);
        assert_condition(world, "cart", "Ready", refusals[i].ready);
        assert_int_equal(world->aws.association_count, 0);
    }
}

static void measures_a_policy_before_it_asks_AWS(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO_TEXT struct text spec = TEXT_INIT(1 << 16);

    (void)state;
    text_printf(&spec,
                "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":{\"Id\":\"%011000d\"}}", 0);
    bind_and_settle(world, "cart", spec.bytes);
    assert_condition(world, "cart", "Ready", "False PolicyTooLarge");
    assert_int_equal(world->wire.aws_calls, 0);
}

static void refuses_an_existing_role_of_another_namespace(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_pairs_put(&fake_aws_role(&world->aws, "reader")->tags, TAG_NAMESPACE, "bank");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "False RoleForbidden");
}

static void warns_of_a_ServiceAccount_that_does_not_exist(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "till", BOUND_TO("till"));
    assert_condition(world, "till", "Ready", "True Ready");
    assert_contains(fake_world_binding(world, "till")->status.warnings[0], "till");
    fake_world_reset(world);
    fake_kubernetes_apply(&world->kubernetes, "serviceaccounts", "shop", "till", json_object());
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "till")->status.warnings[0]);
    assert_int_equal(world->wire.aws_calls, 0);
}

static void tells_each_change_once(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", MANAGED);
    fake_world_reconcile(world, "cart");
    fake_world_reconcile(world, "cart");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleCreated"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "AssociationCreated"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "Ready"), 1);
    assert_int_equal(world->kubernetes.idle_writes, 0);
}

static void an_Event_that_is_refused_stops_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->kubernetes.terminating = "shop";
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void leaves_conditions_as_they_were_while_AWS_is_away(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->wire.aws_down = true;
    fake_world_bind(world, "cart", MANAGED_WITH_TWO);
    assert_true(fake_world_pass(world, 60 * 1000));
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_condition(world, "cart", "Reconciling", "True AWSUnavailable");
    world->wire.aws_down = false;
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Reconciling", "");
    assert_int_equal(cart_role(world)->policies.count, 1);
}

/* Somebody's admission policy, say: without a word in status nobody would hear of it. */
static void a_finalizer_that_is_refused_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->wire.failures[0] = (struct fake_failure){.call = 1, .fault = FAULT_ACCESS_DENIED};
    fake_world_bind(world, "cart", MANAGED);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_writes, 0);
    assert_condition(world, "cart", "Allowed", "False AccessDenied");
    assert_contains(message_of(world, "cart", "Ready"), "podidentity.io/aws cannot be stored");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void a_finalizer_that_is_not_taken_off_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    fake_world_unbind(world, "cart"); /* Describe, Delete, then the finalizer */
    world->wire.failures[0] = (struct fake_failure){.call = 3, .fault = FAULT_ACCESS_DENIED};
    fake_world_reconcile(world, "cart");
    assert_string_equal(world->wire.hit_operation, "PatchFinalizers");
    assert_condition(world, "cart", "Allowed", "False AccessDenied");
    assert_contains(message_of(world, "cart", "Ready"), "cannot be taken off");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_that_could_not_be_told_is_told_later),
        cmocka_unit_test(touches_nothing_for_what_is_not_supported_yet),
        cmocka_unit_test(tells_what_an_existing_roles_trust_lacks),
        cmocka_unit_test(says_which_of_a_persons_mistakes_it_is),
        cmocka_unit_test(measures_a_policy_before_it_asks_AWS),
        cmocka_unit_test(refuses_an_existing_role_of_another_namespace),
        cmocka_unit_test(warns_of_a_ServiceAccount_that_does_not_exist),
        cmocka_unit_test(tells_each_change_once),
        cmocka_unit_test(an_Event_that_is_refused_stops_nothing),
        cmocka_unit_test(leaves_conditions_as_they_were_while_AWS_is_away),
        cmocka_unit_test(a_finalizer_that_is_refused_is_told),
        cmocka_unit_test(a_finalizer_that_is_not_taken_off_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
