/* The order of changes that widen and narrow: no pod is without credentials in between. */

#include "tests/unit/plans.h"

#define THERE "arn:aws:iam::210987654321:role/there"
#define ELSEWHERE "arn:aws:iam::310987654321:role/elsewhere"
#define UNTAGGED "{\"serviceAccountName\":\"cart\",\"disableSessionTags\":true}"
#define LIMITED                                                                                    \
    "{\"serviceAccountName\":\"cart\",\"disableSessionTags\":true,\"policy\":\"{"                  \
    "\\\"Statement\\\":"                                                                           \
    "{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"s3:*\\\",\\\"Resource\\\":\\\"*\\\"}}\"}"
#define TO(target) "{\"serviceAccountName\":\"cart\",\"targetRoleARN\":\"" target "\"}"

static struct fake_association *cart_association(const struct fake_world *world)
{
    return fake_aws_association(&world->aws, "shop", "cart");
}

static void change_one(struct fake_world *world, const char *spec)
{
    fake_world_bind(world, "cart", spec);
    fake_world_reconcile(world, "cart");
}

static void turning_session_tags_off_widens_the_trust_30_seconds_before(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    int64_t began_ms = world->wire.now_ms;

    (void)state;
    change_one(world, UNTAGGED);
    assert_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
    assert_false(cart_association(world)->disable_session_tags);
    assert_condition(world, "cart", "Associated", "Unknown WaitingForRole");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_true(cart_association(world)->disable_session_tags);
    assert_true(cart_association(world)->modified_ms >= began_ms + 30000);
    assert_int_equal(world->wire.aws_writes, 2);
    assert_int_equal(world->aws.gaps, 0);
}

static void turning_them_on_narrows_the_trust_30_seconds_after(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(LIMITED);
    int64_t updated_ms;

    (void)state;
    assert_non_null(cart_association(world)->policy);
    change_one(world, MANAGED);
    updated_ms = cart_association(world)->modified_ms;
    assert_false(cart_association(world)->disable_session_tags);
    assert_null(cart_association(world)->policy);
    assert_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
    assert_true(fake_world_pass(world, 20000));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
    assert_true(fake_world_settle(world));
    assert_non_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
    assert_true(cart_role(world)->trust_edited_ms >= updated_ms + 30000);
    assert_int_equal(world->wire.aws_writes, 2);
    assert_int_equal(world->aws.gaps, 0);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.calls, 0); /* nothing is left to do */
}

static void a_new_process_takes_an_edit_of_the_trust_for_a_young_one(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    int64_t began_ms = world->wire.now_ms;

    (void)state;
    change_one(world, UNTAGGED);
    fake_world_restart(world);
    fake_world_reconcile(world, "cart");
    assert_condition(world, "cart", "Associated", "Unknown WaitingForRole");
    assert_true(fake_world_settle(world));
    assert_true(cart_association(world)->modified_ms >= began_ms + 30000);
    assert_int_equal(world->aws.gaps, 0);
}

static void a_trust_that_admits_nobody_is_mended_at_once(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(UNTAGGED);

    (void)state;
    fake_text_set(&cart_role(world)->trust, "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    change_one(world, MANAGED);
    assert_non_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
}

static void a_trust_scope_is_widened_and_narrowed_with_one_write(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    assert_true(fake_world_pass(world, 60000));
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"trustScope\":\"Account\"}");
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_null(strstr(cart_role(world)->trust, "aws:SourceArn"));
    bind_and_settle(world, "cart", MANAGED);
    assert_non_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
    assert_int_equal(world->wire.aws_writes, 2);
    assert_int_equal(fake_counts_get(&world->aws.effects, "UpdateAssumeRolePolicy"), 2);
}

static void a_role_may_assume_both_targets_while_the_association_moves(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(TO(THERE));

    (void)state;
    assert_int_equal(cart_role(world)->policies.count, 1);
    change_one(world, TO(ELSEWHERE));
    assert_string_equal(cart_association(world)->target_role_arn, ELSEWHERE);
    assert_int_equal(cart_role(world)->policies.count, 2);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(cart_role(world)->policies.count, 1);
    assert_non_null(strstr(cart_role(world)->policies.items[0].value, ELSEWHERE));
    assert_int_equal(world->wire.aws_writes, 3); /* put, update, delete */
    assert_int_equal(world->aws.gaps, 0);
}

static void a_target_role_comes_and_goes_with_its_status(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);
    const struct podidentitybinding_status *status;

    (void)state;
    bind_and_settle(world, "cart", TO(THERE));
    status = &fake_world_binding(world, "cart")->status;
    assert_string_equal(status->external_id,
                        "eu-west-1/" FAKE_ACCOUNT "/" FAKE_CLUSTER "/shop/cart");
    assert_contains(status->target_trust_policy, status->external_id);
    assert_contains(status->target_trust_policy, status->role_arn);
    fake_world_restart(world);
    fake_world_reset(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->wire.aws_writes, 0);
    assert_non_null(fake_world_binding(world, "cart")->status.external_id);
    bind_and_settle(world, "cart", MANAGED);
    status = &fake_world_binding(world, "cart")->status;
    assert_null(status->external_id);
    assert_null(status->target_trust_policy);
    assert_null(cart_association(world)->target_role_arn);
    assert_int_equal(cart_role(world)->policies.count, 0);
}

static void an_existing_role_must_admit_pods_without_session_tags(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    const char *required;

    (void)state;
    fake_text_set(&fake_aws_role(&world->aws, "reader")->trust,
                  "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
                  "\"Service\":\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\","
                  "\"sts:TagSession\"],\"Condition\":{\"StringEquals\":{"
                  "\"aws:RequestTag/kubernetes-namespace\":\"shop\"}}}]}");
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    bind_and_settle(
        world, "cart",
        "{\"serviceAccountName\":\"cart\",\"disableSessionTags\":true,\"roleARN\":\"" EXISTING
        "\"}");
    assert_condition(world, "cart", "Ready", "False TrustInsufficient");
    required = fake_world_binding(world, "cart")->status.required_trust;
    assert_null(strstr(required, "aws:RequestTag"));
    assert_contains(required, "aws:SourceArn");
    assert_false(cart_association(world)->disable_session_tags);
}

static void an_edit_that_is_not_granted_leaves_trust_and_association_together(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(UNTAGGED);

    (void)state;
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":["
                    "\"arn:aws:iam::aws:policy/service-role/Deep\"]}");
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_null(strstr(cart_role(world)->trust, "aws:RequestTag"));
    assert_int_equal(world->wire.aws_writes, 0);
    assert_int_equal(world->aws.gaps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turning_session_tags_off_widens_the_trust_30_seconds_before),
        cmocka_unit_test(turning_them_on_narrows_the_trust_30_seconds_after),
        cmocka_unit_test(a_new_process_takes_an_edit_of_the_trust_for_a_young_one),
        cmocka_unit_test(a_trust_that_admits_nobody_is_mended_at_once),
        cmocka_unit_test(a_trust_scope_is_widened_and_narrowed_with_one_write),
        cmocka_unit_test(a_role_may_assume_both_targets_while_the_association_moves),
        cmocka_unit_test(a_target_role_comes_and_goes_with_its_status),
        cmocka_unit_test(an_existing_role_must_admit_pods_without_session_tags),
        cmocka_unit_test(an_edit_that_is_not_granted_leaves_trust_and_association_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
