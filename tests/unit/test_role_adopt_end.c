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

/* Its pods keep their credentials: there is nothing to wait for. */
static void letting_it_go_waits_for_no_pod(void **state)
{
    for (int restarted = 0; restarted < 2; restarted++) {
        AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);
        int64_t before_ms = world->wire.now_ms;

        (void)state;
        fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
        if (restarted)
            fake_world_restart(world);
        fake_world_unbind(world, "cart");
        assert_true(fake_world_settle(world));
        assert_true(world->wire.now_ms < before_ms + 60000);
        assert_null(fake_world_binding(world, "cart"));
        assert_null(fake_aws_association(&world->aws, "shop", "cart"));
        assert_null(tag(world, TAG_ORIGIN));
        assert_theirs_stand(world);
    }
}

/* Beside one that we made, under which pods still work. */
static void it_is_let_go_before_what_waits_for_pods(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    (void)state;
    bind_and_settle(world, "cart", MANAGED);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    bind_and_settle(world, "cart", WITH_TWO);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
    fake_world_unbind(world, "cart");
    fake_world_reconcile(world, "cart");
    fake_world_watch(world);
    assert_condition(world, "cart", "Reconciling", "True Draining");
    assert_null(tag(world, TAG_ORIGIN));
    assert_non_null(cart_role(world));
    fake_world_remove_pod(world, 1);
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleLeft"), 1);
}

/* The picture is a hint: what is deleted is judged by what was read. */
static void one_of_ours_is_drained_whatever_the_picture_says(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_pairs_put(&cart_role(world)->tags, TAG_ORIGIN, ORIGIN_ADOPTED);
    assert_true(fake_world_sweep(world));
    fake_pairs_put(&cart_role(world)->tags, TAG_ORIGIN, ORIGIN_CREATED);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    fake_world_reconcile(world, "cart");
    fake_world_watch(world);
    assert_condition(world, "cart", "Reconciling", "True Draining");
    assert_non_null(cart_role(world));
    fake_world_remove_pod(world, 1);
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_let_go_with_its_binding_and_keeps_working),
        cmocka_unit_test(one_that_is_wanted_no_more_is_let_go_at_once),
        cmocka_unit_test(a_purge_leaves_what_the_living_binding_adopted),
        cmocka_unit_test(one_that_is_deleted_meanwhile_is_made_and_is_ours),
        cmocka_unit_test(letting_it_go_waits_for_no_pod),
        cmocka_unit_test(it_is_let_go_before_what_waits_for_pods),
        cmocka_unit_test(one_of_ours_is_drained_whatever_the_picture_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
