/* The plan that makes AWS match a binding, whole, on the fakes. */

#include "tests/unit/plans.h"

static void makes_a_role_of_ours_with_two_requests_more_than_policies(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", MANAGED_WITH_TWO);
    assert_string_equal(world->wire.log.bytes,
                        "PatchFinalizers CreateRole PutRolePolicy AttachRolePolicy "
                        "CreatePodIdentityAssociation");
    assert_int_equal(world->wire.aws_calls, 4);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void makes_the_role_as_the_spec_wants_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(
        "{\"serviceAccountName\":\"cart\",\"roleDescription\":\"a & <b>\",\"maxSessionDuration\":"
        "7200,\"rolePath\":\"team/\",\"roleName\":\"cart-role\",\"tags\":{\"team\":\"blue\"}}");
    const struct fake_role *role = fake_aws_role(&world->aws, "cart-role");

    (void)state;
    assert_non_null(role);
    assert_string_equal(role->path, FAKE_ROLE_PATH "team/");
    assert_string_equal(role->description, "a & <b>");
    assert_int_equal(role->max_session_s, 7200);
    assert_string_equal(role->boundary, FAKE_BOUNDARY);
    assert_string_equal(fake_pairs_get(&role->tags, "team"), "blue");
    assert_string_equal(fake_pairs_get(&role->tags, TAG_CLUSTER), FAKE_CLUSTER_ARN);
    assert_string_equal(fake_pairs_get(&role->tags, TAG_ORIGIN), "created");
    assert_contains(role->trust, "pods.eks.amazonaws.com");
}

static void reads_an_existing_role_once_for_three_bindings(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_bind(world, "cart", BOUND_TO("cart"));
    fake_world_bind(world, "till", BOUND_TO("till"));
    bind_and_settle(world, "shelf", BOUND_TO("shelf"));
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 1);
    assert_int_equal(fake_counts_get(&world->aws.effects, "CreatePodIdentityAssociation"), 3);
    assert_int_equal(world->wire.aws_calls, 4);
    assert_condition(world, "till", "Ready", "True Ready");
}

static void asks_nothing_and_writes_nothing_when_nothing_changed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_world_reconcile(world, "cart");
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "a", "b"));
    assert_true(fake_world_settle(world));
    assert_int_equal(world->reconciles, 2);
    assert_int_equal(world->wire.calls, 0);
}

static void does_nothing_on_a_record_older_than_its_own_write(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_bind(world, "cart", MANAGED);
    fake_world_watch(world);
    fake_world_reconcile_unseen(world, "cart");
    fake_world_reset(world);
    fake_world_reconcile_unseen(world, "cart");
    assert_int_equal(world->wire.calls, 0);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void sends_nothing_to_AWS_without_a_grant(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    bind_and_settle(world, "cart", MANAGED);
    assert_int_equal(world->wire.aws_calls, 0);
    assert_int_equal(world->kubernetes.finalizer_writes, 0);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_contains(message_of(world, "cart", "Ready"), "PODIDENTITY-D03-GRANT");
}

static void goes_on_when_a_grant_comes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    bind_and_settle(world, "cart", MANAGED);
    fake_world_grant(world, "late",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"cart\"],"
                     "\"managedRoles\":{}}");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void keeps_what_is_there_when_the_grant_goes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    assert_true(fake_world_settle(world));
    assert_int_equal(world->wire.aws_calls, 0);
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_condition(world, "cart", "RoleReady", "True Ready");
}

/* 409, and List does not show why: the answer to a second Create would be the same. */
static void asks_once_in_a_run_to_create_what_exists_and_is_not_listed_yet(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);
    world->aws.lists_nothing = true;
    fake_world_bind(world, "cart", MANAGED);
    fake_world_watch(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(fake_counts_get(&world->wire.operations, "CreatePodIdentityAssociation"), 1);
    assert_int_equal(world->last_error.kind, ERROR_RETRY);
    assert_contains(world->last_error.text, "does not list it yet");
    world->aws.lists_nothing = false;
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Associated", "False AssociationForeign");
}

static void widens_before_it_narrows(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);
    const char *put, *attach, *deleted, *detached;

    (void)state;
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionPolicyName\":\"new\","
                    "\"permissionPolicy\":" POLICY ",\"permissionPolicyARNs\":["
                    "\"arn:aws:iam::aws:policy/Other\"]}");
    put = strstr(world->wire.log.bytes, "PutRolePolicy");
    attach = strstr(world->wire.log.bytes, "AttachRolePolicy");
    deleted = strstr(world->wire.log.bytes, "DeleteRolePolicy");
    detached = strstr(world->wire.log.bytes, "DetachRolePolicy");
    assert_true(put && attach && deleted && detached);
    assert_true(put < deleted && attach < detached);
}

static void waits_for_a_role_that_EKS_does_not_see_yet(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->aws.eks_settles_ms = 9000;
    fake_world_bind(world, "cart", MANAGED);
    fake_world_reconcile(world, "cart");
    assert_condition(world, "cart", "Associated", "Unknown WaitingForRole");
    assert_condition(world, "cart", "Ready", "Unknown WaitingForRole");
    assert_condition(world, "cart", "Reconciling", "True WaitingForRole");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(fake_counts_get(&world->aws.effects, "CreateRole"), 1);
}

static void calls_no_name_taken_while_its_own_role_is_young(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->aws.iam_settles_ms = 4000;
    fake_world_bind(world, "cart", MANAGED_WITH_TWO);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleNameTaken"), 0);
}

static void is_not_ready_before_the_association_has_settled(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_bind(world, "cart", MANAGED);
    fake_world_reconcile(world, "cart");
    assert_condition(world, "cart", "Associated", "Unknown Settling");
    assert_true(fake_world_pass(world, 9000));
    assert_condition(world, "cart", "Ready", "Unknown Settling");
    assert_true(fake_world_pass(world, 2000));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "cart", "Reconciling", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_role_of_ours_with_two_requests_more_than_policies),
        cmocka_unit_test(makes_the_role_as_the_spec_wants_it),
        cmocka_unit_test(reads_an_existing_role_once_for_three_bindings),
        cmocka_unit_test(asks_nothing_and_writes_nothing_when_nothing_changed),
        cmocka_unit_test(does_nothing_on_a_record_older_than_its_own_write),
        cmocka_unit_test(sends_nothing_to_AWS_without_a_grant),
        cmocka_unit_test(goes_on_when_a_grant_comes),
        cmocka_unit_test(keeps_what_is_there_when_the_grant_goes),
        cmocka_unit_test(asks_once_in_a_run_to_create_what_exists_and_is_not_listed_yet),
        cmocka_unit_test(widens_before_it_narrows),
        cmocka_unit_test(waits_for_a_role_that_EKS_does_not_see_yet),
        cmocka_unit_test(calls_no_name_taken_while_its_own_role_is_young),
        cmocka_unit_test(is_not_ready_before_the_association_has_settled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
