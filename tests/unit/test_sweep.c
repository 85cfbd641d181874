/* The sweep at start, and what it saves. */

#include "tests/unit/plans.h"

#include "reconcilers/ledger.h"
#include "reconcilers/sweep.h"

enum { MANY = 1000, PAGES_OF_ASSOCIATIONS = MANY / 100, PAGES_OF_ROLES = MANY / 100 + 1 };

static void starting_with_a_thousand_right_bindings_costs_pages_and_no_write(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_many(world, MANY);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->reconciles, MANY);
    assert_int_equal(fake_counts_get(&world->wire.operations, "ListPodIdentityAssociations"),
                     PAGES_OF_ASSOCIATIONS);
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetAccountAuthorizationDetails"),
                     PAGES_OF_ROLES);
    assert_int_equal(world->wire.calls, 2 + PAGES_OF_ASSOCIATIONS + PAGES_OF_ROLES);
    assert_condition(world, "app-999", "Ready", "True Ready");
}

static void looks_closer_at_the_one_binding_whose_role_differs(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_many(world, 5);
    fake_pairs_put(&world->aws.roles[3]->attached, "arn:aws:iam::aws:policy/AdministratorAccess",
                   "");
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 1);
    assert_int_equal(world->wire.aws_writes, 1);
    assert_int_equal(fake_counts_get(&world->aws.effects, "DetachRolePolicy"), 1);
}

static void makes_an_association_again_that_is_missing_after_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_text_set(&fake_aws_association(&world->aws, "shop", "cart")->namespace_name, "elsewhere");
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_non_null(fake_aws_association(&world->aws, "shop", "cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void reads_a_binding_that_was_changed_while_nobody_looked(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_bind(world, "cart", MANAGED_WITH_TWO);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(cart_role(world)->policies.count, 1);
}

static void keeps_an_existing_role_that_a_binding_names(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(BOUND_TO("cart"));

    (void)state;
    fake_world_restart(world);
    bind_and_settle(world, "till", BOUND_TO("till"));
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 0);
    assert_condition(world, "till", "Ready", "True Ready");
}

static void learns_who_it_is(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    const struct account *account = &world->scene.account;

    (void)state;
    assert_true(account->known);
    assert_string_equal(account->id, FAKE_ACCOUNT);
    assert_string_equal(account->partition, "aws");
    assert_string_equal(account->cluster_arn, FAKE_CLUSTER_ARN);
    assert_string_equal(account->caller_role, FAKE_CONTROLLER_ROLE);
}

static void follows_every_page(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_many(world, 7);
    world->aws.page_max = 2;
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->wire.aws_writes, 0);
    assert_int_equal(fake_counts_get(&world->wire.operations, "ListPodIdentityAssociations"), 4);
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 0);
}

static void takes_roles_of_other_clusters_for_nobodys(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct fake_role *role = fake_aws_add_role(&world->aws, FAKE_ROLE_PATH, "other", TRUST);

    (void)state;
    fake_pairs_put(&role->tags, TAG_BINDING_UID, "theirs");
    fake_pairs_put(&role->tags, TAG_CLUSTER, FAKE_CLUSTER_ARN "-two");
    assert_true(fake_world_sweep(world));
    assert_string_equal(picture_role(world->scene.picture, "other")->binding_uid, "");
    fake_pairs_put(&role->tags, TAG_CLUSTER, FAKE_CLUSTER_ARN);
    assert_true(fake_world_sweep(world));
    assert_string_equal(picture_role(world->scene.picture, "OTHER")->binding_uid, "theirs");
}

/* What AWS must answer to a start that cannot go on, and what bindings then say. */
static void tells_every_binding_that_the_cluster_does_not_exist(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    account_finish(&world->scene.account);
    world->aws.cluster = "another";
    assert_false(fake_world_sweep(world));
    assert_false(world->scene.account.known);
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "False ClusterNotFound");
    assert_contains(message_of(world, "cart", "Ready"), "--cluster-name");
    world->aws.cluster = FAKE_CLUSTER;
    assert_true(fake_world_sweep(world));
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void waits_without_a_request_while_the_account_is_not_known(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    account_finish(&world->scene.account);
    fake_world_bind(world, "cart", MANAGED);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_calls, 0);
    assert_condition(world, "cart", "Reconciling", "True AWSUnavailable");
}

static void a_sweep_that_fails_anywhere_is_made_again_from_the_start(void **state)
{
    (void)state;
    for (unsigned call = 1; call <= 9; call++)
        for (int fault = 0; fault < FAULT_COUNT; fault++) {
            AUTO_WORLD struct fake_world *world = world_with(NULL);

            bind_many(world, 4);
            world->aws.page_max = 2;
            account_finish(&world->scene.account);
            world->wire.failures[0] =
                (struct fake_failure){.call = call, .fault = (enum fake_fault)fault};
            if (call <= 7) {
                assert_false(fake_world_sweep(world));
                assert_false(world->scene.account.known);
                assert_int_not_equal(world->scene.account.trouble.kind, ERROR_NONE);
            }
            fake_world_reset(world);
            assert_true(fake_world_sweep(world));
            assert_true(world->scene.account.known);
            assert_int_equal(world->scene.account.trouble.kind, ERROR_NONE);
            assert_non_null(picture_association(world->scene.picture, "shop", "app-3"));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_with_a_thousand_right_bindings_costs_pages_and_no_write),
        cmocka_unit_test(looks_closer_at_the_one_binding_whose_role_differs),
        cmocka_unit_test(makes_an_association_again_that_is_missing_after_a_restart),
        cmocka_unit_test(reads_a_binding_that_was_changed_while_nobody_looked),
        cmocka_unit_test(keeps_an_existing_role_that_a_binding_names),
        cmocka_unit_test(learns_who_it_is),
        cmocka_unit_test(follows_every_page),
        cmocka_unit_test(takes_roles_of_other_clusters_for_nobodys),
        cmocka_unit_test(tells_every_binding_that_the_cluster_does_not_exist),
        cmocka_unit_test(waits_without_a_request_while_the_account_is_not_known),
        cmocka_unit_test(a_sweep_that_fails_anywhere_is_made_again_from_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
