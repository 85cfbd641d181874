/* What IRSA writes on a ServiceAccount, and what others have written there. */

#include "tests/unit/irsa_world.h"

static void a_missing_service_account_is_waited_for_and_never_made(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, ACCOUNTS, "shop", "cart");
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "RoleReady", "Unknown WaitingForServiceAccount");
    assert_null(fake_kubernetes_get(&world->kubernetes, ACCOUNTS, "shop", "cart"));
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0], "does not exist yet");
    fake_kubernetes_apply(&world->kubernetes, ACCOUNTS, "shop", "cart", json_object());
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_non_null(annotation(world, ROLE_ARN));
}

static void an_annotation_of_somebody_else_stays_and_is_named(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    annotate(world, ROLE_ARN, "arn:aws:iam::123456789012:role/other");
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "RoleReady", "False AnnotationOwnedByOther");
    assert_contains(message_of(world, "cart", "Ready"), "kubectl-client-side-apply");
    assert_contains(message_of(world, "cart", "Ready"), ".metadata.annotations." ROLE_ARN);
    assert_string_equal(annotation(world, ROLE_ARN), "arn:aws:iam::123456789012:role/other");
    annotate(world, ROLE_ARN, NULL);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

/* Its tokens would be for somebody whom the trust does not admit. */
static void another_audience_of_somebody_else_is_told_too(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    annotate(world, "eks.amazonaws.com/audience", "theirs");
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "RoleReady", "False AnnotationOwnedByOther");
    assert_contains(message_of(world, "cart", "Ready"), "eks.amazonaws.com/audience");
}

static void what_is_taken_off_is_applied_again_three_times_an_hour(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        annotate(world, ROLE_ARN, NULL);
        assert_true(fake_world_settle(world));
        assert_non_null(annotation(world, ROLE_ARN));
        assert_condition(world, "cart", "Ready", "True Ready");
        world->wire.now_ms += 60 * 1000;
    }
    assert_true(fake_kubernetes_events(&world->kubernetes, "AnnotationsRestored") > 0);
    annotate(world, ROLE_ARN, NULL);
    fake_world_reconcile(world, "cart");
    assert_null(annotation(world, ROLE_ARN));
    assert_condition(world, "cart", "RoleReady", "False AnnotationOwnedByOther");
    world->wire.now_ms += 60 * 60 * 1000;
    fake_world_reconcile(world, "cart");
    assert_non_null(annotation(world, ROLE_ARN));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void a_service_account_made_again_is_annotated_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    fake_kubernetes_delete(&world->kubernetes, ACCOUNTS, "shop", "cart");
    fake_kubernetes_apply(&world->kubernetes, ACCOUNTS, "shop", "cart", json_object());
    assert_true(fake_world_settle(world));
    assert_non_null(annotation(world, ROLE_ARN));
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "AnnotationsRestored"), 0);
}

static void our_own_apply_that_the_watch_has_not_brought_is_not_repeated(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    fake_world_bind(world, "cart", IRSA);
    fake_world_watch(world);
    fake_world_reconcile_unseen(world, "cart");
    fake_world_reconcile_unseen(world, "cart");
    assert_int_equal(world->kubernetes.applies, 1);
    assert_int_equal(world->kubernetes.idle_writes, 0);
}

static void an_annotation_of_somebody_else_outlives_ours(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    annotate(world, "example.com/theirs", "yes");
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(annotation(world, ROLE_ARN));
    assert_string_equal(annotation(world, "example.com/theirs"), "yes");
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_service_account_is_waited_for_and_never_made),
        cmocka_unit_test(an_annotation_of_somebody_else_stays_and_is_named),
        cmocka_unit_test(another_audience_of_somebody_else_is_told_too),
        cmocka_unit_test(what_is_taken_off_is_applied_again_three_times_an_hour),
        cmocka_unit_test(a_service_account_made_again_is_annotated_again),
        cmocka_unit_test(our_own_apply_that_the_watch_has_not_brought_is_not_repeated),
        cmocka_unit_test(an_annotation_of_somebody_else_outlives_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
