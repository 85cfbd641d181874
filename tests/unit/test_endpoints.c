#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "aws/endpoints.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "tests/unit/aws_settings.h"

static enum request_service service_of(const char *name)
{
    if (strcmp(name, "iam") == 0)
        return SERVICE_IAM;
    return strcmp(name, "sts") == 0 ? SERVICE_STS : SERVICE_EKS;
}

/* "eks eu-west-1 1 0 https://fips.eks.eu-west-1.amazonaws.com eu-west-1" */
static void check_row(const char *row)
{
    char service[8], region[32], url[200], signing_region[32];
    struct aws_endpoints endpoints;
    struct error error = {0};
    const struct aws_endpoint *endpoint;
    int fips, dual;

    assert_int_equal(sscanf(row, "%7s %31s %d %d %199s %31s", service, region, &fips, &dual, url,
                            signing_region),
                     6);
    settings("AWS_USE_FIPS_ENDPOINT", fips ? "true" : "false", "AWS_USE_DUALSTACK_ENDPOINT",
             dual ? "TRUE" : "", NULL);
    assert_true(aws_endpoints_resolve(&endpoints, region, setting_of, &error));
    endpoint = &endpoints.services[service_of(service)];
    if (strcmp(endpoint->url, url) != 0 || strcmp(endpoint->signing_region, signing_region) != 0)
        fail_msg("%s\nis here: %s %s", row, endpoint->url, endpoint->signing_region);
    assert_string_equal(endpoint->host, strstr(url, "://") + 3);
    assert_string_equal(endpoint->signing_name, service);
    assert_string_equal(endpoints.region, region);
}

static void resolves_as_the_rule_sets_of_aws(void **state)
{
    struct error error = {0};
    AUTO_FREE char *lines = file_read("tests/data/aws/endpoints.txt", 1 << 20, NULL, &error);
    size_t count = 0;

    (void)state;
    assert_non_null(lines);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        check_row(line);
        count++;
    }
    assert_int_equal(count, 3 * 15 * 4);
}

static void a_region_tells_its_partition(void **state)
{
    static const struct {
        const char *region, *partition, *suffix;
    } rows[] = {
        {"eu-west-1", "aws", "amazonaws.com"},
        {"me-central-1", "aws", "amazonaws.com"},
        {"xx-future-12", "aws", "amazonaws.com"},
        {"cn-northwest-1", "aws-cn", "amazonaws.com.cn"},
        {"us-gov-east-1", "aws-us-gov", "amazonaws.com"},
        {"us-iso-west-1", "aws-iso", "c2s.ic.gov"},
        {"us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"},
        {"us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"},
        {"eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"},
        {"eusc-de-east-1", "aws-eusc", "amazonaws.eu"},
    };

    (void)state;
    settings("AWS_ENDPOINT_URL", "", NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_endpoints endpoints;
        struct error error = {0};

        assert_string_equal(aws_partition(rows[i].region), rows[i].partition);
        assert_true(aws_endpoints_resolve(&endpoints, rows[i].region, setting_of, &error));
        assert_string_equal(endpoints.partition, rows[i].partition);
        assert_string_equal(endpoints.dns_suffix, rows[i].suffix);
        assert_string_equal(endpoints.services[SERVICE_KUBERNETES].url, "");
    }
}

static void what_is_no_region_is_refused(void **state)
{
    static const char *const regions[] = {
        "",           "eu",
        "eu-west",    "eu-west-",
        "eu-west-1a", "eu-west-1-",
        "-west-1",    "eu--1",
        "EU-west-1",  "eu-west-1.evil.example/",
        "eu_west_1",  "1-2-3",
        "aws-global", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1",
    };

    (void)state;
    settings("AWS_ENDPOINT_URL", "", NULL);
    for (size_t i = 0; i < COUNT(regions); i++) {
        struct aws_endpoints endpoints;
        struct error error = {0};

        if (aws_endpoints_resolve(&endpoints, regions[i], setting_of, &error))
            fail_msg("taken for a region: \"%s\"", regions[i]);
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void a_services_own_url_comes_before_the_common_one(void **state)
{
    struct aws_endpoints endpoints;
    struct error error = {0};

    (void)state;
    settings("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/", "AWS_ENDPOINT_URL_EKS",
             "https://EKS.Example:443", NULL);
    assert_true(aws_endpoints_resolve(&endpoints, "eu-west-1", setting_of, &error));
    assert_string_equal(endpoints.services[SERVICE_IAM].url, "http://127.0.0.1:4566");
    assert_string_equal(endpoints.services[SERVICE_IAM].host, "127.0.0.1:4566");
    assert_string_equal(endpoints.services[SERVICE_IAM].signing_region, "us-east-1");
    assert_string_equal(endpoints.services[SERVICE_STS].url, "http://127.0.0.1:4566");
    assert_string_equal(endpoints.services[SERVICE_EKS].url, "https://eks.example");
    assert_string_equal(endpoints.services[SERVICE_EKS].host, "eks.example");
    assert_string_equal(endpoints.services[SERVICE_EKS].signing_region, "eu-west-1");

    settings("AWS_ENDPOINT_URL", "http://127.0.0.1:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
             "true", NULL);
    assert_true(aws_endpoints_resolve(&endpoints, "eu-west-1", setting_of, &error));
    assert_string_equal(endpoints.services[SERVICE_STS].url, "https://sts.eu-west-1.amazonaws.com");
}

static void a_wrong_setting_is_named(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"AWS_ENDPOINT_URL", "localhost:4566"},
        {"AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:4566/base"},
        {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:4566?x=y"},
        {"AWS_ENDPOINT_URL_EKS", "http://"},
        {"AWS_USE_FIPS_ENDPOINT", "yes"},
        {"AWS_USE_DUALSTACK_ENDPOINT", "1"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ture"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_endpoints endpoints;
        struct error error = {0};

        settings(rows[i].name, rows[i].value, NULL);
        assert_false(aws_endpoints_resolve(&endpoints, "eu-west-1", setting_of, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_non_null(strstr(error.text, rows[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_as_the_rule_sets_of_aws),
        cmocka_unit_test(a_region_tells_its_partition),
        cmocka_unit_test(what_is_no_region_is_refused),
        cmocka_unit_test(a_services_own_url_comes_before_the_common_one),
        cmocka_unit_test(a_wrong_setting_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
