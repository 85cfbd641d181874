/* Mechanisms IRSA and Both as whole plans: provider, trust, annotations, and the way from one
 * mechanism to another. */

#include "tests/unit/plans.h"

#include "aws/oidc.h"
#include "base/encode.h"
#include "reconcilers/policy.h"
#include "reconcilers/trust.h"

#define IRSA "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"}"
#define BOTH "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\"}"
#define IRSA_WITH(more) "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"," more "}"
#define IRSA_ON(arn) IRSA_WITH("\"roleARN\":\"" arn "\"")
#define ELSEWHERE "arn:aws:iam::210987654321:role/there"
#define ACCOUNTS "serviceaccounts"
#define ROLE_ARN "eks.amazonaws.com/role-arn"
#define PROVIDER                                                                                   \
    "arn:aws:iam::" FAKE_ACCOUNT                                                                   \
    ":oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"

#define SIX_HOURS_MS (6 * 60 * 60 * INT64_C(1000))

/* A world with a provider of others, in which spec (if any) is bound and quiet. */
static struct fake_world *world_of(const char *spec)
{
    struct fake_world *world = world_with(NULL);

    fake_pairs_put(&fake_aws_add_provider(&world->aws, FAKE_ISSUER)->client_ids, OIDC_AUDIENCE, "");
    if (spec)
        bind_and_settle(world, "cart", spec);
    fake_world_reset(world);
    return world;
}

/* The value of an annotation of shop/cart; NULL. */
static const char *annotation(const struct fake_world *world, const char *name)
{
    const json_t *account = fake_kubernetes_get(&world->kubernetes, ACCOUNTS, "shop", "cart");

    return json_string_value(json_object_get(json_path(account, "metadata.annotations"), name));
}

/* Somebody's merge patch, such as client-side apply sends; NULL removes. */
static void annotate(struct fake_world *world, const char *name, const char *value)
{
    json_t *text = value ? json_string(value) : json_null();

    fake_kubernetes_patch(&world->kubernetes, ACCOUNTS, "shop", "cart",
                          json_pack("{s:{s:{s:o}}}", "metadata", "annotations", name, text));
}

static bool trusts(const struct fake_world *world, const char *principal)
{
    return strstr(cart_role(world)->trust, principal) != NULL;
}

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

/* The provider --------------------------------------------------------------------------------- */

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

/* Roles of others ------------------------------------------------------------------------------ */

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

/* The ServiceAccount --------------------------------------------------------------------------- */

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

/* Changing and going --------------------------------------------------------------------------- */

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
        cmocka_unit_test(a_missing_service_account_is_waited_for_and_never_made),
        cmocka_unit_test(an_annotation_of_somebody_else_stays_and_is_named),
        cmocka_unit_test(another_audience_of_somebody_else_is_told_too),
        cmocka_unit_test(what_is_taken_off_is_applied_again_three_times_an_hour),
        cmocka_unit_test(a_service_account_made_again_is_annotated_again),
        cmocka_unit_test(our_own_apply_that_the_watch_has_not_brought_is_not_repeated),
        cmocka_unit_test(to_pod_identity_web_identity_goes_when_the_last_pod_is_gone),
        cmocka_unit_test(it_still_waits_after_a_restart),
        cmocka_unit_test(
            where_pods_are_not_watched_the_trust_goes_six_hours_later_and_that_is_told),
        cmocka_unit_test(to_irsa_the_association_goes_after_trust_and_annotation_have_settled),
        cmocka_unit_test(to_irsa_the_trust_stays_open_with_further_conditions_too),
        cmocka_unit_test(to_irsa_the_association_stays_while_nobody_can_be_annotated),
        cmocka_unit_test(an_annotation_of_somebody_else_outlives_ours),
        cmocka_unit_test(a_role_stays_under_pods_that_run_with_web_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
