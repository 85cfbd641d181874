/* How an adopted association is let go, and who takes it over. */

#include "tests/unit/their_association.h"

static struct fake_role *role_given(const struct fake_world *world)
{
    return fake_aws_role(&world->aws, strrchr(cart(world)->role_arn, '/') + 1);
}

static void what_was_adopted_is_let_go_and_keeps_working(void **state)
{
    static const char tagging[] = "{\"serviceAccountName\":\"cart\",\"tags\":{\"stage\":\"live\"},"
                                  "\"roleARN\":\"" EXISTING "\"" ADOPT "}";
    AUTO_WORLD struct fake_world *world = world_adopted(tagging);

    (void)state;
    assert_string_equal(tag(world, "stage"), "live");
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_non_null(cart(world));
    assert_string_equal(cart(world)->role_arn, EXISTING);
    assert_int_equal(cart(world)->tags.count, 1);
    assert_string_equal(tag(world, "team"), "blue");
    assert_int_equal(effects(world, "UntagResource"), 1);
    assert_int_equal(world->wire.aws_writes, 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "AssociationLeft"), 1);
}

/* A role that we made is not taken from under what stays. */
static void the_role_that_it_gives_stays_with_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING_MANAGED);
    int64_t before_ms = world->wire.now_ms;

    (void)state;
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_true(world->wire.now_ms < before_ms + 60000); /* no pod has to be waited for */
    assert_null(fake_world_binding(world, "cart"));
    assert_non_null(role_given(world));
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleLeft"), 1);
}

/* It died after the tags were off: nothing tells any more that the association was adopted. */
static void the_role_stays_also_when_the_process_dies_between(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING_MANAGED);

    (void)state;
    fake_world_unbind(world, "cart");
    for (size_t i = cart(world)->tags.count; i-- > 0;)
        if (text_starts(cart(world)->tags.items[i].key, "podidentity.io/"))
            fake_pairs_remove(&cart(world)->tags, cart(world)->tags.items[i].key);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_non_null(role_given(world));
}

static void a_withdrawn_grant_lets_it_go_and_does_not_delete_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = 5000;
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_non_null(cart(world));
    assert_null(tag(world, TAG_ORIGIN));
}

static void a_purge_leaves_what_the_living_binding_adopted(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    assert_true(fake_world_release(world, "cart", RELEASE_PURGE));
    assert_non_null(cart(world));
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
}

/* The elder goes; the younger adopts it in its turn, and pods never lose their credentials. */
static void an_heir_that_may_adopt_takes_it_over(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);
    AUTO_FREE char *id = memory_string(cart(world)->id);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "mine", ADOPTING);
    assert_condition(world, "mine", "Ready", "False Conflict");
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_string_equal(cart(world)->id, id);
    assert_string_equal(tag(world, TAG_BINDING_UID), fake_world_binding(world, "mine")->record.uid);
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 0);
}

static void an_heir_that_refuses_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    world->wire.now_ms += 5000;
    bind_and_settle(world, "mine", REFUSING);
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "mine", "Ready", "False AssociationForeign");
    assert_non_null(cart(world));
    assert_null(tag(world, TAG_ORIGIN));
}

static void release_lets_it_go_without_deleting_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    world->wire.aws_down = true;
    fake_world_unbind(world, "cart");
    fake_world_watch(world);
    world->wire.aws_down = false;
    assert_true(fake_world_release(world, "cart", RELEASE_ASSOCIATION));
    assert_non_null(cart(world));
    assert_null(tag(world, TAG_ORIGIN));
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_adopted_is_let_go_and_keeps_working),
        cmocka_unit_test(the_role_that_it_gives_stays_with_it),
        cmocka_unit_test(the_role_stays_also_when_the_process_dies_between),
        cmocka_unit_test(a_withdrawn_grant_lets_it_go_and_does_not_delete_it),
        cmocka_unit_test(an_heir_that_may_adopt_takes_it_over),
        cmocka_unit_test(an_heir_that_refuses_is_told),
        cmocka_unit_test(release_lets_it_go_without_deleting_it),
        cmocka_unit_test(a_purge_leaves_what_the_living_binding_adopted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
