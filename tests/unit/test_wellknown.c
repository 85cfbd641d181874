#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "reconcilers/policy.h"
#include "tests/unit/wellknown_given.h"

/* tests/data/wellknown/grants.json: what each policy grants, unscoped and with each scope. */
static json_t *load_table(void)
{
    struct error error = {0};
    AUTO_FREE char *text = file_read("tests/data/wellknown/grants.json", 1 << 20, NULL, &error);
    json_t *table;

    assert_non_null(text);
    table = json_parse_strict(text, strlen(text), &error);
    assert_true(json_array_size(table) > 21);
    return table;
}

static char *spec_of(struct arena *arena, const json_t *row)
{
    const char *name = json_path_text(row, "name");
    const json_t *scope = json_object_get(row, "scope");

    if (json_object_size(scope) == 0)
        return arena_printf(arena, WANTED("%s"), name);
    return arena_printf(arena, SCOPED("%s", "%s"), name, name,
                        arena_text(arena, json_write(arena, scope, false) + 1,
                                   strlen(json_write(arena, scope, false)) - 2));
}

static const char *policy_of(struct arena *arena, json_t *row)
{
    json_t *statement;
    size_t i;

    json_array_foreach(json_path(row, "policy.Statement"), i, statement)
        json_object_del(statement, "Sid");
    return json_write(arena, json_object_get(row, "policy"), false);
}

static void check_row(json_t *row)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_GIVEN struct given got = given(spec_of(arena, row));
    const json_t *attached = json_object_get(row, "attached");

    if (!got.computed)
        fail_msg("%s: %s", spec_of(arena, row), got.error.text);
    assert_int_equal(got.wellknown.attached_count, json_array_size(attached));
    for (size_t i = 0; i < got.wellknown.attached_count; i++)
        assert_string_equal(got.wellknown.attached_arns[i],
                            json_string_value(json_array_get(attached, i)));
    assert_int_equal(got.wellknown.inline_count, !json_is_null(json_object_get(row, "policy")));
    if (got.wellknown.inline_count == 0)
        return;
    assert_string_equal(got.wellknown.inline_policies[0].name,
                        arena_printf(arena, WELLKNOWN_PREFIX "%s", json_path_text(row, "name")));
    assert_true(
        policy_equal(arena, got.wellknown.inline_policies[0].document, policy_of(arena, row)));
    if (json_object_get(row, "size"))
        assert_int_equal(policy_size(got.wellknown.inline_policies[0].document),
                         json_path_int(row, "size", 0));
}

static void each_policy_grants_what_the_table_says_and_each_scope_narrows_its_part(void **state)
{
    AUTO_JSON json_t *table = load_table();
    json_t *row;
    size_t i, unscoped = 0;

    (void)state;
    json_array_foreach(table, i, row)
    {
        check_row(row);
        unscoped += json_object_size(json_object_get(row, "scope")) == 0;
    }
    assert_int_equal(unscoped, 21);
}

static void partition_region_and_account_are_the_clusters(void **state)
{
    AUTO_GIVEN struct given got = given(WANTED("pganalyze"));
    const struct wellknown_place china = {"aws-cn", "444455556666", "cn-north-1"};

    (void)state;
    assert_true(
        wellknown_compute(&got.wellknown, got.arena, &got.binding->spec, &china, &got.error));
    assert_non_null(strstr(got.wellknown.inline_policies[0].document,
                           "\"arn:aws-cn:rds:cn-north-1:444455556666:pg:*\""));
    assert_null(strstr(got.wellknown.inline_policies[0].document, "arn:aws:"));
}

static void a_managed_policy_that_the_user_attaches_is_not_attached_twice(void **state)
{
    AUTO_GIVEN struct given got =
        given("\"permissionPolicyARNs\":[\"arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy\"],"
              "\"wellKnownPolicies\":{\"cloudWatchObservability\":true,\"imageBuilder\":true}");

    (void)state;
    assert_int_equal(got.wellknown.attached_count, 2);
    assert_string_equal(got.wellknown.attached_arns[0],
                        "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess");
    assert_string_equal(got.wellknown.attached_arns[1],
                        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser");
}

static void a_policy_variable_in_a_scope_is_left_to_iam(void **state)
{
#define BY_NAMESPACE                                                                               \
    "arn:aws:secretsmanager:eu-west-1:1:secret:${aws:PrincipalTag/kubernetes-namespace}/*"
    AUTO_GIVEN struct given got =
        given(SCOPED("externalSecrets", "\"secretARNs\":[\"" BY_NAMESPACE "\"]"));

    (void)state;
    assert_true(got.computed);
    assert_non_null(strstr(got.wellknown.inline_policies[0].document, "\"" BY_NAMESPACE "\""));
}

static void nothing_asked_for_is_nothing_given(void **state)
{
    AUTO_GIVEN struct given got = given("\"wellKnownPolicies\":{\"velero\":false}");
    size_t count;

    (void)state;
    assert_true(got.computed);
    assert_int_equal(got.wellknown.inline_count, 0);
    assert_int_equal(got.wellknown.attached_count, 0);
    assert_null(got.wellknown.warnings[0]);
    wellknown_items(got.arena, &got.binding->spec, &count);
    assert_int_equal(count, 0);
}

/* The one warning, or "". */
static void warns(const char *spec, const char *warning)
{
    AUTO_GIVEN struct given got = given(spec);

    assert_true(got.computed);
    assert_string_equal(got.wellknown.warnings[0] ? got.wellknown.warnings[0] : "", warning);
    assert_true(!got.wellknown.warnings[0] || !got.wellknown.warnings[1]);
}

static void what_is_left_wide_is_told_in_a_sentence(void **state)
{
    (void)state;
    warns(
        WANTED("externalDNS"),
        "spec.wellKnownPolicies.externalDNS is not narrowed: the role may change the records of "
        "every hosted zone (hostedZoneARNs). Narrow it in spec.wellKnownPolicyScopes.externalDNS");
    warns(SCOPED("externalDNS", "\"hostedZoneARNs\":[\"" ZONE "\"]"), "");
    warns(SCOPED("externalSecrets", "\"secretARNs\":[\"" SECRET "\"]"),
          "spec.wellKnownPolicies.externalSecrets is not narrowed: the role may read every "
          "parameter (parameterARNs), decrypt with every KMS key (keyARNs). Narrow it in "
          "spec.wellKnownPolicyScopes.externalSecrets");
    warns(SCOPED("mountpointS3CSI", "\"bucketARNs\":[\"arn:aws:s3:::b\"]"),
          "spec.wellKnownPolicies.mountpointS3CSI is not narrowed: the role may read, write and "
          "delete every object (pathARNs). Narrow it in spec.wellKnownPolicyScopes."
          "mountpointS3CSI");
}

static void what_adds_or_follows_or_cannot_be_narrowed_is_no_warning(void **state)
{
    (void)state;
    warns(WANTED("awsLoadBalancerController"), "");
    warns(WANTED("ebsCSIController"), "");
    warns(WANTED("vpcCNIIPv4"), "");
    warns(SCOPED("velero", "\"bucketARNs\":[\"arn:aws:s3:::b\"]"), "");
}

static void a_scope_as_wide_as_the_policy_is_told_too(void **state)
{
    (void)state;
    warns(SCOPED("privateCAIssuer", "\"certificateAuthorityARNs\":"
                                    "[\"arn:aws:acm-pca:*:*:certificate-authority/*\"]"),
          "spec.wellKnownPolicies.privateCAIssuer is not narrowed: the role may issue certificates "
          "with every certificate authority (certificateAuthorityARNs). Narrow it in "
          "spec.wellKnownPolicyScopes.privateCAIssuer");
}

static void refuses(const char *spec, const char *code, const char *text)
{
    AUTO_GIVEN struct given got = given(spec);

    assert_false(got.computed);
    assert_int_equal(got.error.kind, ERROR_REFUSED);
    assert_string_equal(got.error.code, code);
    if (!strstr(got.error.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, got.error.text);
}

static void a_scope_can_only_narrow(void **state)
{
    (void)state;
    refuses(SCOPED("externalDNS",
                   "\"hostedZoneARNs\":[\"" ZONE "\",\"arn:aws-cn:route53:::hostedzone/Z1\"]"),
            "MalformedPolicy",
            "spec.wellKnownPolicyScopes.externalDNS.hostedZoneARNs: "
            "\"arn:aws-cn:route53:::hostedzone/Z1\" is of another partition, service or kind of "
            "resource than arn:aws:route53:::hostedzone/*");
    refuses(
        SCOPED("fsxLustreCSI", "\"serviceRoleARNs\":[\"arn:aws:iam::111122223333:role/admin\"]"),
        "MalformedPolicy", "role/admin");
    refuses(SCOPED("velero", "\"keyARNs\":[\"*\"]"), "MalformedPolicy", "velero.keyARNs");
    refuses(SCOPED("velero", "\"bucketARNs\":[\"arn:aws:s3:::b\",\"\"]"), "MalformedPolicy",
            "velero.bucketARNs");
}

static void what_stands_without_its_other_half_is_refused(void **state)
{
    (void)state;
    refuses(SCOPED("externalSecrets", "\"createPermission\":true"), "MalformedPolicy",
            "spec.wellKnownPolicyScopes.externalSecrets.createPermission works on what "
            "secretARNs names");
    refuses("\"wellKnownPolicyScopes\":{\"externalDNS\":{\"hostedZoneARNs\":[\"" ZONE "\"]}}",
            "MalformedPolicy", "Write true for spec.wellKnownPolicies.externalDNS");
}

static void what_is_not_known_is_named_as_a_field(void **state)
{
    AUTO_GIVEN struct given policy = given(WANTED("karpenter"));
    AUTO_GIVEN struct given parameter = given(SCOPED("velero", "\"vaultARNs\":[\"arn:x\"]"));
    AUTO_GIVEN struct given known = given(SCOPED("velero", "\"keyARNs\":[\"" KEY "\"]"));

    (void)state;
    assert_string_equal(wellknown_unknown(policy.arena, &policy.binding->spec),
                        "spec.wellKnownPolicies.karpenter");
    assert_string_equal(wellknown_unknown(parameter.arena, &parameter.binding->spec),
                        "spec.wellKnownPolicyScopes.velero.vaultARNs");
    assert_null(wellknown_unknown(known.arena, &known.binding->spec));
    assert_false(policy.computed || parameter.computed);
    assert_string_equal(policy.error.code, "MalformedPolicy");
}

static void a_character_that_iam_does_not_take_is_refused_here(void **state)
{
    (void)state;
    refuses(SCOPED("autoScaler", "\"clusterName\":\"\\u4e2d\""), "MalformedPolicy",
            "spec.wellKnownPolicyScopes.autoScaler: the policy is malformed: U+4E2D");
}

static void two_inline_policies_under_one_name_are_refused(void **state)
{
    (void)state;
    refuses("\"permissionPolicy\":{\"Statement\":[]},"
            "\"permissionPolicyName\":\"wellknown-externalDNS\"," WANTED("externalDNS"),
            "MalformedPolicy", "spec.permissionPolicyName wellknown-externalDNS");
}

/* Every policy but the largest: 9,552 characters; 688 are left for the user. */
#define ALL_BUT_LOAD_BALANCERS                                                                     \
    "\"wellKnownPolicies\":{\"imageBuilder\":true,\"autoScaler\":true,\"externalDNS\":true,"       \
    "\"certManager\":true,\"ebsCSIController\":true,\"efsCSIController\":true,\"ampAccess\":true," \
    "\"appMesh\":true,\"cloudWatchObservability\":true,\"externalSecrets\":true,"                  \
    "\"fsxLustreCSI\":true,\"gatewayAPIController\":true,"                                         \
    "\"loadBalancerTargetGroupBinding\":true,\"mountpointS3CSI\":true,"                            \
    "\"nodeTerminationHandler\":true,\"pganalyze\":true,\"privateCAIssuer\":true,"                 \
    "\"velero\":true,\"vpcCNIIPv4\":true,\"vpcCNIIPv6\":true"

/* A policy of the user's with that many characters. */
static char *with_own_policy(struct arena *arena, const char *well_known, size_t size)
{
    static const char frame[] = "{\"Statement\":[{\"Sid\":\"\"}]}";
    char *sid = arena_alloc(arena, size);

    memset(sid, 'x', size - strlen(frame));
    return arena_printf(arena, "\"permissionPolicy\":{\"Statement\":[{\"Sid\":\"%s\"}]},%s", sid,
                        well_known);
}

static void all_but_the_largest_fit_together_to_the_last_character(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_GIVEN struct given all = given(ALL_BUT_LOAD_BALANCERS "}");
    AUTO_GIVEN struct given full = given(with_own_policy(arena, ALL_BUT_LOAD_BALANCERS "}", 637));
    size_t size = 0;

    (void)state;
    assert_true(all.computed);
    assert_int_equal(all.wellknown.inline_count, 17);
    assert_int_equal(all.wellknown.attached_count, 4);
    for (size_t i = 0; i < all.wellknown.inline_count; i++)
        size += policy_size(all.wellknown.inline_policies[i].document);
    assert_int_equal(size, 9603);
    assert_true(full.computed);
    refuses(
        with_own_policy(arena, ALL_BUT_LOAD_BALANCERS "}", 638), "PolicyTooLarge",
        "The inline policies have 10241 characters together, white space not counted; IAM "
        "takes 10240 for one role: spec.permissionPolicy 638, autoScaler 561, externalDNS 279, ");
}

static void what_does_not_fit_is_refused_with_every_size(void **state)
{
    (void)state;
    refuses(ALL_BUT_LOAD_BALANCERS ",\"awsLoadBalancerController\":true}", "PolicyTooLarge",
            "have 14791 characters together");
    refuses(ALL_BUT_LOAD_BALANCERS ",\"awsLoadBalancerController\":true}", "PolicyTooLarge",
            "vpcCNIIPv4 549, vpcCNIIPv6 357, awsLoadBalancerController 5188. Set fewer");
}

static void values_that_alone_are_too_many_are_refused_before_they_are_looked_at(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_TEXT struct text list = TEXT_INIT(64 << 10);

    (void)state;
    for (int i = 0; i < 200; i++)
        text_printf(&list, "%s\"arn:aws:route53:::hostedzone/Z%023d\"", i > 0 ? "," : "", i);
    refuses(
        arena_printf(arena, SCOPED("externalDNS", "\"hostedZoneARNs\":[%s]"), list.bytes),
        "PolicyTooLarge",
        "The values of spec.wellKnownPolicyScopes alone have 10600 characters; IAM takes 10240");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_grants_what_the_table_says_and_each_scope_narrows_its_part),
        cmocka_unit_test(partition_region_and_account_are_the_clusters),
        cmocka_unit_test(a_managed_policy_that_the_user_attaches_is_not_attached_twice),
        cmocka_unit_test(a_policy_variable_in_a_scope_is_left_to_iam),
        cmocka_unit_test(nothing_asked_for_is_nothing_given),
        cmocka_unit_test(what_is_left_wide_is_told_in_a_sentence),
        cmocka_unit_test(what_adds_or_follows_or_cannot_be_narrowed_is_no_warning),
        cmocka_unit_test(a_scope_as_wide_as_the_policy_is_told_too),
        cmocka_unit_test(a_scope_can_only_narrow),
        cmocka_unit_test(what_stands_without_its_other_half_is_refused),
        cmocka_unit_test(what_is_not_known_is_named_as_a_field),
        cmocka_unit_test(a_character_that_iam_does_not_take_is_refused_here),
        cmocka_unit_test(two_inline_policies_under_one_name_are_refused),
        cmocka_unit_test(all_but_the_largest_fit_together_to_the_last_character),
        cmocka_unit_test(what_does_not_fit_is_refused_with_every_size),
        cmocka_unit_test(values_that_alone_are_too_many_are_refused_before_they_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
