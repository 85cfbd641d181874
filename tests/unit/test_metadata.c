#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "crds/metadata.h"
#include "kube/object.h"

static const char helm_made[] =
    "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{"
    "\"name\":\"cart\",\"namespace\":\"shop\",\"uid\":\"u-1\",\"resourceVersion\":\"42\","
    "\"creationTimestamp\":\"2026-11-25T04:15:24Z\",\"labels\":{\"a\":\"b\"},"
    "\"annotations\":{\"eks.amazonaws.com/role-arn\":\"arn:aws:iam::111122223333:role/x\"},"
    "\"managedFields\":[{\"manager\":\"helm\",\"operation\":\"Update\"}]}}";

static const struct metadata *read_text(const char *text, struct error *error)
{
    AUTO_JSON json_t *json = json_parse(text, strlen(text), error);

    assert_non_null(json);
    return serviceaccount_read(json, error);
}

static void keeps_the_identity_and_nothing_else(void **state)
{
    struct error error = {0};
    const struct metadata *metadata = read_text(helm_made, &error);

    (void)state;
    assert_string_equal(metadata->record.key, "shop/cart");
    assert_string_equal(metadata->record.uid, "u-1");
    assert_string_equal(metadata->record.resource_version, "42");
    assert_false(metadata->terminating);
    assert_null(((const struct serviceaccount_metadata *)metadata)->role_arn);
    assert_in_range(metadata->record.size, 1, sizeof(struct serviceaccount_metadata) + 64);
    record_unref(metadata);
}

#define ANNOTATED(value)                                                                           \
    "{\"metadata\":{\"name\":\"cart\",\"namespace\":\"shop\",\"uid\":\"u\",\"resourceVersion\":"   \
    "\"1\",\"annotations\":{\"a\":\"b\",\"podidentity.io/role-arn\":" value "}}}"

static void keeps_the_one_annotation_that_is_a_binding_in_short(void **state)
{
    static const char *const no_wish[] = {ANNOTATED("\"\""), ANNOTATED("7"), ANNOTATED("null")};
    struct error error = {0};
    const struct serviceaccount_metadata *account =
        (const void *)read_text(ANNOTATED("\"arn:aws:iam::111122223333:role/x\""), &error);

    (void)state;
    assert_string_equal(account->role_arn, "arn:aws:iam::111122223333:role/x");
    assert_in_range(account->metadata.record.size, 1, sizeof(*account) + 64);
    record_unref(account);
    for (size_t i = 0; i < COUNT(no_wish); i++) {
        account = (const void *)read_text(no_wish[i], &error);
        assert_null(account->role_arn);
        record_unref(account);
    }
}

static void cuts_an_annotation_that_is_longer_than_any_arn(void **state)
{
    char text[8192], value[4000];
    struct error error = {0};
    const struct serviceaccount_metadata *account;

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    snprintf(text, sizeof(text), ANNOTATED("\"%s\""), value);
    account = (const void *)read_text(text, &error);
    assert_int_equal(strlen(account->role_arn), OBJECT_ANNOTATION_MAX);
    record_unref(account);
}

static void keeps_the_labels_of_a_namespace(void **state)
{
    static const char text[] =
        "{\"metadata\":{\"name\":\"shop\",\"uid\":\"u\",\"resourceVersion\":\"1\","
        "\"labels\":{\"team\":\"a\",\"empty\":\"\",\"odd\":7}}}";
    struct error error = {0};
    json_t *json = json_parse(text, strlen(text), &error);
    const struct namespace_metadata *namespace = namespace_read(json, &error);

    (void)state;
    json_decref(json); /* nothing of the tree is kept */
    assert_string_equal(namespace->metadata.record.name, "shop");
    assert_int_equal(namespace->labels.count, 2);
    assert_string_equal(labels_get(&namespace->labels, "team"), "a");
    assert_string_equal(labels_get(&namespace->labels, "empty"), "");
    assert_null(labels_get(&namespace->labels, "odd"));
    assert_in_range(namespace->metadata.record.size, 1, sizeof(*namespace) + 96);
    record_unref(namespace);
}

static void sees_that_a_namespace_is_terminating(void **state)
{
    struct error error = {0};
    const struct metadata *metadata =
        read_text("{\"metadata\":{\"name\":\"shop\",\"uid\":\"u\",\"resourceVersion\":\"1\","
                  "\"deletionTimestamp\":\"2026-11-25T04:15:24Z\"}}",
                  &error);

    (void)state;
    assert_string_equal(metadata->record.key, "shop");
    assert_true(metadata->terminating);
    record_unref(metadata);
}

static void refuses_what_has_no_identity(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"metadata\":[]}",
        "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}",
        "{\"metadata\":{\"name\":\"A b\",\"uid\":\"u\",\"resourceVersion\":\"1\"}}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error error = {0};

        assert_null(read_text(texts[i], &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void asks_for_metadata_alone(void **state)
{
    (void)state;
    assert_true(serviceaccount_resource.metadata_only && serviceaccount_resource.namespaced);
    assert_true(namespace_resource.metadata_only && !namespace_resource.namespaced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_identity_and_nothing_else),
        cmocka_unit_test(keeps_the_one_annotation_that_is_a_binding_in_short),
        cmocka_unit_test(cuts_an_annotation_that_is_longer_than_any_arn),
        cmocka_unit_test(keeps_the_labels_of_a_namespace),
        cmocka_unit_test(sees_that_a_namespace_is_terminating),
        cmocka_unit_test(refuses_what_has_no_identity),
        cmocka_unit_test(asks_for_metadata_alone),
    };

    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
