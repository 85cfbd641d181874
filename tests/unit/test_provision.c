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

static void the_younger_of_two_bindings_gives_way_and_names_the_other(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", MANAGED);
    assert_condition(world, "second", "Ready", "False Conflict");
    assert_contains(message_of(world, "second", "Ready"), "shop/cart");
    assert_int_equal(world->wire.aws_calls, 0);
    fake_world_unbind(world, "second");
    assert_true(fake_world_settle(world));
    assert_non_null(cart_role(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void the_second_takes_over_when_the_first_is_gone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "second", MANAGED);
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "second", "Ready", "True Ready");
    assert_non_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void refuses_a_name_that_a_role_of_others_has(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_role(&world->aws, "/", "Mine", TRUST);
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"roleName\":\"mine\"}");
    assert_condition(world, "cart", "RoleReady", "False RoleNameTaken");
    assert_int_equal(world->aws.trespasses, 0);
    assert_int_equal(world->aws.association_count, 0);
}

static void replaces_the_association_of_a_former_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));
    AUTO_FREE char *former = NULL;

    (void)state;
    former = memory_string(fake_aws_association(&world->aws, "shop", "cart")->id);
    lose_binding(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->aws.association_count, 1);
    assert_string_not_equal(world->aws.associations[0]->id, former);
    assert_string_equal(fake_pairs_get(&world->aws.associations[0]->tags, TAG_BINDING_UID),
                        fake_world_binding(world, "cart")->record.uid);
}

static void hands_on_neither_role_nor_access_of_a_former_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    lose_binding(world);
    bind_and_settle(world, "cart", MANAGED_WITH_TWO);
    assert_condition(world, "cart", "Ready", "False RoleOfFormerBinding");
    assert_contains(message_of(world, "cart", "Ready"), "release shop/cart --purge");
    assert_int_equal(world->aws.association_count, 0);
    assert_non_null(cart_role(world));
    assert_int_equal(cart_role(world)->policies.count, 1);
}

static void leaves_an_association_of_others_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", "arn:aws:iam::123456789012:role/x");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Associated", "False AssociationForeign");
    assert_int_equal(world->aws.trespasses, 0);
    assert_string_equal(world->aws.associations[0]->role_arn, "arn:aws:iam::123456789012:role/x");
}

static void names_the_add_on_that_owns_an_association(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct fake_association *association =
        fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);

    (void)state;
    fake_text_set(&association->owner_arn, "arn:aws:eks:eu-west-1:123456789012:addon/main/ebs/1");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "False AddonManaged");
    assert_contains(message_of(world, "cart", "Ready"), "aws eks update-addon");
    assert_int_equal(world->aws.trespasses, 0);
}

static void believes_no_association_ID_in_a_status(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    const char *ours = fake_aws_association(&world->aws, "shop", "cart")->id;
    const struct fake_association *victim =
        fake_aws_add_association(&world->aws, "bank", "vault", EXISTING);

    (void)state;
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:s}}", "status", "associationID", victim->id));
    fake_world_restart(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_string_equal(fake_world_binding(world, "cart")->status.association_id, ours);
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:s}}", "status", "associationID", victim->id));
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_int_equal(world->aws.trespasses, 0);
    assert_non_null(fake_aws_association(&world->aws, "bank", "vault"));
    assert_null(fake_aws_association(&world->aws, "shop", "cart"));
}

#define OTHER_BOUNDARY "arn:aws:iam::123456789012:policy/other"

static void puts_a_lost_boundary_back_before_any_other_write(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_text_set(&cart_role(world)->boundary, NULL);
    world->aws.boundary_required = true;
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"roleDescription\":\"new\",\"tags\":{\"a\":"
                    "\"b\"}}");
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(fake_counts_get(&world->wire.operations, "PutRolePermissionsBoundary"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "BoundaryRestored"), 1);
}

static void another_boundary_is_put_and_taken_back_as_the_spec_says(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionsBoundaryARN\":\"" OTHER_BOUNDARY
                    "\"}");
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(cart_role(world)->boundary, OTHER_BOUNDARY);
    bind_and_settle(world, "cart", MANAGED);
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_int_equal(world->wire.aws_writes, 2);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "BoundaryRestored"), 0);
}

static void a_boundary_that_was_asked_for_is_not_changed_before_deletion(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(
        "{\"serviceAccountName\":\"cart\",\"permissionsBoundaryARN\":\"" OTHER_BOUNDARY "\"}");

    (void)state;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
    assert_int_equal(fake_counts_get(&world->wire.operations, "PutRolePermissionsBoundary"), 0);
}

static void further_trust_conditions_are_written_into_roles_at_the_next_start(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_restart(world);
    fake_world_reset(world);
    world->scene.settings.trust_conditions = "aws:SourceOrgId=o-1";
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_contains(cart_role(world)->trust, "\"aws:SourceOrgId\":\"o-1\"");
    assert_int_equal(world->wire.aws_writes, 1);
    assert_condition(world, "cart", "Ready", "True Ready");
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

static void lets_an_edited_trust_age_before_an_association_needs_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    int64_t edited_ms;

    (void)state;
    fake_text_set(&cart_role(world)->trust, "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    bind_and_settle(world, "other", "{\"serviceAccountName\":\"other\"}");
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:s}}", "spec", "roleDescription", "new"));
    fake_text_set(&fake_aws_association(&world->aws, "shop", "cart")->role_arn, EXISTING);
    fake_world_reconcile(world, "cart");
    edited_ms = world->wire.now_ms;
    assert_condition(world, "cart", "Associated", "Unknown WaitingForRole");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_true(fake_aws_association(&world->aws, "shop", "cart")->modified_ms >=
                edited_ms + 29000);
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

static void retires_a_role_and_deletes_it_after_six_hours(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_string_equal(fake_aws_association(&world->aws, "shop", "cart")->role_arn, EXISTING);
    assert_non_null(fake_pairs_get(&cart_role(world)->tags, TAG_RETIRED_AT));
    assert_true(fake_world_pass(world, INT64_C(5) * 60 * 60 * 1000 + 59 * 60 * 1000));
    assert_non_null(cart_role(world));
    assert_true(fake_world_pass(world, 2 * 60 * 1000));
    assert_null(cart_role(world));
    assert_int_equal(fake_counts_get(&world->aws.effects, "TagRole"), 1);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void remembers_a_retired_role_over_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_true(fake_world_pass(world, 60 * 60 * 1000));
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_non_null(cart_role(world));
    assert_true(fake_world_pass(world, INT64_C(5) * 60 * 60 * 1000 + 60 * 1000));
    assert_null(cart_role(world));
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
        cmocka_unit_test(a_refusal_that_could_not_be_told_is_told_later),
        cmocka_unit_test(touches_nothing_for_what_is_not_supported_yet),
        cmocka_unit_test(the_younger_of_two_bindings_gives_way_and_names_the_other),
        cmocka_unit_test(the_second_takes_over_when_the_first_is_gone),
        cmocka_unit_test(refuses_a_name_that_a_role_of_others_has),
        cmocka_unit_test(replaces_the_association_of_a_former_binding),
        cmocka_unit_test(hands_on_neither_role_nor_access_of_a_former_binding),
        cmocka_unit_test(leaves_an_association_of_others_alone),
        cmocka_unit_test(names_the_add_on_that_owns_an_association),
        cmocka_unit_test(believes_no_association_ID_in_a_status),
        cmocka_unit_test(puts_a_lost_boundary_back_before_any_other_write),
        cmocka_unit_test(another_boundary_is_put_and_taken_back_as_the_spec_says),
        cmocka_unit_test(a_boundary_that_was_asked_for_is_not_changed_before_deletion),
        cmocka_unit_test(further_trust_conditions_are_written_into_roles_at_the_next_start),
        cmocka_unit_test(widens_before_it_narrows),
        cmocka_unit_test(waits_for_a_role_that_EKS_does_not_see_yet),
        cmocka_unit_test(calls_no_name_taken_while_its_own_role_is_young),
        cmocka_unit_test(is_not_ready_before_the_association_has_settled),
        cmocka_unit_test(lets_an_edited_trust_age_before_an_association_needs_it),
        cmocka_unit_test(tells_what_an_existing_roles_trust_lacks),
        cmocka_unit_test(says_which_of_a_persons_mistakes_it_is),
        cmocka_unit_test(measures_a_policy_before_it_asks_AWS),
        cmocka_unit_test(refuses_an_existing_role_of_another_namespace),
        cmocka_unit_test(warns_of_a_ServiceAccount_that_does_not_exist),
        cmocka_unit_test(tells_each_change_once),
        cmocka_unit_test(an_Event_that_is_refused_stops_nothing),
        cmocka_unit_test(retires_a_role_and_deletes_it_after_six_hours),
        cmocka_unit_test(remembers_a_retired_role_over_a_restart),
        cmocka_unit_test(leaves_conditions_as_they_were_while_AWS_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
