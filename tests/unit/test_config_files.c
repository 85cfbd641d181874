#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "config/setting.h"
#include "tests/unit/config_world.h"

enum { FILE_MAX = 1 << 16 };

static char *read_whole(const char *path)
{
    struct error error = {0};
    char *bytes = file_read(path, FILE_MAX, NULL, &error);

    if (!bytes)
        fail_msg("%s", error.text);
    return bytes;
}

static struct yaml *read_yaml(const char *path)
{
    AUTO_FREE char *bytes = read_whole(path);
    struct error error = {0};
    struct yaml *yaml = yaml_parse(bytes, strlen(bytes), &error);

    if (!yaml)
        fail_msg("%s: %s", path, error.text);
    return yaml;
}

static json_t *read_json(const char *path)
{
    AUTO_FREE char *bytes = read_whole(path);
    struct error error = {0};
    json_t *json = json_parse_strict(bytes, strlen(bytes), &error);

    if (!json)
        fail_msg("%s: %s", path, error.text);
    return json;
}

/* ---- config/controller.yaml ---- */

static void names_every_setting_with_its_default(void **state)
{
    AUTO(yaml_destroy) struct yaml *yaml = read_yaml("config/controller.yaml");
    const json_t *root = yaml_root(yaml);
    size_t named = 0;

    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        const char *written = yaml_written(yaml, root, settings[i].name);

        if (!(settings[i].places & SETTING_IN_FILE))
            continue;
        if (!written || !text_equal(written, settings[i].fallback))
            fail_msg("%s: %s", settings[i].name, written ? written : "is not there");
        named++;
    }
    assert_int_equal(json_object_size(root), named);
}

/* The comments as one text: what was broken into lines is whole again. */
static void join_comments(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        if (text_starts(from, "\n# ")) {
            *to++ = ' ';
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

static void says_of_every_setting_what_help_says(void **state)
{
    AUTO_FREE char *text = read_whole("config/controller.yaml");

    (void)state;
    join_comments(text);
    for (size_t i = 0; i < settings_count; i++) {
        size_t length = strlen(settings[i].help) - 1; /* the full stop may be a comma there */
        AUTO_FREE char *sentence = memory_text(settings[i].help, length);
        char key[64];
        const char *at;

        if (!(settings[i].places & SETTING_IN_FILE))
            continue;
        snprintf(key, sizeof(key), "\n%s:", settings[i].name);
        at = strstr(text, sentence);
        if (!at || !strstr(at, key))
            fail_msg("%s: no \"%s\" before it", settings[i].name, sentence);
    }
}

static void changes_nothing_as_it_stands(void **state)
{
    static const char *const with[] = {"--cluster-name=main", "--region=eu-west-1",
                                       "--allow-unbounded-roles", "--config=config/controller.yaml",
                                       NULL};
    static const char *const without[] = {"--cluster-name=main", "--region=eu-west-1",
                                          "--allow-unbounded-roles", NULL};
    struct error error = {0};
    struct config a, b;

    (void)state;
    assert_true(world_load(&a, with, &error));
    assert_true(world_load(&b, without, &error));
    assert_string_equal(a.config_file, "config/controller.yaml");
    memset(a.config_file, 0, sizeof(a.config_file));
    /* Both were zeroed before, so what lies behind a text is equal too. */
    assert_memory_equal(&a, &b, sizeof(a));
}

/* ---- config/deploy ---- */

/* The text with every from as to, for free(). */
static char *replaced(const char *text, const char *from, const char *to)
{
    AUTO_TEXT struct text whole = TEXT_INIT(FILE_MAX);
    const char *at;

    while ((at = strstr(text, from))) {
        text_add(&whole, text, (size_t)(at - text));
        text_add_string(&whole, to);
        text = at + strlen(from);
    }
    text_add_string(&whole, text);
    return text_take(&whole);
}

static char *filled_in(const char *text)
{
    AUTO_FREE char *account = replaced(text, "ACCOUNT", "111122223333");
    AUTO_FREE char *region = replaced(account, "REGION", "eu-west-1");

    return replaced(region, "CLUSTER", "main");
}

static const json_t *container_of_deployment(const struct yaml *yaml)
{
    return json_array_get(json_path(yaml_root(yaml), "spec.template.spec.containers"), 0);
}

static void starts_the_controller_with_flags_that_it_takes(void **state)
{
    AUTO(yaml_destroy) struct yaml *yaml = read_yaml("config/deploy/deployment.yaml");
    const json_t *args = json_path(container_of_deployment(yaml), "args");
    const char *arguments[WORLD_ARGUMENTS_MAX] = {0};
    char *filled[WORLD_ARGUMENTS_MAX] = {0};
    struct error error = {0};
    struct config config;
    bool loaded, raw;

    (void)state;
    memset(world_variables, 0, sizeof(world_variables));
    assert_string_equal(json_string_value(json_array_get(args, 0)), "controller");
    for (size_t i = 1; i < json_array_size(args); i++) {
        arguments[i - 1] = json_string_value(json_array_get(args, i));
        filled[i - 1] = filled_in(arguments[i - 1]);
    }
    raw = world_load(&config, arguments, &error);
    assert_false(raw); /* words that nobody replaced end the start */
    error_clear(&error);
    loaded = world_load(&config, (const char *const *)filled, &error);
    for (size_t i = 0; i < WORLD_ARGUMENTS_MAX; i++)
        free(filled[i]);
    assert_string_equal(error.text, "");
    assert_true(loaded);
    assert_string_equal(config.cluster_name, "main");
    assert_string_equal(config.permissions_boundary,
                        "arn:aws:iam::111122223333:policy/podidentity/boundary");
}

static void asks_its_probes_where_it_serves(void **state)
{
    AUTO(yaml_destroy) struct yaml *yaml = read_yaml("config/deploy/deployment.yaml");
    const json_t *container = container_of_deployment(yaml);
    const json_t *ports = json_path(container, "ports");
    const json_t *port;
    size_t i;

    (void)state;
    assert_string_equal(json_path_text(container, "livenessProbe.httpGet.path"), "/healthz");
    assert_string_equal(json_path_text(container, "readinessProbe.httpGet.path"), "/readyz");
    assert_string_equal(json_path_text(container, "livenessProbe.httpGet.port"), "health");
    assert_string_equal(json_path_text(container, "readinessProbe.httpGet.port"), "health");
    json_array_foreach(ports, i, port)
    {
        const char *name = json_path_text(port, "name");
        const struct setting *setting = setting_find(
            text_equal(name, "health") ? "health-probe-bind-address" : "metrics-bind-address",
            SETTING_ANYWHERE);

        assert_int_equal(json_path_int(port, "containerPort", 0), atoi(setting->fallback + 1));
    }
    assert_int_equal(json_array_size(ports), 2);
}

/* Pod Security Standards, "restricted", and no writable file system. */
static void runs_with_no_right_that_it_does_not_need(void **state)
{
    AUTO(yaml_destroy) struct yaml *yaml = read_yaml("config/deploy/deployment.yaml");
    const json_t *pod = json_path(yaml_root(yaml), "spec.template.spec");
    const json_t *container = container_of_deployment(yaml);
    const json_t *dropped = json_path(container, "securityContext.capabilities.drop");

    (void)state;
    assert_true(json_path_bool(pod, "securityContext.runAsNonRoot", false));
    assert_true(json_path_int(pod, "securityContext.runAsUser", 0) > 0);
    assert_string_equal(json_path_text(pod, "securityContext.seccompProfile.type"),
                        "RuntimeDefault");
    assert_false(json_path_bool(container, "securityContext.allowPrivilegeEscalation", true));
    assert_true(json_path_bool(container, "securityContext.readOnlyRootFilesystem", false));
    assert_string_equal(json_string_value(json_array_get(dropped, 0)), "ALL");
    assert_null(json_path(container, "securityContext.capabilities.add"));
    assert_null(json_path(pod, "hostNetwork"));
    /* Clean shutdown takes up to 10 s. */
    assert_true(json_path_int(pod, "terminationGracePeriodSeconds", 0) > 10);
}

/* ---- config/aws ---- */

/* Everything in aws/ that becomes a request, and PassRole, which CreatePodIdentityAssociation
 * asks for; no more. */
static const char *const actions[] = {
    "sts:GetCallerIdentity",
    "eks:DescribeCluster",
    "eks:ListPodIdentityAssociations",
    "eks:CreatePodIdentityAssociation",
    "eks:DescribePodIdentityAssociation",
    "eks:UpdatePodIdentityAssociation",
    "eks:DeletePodIdentityAssociation",
    "eks:TagResource",
    "eks:UntagResource",
    "iam:CreateRole",
    "iam:GetRole",
    "iam:UpdateRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:DeleteRole",
    "iam:GetAccountAuthorizationDetails",
    "iam:PassRole",
};

/* How often the word stands in a text or a list of texts. */
static size_t count_in(const json_t *texts, const char *word)
{
    const json_t *text;
    size_t count = 0, i;

    if (json_is_string(texts))
        return text_equal(json_string_value(texts), word);
    json_array_foreach(texts, i, text) count += text_equal(json_string_value(text), word);
    return count;
}

static size_t size_of_list(const json_t *texts)
{
    return json_is_string(texts) ? 1 : json_array_size(texts);
}

static void allows_every_request_of_the_controller_once_and_no_other(void **state)
{
    AUTO_JSON json_t *policy = read_json("config/aws/policy.json");
    const json_t *statements = json_path(policy, "Statement");
    const json_t *statement;
    size_t i, allowed = 0;

    (void)state;
    json_array_foreach(statements, i, statement)
    {
        if (text_equal(json_path_text(statement, "Effect"), "Allow"))
            allowed += size_of_list(json_path(statement, "Action"));
    }
    assert_int_equal(allowed, COUNT(actions));
    for (size_t a = 0; a < COUNT(actions); a++) {
        size_t found = 0;

        json_array_foreach(statements, i, statement)
        {
            if (text_equal(json_path_text(statement, "Effect"), "Allow"))
                found += count_in(json_path(statement, "Action"), actions[a]);
        }
        if (found != 1)
            fail_msg("%s is allowed %zu times", actions[a], found);
    }
}

static bool only_reads(const char *action)
{
    const char *verb = strchr(action, ':') + 1;

    return text_starts(verb, "Get") || text_starts(verb, "List") || text_starts(verb, "Describe");
}

/* The fence: without it the controller could write to any role of the account. */
static void writes_to_roles_of_its_own_path_only(void **state)
{
    static const char own[] = "arn:aws:iam::ACCOUNT:role/podidentity/REGION/CLUSTER/*";
    AUTO_JSON json_t *policy = read_json("config/aws/policy.json");
    const json_t *statements = json_path(policy, "Statement");
    const json_t *statement;
    size_t i;

    (void)state;
    for (size_t a = 0; a < COUNT(actions); a++) {
        if (!text_starts(actions[a], "iam:") || only_reads(actions[a]) ||
            text_equal(actions[a], "iam:PassRole"))
            continue;
        json_array_foreach(statements, i, statement)
        {
            if (!text_equal(json_path_text(statement, "Effect"), "Allow") ||
                !count_in(json_path(statement, "Action"), actions[a]))
                continue;
            assert_string_equal(json_path_text(statement, "Resource"), own);
            /* TagRole and UntagRole know no boundary. */
            if (!text_ends(actions[a], "tagRole") && !text_ends(actions[a], "TagRole"))
                assert_string_equal(
                    json_string_value(json_object_get(json_path(statement, "Condition.ArnEquals"),
                                                      "iam:PermissionsBoundary")),
                    "arn:aws:iam::ACCOUNT:policy/podidentity/boundary");
        }
    }
}

static void passes_roles_to_pod_identity_only(void **state)
{
    AUTO_JSON json_t *policy = read_json("config/aws/policy.json");
    const json_t *statements = json_path(policy, "Statement");
    const json_t *statement;
    size_t i, seen = 0;

    (void)state;
    json_array_foreach(statements, i, statement)
    {
        const json_t *equals = json_path(statement, "Condition.StringEquals");

        if (!count_in(json_path(statement, "Action"), "iam:PassRole"))
            continue;
        assert_string_equal(json_string_value(json_object_get(equals, "iam:PassedToService")),
                            "pods.eks.amazonaws.com");
        assert_int_equal(count_in(json_path(statement, "Resource"), "*"), 0);
        seen++;
    }
    assert_int_equal(seen, 1);
}

/* IAM does not count white space outside of texts; texts here hold none. */
static size_t size_in_iam(const char *path)
{
    AUTO_FREE char *text = read_whole(path);
    size_t size = 0;

    for (const char *at = text; *at; at++)
        size += !isspace((unsigned char)*at);
    return size;
}

static void fits_into_a_managed_policy(void **state)
{
    enum { MANAGED_POLICY_MAX = 6144 };

    (void)state;
    assert_in_range(size_in_iam("config/aws/policy.json"), 1, MANAGED_POLICY_MAX);
    assert_in_range(size_in_iam("config/aws/boundary.json"), 1, MANAGED_POLICY_MAX);
}

static void bounds_roles_away_from_identities(void **state)
{
    static const char *const denied[] = {"iam:*", "organizations:*", "account:*",
                                         "eks:*PodIdentityAssociation*"};
    AUTO_JSON json_t *boundary = read_json("config/aws/boundary.json");
    const json_t *statements = json_path(boundary, "Statement");
    const json_t *statement;
    size_t i;

    (void)state;
    for (size_t d = 0; d < COUNT(denied); d++) {
        size_t found = 0;

        json_array_foreach(statements, i, statement)
        {
            if (text_equal(json_path_text(statement, "Effect"), "Deny") &&
                count_in(json_path(statement, "Resource"), "*"))
                found += count_in(json_path(statement, "Action"), denied[d]);
        }
        if (found != 1)
            fail_msg("%s is denied %zu times", denied[d], found);
    }
}

static void explains_every_word_that_must_be_replaced(void **state)
{
    static const char *const words[] = {"ACCOUNT", "REGION", "CLUSTER", "EXISTING-ROLES",
                                        "TARGET-ROLES"};
    static const char *const files[] = {"config/aws/policy.json", "config/aws/boundary.json",
                                        "config/aws/trust.json"};
    AUTO_FREE char *manual = read_whole("config/aws/README.md");

    (void)state;
    for (size_t w = 0; w < COUNT(words); w++) {
        size_t found = 0;

        for (size_t f = 0; f < COUNT(files); f++) {
            AUTO_FREE char *text = read_whole(files[f]);

            found += strstr(text, words[w]) != NULL;
        }
        assert_true(found > 0);
        if (!strstr(manual, words[w]))
            fail_msg("README.md says nothing of %s", words[w]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_setting_with_its_default),
        cmocka_unit_test(says_of_every_setting_what_help_says),
        cmocka_unit_test(changes_nothing_as_it_stands),
        cmocka_unit_test(starts_the_controller_with_flags_that_it_takes),
        cmocka_unit_test(asks_its_probes_where_it_serves),
        cmocka_unit_test(runs_with_no_right_that_it_does_not_need),
        cmocka_unit_test(allows_every_request_of_the_controller_once_and_no_other),
        cmocka_unit_test(writes_to_roles_of_its_own_path_only),
        cmocka_unit_test(passes_roles_to_pod_identity_only),
        cmocka_unit_test(fits_into_a_managed_policy),
        cmocka_unit_test(bounds_roles_away_from_identities),
        cmocka_unit_test(explains_every_word_that_must_be_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
