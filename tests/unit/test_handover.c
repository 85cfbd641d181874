#include "tests/unit/plans.h"

#define BOUND_TO_OTHER "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" OTHER "\"}"

#define NOT_GRANTED                                                                                \
    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::" FAKE_ACCOUNT ":role/a/b/c\"}"

/* Binding "cart" is Ready, and the younger "mine" waits. */
static struct fake_world *world_with_two(const char *elder, const char *younger)
{
    struct fake_world *world = world_with(elder);

    fake_aws_add_role(&world->aws, "/app/", "other", TRUST);
    world->wire.now_ms += 5000;
    bind_and_settle(world, "mine", younger);
    assert_condition(world, "mine", "Ready", "False Conflict");
    fake_world_reset(world);
    return world;
}

static void assert_handed_over(struct fake_world *world)
{
    AUTO_FREE char *association =
        memory_string(fake_world_binding(world, "cart")->status.association_id);

    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_string_equal(fake_world_binding(world, "mine")->status.association_id, association);
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 0);
    assert_int_equal(effects(world, "CreatePodIdentityAssociation"), 0);
}

static void the_same_role_is_only_tagged_anew(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), BOUND_TO("cart"));

    (void)state;
    assert_handed_over(world);
    assert_int_equal(effects(world, "UpdatePodIdentityAssociation"), 0);
    assert_int_equal(effects(world, "TagResource"), 1);
}

static void another_role_is_one_update(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), BOUND_TO_OTHER);

    (void)state;
    assert_handed_over(world);
    assert_int_equal(effects(world, "UpdatePodIdentityAssociation"), 1);
}

static void a_role_of_ours_with_the_same_name_passes_on_too(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(MANAGED, MANAGED_WITH_TWO);

    (void)state;
    assert_handed_over(world);
    assert_int_equal(effects(world, "CreateRole") + effects(world, "DeleteRole"), 0);
    assert_non_null(cart_role(world));
    fake_world_unbind(world, "mine");
    assert_true(fake_world_settle(world));
    assert_null(cart_role(world));
}

static void a_role_that_nobody_takes_over_goes_with_its_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(MANAGED, BOUND_TO("cart"));

    (void)state;
    assert_handed_over(world);
    assert_null(cart_role(world));
}

static void the_one_that_goes_says_whom_it_waits_for(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), BOUND_TO_OTHER);

    (void)state;
    fake_world_unbind(world, "cart");
    fake_world_reconcile(world, "cart");
    assert_condition(world, "cart", "Reconciling", "True HandingOver");
    assert_contains(message_of(world, "cart", "Reconciling"), "shop/mine");
    assert_int_equal(world->wire.aws_writes, 0);
}

/* The command sees this one binding's namespace and no grants: it hands nothing over. */
static void release_waits_for_no_heir(void **state)
{
    static const enum release releases[] = {RELEASE_ASSOCIATION, RELEASE_PURGE};

    (void)state;
    for (size_t i = 0; i < COUNT(releases); i++) {
        AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), BOUND_TO_OTHER);

        fake_world_unbind(world, "cart");
        fake_world_watch(world);
        assert_true(fake_world_release(world, "cart", releases[i]));
        fake_world_watch(world);
        assert_null(fake_world_binding(world, "cart"));
        fake_world_reconcile(world, "mine");
        assert_true(fake_world_settle(world));
        assert_condition(world, "mine", "Ready", "True Ready");
    }
}

/* The heir's role does not admit EKS: the deleted binding must not wait for it for ever. */
static void an_heir_that_cannot_is_waited_for_two_minutes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), BOUND_TO_OTHER);

    (void)state;
    fake_text_set(&fake_aws_role(&world->aws, "other")->trust,
                  "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    fake_world_unbind(world, "cart");
    assert_true(fake_world_pass(world, 100 * 1000));
    assert_non_null(fake_world_binding(world, "cart"));
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 0);
    assert_true(fake_world_pass(world, 30 * 1000));
    assert_null(fake_world_binding(world, "cart"));
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 1);
}

static void without_an_heir_that_may_nothing_is_waited_for(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), NOT_GRANTED);

    (void)state;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_pass(world, 1000));
    assert_null(fake_world_binding(world, "cart"));
}

static void a_namespace_that_ends_hands_nothing_over(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_two(BOUND_TO("cart"), BOUND_TO_OTHER);

    (void)state;
    fake_kubernetes_patch(&world->kubernetes, "namespaces", "", "shop",
                          json_pack("{s:{s:s, s:[s]}}", "metadata", "deletionTimestamp",
                                    "2026-11-25T00:00:00Z", "finalizers", "kubernetes"));
    fake_world_unbind(world, "cart");
    fake_world_reconcile(world, "cart");
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 1);
}

static void a_persons_binding_takes_over_from_the_annotation(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_annotate(world, EXISTING);
    assert_true(fake_world_settle(world));
    fake_world_reset(world);
    world->wire.now_ms += 5000;
    bind_and_settle(world, "mine", BOUND_TO("cart"));
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_condition(world, "cart", "Ready", "False Conflict");
    assert_int_equal(effects(world, "UpdatePodIdentityAssociation"), 0);
    assert_int_equal(world->wire.aws_writes, 1); /* the tags */

    fake_world_annotate(world, NULL); /* what the chart stands for goes, and takes nothing along */
    assert_true(fake_world_settle(world));
    assert_condition(world, "mine", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_role_is_only_tagged_anew),
        cmocka_unit_test(another_role_is_one_update),
        cmocka_unit_test(a_role_of_ours_with_the_same_name_passes_on_too),
        cmocka_unit_test(a_role_that_nobody_takes_over_goes_with_its_binding),
        cmocka_unit_test(the_one_that_goes_says_whom_it_waits_for),
        cmocka_unit_test(release_waits_for_no_heir),
        cmocka_unit_test(an_heir_that_cannot_is_waited_for_two_minutes),
        cmocka_unit_test(without_an_heir_that_may_nothing_is_waited_for),
        cmocka_unit_test(a_namespace_that_ends_hands_nothing_over),
        cmocka_unit_test(a_persons_binding_takes_over_from_the_annotation),
    };

    return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
