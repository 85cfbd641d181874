/* The ServiceAccount of spec.createServiceAccount, on the fakes. */

#include "tests/unit/plans.h"

#define ACCOUNTS "serviceaccounts"
#define FOR(account) "{\"serviceAccountName\":\"" account "\",\"createServiceAccount\":true}"

static json_t *account(const struct fake_world *world, const char *name)
{
    return fake_kubernetes_get(&world->kubernetes, ACCOUNTS, "shop", name);
}

/* A world in which ServiceAccount cart was made by its binding, and pods are watched. */
static struct fake_world *world_with_made_account(void)
{
    struct fake_world *world = world_with(NULL);

    fake_world_watch_pods(world);
    fake_kubernetes_delete(&world->kubernetes, ACCOUNTS, "shop", "cart");
    bind_and_settle(world, "cart", FOR("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    return world;
}

static void unbind_and_settle(struct fake_world *world)
{
    fake_world_reset(world);
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
}

static void one_that_is_missing_is_made_and_marked(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_made_account();
    const json_t *annotations = json_path(account(world, "cart"), "metadata.annotations");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(annotations, ANNOTATION_CREATED_FOR)),
                        fake_world_binding(world, "cart")->record.uid);
    assert_int_equal(world->kubernetes.account_writes, 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "ServiceAccountCreated"), 1);
    assert_null(fake_world_binding(world, "cart")->status.warnings[0]);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.calls, 0);
}

static void one_that_somebody_deletes_is_made_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_made_account();

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, ACCOUNTS, "shop", "cart");
    assert_true(fake_world_settle(world));
    assert_non_null(account(world, "cart"));
    assert_int_equal(world->wire.aws_calls, 2); /* those of the first time */
}

static void it_goes_with_its_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_made_account();

    (void)state;
    unbind_and_settle(world);
    assert_null(account(world, "cart"));
    assert_int_equal(world->kubernetes.account_writes, 1);
}

static void one_that_was_there_before_stays(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(FOR("cart"));

    (void)state;
    fake_world_watch_pods(world);
    unbind_and_settle(world);
    assert_non_null(account(world, "cart"));
    assert_int_equal(world->kubernetes.account_writes, 0);
}

/* Each of these makes it somebody else's, too. */
static void one_that_others_have_written_to_stays(void **state)
{
    static const char *const patches[] = {
        "{\"metadata\":{\"managedFields\":[{\"manager\":\"podidentity\"},{\"manager\":\"helm\"}]}}",
        "{\"metadata\":{\"managedFields\":null}}",
        "{\"metadata\":{\"managedFields\":[]}}",
        "{\"metadata\":{\"annotations\":{\"podidentity.io/created-for\":\"another\"}}}",
        "{\"metadata\":{\"annotations\":null}}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(patches); i++) {
        AUTO_WORLD struct fake_world *world = world_with_made_account();
        struct error error = {0};

        fake_kubernetes_patch(&world->kubernetes, ACCOUNTS, "shop", "cart",
                              json_parse(patches[i], strlen(patches[i]), &error));
        unbind_and_settle(world);
        assert_non_null(account(world, "cart"));
        assert_int_equal(world->kubernetes.account_writes, 0);
    }
}

static void it_stays_while_nobody_knows_whether_pods_use_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, ACCOUNTS, "shop", "cart");
    bind_and_settle(world, "cart", FOR("cart"));
    unbind_and_settle(world);
    assert_non_null(account(world, "cart"));
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "ServiceAccountKept"), 1);
}

static void without_the_field_none_is_made_or_deleted(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_made_account();

    (void)state;
    bind_and_settle(world, "cart", MANAGED);
    unbind_and_settle(world);
    assert_non_null(account(world, "cart"));
    bind_and_settle(world, "till", "{\"serviceAccountName\":\"till\"}");
    assert_null(account(world, "till"));
}

static void one_that_may_not_be_made_is_told_beside_a_good_role_and_association(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, ACCOUNTS, "shop", "cart");
    fake_world_bind(world, "cart", FOR("cart"));
    world->wire.failures[0] = (struct fake_failure){.call = 4, .fault = FAULT_ACCESS_DENIED};
    fake_world_reconcile(world, "cart");
    assert_string_equal(world->wire.hit_operation, "Create");
    assert_condition(world, "cart", "Ready", "False AccessDenied");
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_contains(message_of(world, "cart", "Allowed"), "ServiceAccount cart cannot be made");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_missing_is_made_and_marked),
        cmocka_unit_test(one_that_somebody_deletes_is_made_again),
        cmocka_unit_test(it_goes_with_its_binding),
        cmocka_unit_test(one_that_was_there_before_stays),
        cmocka_unit_test(one_that_others_have_written_to_stays),
        cmocka_unit_test(it_stays_while_nobody_knows_whether_pods_use_it),
        cmocka_unit_test(without_the_field_none_is_made_or_deleted),
        cmocka_unit_test(one_that_may_not_be_made_is_told_beside_a_good_role_and_association),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
