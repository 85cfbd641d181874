/* Settings out of arguments, variables and a file, and what is refused of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/setting.h"
#include "tests/unit/config_world.h"
#include "tests/unit/long_texts.h"

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
        {{"--" HUNDRED HUNDRED}, "--aaaaaaaa"},
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

/* Loads what is enough, and a file of this content, which was at path. */
static bool load_file(char path[WORLD_PATH_SIZE], const char *content, struct config *config,
                      struct error *error)
{
    const char *const arguments[] = {"--cluster-name=main",
                                     "--region=eu-west-1",
                                     "--allow-unbounded-roles",
                                     "--config",
                                     path,
                                     NULL};
    bool loaded;

    world_write(path, content);
    loaded = world_load(config, arguments, error);
    unlink(path);
    return loaded;
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

        assert_false(load_file(path, cases[i].content, &config, &error));
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

    (void)state;
    assert_true(load_file(path, "# settings come later\n", &config, &error));
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
        cmocka_unit_test_setup(reads_flags_in_both_forms, world_forget_variables),
        cmocka_unit_test_setup(asks_nothing_else_when_help_is_asked, world_forget_variables),
        cmocka_unit_test_setup(finds_the_region_where_the_sdks_do, world_forget_variables),
        cmocka_unit_test_setup(lets_the_boundary_count_beside_the_leave_to_go_without,
                               world_forget_variables),
        cmocka_unit_test_setup(takes_an_empty_flag_back_to_what_the_program_would_choose,
                               world_forget_variables),
        cmocka_unit_test_setup(knows_the_file_by_its_variable, world_forget_variables),
        cmocka_unit_test_setup(refuses_arguments_with_one_line, world_forget_variables),
        cmocka_unit_test_setup(refuses_variables_by_their_name, world_forget_variables),
        cmocka_unit_test_setup(passes_over_empty_variables_and_those_it_does_not_know,
                               world_forget_variables),
        cmocka_unit_test_setup(refuses_a_file_with_its_line_and_key, world_forget_variables),
        cmocka_unit_test_setup(takes_a_file_of_nothing_but_comments, world_forget_variables),
        cmocka_unit_test_setup(refuses_what_is_wrong_even_where_it_would_not_count,
                               world_forget_variables),
        cmocka_unit_test(explains_every_flag_in_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
