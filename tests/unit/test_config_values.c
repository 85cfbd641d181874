#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "config/duration.h"
#include "config/form.h"
#include "config/setting.h"

#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void reads_durations_as_go_writes_them(void **state)
{
    static const struct {
        const char *text;
        uint64_t duration_ms;
    } cases[] = {
        {"0", 0},          {"0s", 0},      {"10s", 10000},
        {"1m30s", 90000},  {"500ms", 500}, {"24h", 86400000},
        {"1.5h", 5400000}, {"0.001s", 1},  {"1h2m3s4ms", 3723004},
        {"30s1m", 90000},  {"1s1s", 2000}, {"87600h", DURATION_MAX_MS},
        {"0.25s", 250},    {"007s", 7000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t duration_ms = 1;

        if (!duration_parse(cases[i].text, &duration_ms) || duration_ms != cases[i].duration_ms)
            fail_msg("%s: %ju", cases[i].text, (uintmax_t)duration_ms);
    }
}

static void refuses_what_is_no_duration(void **state)
{
    static const char *const cases[] = {
        "",
        "10",
        "s",
        "-1s",
        "+1s",
        "1 s",
        " 1s",
        "1s ",
        "1d",
        "10S",
        "1.s",
        ".5s",
        "1..5s",
        "0.0001s",
        "0.5ms",
        "10us",
        "1e3s",
        "87601h",
        "1s500",
        "ms",
        "1m30",
        "87600h1ms",
        "0x1s",
        "9999999999999999999h",
        "00",
        "1,5s",
        "1mss",
        "1hm",
        "999999999999h",
        "0000000000000s",
        "0.0000000000000s",
        "0.0000000000000001h",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t duration_ms = 7;

        if (duration_parse(cases[i], &duration_ms))
            fail_msg("\"%s\" is %ju", cases[i], (uintmax_t)duration_ms);
        assert_int_equal(duration_ms, 7);
    }
}

static void writes_durations_in_the_largest_whole_unit(void **state)
{
    static const struct {
        uint64_t duration_ms;
        const char *text;
    } cases[] = {{0, "0s"},         {500, "500ms"},   {10000, "10s"},
                 {90000, "90s"},    {60000, "1m"},    {3600000, "1h"},
                 {86400000, "24h"}, {1001, "1001ms"}, {DURATION_MAX_MS, "87600h"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DURATION_TEXT_SIZE];
        uint64_t duration_ms;

        duration_write(cases[i].duration_ms, text);
        assert_string_equal(text, cases[i].text);
        assert_true(duration_parse(text, &duration_ms));
        assert_int_equal(duration_ms, cases[i].duration_ms);
    }
}

struct form_case {
    const char *text;
    bool right;
};

static void assert_forms(bool (*check)(const char *, struct error *), const struct form_case *cases,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};

        if (check(cases[i].text, &error) != cases[i].right)
            fail_msg("\"%s\": %s", cases[i].text, error.text);
        if (cases[i].right) {
            assert_int_equal(error.kind, ERROR_NONE);
        } else {
            assert_int_equal(error.kind, ERROR_REFUSED);
            assert_non_null(strstr(error.text, ": write "));
        }
    }
}

static void tells_a_cluster_name_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"main", true}, {"0", true},         {"A_b-9", true},        {HUNDRED, true},
        {"", false},    {"-a", false},       {"_a", false},          {HUNDRED "a", false},
        {"a.b", false}, {"a/b", false},      {"a b", false},         {"caf\xc3\xa9", false},
        {"a*", false},  {"\xc3\xa9", false}, {"arn:aws:eks", false},
    };

    (void)state;
    assert_forms(form_cluster_name, cases, COUNT(cases));
}

static void tells_a_region_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"eu-west-1", true},
        {"us-gov-west-1", true},
        {"us-isob-east-1", true},
        {"eusc-de-east-1", true},
        {"ap-southeast-5", true},
        {"cn-north-1", true},
        {"us-east-10", true},
        {"", false},
        {"eu-west", false},
        {"eu-west-1a", false},
        {"EU-WEST-1", false},
        {"eu-1", false},
        {"eu--west-1", false},
        {"-eu-west-1", false},
        {"1-west-1", false},
        {"eu_west_1", false},
        {"eu-west-", false},
        {"REGION", false},
        {"eu-west-1.evil.example", false},
        {"aa-" HUNDRED "-1", false},
    };

    (void)state;
    assert_forms(form_region, cases, COUNT(cases));
}

static void tells_a_namespace_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"podidentity-system", true},
        {"a", true},
        {"0", true},
        {"", false},
        {"-a", false},
        {"a-", false},
        {"A", false},
        {"a.b", false},
        {"a_b", false},
        {HUNDRED, false},
    };

    (void)state;
    assert_forms(form_namespace, cases, COUNT(cases));
}

static void tells_label_keys_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"team", true},
        {"example.com/team", true},
        {"a,b.c/d_E.f,kubernetes.io/metadata.name", true},
        {"0/1", true},
        {"", false},
        {",", false},
        {"a,", false},
        {",a", false},
        {"a, b", false},
        {"a b", false},
        {"-a", false},
        {"a-", false},
        {"/a", false},
        {"a/", false},
        {"a/b/c", false},
        {"A.com/b", false},
        {"-x/b", false},
        {"a=b", false},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg", true},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg", false},
    };

    (void)state;
    assert_forms(form_label_keys, cases, COUNT(cases));
}

static void tells_further_trust_conditions_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"aws:SourceOrgId=o-abcdefghij", true},
        {"aws:SourceOrgId=o-1,aws:SourceVpc=vpc-*", true},
        {"aws:PrincipalTag/team.a=blue", true},
        {"aws:SourceOrgPaths=o-1/r-1/ou-1/*", true},
        {"aws:SourceOrgId=${aws:ResourceOrgId}", true},
        {"", false},
        {"aws:SourceOrgId", false},
        {"aws:SourceOrgId=", false},
        {"=o-1", false},
        {"SourceOrgId=o-1", false},
        {":x=o-1", false},
        {"aws:=o-1", false},
        {"aws:SourceOrgId=o-1,", false},
        {",aws:SourceOrgId=o-1", false},
        {"aws:SourceOrgId=o-1, aws:a=b", false},
        {"aws:SourceOrgId=o 1", false},
        {"aws:SourceOrgId=o=1", false},
        {"aws:SourceOrgId=\"o-1\"", false},
        {"aws:SourceOrgId=o\\1", false},
        {"aws:SourceOrgId=\xc3\xa4", false},
        {"aws:SourceOrgId=a,aws:SourceOrgId=b", false},
        {"aws:SourceOrgId=a,aws:sourceorgid=b", false},
        {"aws:SourceAccount=111122223333", false},
        {"AWS:SourceArn=x", false},
        {"aws:sourcearn=x", false},
        {"aws:RequestTag/kubernetes-namespace=x", false},
    };

    (void)state;
    assert_forms(form_trust_conditions, cases, COUNT(cases));
}

static void tells_what_follows_a_withdrawal_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"Keep", true}, {"Delete", true}, {"keep", false}, {"", false}, {"Retain", false}};

    (void)state;
    assert_forms(form_withdrawal, cases, COUNT(cases));
}

static void tells_an_address_from_others(void **state)
{
    static const struct form_case cases[] = {
        {":8080", true},       {"127.0.0.1:8081", true},
        {"[::1]:8080", true},  {"localhost:1", true},
        {":0", true},          {":65535", true},
        {"[::]:1", true},      {"", false},
        {"8080", false},       {":", false},
        {":65536", false},     {":99999", false},
        {":http", false},      {"::1:8080", false},
        {"[::1]", false},      {"[]:1", false},
        {"[::1:1", false},     {"a b:1", false},
        {":-1", false},        {":080808", false},
        {"http://a:1", false}, {"[::1]x:1", false},
    };

    (void)state;
    assert_forms(form_bind_address, cases, COUNT(cases));
}

static void tells_a_role_path_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"/a/", true},
        {"/podidentity/eu-west-1/main/", true},
        {"/a.b/c,d/e@f/", true},
        {"/", false},
        {"", false},
        {"a/", false},
        {"/a", false},
        {"//", false},
        {"/a//b/", false},
        {"/a*/", false},
        {"/a?/", false},
        {"/${aws:userid}/", false},
        {"/a b/", false},
        {"/caf\xc3\xa9/", false},
        {"/a\"/", false},
        {"/a\\/", false},
        {"/" HUNDRED HUNDRED HUNDRED "/", false},
        {"/" HUNDRED HUNDRED TEN TEN TEN TEN TEN "aaaa/", true},
        {"/" HUNDRED HUNDRED TEN TEN TEN TEN TEN "aaaaa/", false},
    };

    (void)state;
    assert_forms(form_role_path, cases, COUNT(cases));
}

static void tells_the_arn_of_a_policy_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"arn:aws:iam::111122223333:policy/boundary", true},
        {"arn:aws:iam::111122223333:policy/podidentity/boundary", true},
        {"arn:aws-us-gov:iam::111122223333:policy/a+=,.@-_b", true},
        {"arn:aws-cn:iam::aws:policy/PowerUserAccess", true},
        {"", false},
        {"boundary", false},
        {"arn:aws:iam::111122223333:role/boundary", false},
        {"arn:aws:iam::11112222333:policy/boundary", false},
        {"arn:aws:iam::1111222233334:policy/boundary", false},
        {"arn:aws:iam::ACCOUNT:policy/boundary", false},
        {"arn:aws:iam:eu-west-1:111122223333:policy/boundary", false},
        {"arn:aws:s3::111122223333:policy/boundary", false},
        {"arn:gcp:iam::111122223333:policy/boundary", false},
        {"arn:awsx:iam::111122223333:policy/boundary", false},
        {"urn:aws:iam::111122223333:policy/boundary", false},
        {"arn:aws:iam::111122223333:policy/", false},
        {"arn:aws:iam::111122223333:policy/a/", false},
        {"arn:aws:iam::111122223333:policy//a", false},
        {"arn:aws:iam::111122223333:policy/*", false},
        {"arn:aws:iam::111122223333", false},
        {"arn:aws:iam", false},
    };

    (void)state;
    assert_forms(form_policy_arn, cases, COUNT(cases));
}

static void reads_each_kind_within_its_range(void **state)
{
    static const struct {
        const char *name, *text, *refusal; /* NULL: right */
    } cases[] = {
        {"max-concurrent", "1", NULL},
        {"max-concurrent", "256", NULL},
        {"max-concurrent", "257", "out of range for a whole number: write one from 1 to 256"},
        {"max-concurrent", "1.5", "no whole number: write one from 1 to 256"},
        {"max-concurrent", "", "no whole number"},
        {"max-concurrent", " 1", "no whole number"},
        {"max-concurrent", "+1", "no whole number"},
        {"max-concurrent", "0x10", "no whole number"},
        {"max-concurrent", "1e2", "no whole number"},
        {"max-concurrent", "18446744073709551617", "no whole number"},
        {"deletion-limit", "0", NULL},
        {"deletion-limit", "1001", "write one from 0 to 1000"},
        {"withdrawal-grace", "0s", NULL},
        {"withdrawal-grace", "720h", NULL},
        {"withdrawal-grace", "721h", "out of range"},
        {"iam-rate", "0.1", NULL},
        {"iam-rate", "1000", NULL},
        {"iam-rate", "0.125", NULL},
        {"iam-rate", "0", "out of range for a number: write one from 0.1 to 1000"},
        {"iam-rate", "0.099", "out of range"},
        {"iam-rate", "1000.001", "out of range"},
        {"iam-rate", "1.", "no number"},
        {"iam-rate", ".5", "no number"},
        {"iam-rate", "1.2345", "no number"},
        {"iam-rate", "nan", "no number"},
        {"iam-rate", "inf", "no number"},
        {"iam-rate", "1,5", "no number"},
        {"settle", "0", NULL},
        {"settle", "1h", NULL},
        {"settle", "1h1ms", "out of range for a duration: write one from 0s to 1h, such as 10s"},
        {"allow-unbounded-roles", "TRUE", NULL},
        {"allow-unbounded-roles", "yes", "write true or false"},
        {"allow-unbounded-roles", "", "write true or false"},
        {"log-level", "debug", NULL},
        {"log-level", "warn", NULL},
        {"log-level", "loud", "\"loud\" is no log level: write error, warn, info or debug"},
        {"log-format", "text", NULL},
        {"log-format", "xml", "\"xml\" is no log format: write json or text"},
        {"metrics-bind-address", "", "\"\" is no address to listen on"},
        {"kubeconfig", "a\tb", "has a control character"},
        {"kubeconfig", HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN "a", NULL},
        {"kubeconfig", HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN "aa",
         "has 512 bytes: write at most 511"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct setting *setting = setting_find(cases[i].name, SETTING_ANYWHERE);
        struct error error = {0};
        struct config config = {0};
        bool put = setting_put(setting, cases[i].text, &config, &error);

        if (put != !cases[i].refusal || (!put && !strstr(error.text, cases[i].refusal)))
            fail_msg("%s: \"%s\": %s", cases[i].name, cases[i].text, error.text);
    }
}

static void suggests_the_name_that_a_typo_meant(void **state)
{
    static const struct {
        const char *wrong, *right; /* NULL: none is near */
    } cases[] = {
        {"clustername", "cluster-name"},
        {"cluster_name", "cluster-name"},
        {"clusterName", "cluster-name"},
        {"CLUSTER-NAME", "cluster-name"},
        {"regoin", "region"},
        {"setle", "settle"},
        {"iamrate", "iam-rate"},
        {"eks-rat", "eks-rate"},
        {"permission-boundary", "permissions-boundary"},
        {"loglevel", "log-level"},
        {"colour", NULL},
        {"leader-elect", NULL},
        {"allow-imds", NULL},
        {"x", NULL},
        {"", NULL},
        {HUNDRED, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *nearest = setting_nearest(cases[i].wrong, SETTING_ANYWHERE);

        if (!text_equal(nearest, cases[i].right))
            fail_msg("%s: %s", cases[i].wrong, nearest ? nearest : "none");
    }
}

static void suggests_nothing_that_cannot_stand_there(void **state)
{
    (void)state;
    assert_string_equal(setting_nearest("confg", SETTING_IN_ARGUMENTS), "config");
    assert_null(setting_nearest("confg", SETTING_IN_FILE));
    assert_null(setting_find("config", SETTING_IN_FILE));
    assert_null(setting_find("help", SETTING_IN_ENVIRONMENT));
}

static void names_variables_after_flags(void **state)
{
    char name[SETTING_VARIABLE_SIZE];

    (void)state;
    setting_variable(setting_find("cluster-name", SETTING_ANYWHERE), name);
    assert_string_equal(name, "PODIDENTITY_CLUSTER_NAME");
    setting_variable(setting_find("health-probe-bind-address", SETTING_ANYWHERE), name);
    assert_string_equal(name, "PODIDENTITY_HEALTH_PROBE_BIND_ADDRESS");
}

static void shows_long_values_cut_between_characters(void **state)
{
    char shown[SETTING_SHOWN_SIZE];

    (void)state;
    setting_show("short", shown);
    assert_string_equal(shown, "short");
    setting_show(HUNDRED, shown);
    assert_true(text_ends(shown, "aa..."));
    assert_true(strlen(shown) >= 75);
    for (size_t shift = 0; shift < 4; shift++) {
        AUTO_TEXT struct text text = TEXT_INIT(256);

        text_add(&text, "aaaa", shift);
        for (int i = 0; i < 30; i++)
            text_add_string(&text, "\xf0\x9f\x94\x91");
        setting_show(text.bytes, shown);
        assert_true(text_utf8(shown, strlen(shown)));
        assert_true(text_ends(shown, "..."));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_durations_as_go_writes_them),
        cmocka_unit_test(refuses_what_is_no_duration),
        cmocka_unit_test(writes_durations_in_the_largest_whole_unit),
        cmocka_unit_test(tells_a_cluster_name_from_others),
        cmocka_unit_test(tells_a_region_from_others),
        cmocka_unit_test(tells_a_namespace_from_others),
        cmocka_unit_test(tells_label_keys_from_others),
        cmocka_unit_test(tells_further_trust_conditions_from_others),
        cmocka_unit_test(tells_what_follows_a_withdrawal_from_others),
        cmocka_unit_test(tells_an_address_from_others),
        cmocka_unit_test(tells_a_role_path_from_others),
        cmocka_unit_test(tells_the_arn_of_a_policy_from_others),
        cmocka_unit_test(reads_each_kind_within_its_range),
        cmocka_unit_test(suggests_the_name_that_a_typo_meant),
        cmocka_unit_test(suggests_nothing_that_cannot_stand_there),
        cmocka_unit_test(names_variables_after_flags),
        cmocka_unit_test(shows_long_values_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
