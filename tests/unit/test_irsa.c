/* Mechanisms IRSA and Both as whole plans: provider and trust. */

#include "reconcilers/trust.h"
#include "tests/unit/irsa_world.h"

static void gives_a_role_to_web_identity_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);
    const char *trust;

    (void)state;
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "cart", "RoleReady", "True Ready");
    assert_condition(world, "cart", "Associated", "");
    assert_int_equal(world->aws.association_count, 0);
    assert_string_equal(annotation(world, ROLE_ARN),
                        fake_world_binding(world, "cart")->status.role_arn);
    assert_null(annotation(world, "eks.amazonaws.com/audience"));
    trust = cart_role(world)->trust;
    assert_contains(trust, "\"Federated\":\"" PROVIDER "\"");
    assert_contains(trust, "/id/0123456789ABCDEF:sub\":\"system:serviceaccount:shop:cart\"");
    assert_contains(trust, "/id/0123456789ABCDEF:aud\":\"sts.amazonaws.com\"");
    assert_false(trusts(world, TRUST_PRINCIPAL));
    /* The provider is read once, the role made, the ServiceAccount annotated. */
    assert_int_equal(world->wire.aws_calls, 2);
    assert_int_equal(world->kubernetes.applies, 1);
    assert_int_equal(world->kubernetes.idle_writes, 0);
}

static void asks_nothing_when_nothing_changed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(IRSA);

    (void)state;
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.calls, 0);
    fake_world_restart(world);
    fake_world_reset(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.calls, 0);
}

static void both_is_one_role_with_both_statements(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(BOTH);

    (void)state;
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_condition(world, "cart", "Associated", "True Associated");
    assert_true(trusts(world, TRUST_PRINCIPAL) && trusts(world, PROVIDER));
    assert_string_equal(fake_aws_association(&world->aws, "shop", "cart")->role_arn,
                        annotation(world, ROLE_ARN));
}

static void writes_each_annotation_that_the_spec_asks_for(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    fake_pairs_put(&fake_aws_provider(&world->aws, FAKE_ISSUER)->client_ids, "mine", "");
    bind_and_settle(world, "cart",
                    IRSA_WITH("\"irsa\":{\"audience\":\"mine\",\"tokenExpiration\":600,"
                              "\"stsRegionalEndpoints\":false}"));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(annotation(world, "eks.amazonaws.com/audience"), "mine");
    assert_string_equal(annotation(world, "eks.amazonaws.com/token-expiration"), "600");
    assert_string_equal(annotation(world, "eks.amazonaws.com/sts-regional-endpoints"), "false");
    assert_contains(cart_role(world)->trust, ":aud\":\"mine\"");
    bind_and_settle(world, "cart", IRSA);
    assert_null(annotation(world, "eks.amazonaws.com/token-expiration"));
    assert_non_null(annotation(world, ROLE_ARN));
}

static void a_missing_provider_is_told_with_the_command(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "RoleReady", "False OIDCProviderMissing");
    assert_contains(message_of(world, "cart", "Ready"),
                    "aws iam create-open-id-connect-provider --url " FAKE_ISSUER
                    " --client-id-list sts.amazonaws.com");
    assert_int_equal(world->aws.effects.used, 0);
    assert_null(annotation(world, ROLE_ARN));
    /* Made by a person, it is found by itself. */
    fake_pairs_put(&fake_aws_add_provider(&world->aws, FAKE_ISSUER)->client_ids, OIDC_AUDIENCE, "");
    fake_world_reconcile(world, "cart");
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void the_provider_is_made_once_where_that_is_allowed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    const struct fake_provider *provider;

    (void)state;
    world->scene.settings.manage_oidc_provider = true;
    bind_and_settle(world, "cart", IRSA);
    bind_and_settle(world, "till",
                    "{\"serviceAccountName\":\"till\",\"mechanism\":\"IRSA\","
                    "\"irsa\":{\"audience\":\"tills\"}}");
    provider = fake_aws_provider(&world->aws, FAKE_ISSUER);
    assert_non_null(provider);
    assert_non_null(fake_pairs_get(&provider->client_ids, OIDC_AUDIENCE));
    assert_non_null(fake_pairs_get(&provider->client_ids, "tills"));
    assert_string_equal(fake_pairs_get(&provider->tags, TAG_CLUSTER), FAKE_CLUSTER_ARN);
    assert_int_equal(fake_counts_get(&world->aws.effects, "CreateOpenIDConnectProvider"), 1);
    fake_world_unbind(world, "cart");
    fake_world_unbind(world, "till");
    assert_true(fake_world_settle(world));
    assert_int_equal(world->aws.role_count, 1); /* the one of others */
    assert_non_null(fake_aws_provider(&world->aws, FAKE_ISSUER));
}

static void an_audience_is_never_added_to_a_provider_of_others(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    world->scene.settings.manage_oidc_provider = true;
    bind_and_settle(world, "cart", IRSA_WITH("\"irsa\":{\"audience\":\"mine\"}"));
    assert_condition(world, "cart", "RoleReady", "False OIDCAudienceMissing");
    assert_contains(message_of(world, "cart", "Ready"),
                    "aws iam add-client-id-to-open-id-connect-provider "
                    "--open-id-connect-provider-arn " PROVIDER " --client-id mine");
    assert_int_equal(world->aws.effects.used, 0);
}

static void a_cluster_without_an_issuer_has_no_web_identity(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    world->aws.issuer = NULL;
    fake_world_restart(world);
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "RoleReady", "False OIDCProviderMissing");
    assert_int_equal(world->aws.effects.used, 0);
}

static void an_existing_role_is_told_both_statements(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);
    const struct podidentitybinding *binding;

    (void)state;
    fake_text_set(&fake_aws_role(&world->aws, "reader")->trust,
                  "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    bind_and_settle(
        world, "cart",
        "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\",\"roleARN\":\"" EXISTING "\"}");
    binding = fake_world_binding(world, "cart");
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    assert_contains(binding->status.required_trust, TRUST_PRINCIPAL);
    assert_contains(binding->status.required_trust, PROVIDER);
    assert_int_equal(binding->status.required_trust[0], '[');
    assert_int_equal(world->aws.association_count, 0);
    assert_null(annotation(world, ROLE_ARN));
}

static void what_the_trust_has_already_is_not_asked_for_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);
    AUTO_TEXT struct text trust = TEXT_INIT(8192);
    const char *required;

    (void)state;
    bind_and_settle(
        world, "cart",
        "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\",\"roleARN\":\"" EXISTING "\"}");
    assert_condition(world, "cart", "RoleReady", "False TrustInsufficient");
    required = fake_world_binding(world, "cart")->status.required_trust;
    assert_int_equal(required[0], '{');
    assert_null(strstr(required, TRUST_PRINCIPAL));
    /* The owner adds it, and nothing else. */
    text_printf(&trust,
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
                "\"Service\":\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\","
                "\"sts:TagSession\"]},%s]}",
                required);
    fake_text_set(&fake_aws_role(&world->aws, "reader")->trust, trust.bytes);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_null(fake_world_binding(world, "cart")->status.required_trust);
    assert_string_equal(annotation(world, ROLE_ARN), EXISTING);
}

static void a_role_of_another_account_is_right_and_cannot_be_read(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    bind_and_settle(world, "cart", IRSA_ON(ELSEWHERE));
    assert_condition(world, "cart", "RoleReady", "Unknown TrustUnknown");
    assert_condition(world, "cart", "Ready", "Unknown TrustUnknown");
    assert_contains(fake_world_binding(world, "cart")->status.required_trust,
                    "arn:aws:iam::210987654321:oidc-provider/");
    assert_string_equal(annotation(world, ROLE_ARN), ELSEWHERE);
    assert_int_equal(world->wire.aws_calls, 0); /* its provider is not ours to look for */
}

static void with_an_association_it_is_refused_and_the_mend_named(void **state)
{
    static const char *const specs[] = {
        "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" ELSEWHERE "\"}",
        "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\",\"roleARN\":\"" ELSEWHERE "\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        AUTO_WORLD struct fake_world *world = world_of(NULL);

        bind_and_settle(world, "cart", specs[i]);
        assert_condition(world, "cart", "RoleReady", "False RoleInOtherAccount");
        assert_contains(message_of(world, "cart", "Ready"), "spec.targetRoleARN");
        assert_null(annotation(world, ROLE_ARN));
    }
}

static void an_association_of_others_that_would_win_is_told(void **state)
{
    AUTO_WORLD struct fake_world *world = world_of(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);
    fake_world_restart(world);
    bind_and_settle(world, "cart", IRSA);
    assert_condition(world, "cart", "Associated", "False AssociationForeign");
    assert_condition(world, "cart", "Ready", "False AssociationForeign");
    assert_int_equal(world->aws.association_count, 1);
    assert_int_equal(world->aws.trespasses, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_role_to_web_identity_alone),
        cmocka_unit_test(asks_nothing_when_nothing_changed),
        cmocka_unit_test(both_is_one_role_with_both_statements),
        cmocka_unit_test(writes_each_annotation_that_the_spec_asks_for),
        cmocka_unit_test(a_missing_provider_is_told_with_the_command),
        cmocka_unit_test(the_provider_is_made_once_where_that_is_allowed),
        cmocka_unit_test(an_audience_is_never_added_to_a_provider_of_others),
        cmocka_unit_test(a_cluster_without_an_issuer_has_no_web_identity),
        cmocka_unit_test(an_existing_role_is_told_both_statements),
        cmocka_unit_test(what_the_trust_has_already_is_not_asked_for_again),
        cmocka_unit_test(a_role_of_another_account_is_right_and_cannot_be_read),
        cmocka_unit_test(with_an_association_it_is_refused_and_the_mend_named),
        cmocka_unit_test(an_association_of_others_that_would_win_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
