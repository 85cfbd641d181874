/* How an adopted role is let go. */

#include "tests/unit/their_role.h"

static void it_is_let_go_with_its_binding_and_keeps_working(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);
    AUTO_FREE char *trust = memory_string(role(world)->trust);

    (void)state;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_theirs_stand(world);
    assert_string_equal(role(world)->trust, trust);
    assert_non_null(fake_pairs_get(&role(world)->policies, "Policy1"));
    assert_int_equal(role(world)->tags.count, 1);
    assert_string_equal(world->wire.log.bytes + strlen(world->wire.log.bytes) -
                            strlen("UntagRole PatchFinalizers"),
                        "UntagRole PatchFinalizers");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleLeft"), 1);
}

static void one_that_is_wanted_no_more_is_let_go_at_once(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_theirs_stand(world);
    assert_null(tag(world, TAG_ORIGIN));
    assert_null(tag(world, TAG_RETIRED_AT));
}

static void a_purge_leaves_what_the_living_binding_adopted(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    assert_true(fake_world_release(world, "cart", RELEASE_PURGE));
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
}

/* Somebody deletes it while its trust waits to be looked at again. */
static void one_that_is_deleted_meanwhile_is_made_and_is_ours(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    (void)state;
    fake_world_bind(world, "cart", WITH_TWO);
    fake_world_watch(world);
    fake_world_reconcile(world, "cart");
    fake_aws_drop_role(&world->aws, NAME);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_CREATED);
    assert_null(strstr(role(world)->trust, "Them"));
    assert_null(fake_world_binding(world, "cart")->status.warnings[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_let_go_with_its_binding_and_keeps_working),
        cmocka_unit_test(one_that_is_wanted_no_more_is_let_go_at_once),
        cmocka_unit_test(a_purge_leaves_what_the_living_binding_adopted),
        cmocka_unit_test(one_that_is_deleted_meanwhile_is_made_and_is_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
