#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_setting_with_its_default),
        cmocka_unit_test(says_of_every_setting_what_help_says),
        cmocka_unit_test(changes_nothing_as_it_stands),
        cmocka_unit_test(starts_the_controller_with_flags_that_it_takes),
        cmocka_unit_test(asks_its_probes_where_it_serves),
        cmocka_unit_test(runs_with_no_right_that_it_does_not_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
