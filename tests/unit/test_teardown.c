/* The plan that takes away what a binding made, whole, on the fakes. */

#include "tests/unit/plans.h"

/* Deletes the binding and goes on until quiet. */
static void unbind_and_settle(struct fake_world *world, const char *name)
{
    fake_world_unbind(world, name);
    assert_true(fake_world_settle(world));
}

static void takes_away_association_then_policies_then_role_then_finalizer(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    unbind_and_settle(world, "cart");
    assert_string_equal(world->wire.log.bytes,
                        "DescribePodIdentityAssociation DeletePodIdentityAssociation GetRole "
                        "ListRolePolicies DeleteRolePolicy ListAttachedRolePolicies "
                        "DetachRolePolicy DeleteRole PatchFinalizers");
    assert_null(cart_role(world));
    assert_int_equal(world->aws.association_count, 0);
    assert_null(fake_world_binding(world, "cart"));
}

static void leaves_an_existing_role_as_it_is(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    unbind_and_settle(world, "cart");
    assert_string_equal(world->wire.log.bytes,
                        "DescribePodIdentityAssociation DeletePodIdentityAssociation "
                        "PatchFinalizers");
    assert_non_null(fake_aws_role(&world->aws, "reader"));
}

static void keeps_finalizers_of_others(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));
    const json_t *left;

    (void)state;
    fake_kubernetes_patch(
        &world->kubernetes, BINDINGS, "shop", "cart",
        json_pack("{s:{s:[s,s]}}", "metadata", "finalizers", "a.example/b", "podidentity.io/aws"));
    unbind_and_settle(world, "cart");
    left = json_path(fake_kubernetes_get(&world->kubernetes, BINDINGS, "shop", "cart"),
                     "metadata.finalizers");
    assert_int_equal(json_array_size(left), 1);
    assert_string_equal(json_string_value(json_array_get(left, 0)), "a.example/b");
    assert_int_equal(world->aws.association_count, 0);
}

static void empties_a_role_over_many_pages(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    world->aws.page_max = 1;
    for (int i = 0; i < 3; i++) {
        char arn[] = "arn:aws:iam::123456789012:policy/more-0", name[] = "more-0";

        arn[sizeof(arn) - 2] = name[sizeof(name) - 2] = (char)('0' + i);
        fake_pairs_put(&cart_role(world)->policies, name, POLICY);
        fake_pairs_put(&cart_role(world)->attached, arn, "");
    }
    unbind_and_settle(world, "cart");
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void puts_a_lost_boundary_back_before_it_deletes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);
    const char *boundary, *delete;

    (void)state;
    fake_text_set(&cart_role(world)->boundary, NULL);
    world->aws.boundary_required = true;
    unbind_and_settle(world, "cart");
    boundary = strstr(world->wire.log.bytes, "PutRolePermissionsBoundary");
    delete = strstr(world->wire.log.bytes, "DeleteRolePolicy");
    assert_true(boundary && delete &&boundary < delete);
    assert_null(cart_role(world));
}

static void goes_on_where_somebody_was_faster(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);
    struct fake_role *role = cart_role(world);

    (void)state;
    fake_pairs_remove(&role->policies, "Policy1");
    fake_pairs_remove(&role->attached, "arn:aws:iam::aws:policy/ReadOnlyAccess");
    unbind_and_settle(world, "cart");
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

#define RETAINED "{\"serviceAccountName\":\"cart\",\"deletionPolicy\":\"Retain\"}"

static void keeps_a_role_that_is_to_be_retained_and_never_the_association(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(RETAINED);

    (void)state;
    unbind_and_settle(world, "cart");
    assert_non_null(cart_role(world));
    assert_string_equal(cart_role(world)->boundary, FAKE_BOUNDARY);
    assert_null(fake_aws_association(&world->aws, "shop", "cart"));
    assert_null(fake_world_binding(world, "cart"));
}

static void keeps_no_role_without_a_grant_for_that(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_grant(world, "shop",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
                     "\"managedRoles\":{}}");
    bind_and_settle(world, "cart", RETAINED);
    assert_condition(world, "cart", "Ready", "False NotGranted");
    unbind_and_settle(world, "cart");
    assert_null(cart_role(world));
}

static void lets_a_role_go_that_was_not_made_by_us(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_pairs_put(&cart_role(world)->tags, TAG_ORIGIN, "adopted");
    unbind_and_settle(world, "cart");
    assert_non_null(cart_role(world));
    assert_int_equal(cart_role(world)->policies.count, 1);
    assert_int_equal(cart_role(world)->tags.count, 0);
    assert_int_equal(fake_counts_get(&world->aws.effects, "UntagRole"), 1);
    assert_null(fake_world_binding(world, "cart"));
}

static void leaves_a_role_whose_tags_name_another_cluster(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_pairs_put(&cart_role(world)->tags, TAG_CLUSTER, FAKE_CLUSTER_ARN "-two");
    cart_role(world)->foreign = true;
    unbind_and_settle(world, "cart");
    assert_non_null(cart_role(world));
    assert_int_equal(world->aws.trespasses, 0);
}

static void leaves_an_association_that_an_add_on_owns(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));
    struct fake_association *association = fake_aws_association(&world->aws, "shop", "cart");

    (void)state;
    fake_text_set(&association->owner_arn, "arn:aws:eks:eu-west-1:123456789012:addon/main/ebs/1");
    association->foreign = true;
    unbind_and_settle(world, "cart");
    assert_int_equal(world->aws.association_count, 1);
    assert_int_equal(world->aws.trespasses, 0);
    assert_null(fake_world_binding(world, "cart"));
}

static void keeps_the_finalizer_while_AWS_is_away_and_says_so(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    world->wire.aws_down = true;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_pass(world, 2 * 60 * 1000));
    assert_true(kube_meta_has_finalizer(&fake_world_binding(world, "cart")->meta,
                                        PODIDENTITYBINDING_FINALIZER));
    assert_condition(world, "cart", "Reconciling", "True AWSUnavailable");
    world->wire.aws_down = false;
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_null(cart_role(world));
}

static void deletes_a_binding_whose_spec_is_not_allowed_any_more(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    unbind_and_settle(world, "cart");
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void deletes_what_the_picture_does_not_show(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_world_restart(world);
    picture_begin_sweep(world->scene.picture, 1);
    picture_end_sweep(world->scene.picture, 1); /* saw nothing */
    unbind_and_settle(world, "cart");
    assert_null(cart_role(world));
    assert_int_equal(world->aws.association_count, 0);
}

static void a_role_in_an_instance_profile_is_told_and_goes_once_it_is_out(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_pairs_put(&cart_role(world)->profiles, "theirs", "");
    unbind_and_settle(world, "cart");
    assert_condition(world, "cart", "RoleReady", "False RoleInUse");
    assert_condition(world, "cart", "Associated", "Unknown RoleInUse");
    assert_contains(message_of(world, "cart", "RoleReady"), "instance profile holds it: theirs");
    assert_int_equal(world->aws.association_count, 0);
    assert_int_equal(cart_role(world)->profiles.count, 1);
    assert_int_equal(fake_counts_get(&world->aws.effects, "RemoveRoleFromInstanceProfile"), 0);
    fake_pairs_remove(&cart_role(world)->profiles, "theirs");
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void a_retired_role_in_an_instance_profile_holds_nothing_back(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_pairs_put(&cart_role(world)->profiles, "theirs", "");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_true(fake_world_pass(world, 7 * 60 * 60 * 1000));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_non_null(cart_role(world));
    assert_true(fake_kubernetes_events(&world->kubernetes, "RoleInUse") > 0);
    fake_pairs_remove(&cart_role(world)->profiles, "theirs");
    assert_true(fake_world_pass(world, 2 * 60 * 60 * 1000));
    assert_null(cart_role(world));
}

/* Foreign policies, those that only deny too, go with the role. */
static void whatever_was_attached_to_the_role_goes_with_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED_WITH_TWO);

    (void)state;
    fake_pairs_put(&cart_role(world)->attached, "arn:aws:iam::aws:policy/AdministratorAccess", "");
    fake_pairs_put(&cart_role(world)->policies, "AWSRevokeOlderSessions",
                   "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":"
                   "\"*\",\"Resource\":\"*\"}]}");
    unbind_and_settle(world, "cart");
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void holds_more_deletions_than_the_limit_until_the_window_is_over(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    bind_and_settle(world, "till", BOUND_TO("till"));
    bind_and_settle(world, "shelf", BOUND_TO("shelf"));
    world->scene.settings.deletion_limit = 2;
    fake_world_unbind(world, "cart");
    fake_world_unbind(world, "till");
    fake_world_unbind(world, "shelf");
    assert_true(fake_world_pass(world, 9 * 60 * 1000));
    assert_null(fake_world_binding(world, "cart"));
    assert_null(fake_world_binding(world, "till"));
    assert_condition(world, "shelf", "Ready", "False DeletionHeld");
    assert_contains(message_of(world, "shelf", "Ready"), "--approve-deletions");
    assert_int_equal(world->aws.association_count, 1);
    assert_true(fake_world_pass(world, 2 * 60 * 1000));
    assert_null(fake_world_binding(world, "shelf"));
    assert_int_equal(world->aws.association_count, 0);
}

static void lets_a_held_deletion_go_when_it_is_approved(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));
    const char *deleted;

    (void)state;
    bind_and_settle(world, "till", BOUND_TO("till"));
    world->scene.settings.deletion_limit = 1;
    fake_world_unbind(world, "cart");
    fake_world_unbind(world, "till");
    assert_true(fake_world_pass(world, 60 * 1000));
    assert_condition(world, "till", "Ready", "False DeletionHeld");
    deleted = fake_world_binding(world, "till")->meta.deletion_timestamp;
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "till",
                          json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                                    "podidentity.io/deletion-approved", deleted));
    assert_true(fake_world_pass(world, 1000));
    assert_null(fake_world_binding(world, "till"));
}

static void an_approval_of_another_deletion_does_not_count(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    bind_and_settle(world, "till", BOUND_TO("till"));
    world->scene.settings.deletion_limit = 1;
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "till",
                          json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                                    "podidentity.io/deletion-approved", "2026-11-24T00:00:00Z"));
    fake_world_unbind(world, "cart");
    assert_true(fake_world_pass(world, 1000));
    fake_world_unbind(world, "till");
    assert_true(fake_world_pass(world, 60 * 1000));
    assert_condition(world, "till", "Ready", "False DeletionHeld");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_away_association_then_policies_then_role_then_finalizer),
        cmocka_unit_test(leaves_an_existing_role_as_it_is),
        cmocka_unit_test(keeps_finalizers_of_others),
        cmocka_unit_test(empties_a_role_over_many_pages),
        cmocka_unit_test(puts_a_lost_boundary_back_before_it_deletes),
        cmocka_unit_test(goes_on_where_somebody_was_faster),
        cmocka_unit_test(keeps_a_role_that_is_to_be_retained_and_never_the_association),
        cmocka_unit_test(keeps_no_role_without_a_grant_for_that),
        cmocka_unit_test(lets_a_role_go_that_was_not_made_by_us),
        cmocka_unit_test(leaves_a_role_whose_tags_name_another_cluster),
        cmocka_unit_test(leaves_an_association_that_an_add_on_owns),
        cmocka_unit_test(keeps_the_finalizer_while_AWS_is_away_and_says_so),
        cmocka_unit_test(deletes_a_binding_whose_spec_is_not_allowed_any_more),
        cmocka_unit_test(deletes_what_the_picture_does_not_show),
        cmocka_unit_test(a_role_in_an_instance_profile_is_told_and_goes_once_it_is_out),
        cmocka_unit_test(a_retired_role_in_an_instance_profile_holds_nothing_back),
        cmocka_unit_test(whatever_was_attached_to_the_role_goes_with_it),
        cmocka_unit_test(holds_more_deletions_than_the_limit_until_the_window_is_over),
        cmocka_unit_test(lets_a_held_deletion_go_when_it_is_approved),
        cmocka_unit_test(an_approval_of_another_deletion_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
