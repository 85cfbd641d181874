#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/setting.h"
#include "tests/unit/config_world.h"

#define BOUNDARY "arn:aws:iam::111122223333:policy/podidentity/boundary"
#define LONG_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *const enough[] = {"--cluster-name",          "main", "--region", "eu-west-1",
                                     "--allow-unbounded-roles", NULL};

static int forget_variables(void **state)
{
    (void)state;
    memset(world_variables, 0, sizeof(world_variables));
    return 0;
}

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

static void reads_flags_in_both_forms(void **state)
{
    static const char *const arguments[] = {"--cluster-name=a=b-no", NULL};
    static const char *const right[] = {
        "--cluster-name", "main", "--region=eu-west-1", "--allow-unbounded-roles=True", "--settle",
        "1m30s",          NULL};
    struct error error = {0};
    struct config config;

    (void)state;
    assert_true(world_load(&config, right, &error));
    assert_string_equal(config.cluster_name, "main");
    assert_int_equal(config.settle_ms, 90000);
    assert_false(world_load(&config, arguments, &error));
    assert_true(text_starts(error.text, "--cluster-name: \"a=b-no\" is no name"));
}

static void asks_nothing_else_when_help_is_asked(void **state)
{
    static const char *const askings[][4] = {
        {"--help"}, {"-h"}, {"--nonsense", "--help"}, {"--settle", "never", "-h"}};

    (void)state;
    for (size_t i = 0; i < COUNT(askings); i++) {
        struct error error = {0};
        struct config config;

        assert_true(world_load(&config, askings[i], &error));
        assert_true(config.help);
    }
}

static void finds_the_region_where_the_sdks_do(void **state)
{
    static const char *const arguments[] = {"--cluster-name=main", "--allow-unbounded-roles", NULL};
    struct error error = {0};
    struct config config;

    (void)state;
    world_variables[0] = "AWS_DEFAULT_REGION=us-east-2";
    assert_true(world_load(&config, arguments, &error));
    assert_string_equal(config.region, "us-east-2");
    world_variables[1] = "AWS_REGION=us-gov-west-1";
    assert_true(world_load(&config, arguments, &error));
    assert_string_equal(config.region, "us-gov-west-1");
    assert_string_equal(config.role_path, "/podidentity/us-gov-west-1/main/");
    world_variables[1] = "AWS_REGION=";
    assert_true(world_load(&config, arguments, &error));
    assert_string_equal(config.region, "us-east-2");
    world_variables[1] = "AWS_REGION=Ohio";
    assert_false(world_load(&config, arguments, &error));
    assert_string_equal(error.text,
                        "AWS_REGION: \"Ohio\" is no AWS Region: write one such as eu-west-1");
}

static void lets_the_boundary_count_beside_the_leave_to_go_without(void **state)
{
    static const char *const arguments[] = {"--cluster-name=main", "--region=eu-west-1",
                                            "--allow-unbounded-roles",
                                            "--permissions-boundary=" BOUNDARY, NULL};
    struct error error = {0};
    struct config config;

    (void)state;
    assert_true(world_load(&config, arguments, &error));
    assert_string_equal(config.permissions_boundary, BOUNDARY);
}

static void takes_an_empty_flag_back_to_what_the_program_would_choose(void **state)
{
    static const char *const arguments[] = {"--cluster-name=main", "--region=eu-west-1",
                                            "--allow-unbounded-roles", "--role-path=", NULL};
    struct error error = {0};
    struct config config;

    (void)state;
    world_variables[0] = "PODIDENTITY_ROLE_PATH=/elsewhere/";
    assert_true(world_load(&config, arguments, &error));
    assert_string_equal(config.role_path, "/podidentity/eu-west-1/main/");
}

static void knows_the_file_by_its_variable(void **state)
{
    struct error error = {0};
    struct config config;
    char path[WORLD_PATH_SIZE], entry[128];

    (void)state;
    world_write(path, "settle: 5s\n");
    snprintf(entry, sizeof(entry), "PODIDENTITY_CONFIG=%s", path);
    world_variables[0] = entry;
    assert_true(world_load(&config, enough, &error));
    assert_int_equal(config.settle_ms, 5000);
    assert_string_equal(config.config_file, path);
    unlink(path);
    assert_false(world_load(&config, enough, &error));
    assert_true(text_starts(error.text, "PODIDENTITY_CONFIG: /tmp/podidentity-settings-"));
    assert_true(text_ends(error.text, ": No such file or directory"));
}

static void refuses_arguments_with_one_line(void **state)
{
    static const struct {
        const char *arguments[5];
        const char *text;
    } cases[] = {
        {{"--clustername", "main"}, "--clustername: no such flag; did you mean --cluster-name?"},
        {{"--cluster_name=main"}, "--cluster_name: no such flag; did you mean --cluster-name?"},
        {{"-region", "x"}, "-region: no such flag; did you mean --region?"},
        {{"--leader-elect"}, "--leader-elect: no such flag; --help lists them all"},
        {{"--allow-imds=false"}, "--allow-imds: no such flag; --help lists them all"},
        {{"--"}, "--: no such flag; --help lists them all"},
        {{"--=x"}, "--: no such flag; --help lists them all"},
        {{"--" LONG_64 LONG_64}, "--aaaaaaaa"},
        {{"main"}, "\"main\" is neither a flag nor the value of one: write --name VALUE or "},
        {{"--allow-unbounded-roles", "false"}, "\"false\" is neither a flag nor the value of one"},
        {{"--region"}, "--region: has no value: write --region REGION"},
        {{"--region", "--settle=1s"}, "--region: has no value: write --region REGION"},
        {{"--settle=1s", "--settle=1s"}, "--settle: is here twice: write it once"},
        {{"--settle", "1s", "--region=eu-west-1", "--settle"},
         "--settle: is here twice: write it once"},
        {{"--settle=soon"},
         "--settle: \"soon\" is no duration: write one from 0s to 1h, such as 10s, 1m30s or 500ms"},
        {{"--deletion-limit", "-1"},
         "--deletion-limit: \"-1\" is no whole number: write one from 0 to 1000"},
        {{"--cluster-name=a\nb"}, "--cluster-name: has a control character or a line break"},
        {{"--a\nb"}, "--a?b: no such flag"},
        {{"--config=/nowhere/settings.yaml"},
         "--config: /nowhere/settings.yaml: No such file or directory"},
        {{"--config=/tmp"}, "--config: /tmp: Is a directory"},
        {{"--help=maybe"}, "--help: \"maybe\" is no answer to this: write true or false"},
        {{NULL}, "--cluster-name: is missing: write --cluster-name NAME, set "},
        {{"--cluster-name="}, "--cluster-name: is missing: write --cluster-name NAME, set "},
        {{"--cluster-name=main"}, "--region: is missing: write --region REGION, or set AWS_REGION"},
        {{"--cluster-name=main", "--region=eu-west-1"},
         "--permissions-boundary: is missing: write --permissions-boundary ARN with the policy "
         "that bounds every role the controller makes, or --allow-unbounded-roles to make roles "
         "without one"},
        {{"--cluster-name=main", "--region=eu-west-1", "--allow-unbounded-roles=false"},
         "--permissions-boundary: is missing: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        struct config config;

        assert_false(world_load(&config, cases[i].arguments, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_null(strchr(error.text, '\n'));
        if (!text_starts(error.text, cases[i].text))
            fail_msg("%s: %s", cases[i].text, error.text);
    }
}

static void refuses_variables_by_their_name(void **state)
{
    static const struct {
        const char *variable, *text;
    } cases[] = {
        {"PODIDENTITY_SETTLE=10", "PODIDENTITY_SETTLE: \"10\" is no duration: write one "},
        {"PODIDENTITY_MAX_CONCURRENT=0", "PODIDENTITY_MAX_CONCURRENT: \"0\" is out of range for a "
                                         "whole number: write one from 1 to "
                                         "256"},
        {"PODIDENTITY_REGION=x", "PODIDENTITY_REGION: \"x\" is no AWS Region"},
        {"PODIDENTITY_ALLOW_UNBOUNDED_ROLES=1",
         "PODIDENTITY_ALLOW_UNBOUNDED_ROLES: \"1\" is no answer to this: write true or false"},
        {"PODIDENTITY_CONFIG=/nowhere", "PODIDENTITY_CONFIG: /nowhere: No such file or directory"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        struct config config;

        world_variables[0] = cases[i].variable;
        assert_false(world_load(&config, enough, &error));
        if (!text_starts(error.text, cases[i].text))
            fail_msg("%s: %s", cases[i].text, error.text);
    }
}

static void passes_over_empty_variables_and_those_it_does_not_know(void **state)
{
    struct error error = {0};
    struct config config;

    (void)state;
    world_variables[0] = "PODIDENTITY_SETTLE=";
    world_variables[1] = "PODIDENTITY_COLOUR=blue";
    world_variables[2] = "PODIDENTITY_HELP=true";
    assert_true(world_load(&config, enough, &error));
    assert_int_equal(config.settle_ms, 10000);
    assert_false(config.help);
}

static void refuses_a_file_with_its_line_and_key(void **state)
{
    static const struct {
        const char *content, *text; /* behind the file's name */
    } cases[] = {
        {"# x\n\nclustername: main\n",
         ":3: clustername: no such setting; did you mean cluster-name?"},
        {"region: eu-west-1\nleader-elect: true\n",
         ":2: leader-elect: no such setting; podidentity controller --help lists them all"},
        {"settle: 10\n", ":1: settle: \"10\" is no duration: write one from 0s to 1h"},
        {"settle: 2h\n",
         ":1: settle: \"2h\" is out of range for a duration: write one from 0s to "},
        {"iam-rate: fast\n", ":1: iam-rate: \"fast\" is no number: write one from 0.1 to 1000"},
        {"iam-rate:\n  1: 2\n", ":2: iam-rate: is a map: write one value behind the key"},
        {"region:\n- eu-west-1\n", ":2: region: is a list: write one value behind the key"},
        {"settle: 1s\nregion:\n", ":2: region: has no value: write one value behind the key"},
        {"config: x.yaml\n", ":1: config: cannot be set in a file: write --config"},
        {"help: true\n", ":1: help: cannot be set in a file: write --help"},
        {"settle: 1s\nsettle: 2s\n", ":2: \"settle\" is here twice, first in line 1"},
        {"settle: 1s\n region: x\n", ":2: "},
        {"settle: [1s\n", ":2: "},
        {"- settle: 1s\n", ":1: holds no settings: write one in each line"},
        {"settle\n", ":1: holds no settings: write one in each line"},
        {"role-path: /\n", ":1: role-path: \"/\" would make every role of the account"},
        {"\"a\\nb\": 1\n", ":1: a?b: no such setting"},
        {"region: \"a\\nb\"\n", ":1: region: has a control character or a line break"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        struct config config;
        char path[WORLD_PATH_SIZE], expected[256];
        const char *arguments[] = {"--cluster-name=main",
                                   "--region=eu-west-1",
                                   "--allow-unbounded-roles",
                                   "--config",
                                   path,
                                   NULL};

        world_write(path, cases[i].content);
        assert_false(world_load(&config, arguments, &error));
        unlink(path);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_null(strchr(error.text, '\n'));
        snprintf(expected, sizeof(expected), "--config: %s%s", path, cases[i].text);
        if (!text_starts(error.text, expected))
            fail_msg("%s: %s", expected, error.text);
    }
}

static void takes_a_file_of_nothing_but_comments(void **state)
{
    struct error error = {0};
    struct config config;
    char path[WORLD_PATH_SIZE];
    const char *arguments[] = {"--cluster-name=main",
                               "--region=eu-west-1",
                               "--allow-unbounded-roles",
                               "--config",
                               path,
                               NULL};

    (void)state;
    world_write(path, "# settings come later\n");
    assert_true(world_load(&config, arguments, &error));
    unlink(path);
}

static void refuses_what_is_wrong_even_where_it_would_not_count(void **state)
{
    static const char *const arguments[] = {"--cluster-name=main", "--region=eu-west-1",
                                            "--allow-unbounded-roles", "--settle=1s", NULL};
    struct error error = {0};
    struct config config;

    (void)state;
    world_variables[0] = "PODIDENTITY_SETTLE=soon";
    assert_false(world_load(&config, arguments, &error));
    assert_true(text_starts(error.text, "PODIDENTITY_SETTLE: "));
}

static void explains_every_flag_in_help(void **state)
{
    const char *help = config_help();

    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        char flag[128];

        snprintf(flag, sizeof(flag), "\n  --%s%s%s", settings[i].name,
                 settings[i].form ? " " : "\n", settings[i].form ? settings[i].form : "");
        if (!strstr(help, flag))
            fail_msg("no %s in %s", flag, help);
    }
    assert_non_null(strstr(help, "--max-concurrent NUMBER  (16)\n        How many bindings "));
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_a_default_for_all_that_need_not_be_said, forget_variables),
        cmocka_unit_test_setup(takes_the_flag_then_the_variable_then_the_file_then_the_default,
                               forget_variables),
        cmocka_unit_test(tests_the_precedence_of_every_setting),
        cmocka_unit_test_setup(reads_flags_in_both_forms, forget_variables),
        cmocka_unit_test_setup(asks_nothing_else_when_help_is_asked, forget_variables),
        cmocka_unit_test_setup(finds_the_region_where_the_sdks_do, forget_variables),
        cmocka_unit_test_setup(lets_the_boundary_count_beside_the_leave_to_go_without,
                               forget_variables),
        cmocka_unit_test_setup(takes_an_empty_flag_back_to_what_the_program_would_choose,
                               forget_variables),
        cmocka_unit_test_setup(knows_the_file_by_its_variable, forget_variables),
        cmocka_unit_test_setup(refuses_arguments_with_one_line, forget_variables),
        cmocka_unit_test_setup(refuses_variables_by_their_name, forget_variables),
        cmocka_unit_test_setup(passes_over_empty_variables_and_those_it_does_not_know,
                               forget_variables),
        cmocka_unit_test_setup(refuses_a_file_with_its_line_and_key, forget_variables),
        cmocka_unit_test_setup(takes_a_file_of_nothing_but_comments, forget_variables),
        cmocka_unit_test_setup(refuses_what_is_wrong_even_where_it_would_not_count,
                               forget_variables),
        cmocka_unit_test(explains_every_flag_in_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
