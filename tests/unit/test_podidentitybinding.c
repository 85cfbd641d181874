#include "tests/unit/binding_read.h"

static void reads_every_field(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = load("tests/data/crds/binding_full.json");
    struct podidentitybinding *binding = podidentitybinding_read(json, &error);
    const struct podidentitybinding_spec *spec = &binding->spec;

    (void)state;
    assert_non_null(binding);
    json_object_clear(json); /* nothing of the tree is kept */
    assert_string_equal(binding->record.key, "shop/cart");
    assert_string_equal(binding->meta.deletion_timestamp, "2026-11-25T05:15:24Z");
    assert_true(kube_meta_has_finalizer(&binding->meta, PODIDENTITYBINDING_FINALIZER));
    assert_string_equal(binding->meta.suspended, "audit");
    assert_string_equal(binding->meta.deletion_approved, "2026-11-25T05:15:24Z");
    assert_int_equal(binding->meta.generation, 7);
    assert_true(binding->from_shorthand);
    assert_string_equal(spec->service_account, "cart");
    assert_null(spec->role_arn);
    assert_string_equal(spec->role_name, "cart-role");
    assert_string_equal(spec->role_path, "/team-blue/");
    assert_string_equal(spec->role_description, "what the cart may do, na\xc3\xafvely");
    assert_int_equal(spec->max_session_s, 7200);
    assert_string_equal(spec->permission_policy,
                        "{\"Statement\":[{\"Action\":[\"s3:ListBucket\",\"s3:GetObject\"],"
                        "\"Effect\":\"Allow\",\"Resource\":\"*\"}],\"Version\":\"2012-10-17\"}");
    assert_string_equal(spec->permission_policy_name, "cart");
    assert_string_equal(spec->permission_policy_arns[1],
                        "arn:aws:iam::111122223333:policy/team/own");
    assert_null(spec->permission_policy_arns[2]);
    assert_string_equal(spec->permissions_boundary_arn,
                        "arn:aws:iam::111122223333:policy/boundary");
    assert_string_equal(spec->target_role_arn, "arn:aws:iam::444455556666:role/there");
    assert_string_equal(spec->policy, "{\"Version\":\"2012-10-17\"}");
    assert_string_equal(spec->trust_scope, "Cluster");
    assert_int_equal(spec->tag_count, 2);
    assert_string_equal(spec->tags[1].key, "team");
    assert_string_equal(spec->tags[1].value, "blue");
    assert_true(spec->disable_session_tags && spec->create_service_account);
    assert_true(spec->wellknown_count > 0);
    assert_string_equal(spec->irsa.audience, "sts.amazonaws.com");
    assert_int_equal(spec->irsa.token_expiration_s, 43200);
    assert_true(spec->irsa.has_regional_endpoints && !spec->irsa.regional_endpoints);
    assert_int_equal(spec->mechanism, MECHANISM_BOTH);
    assert_true(spec->observe && spec->adopt && spec->retain);
    record_unref(binding);
}

static void reads_the_least_that_there_can_be(void **state)
{
    struct error error = {0};
    struct podidentitybinding *binding =
        read_parts("{\"serviceAccountName\":\"cart\",\"roleARN\":null}", "null", &error);

    (void)state;
    assert_non_null(binding);
    assert_null(binding->spec.role_arn);
    assert_null(binding->spec.permission_policy);
    assert_null(binding->spec.trust_scope);
    assert_null(binding->spec.permission_policy_arns[0]);
    assert_int_equal(binding->spec.max_session_s, 0);
    assert_int_equal(binding->spec.mechanism, MECHANISM_POD_IDENTITY);
    assert_false(binding->spec.observe || binding->spec.adopt || binding->spec.retain);
    assert_false(binding->spec.wellknown_count > 0 || binding->spec.irsa.audience);
    assert_false(binding->from_shorthand);
    assert_int_equal(binding->status.observed_generation, -1);
    assert_int_equal(binding->status.condition_count, 0);
    assert_null(binding->status.warnings[0]);
    assert_null(binding->status.role_arn);
    record_unref(binding);
}

static void takes_well_known_policies_for_wanted_only_when_true(void **state)
{
    struct error error = {0};
    struct podidentitybinding *binding = read_parts(
        "{\"serviceAccountName\":\"a\",\"wellKnownPolicies\":{\"velero\":false}}", "{}", &error);

    (void)state;
    assert_int_equal(binding->spec.wellknown_count, 0);
    record_unref(binding);
}

static void keeps_well_known_policies_with_their_scopes(void **state)
{
    struct error error = {0};
    struct podidentitybinding *binding = read_parts(
        "{\"serviceAccountName\":\"a\",\"wellKnownPolicies\":{\"velero\":false,"
        "\"externalSecrets\":true,\"autoScaler\":true,\"new\":true},\"wellKnownPolicyScopes\":{"
        "\"externalSecrets\":{\"createPermission\":true,\"secretARNs\":[\"arn:a\",\"arn:b\"],"
        "\"keyARNs\":[]},\"autoScaler\":{\"clusterName\":\"main\"},"
        "\"velero\":{},\"vpcCNIIPv4\":{\"cloudWatchLogs\":false}}}",
        "{}", &error);
    const struct podidentitybinding_wellknown *policies = binding->spec.wellknown;

    (void)state;
    assert_int_equal(binding->spec.wellknown_count, 5);
    assert_string_equal(policies[0].name, "externalSecrets");
    assert_true(policies[0].wanted);
    assert_int_equal(policies[0].parameter_count, 2);
    assert_string_equal(policies[0].parameters[0].name, "createPermission");
    assert_string_equal(policies[0].parameters[0].values[0], "true");
    assert_null(policies[0].parameters[0].values[1]);
    assert_string_equal(policies[0].parameters[1].name, "secretARNs");
    assert_string_equal(policies[0].parameters[1].values[1], "arn:b");
    assert_null(policies[0].parameters[1].values[2]);
    assert_string_equal(policies[1].parameters[0].values[0], "main");
    assert_string_equal(policies[2].name, "new");
    assert_int_equal(policies[2].parameter_count, 0);
    assert_string_equal(policies[3].name, "velero");
    assert_false(policies[3].wanted);
    assert_string_equal(policies[4].name, "vpcCNIIPv4");
    assert_int_equal(policies[4].parameter_count, 0);
    record_unref(binding);
}

static void refuses_scopes(const char *scopes, const char *text)
{
    AUTO_TEXT struct text spec = TEXT_INIT(FILE_MAX);
    struct error error = {0};

    text_printf(&spec, "{\"serviceAccountName\":\"a\",\"wellKnownPolicyScopes\":{%s}}", scopes);
    assert_null(read_parts(spec.bytes, "{}", &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_string_equal(error.text, text);
}

static void reads_scopes_by_their_types_and_with_ceilings(void **state)
{
    AUTO_TEXT struct text many = TEXT_INIT(FILE_MAX);

    (void)state;
    refuses_scopes("\"velero\":[]",
                   "spec.wellKnownPolicyScopes.velero is a list where an object is expected");
    refuses_scopes("\"velero\":{\"keyARNs\":\"arn:a\"}",
                   "spec.wellKnownPolicyScopes.velero.keyARNs is a text where a list is expected");
    refuses_scopes("\"autoScaler\":{\"clusterName\":[\"a\"]}",
                   "spec.wellKnownPolicyScopes.autoScaler.clusterName is a list where a text is "
                   "expected");
    refuses_scopes("\"externalSecrets\":{\"createPermission\":\"false\"}",
                   "spec.wellKnownPolicyScopes.externalSecrets.createPermission is a text where "
                   "true or false is expected");
    for (int policy = 0; policy < 5; policy++) {
        text_printf(&many, "%s\"p%d\":{\"keyARNs\":[\"a\"", policy > 0 ? "," : "", policy);
        for (int value = 1; value < 205; value++)
            text_add_string(&many, ",\"a\"");
        text_add_string(&many, "]}");
    }
    refuses_scopes(many.bytes, "spec.wellKnownPolicyScopes: there are over 1024 values in it");
    text_clear(&many);
    for (int policy = 0; policy < 65; policy++)
        text_printf(&many, "%s\"p%d\":{}", policy > 0 ? "," : "", policy);
    refuses_scopes(many.bytes, "spec.wellKnownPolicyScopes: there are over 64 of them");
    text_clear(&many);
    text_add_string(&many, "\"velero\":{");
    for (int parameter = 0; parameter < 17; parameter++)
        text_printf(&many, "%s\"p%d\":[]", parameter > 0 ? "," : "", parameter);
    text_add_string(&many, "}");
    refuses_scopes(many.bytes, "spec.wellKnownPolicyScopes.velero: there are over 16 parameters");
}

static void names_the_field_that_is_wrong(void **state)
{
    static const struct {
        const char *spec, *named;
    } cases[] = {
        {"null", "spec"},
        {"[]", "spec"},
        {"{}", "spec.serviceAccountName"},
        {"{\"serviceAccountName\":\"\"}", "spec.serviceAccountName"},
        {"{\"serviceAccountName\":5}", "spec.serviceAccountName"},
        {"{\"serviceAccountName\":\"a\",\"roleARN\":{}}", "spec.roleARN"},
        {"{\"serviceAccountName\":\"a\",\"roleName\":[]}", "spec.roleName"},
        {"{\"serviceAccountName\":\"a\",\"rolePath\":true}", "spec.rolePath"},
        {"{\"serviceAccountName\":\"a\",\"roleDescription\":1}", "spec.roleDescription"},
        {"{\"serviceAccountName\":\"a\",\"maxSessionDuration\":\"1h\"}", "spec.maxSessionDuration"},
        {"{\"serviceAccountName\":\"a\",\"maxSessionDuration\":1.5}", "spec.maxSessionDuration"},
        {"{\"serviceAccountName\":\"a\",\"maxSessionDuration\":-1}", "spec.maxSessionDuration"},
        {"{\"serviceAccountName\":\"a\",\"maxSessionDuration\":99999999999}",
         "spec.maxSessionDuration"},
        {"{\"serviceAccountName\":\"a\",\"permissionPolicy\":\"{}\"}", "spec.permissionPolicy"},
        {"{\"serviceAccountName\":\"a\",\"permissionPolicyName\":{}}", "spec.permissionPolicyName"},
        {"{\"serviceAccountName\":\"a\",\"permissionPolicyARNs\":\"x\"}",
         "spec.permissionPolicyARNs"},
        {"{\"serviceAccountName\":\"a\",\"permissionPolicyARNs\":[\"x\",7]}",
         "spec.permissionPolicyARNs"},
        {"{\"serviceAccountName\":\"a\",\"wellKnownPolicies\":[]}", "spec.wellKnownPolicies"},
        {"{\"serviceAccountName\":\"a\",\"wellKnownPolicyScopes\":1}",
         "spec.wellKnownPolicyScopes"},
        {"{\"serviceAccountName\":\"a\",\"permissionsBoundaryARN\":1}",
         "spec.permissionsBoundaryARN"},
        {"{\"serviceAccountName\":\"a\",\"targetRoleARN\":1}", "spec.targetRoleARN"},
        {"{\"serviceAccountName\":\"a\",\"disableSessionTags\":\"true\"}",
         "spec.disableSessionTags"},
        {"{\"serviceAccountName\":\"a\",\"policy\":{}}", "spec.policy"},
        {"{\"serviceAccountName\":\"a\",\"trustScope\":1}", "spec.trustScope"},
        {"{\"serviceAccountName\":\"a\",\"createServiceAccount\":1}", "spec.createServiceAccount"},
        {"{\"serviceAccountName\":\"a\",\"tags\":[]}", "spec.tags"},
        {"{\"serviceAccountName\":\"a\",\"tags\":{\"team\":1}}", "spec.tags.team"},
        {"{\"serviceAccountName\":\"a\",\"tags\":{\"team\":null}}", "spec.tags"},
        {"{\"serviceAccountName\":\"a\",\"mechanism\":\"Kiam\"}", "spec.mechanism"},
        {"{\"serviceAccountName\":\"a\",\"irsa\":true}", "spec.irsa"},
        {"{\"serviceAccountName\":\"a\",\"mode\":\"observe\"}", "spec.mode"},
        {"{\"serviceAccountName\":\"a\",\"adoptionPolicy\":1}", "spec.adoptionPolicy"},
        {"{\"serviceAccountName\":\"a\",\"deletionPolicy\":\"Keep\"}", "spec.deletionPolicy"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        struct podidentitybinding *binding = read_parts(cases[i].spec, "{}", &error);
        size_t length = strlen(cases[i].named);

        if (binding || strncmp(error.text, cases[i].named, length) != 0 ||
            !strchr(": ", error.text[length]))
            fail_msg("%s: \"%s\" does not name %s", cases[i].spec, error.text, cases[i].named);
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void refuses_what_would_grow_without_end(void **state)
{
    AUTO_TEXT struct text list = TEXT_INIT(FILE_MAX);
    AUTO_TEXT struct text tags = TEXT_INIT(FILE_MAX);
    AUTO_TEXT struct text name = TEXT_INIT(FILE_MAX);
    const struct text *specs[] = {&list, &tags, &name};

    (void)state;
    text_printf(&list, "{\"serviceAccountName\":\"a\",\"permissionPolicyARNs\":[\"0\"");
    text_printf(&tags, "{\"serviceAccountName\":\"a\",\"tags\":{\"0\":\"\"");
    for (int i = 1; i <= 256; i++) {
        text_printf(&list, ",\"%d\"", i);
        text_printf(&tags, ",\"%d\":\"\"", i);
    }
    text_printf(&list, "]}");
    text_printf(&tags, "}}");
    text_printf(&name, "{\"serviceAccountName\":\"%020000d\"}", 0);
    for (size_t i = 0; i < COUNT(specs); i++) {
        struct error error = {0};

        assert_null(read_parts(specs[i]->bytes, "{}", &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

/* A policy of any size is read; each of thousands of bindings may have one of 1.5 MiB. */
static void keeps_no_policy_that_IAM_could_not_take(void **state)
{
    AUTO_TEXT struct text spec = TEXT_INIT(FILE_MAX);
    struct error error = {0};
    struct podidentitybinding *binding;

    (void)state;
    text_printf(&spec,
                "{\"serviceAccountName\":\"a\",\"permissionPolicy\":{\"b\":\"%0300000d\","
                "\"a\":[1, null]}}",
                0);
    binding = read_parts(spec.bytes, "{}", &error);
    assert_non_null(binding);
    assert_string_equal(binding->spec.permission_policy, "{}");
    assert_int_equal(binding->spec.policy_too_long, 300000 + strlen("{\"a\":[1,null],\"b\":\"\"}"));
    record_unref(binding);

    /* the longest that IAM could take */
    text_clear(&spec);
    text_printf(&spec, "{\"serviceAccountName\":\"a\",\"permissionPolicy\":{\"b\":\"");
    for (int i = 0; i < 10232; i++)
        text_add_string(&spec, "\xc3\xbf");
    text_add_string(&spec, "\"}}");
    binding = read_parts(spec.bytes, "{}", &error);
    assert_non_null(binding);
    assert_int_equal(strlen(binding->spec.permission_policy), 2 * 10232 + 8);
    assert_int_equal(binding->spec.policy_too_long, 0);
    record_unref(binding);

    binding = read_parts("{\"serviceAccountName\":\"a\",\"permissionPolicy\":{"
                         "\"podidentity.io/tooLong\":3145728}}",
                         "{}", &error);
    assert_int_equal(binding->spec.policy_too_long, 3145728);
    record_unref(binding);
}

/* Every byte of a whole object replaced in turn: an object, an error or no JSON, never a crash. */
static void survives_any_one_byte(void **state)
{
    struct error error = {0};
    size_t length;
    AUTO_FREE char *text =
        file_read("tests/data/crds/binding_full.json", FILE_MAX, &length, &error);
    size_t read = 0;
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < length; i++) {
        static const char bytes[] = "\"0{]n";

        for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
            char kept = text[i];
            AUTO_JSON json_t *json = NULL;

            text[i] = bytes[b];
            json = json_parse(text, length, &error);
            text[i] = kept;
            if (json) {
                const void *binding = podidentitybinding_read(json, &error);

                read += binding != NULL;
                refused += binding == NULL;
                record_unref(binding);
            }
        }
    }
    assert_true(read > 1000 && refused > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(reads_the_least_that_there_can_be),
        cmocka_unit_test(takes_well_known_policies_for_wanted_only_when_true),
        cmocka_unit_test(keeps_well_known_policies_with_their_scopes),
        cmocka_unit_test(reads_scopes_by_their_types_and_with_ceilings),
        cmocka_unit_test(names_the_field_that_is_wrong),
        cmocka_unit_test(refuses_what_would_grow_without_end),
        cmocka_unit_test(keeps_no_policy_that_IAM_could_not_take),
        cmocka_unit_test(survives_any_one_byte),
    };

    return cmocka_run_group_tests_name("podidentitybinding", tests, NULL, NULL);
}
