#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitygrant.h"

enum { FILE_MAX = 1 << 20 };

static json_t *load(void)
{
    struct error error = {0};
    AUTO_FREE char *text = file_read("tests/data/crds/grant_full.json", FILE_MAX, NULL, &error);
    json_t *json;

    assert_non_null(text);
    json = json_parse(text, strlen(text), &error);
    assert_non_null(json);
    return json;
}

static struct podidentitygrant *read_spec(const char *spec)
{
    struct error error = {0};
    AUTO_TEXT struct text text = TEXT_INIT(FILE_MAX);
    AUTO_JSON json_t *json = NULL;
    struct podidentitygrant *grant;

    text_printf(&text,
                "{\"metadata\":{\"name\":\"g\",\"uid\":\"u\",\"resourceVersion\":\"5\"},"
                "\"spec\":%s}",
                spec);
    json = json_parse(text.bytes, text.length, &error);
    assert_non_null(json);
    grant = podidentitygrant_read(json, &error);
    assert_non_null(grant);
    return grant;
}

static void reads_every_field(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = load();
    struct podidentitygrant *grant = podidentitygrant_read(json, &error);

    (void)state;
    assert_non_null(grant);
    json_object_clear(json); /* nothing of the tree is kept */
    assert_string_equal(grant->record.key, "shop");
    assert_int_equal(grant->meta.generation, 3);
    assert_string_equal(grant->namespace_names[1], "shop-staging");
    assert_null(grant->namespace_names[2]);
    assert_string_equal(grant->service_accounts[0], "*");
    assert_string_equal(grant->existing_role_arns[0], "arn:aws:iam::111122223333:role/shop/*");
    assert_true(grant->managed_roles && grant->inline_policies);
    assert_string_equal(grant->permission_policy_arns[0], "arn:aws:iam::aws:policy/AmazonS3*");
    assert_string_equal(grant->role_names[0], "shop-*");
    assert_int_equal(grant->match_labels.count, 2);
    assert_string_equal(labels_get(&grant->match_labels, "team"), "shop");
    assert_string_equal(labels_get(&grant->match_labels, "stage"), "");
    assert_null(labels_get(&grant->match_labels, "owner"));
    assert_true(grant->require_trust_consent);
    assert_string_equal(grant->permissions_boundary_arns[0],
                        "arn:aws:iam::111122223333:policy/b-*");
    assert_string_equal(grant->trust_scopes[0], "Cluster");
    assert_int_equal(grant->max_bindings, 20);
    assert_int_equal(grant->well_known_count, 2);
    assert_string_equal(grant->well_known[0].name, "externalDNS");
    assert_string_equal(grant->well_known[0].resources[0], "arn:aws:route53:::hostedzone/*");
    assert_false(grant->well_known[0].unscoped);
    assert_null(grant->well_known[1].resources[0]);
    assert_true(grant->well_known[1].unscoped);
    assert_string_equal(grant->target_role_arns[0], "arn:aws:iam::444455556666:role/t");
    assert_string_equal(grant->adoption_roles[0], "arn:aws:iam::111122223333:role/old-*");
    assert_true(grant->adoption_associations && grant->allow_retain);
    assert_true(grant->allow_service_account_annotation && grant->allow_migration);
    assert_null(grant->unreadable);
    assert_null(grant->bad_glob);
    assert_int_equal(grant->observed_generation, 2);
    assert_int_equal(grant->matched_namespaces, 1);
    assert_int_equal(grant->bindings, 5);
    assert_string_equal(grant->conditions[0].message, "2 namespaces");
    record_unref(grant);
}

static void allows_nothing_when_nothing_is_written(void **state)
{
    struct podidentitygrant *grant = read_spec("{}");

    (void)state;
    assert_null(grant->namespace_names[0]);
    assert_null(grant->service_accounts[0]);
    assert_null(grant->existing_role_arns[0]);
    assert_null(grant->permission_policy_arns[0]);
    assert_null(grant->role_names[0]);
    assert_false(grant->managed_roles || grant->inline_policies);
    assert_int_equal(grant->match_labels.count, 0);
    assert_null(grant->permissions_boundary_arns[0]);
    assert_null(grant->trust_scopes[0]);
    assert_null(grant->target_role_arns[0]);
    assert_null(grant->adoption_roles[0]);
    assert_int_equal(grant->max_bindings, -1);
    assert_int_equal(grant->well_known_count, 0);
    assert_false(grant->require_trust_consent || grant->adoption_associations);
    assert_false(grant->allow_retain || grant->allow_service_account_annotation);
    assert_false(grant->allow_migration);
    assert_null(grant->unreadable);
    assert_int_equal(grant->observed_generation, -1);
    assert_int_equal(grant->bindings, -1);
    record_unref(grant);
}

static void tells_managed_roles_that_are_empty_from_absent_ones(void **state)
{
    struct podidentitygrant *empty = read_spec("{\"managedRoles\":{}}");
    struct podidentitygrant *denying =
        read_spec("{\"managedRoles\":{\"inlinePolicies\":\"Deny\"}}");

    (void)state;
    assert_true(empty->managed_roles && denying->managed_roles);
    assert_false(empty->inline_policies || denying->inline_policies);
    record_unref(empty);
    record_unref(denying);
}

static void finds_the_glob_that_is_none_in_every_list(void **state)
{
    static const struct {
        const char *spec, *bad;
    } cases[] = {
        {"{\"serviceAccounts\":[\"a\",\"b**\"]}", "b**"},
        {"{\"existingRoles\":{\"arns\":[\"arn:**\"]}}", "arn:**"},
        {"{\"managedRoles\":{\"permissionPolicyARNs\":[\"\"]}}", ""},
        {"{\"managedRoles\":{\"permissionsBoundaryARNs\":[\"**\"]}}", "**"},
        {"{\"managedRoles\":{\"roleNames\":[\"x**y\"]}}", "x**y"},
        {"{\"managedRoles\":{\"wellKnownPolicies\":[{\"name\":\"velero\",\"resources\":"
         "[\"***\"]}]}}",
         "***"},
        {"{\"targetRoleARNs\":[\"**\"]}", "**"},
        {"{\"adoption\":{\"roles\":[\"**\"]}}", "**"},
        {"{\"serviceAccounts\":[\"*\",\"a*b*\"],\"targetRoleARNs\":[\"a/*/*\"]}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct podidentitygrant *grant = read_spec(cases[i].spec);

        assert_null(grant->unreadable);
        if (!text_equal(grant->bad_glob, cases[i].bad))
            fail_msg("%s: %s", cases[i].spec, grant->bad_glob ? grant->bad_glob : "(none)");
        record_unref(grant);
    }
}

/* Skipping it would leave the version before it in force. */
static void allows_nothing_when_it_cannot_be_read(void **state)
{
    static const char *const specs[] = {
        "[]",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":\"*\"}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"existingRoles\":[]}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"managedRoles\":{\"roleNames\":[7]}}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"managedRoles\":{\"inlinePolicies\":\"Yes\"}}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"managedRoles\":{\"maxBindings\":-1}}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"managedRoles\":{\"maxBindings\":5001}}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"managedRoles\":{\"wellKnownPolicies\":[{}]}}",
        "{\"namespaces\":{\"names\":[\"shop\"],\"matchLabels\":{\"a\":null}}}",
        "{\"namespaces\":{\"names\":[\"shop\"],\"matchLabels\":{\"a\":1}}}",
        "{\"namespaces\":{\"names\":[\"shop\"]},\"allowRetain\":\"true\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        struct podidentitygrant *grant = read_spec(specs[i]);

        assert_string_equal(grant->record.key, "g");
        assert_non_null(strstr(grant->unreadable, "spec"));
        assert_null(grant->namespace_names[0]);
        assert_null(grant->service_accounts[0]);
        assert_false(grant->managed_roles);
        record_unref(grant);
    }
}

static void is_refused_without_usable_metadata(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = load();

    (void)state;
    json_object_del(json_object_get(json, "metadata"), "uid");
    assert_null(podidentitygrant_read(json, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
}

static void writes_its_status_only_when_it_differs(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = load();
    struct podidentitygrant *grant = podidentitygrant_read(json, &error);
    struct podidentitygrant_status status = {.observed_generation = 2,
                                             .matched_namespaces = 1,
                                             .bindings = 5,
                                             .conditions = {grant->conditions[0]},
                                             .condition_count = 1};
    AUTO_FREE char *text = NULL;
    AUTO_JSON json_t *patch = NULL;

    (void)state;
    assert_null(podidentitygrant_status_patch(grant, &status));
    status.observed_generation = 3;
    status.bindings = 6;
    status.conditions[0].status = CONDITION_FALSE;
    status.conditions[0].reason = "NotYetSupported";
    patch = podidentitygrant_status_patch(grant, &status);
    text = json_dumps(patch, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"status\":{\"observedGeneration\":3,\"bindings\":6,\"conditions\":["
                        "{\"type\":\"Ready\",\"status\":\"False\",\"observedGeneration\":2,"
                        "\"lastTransitionTime\":\"2026-11-25T04:15:30Z\","
                        "\"reason\":\"NotYetSupported\",\"message\":\"2 namespaces\"}]}}");
    record_unref(grant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(allows_nothing_when_nothing_is_written),
        cmocka_unit_test(tells_managed_roles_that_are_empty_from_absent_ones),
        cmocka_unit_test(finds_the_glob_that_is_none_in_every_list),
        cmocka_unit_test(allows_nothing_when_it_cannot_be_read),
        cmocka_unit_test(is_refused_without_usable_metadata),
        cmocka_unit_test(writes_its_status_only_when_it_differs),
    };

    return cmocka_run_group_tests_name("podidentitygrant", tests, NULL, NULL);
}
