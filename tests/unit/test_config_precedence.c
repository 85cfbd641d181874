/* The flag before the variable, before the file, before the default. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/setting.h"
#include "tests/unit/config_world.h"

static void has_a_default_for_all_that_need_not_be_said(void **state)
{
    struct error error = {0};
    struct config config;

    (void)state;
    assert_true(world_load(&config, enough, &error));
    assert_string_equal(config.cluster_name, "main");
    assert_string_equal(config.region, "eu-west-1");
    assert_string_equal(config.kubeconfig, "");
    assert_string_equal(config.namespace_name, "");
    assert_string_equal(config.metrics_bind_address, ":8080");
    assert_string_equal(config.health_probe_bind_address, ":8081");
    assert_string_equal(config.role_path, "/podidentity/eu-west-1/main/");
    assert_string_equal(config.permissions_boundary, "");
    assert_true(config.allow_unbounded_roles);
    assert_int_equal(config.settle_ms, 10000);
    assert_int_equal(config.max_concurrent, 16);
    assert_true(config.iam_rate == 20);
    assert_true(config.eks_rate == 10);
    assert_int_equal(config.deletion_limit, 50);
    assert_int_equal(config.log_level, LOG_INFO);
    assert_int_equal(config.log_format, LOG_JSON);
    assert_false(config.help);
    assert_int_equal(error.kind, ERROR_NONE);
}

/* Three right values for each setting, each different from the default and from the others. */
static const struct precedence {
    const char *name, *flag, *variable, *file;
} precedences[] = {
    {"cluster-name", "flag", "variable", "file"},
    {"region", "us-east-1", "us-east-2", "us-west-1"},
    {"kubeconfig", "/flag", "/variable", "/file"},
    {"namespace", "flag", "variable", "file"},
    {"metrics-bind-address", ":1", ":2", ":3"},
    {"health-probe-bind-address", ":1", ":2", ":3"},
    {"role-path", "/flag/", "/variable/", "/file/"},
    {"permissions-boundary", BOUNDARY "-1", BOUNDARY "-2", BOUNDARY "-3"},
    {"allow-unbounded-roles", "true", "false", "true"},
    {"trust-conditions", "aws:SourceOrgId=o-1", "aws:SourceVpc=vpc-*", "aws:a=b,aws:b=c"},
    {"settle", "1s", "2s", "3s"},
    {"drift-interval", "1s", "2s", "3s"},
    {"describe-interval", "1s", "2s", "3s"},
    {"manage-agent-addon", "true", "false", "true"},
    {"max-concurrent", "1", "2", "3"},
    {"iam-rate", "1.5", "2.5", "3.5"},
    {"eks-rate", "1.5", "2.5", "3.5"},
    {"deletion-limit", "1", "2", "0"},
    {"grant-label-keys", "a", "example.com/b", "a,b"},
    {"on-withdrawal", "Delete", "Keep", "Delete"},
    {"withdrawal-grace", "1h", "2h", "0s"},
    {"manage-oidc-provider", "true", "false", "true"},
    {"watch-pods", "false", "true", "false"},
    {"log-level", "debug", "warn", "error"},
    {"log-format", "text", "json", "text"},
};

static size_t field_size(const struct setting *setting)
{
    static const size_t sizes[] = {
        [SETTING_TEXT] = CONFIG_TEXT_SIZE,          [SETTING_FLAG] = sizeof(bool),
        [SETTING_COUNT] = sizeof(unsigned),         [SETTING_RATE] = sizeof(double),
        [SETTING_DURATION] = sizeof(uint64_t),      [SETTING_LEVEL] = sizeof(enum log_level),
        [SETTING_FORMAT] = sizeof(enum log_format),
    };

    return sizes[setting->kind];
}

/* The field holds what text stands for, and nothing of what another text left there. */
static void assert_holds(const struct config *config, const struct setting *setting,
                         const char *text)
{
    struct error error = {0};
    struct config expected = {0};
    const char *field = (const char *)config + setting->offset;
    const char *wanted = (const char *)&expected + setting->offset;

    assert_true(setting_put(setting, text, &expected, &error));
    if (setting->kind == SETTING_TEXT)
        assert_string_equal(field, wanted);
    else if (memcmp(field, wanted, field_size(setting)) != 0)
        fail_msg("%s is not %s", setting->name, text);
}

/* Loads with the setting in those places where a text is given. */
static void load_with(const struct precedence *row, const char *flag, const char *variable,
                      const char *file, struct config *config)
{
    const struct setting *setting = setting_find(row->name, SETTING_ANYWHERE);
    char path[WORLD_PATH_SIZE], content[256], config_flag[128], text[256], entry[256];
    char name[SETTING_VARIABLE_SIZE];
    /* The region of AWS's own variable is the last resort; a boundary is always there, so that
     * allow-unbounded-roles may be false. */
    const char *arguments[4] = {config_flag};
    struct error error = {0};

    setting_variable(setting, name);
    snprintf(content, sizeof(content), "%s%s%s%s\n", file ? row->name : "# nothing",
             file ? ": \"" : "", file ? file : "", file ? "\"" : "");
    world_write(path, content);
    snprintf(config_flag, sizeof(config_flag), "--config=%s", path);
    snprintf(text, sizeof(text), "--%s=%s", row->name, flag ? flag : "");
    if (flag)
        arguments[1] = text;
    memset(world_variables, 0, sizeof(world_variables));
    snprintf(entry, sizeof(entry), "%s=%s", name, variable ? variable : "");
    world_variables[0] = entry;
    world_variables[1] = "PODIDENTITY_CLUSTER_NAME=main";
    world_variables[2] = "AWS_REGION=eu-west-1";
    world_variables[3] = "PODIDENTITY_PERMISSIONS_BOUNDARY=" BOUNDARY;
    if (text_equal(row->name, "cluster-name"))
        world_variables[1] = "OTHER=";
    if (!variable && text_equal(row->name, "permissions-boundary"))
        world_variables[3] = "PODIDENTITY_ALLOW_UNBOUNDED_ROLES=true";
    if (!world_load(config, arguments, &error))
        fail_msg("%s: %s", row->name, error.text);
    unlink(path);
}

static void takes_the_flag_then_the_variable_then_the_file_then_the_default(void **state)
{
    struct config config;

    (void)state;
    for (size_t i = 0; i < COUNT(precedences); i++) {
        const struct precedence *row = &precedences[i];
        const struct setting *setting = setting_find(row->name, SETTING_ANYWHERE);

        load_with(row, row->flag, row->variable, row->file, &config);
        assert_holds(&config, setting, row->flag);
        load_with(row, row->flag, NULL, row->file, &config);
        assert_holds(&config, setting, row->flag);
        load_with(row, NULL, row->variable, row->file, &config);
        assert_holds(&config, setting, row->variable);
        load_with(row, NULL, NULL, row->file, &config);
        assert_holds(&config, setting, row->file);
        if (!setting->fallback[0]) /* the tests below say what stands in for nothing */
            continue;
        load_with(row, NULL, NULL, NULL, &config);
        assert_holds(&config, setting, setting->fallback);
    }
}

static void tests_the_precedence_of_every_setting(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        bool found = (settings[i].places & SETTING_IN_FILE) == 0;

        for (size_t j = 0; j < COUNT(precedences); j++)
            found = found || text_equal(precedences[j].name, settings[i].name);
        if (!found)
            fail_msg("%s has no row", settings[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_a_default_for_all_that_need_not_be_said, world_forget_variables),
        cmocka_unit_test_setup(takes_the_flag_then_the_variable_then_the_file_then_the_default,
                               world_forget_variables),
        cmocka_unit_test(tests_the_precedence_of_every_setting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
