#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "config/setting.h"
#include "tests/unit/long_texts.h"

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
        cmocka_unit_test(reads_each_kind_within_its_range),
        cmocka_unit_test(suggests_the_name_that_a_typo_meant),
        cmocka_unit_test(suggests_nothing_that_cannot_stand_there),
        cmocka_unit_test(names_variables_after_flags),
        cmocka_unit_test(shows_long_values_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
