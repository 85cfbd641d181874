/* The way from one mechanism to another, pods first. */

#include "base/encode.h"
#include "reconcilers/trust.h"
#include "tests/unit/irsa_world.h"

#define SIX_HOURS_MS (6 * 60 * 60 * INT64_C(1000))

static void to_pod_identity_web_identity_goes_when_the_last_pod_is_gone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    fake_world_pod(world, 1, POD_WEB_IDENTITY, 0);
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Associated", "True Associated");
    assert_true(trusts(world, TRUST_PRINCIPAL) && trusts(world, PROVIDER));
    assert_non_null(annotation(world, ROLE_ARN));
    assert_contains(fake_world_binding(world, "cart")->status.pending_changes[0],
                    "Take web identity back");
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_calls, 0); /* while it waits */
    fake_world_remove_pod(world, 1);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(annotation(world, ROLE_ARN));
    assert_true(trusts(world, TRUST_PRINCIPAL) && !trusts(world, PROVIDER));
    assert_null(fake_world_binding(world, "cart")->status.pending_changes[0]);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void it_still_waits_after_a_restart(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    fake_world_pod(world, 1, POD_WEB_IDENTITY, 0);
    bind_and_settle(world, "cart", MANAGED);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_true(trusts(world, PROVIDER));
    assert_non_null(annotation(world, ROLE_ARN));
    fake_world_remove_pod(world, 1);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(annotation(world, ROLE_ARN));
    assert_false(trusts(world, PROVIDER));
}

static void where_pods_are_not_watched_the_trust_goes_six_hours_later_and_that_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);
    char time[ENCODE_TIME_SIZE];

    (void)state;
    bind_and_settle(world, "cart", MANAGED);
    assert_null(annotation(world, ROLE_ARN)); /* new pods get the association's */
    assert_true(trusts(world, PROVIDER));
    encode_time(fake_aws_association(&world->aws, "shop", "cart")->modified_ms +
                    (int64_t)world->scene.settings.settle_ms + SIX_HOURS_MS,
                time);
    assert_contains(fake_world_binding(world, "cart")->status.pending_changes[0], "--watch-pods");
    assert_contains(fake_world_binding(world, "cart")->status.pending_changes[0], time);
    assert_condition(world, "cart", "Ready", "True Ready");
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_true(fake_world_pass(world, SIX_HOURS_MS - 60 * 1000));
    assert_true(trusts(world, PROVIDER));
    assert_true(fake_world_pass(world, 2 * 60 * 1000));
    assert_true(trusts(world, TRUST_PRINCIPAL) && !trusts(world, PROVIDER));
    assert_null(fake_world_binding(world, "cart")->status.pending_changes[0]);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void to_irsa_the_association_goes_after_trust_and_annotation_have_settled(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(MANAGED);
    int64_t edited_ms;

    (void)state;
    fake_world_bind(world, "cart", IRSA);
    fake_world_reconcile(world, "cart");
    edited_ms = world->wire.now_ms;
    assert_true(trusts(world, TRUST_PRINCIPAL) && trusts(world, PROVIDER));
    assert_null(annotation(world, ROLE_ARN)); /* AWS does not know the trust everywhere yet */
    assert_true(fake_world_pass(world, 30 * 1000));
    assert_non_null(annotation(world, ROLE_ARN));
    assert_int_equal(world->aws.association_count, 1);
    assert_true(fake_world_settle(world));
    assert_true(world->wire.now_ms >= edited_ms + 40 * 1000);
    assert_int_equal(world->aws.association_count, 0);
    assert_true(!trusts(world, TRUST_PRINCIPAL) && trusts(world, PROVIDER));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "cart", "Associated", "");
    assert_null(fake_world_binding(world, "cart")->status.association_id);
}

static void to_irsa_the_trust_stays_open_with_further_conditions_too(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    world->scene.settings.trust_conditions = "aws:SourceOrgId=o-1";
    bind_and_settle(world, "cart", MANAGED);
    fake_world_bind(world, "cart", IRSA);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->aws.association_count, 1);
    assert_true(trusts(world, TRUST_PRINCIPAL) && trusts(world, PROVIDER));
    assert_true(fake_world_settle(world));
    assert_true(!trusts(world, TRUST_PRINCIPAL) && trusts(world, PROVIDER));
}

static void to_irsa_the_association_stays_while_nobody_can_be_annotated(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(MANAGED);

    (void)state;
    annotate(world, ROLE_ARN, "arn:aws:iam::123456789012:role/other");
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "RoleReady", "False AnnotationOwnedByOther");
    assert_int_equal(world->aws.association_count, 1);
    assert_true(trusts(world, TRUST_PRINCIPAL));
}

static void a_role_stays_under_pods_that_run_with_web_identity(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    fake_world_pod(world, 1, POD_WEB_IDENTITY, 0);
    world->wire.now_ms += 5000;
    fake_world_unbind(world, "cart");
    fake_world_reconcile(world, "cart");
    assert_null(annotation(world, ROLE_ARN)); /* new pods get nothing any more */
    assert_non_null(cart_role(world));
    fake_world_remove_pod(world, 1);
    fake_world_reconcile(world, "cart");
    assert_null(cart_role(world));
    assert_null(fake_world_binding(world, "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_pod_identity_web_identity_goes_when_the_last_pod_is_gone),
        cmocka_unit_test(it_still_waits_after_a_restart),
        cmocka_unit_test(
            where_pods_are_not_watched_the_trust_goes_six_hours_later_and_that_is_told),
        cmocka_unit_test(to_irsa_the_association_goes_after_trust_and_annotation_have_settled),
        cmocka_unit_test(to_irsa_the_trust_stays_open_with_further_conditions_too),
        cmocka_unit_test(to_irsa_the_association_stays_while_nobody_can_be_annotated),
        cmocka_unit_test(a_role_stays_under_pods_that_run_with_web_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
