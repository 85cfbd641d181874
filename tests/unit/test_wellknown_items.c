/* What is asked of grants for well-known policies. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/unit/wellknown_given.h"

/* The items of a spec, each as "value", "value+" when it adds, "value<with" for a switch, or "-"
 * for the width of the policy. */
static void asks(const char *spec, const char *wanted)
{
    AUTO_GIVEN struct given got = given(spec);
    AUTO_TEXT struct text text = TEXT_INIT(4096);
    size_t count;
    const struct wellknown_item *items = wellknown_items(got.arena, &got.binding->spec, &count);

    for (size_t i = 0; i < count; i++)
        text_printf(&text, "%s%s%s%s%s", i > 0 ? " " : "", items[i].value ? items[i].value : "-",
                    items[i].adds ? "+" : "", items[i].with ? "<" : "",
                    items[i].with ? items[i].with[0] : "");
    assert_string_equal(text.bytes, wanted);
}

static void every_written_value_and_every_width_is_asked_of_grants(void **state)
{
    (void)state;
    asks(WANTED("imageBuilder"), "-");
    asks(WANTED("ebsCSIController"), "-");
    asks(SCOPED("ebsCSIController", "\"keyARNs\":[\"" KEY "\"]"), KEY "+ -");
    asks(WANTED("externalDNS"), "-");
    asks(SCOPED("externalDNS", "\"hostedZoneARNs\":[\"" ZONE "\",\"arn:b\"]"), ZONE " arn:b");
    asks(SCOPED("autoScaler", "\"clusterName\":\"main\""), "main");
    asks(SCOPED("externalSecrets", "\"secretARNs\":[\"" SECRET "\"],\"createPermission\":true"),
         SECRET " createPermission<" SECRET " -");
    asks(SCOPED("vpcCNIIPv6", "\"cloudWatchLogs\":true"), "cloudWatchLogs -");
    asks(SCOPED("mountpointS3CSI", "\"bucketARNs\":[\"arn:aws:s3:::b\"]"), "arn:aws:s3:::b -");
    asks(SCOPED("velero", "\"bucketARNs\":[\"arn:aws:s3:::b\"]"),
         "arn:aws:s3:::b arn:aws:s3:::b/*");
    asks("\"wellKnownPolicyScopes\":{\"velero\":{\"keyARNs\":[\"" KEY "\"]}}", "");
}

static void a_grant_allows_what_its_resources_match(void **state)
{
    static const char *const zones[] = {"arn:aws:route53:::hostedzone/Z*", NULL}, *const none[] = {
                                                                                      NULL};
    const struct wellknown_item zone = {.policy = "externalDNS", .value = ZONE};
    const struct wellknown_item wide = {.policy = "externalDNS"};

    (void)state;
    assert_true(wellknown_item_allowed(&zone, zones, false));
    assert_false(wellknown_item_allowed(&zone, none, false));
    assert_false(wellknown_item_allowed(&zone, NULL, false));
    assert_true(wellknown_item_allowed(&zone, none, true));
    assert_false(wellknown_item_allowed(&wide, zones, false));
    assert_true(wellknown_item_allowed(&wide, none, true));
}

static void what_adds_is_not_allowed_by_width_alone(void **state)
{
    static const char *const keys[] = {KEY, NULL}, *const none[] = {NULL};
    const struct wellknown_item key = {.policy = "velero", .value = KEY, .adds = true};

    (void)state;
    assert_false(wellknown_item_allowed(&key, none, true));
    assert_true(wellknown_item_allowed(&key, keys, false));
}

static void a_switch_is_allowed_together_with_what_it_acts_on(void **state)
{
    static const char *const secrets[] = {SECRET, NULL};
    static const char *const both[] = {"createPermission", SECRET, NULL};
    static const char *const other[] = {"createPermission", "arn:other", NULL};
    const struct wellknown_item create = {
        .policy = "externalSecrets", .value = "createPermission", .with = secrets};

    (void)state;
    assert_true(wellknown_item_allowed(&create, both, false));
    assert_false(wellknown_item_allowed(&create, other, false));
    assert_false(wellknown_item_allowed(&create, secrets, false));
    assert_true(wellknown_item_allowed(&create, NULL, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_written_value_and_every_width_is_asked_of_grants),
        cmocka_unit_test(a_grant_allows_what_its_resources_match),
        cmocka_unit_test(what_adds_is_not_allowed_by_width_alone),
        cmocka_unit_test(a_switch_is_allowed_together_with_what_it_acts_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
