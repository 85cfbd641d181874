#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "crds/metadata.h"

#define ANNOTATED(annotations)                                                                     \
    "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{"         \
    "\"name\":\"cart\",\"namespace\":\"shop\",\"uid\":\"u-1\",\"resourceVersion\":\"42\","         \
    "\"annotations\":{" annotations "}}}"

static const struct serviceaccount_metadata *read_text(const char *text)
{
    struct error error = {0};
    AUTO_JSON json_t *json = json_parse(text, strlen(text), &error);
    const struct serviceaccount_metadata *account = serviceaccount_read(json, &error);

    assert_non_null(account);
    return account;
}

static void keeps_identity_and_a_hash_of_each_annotation(void **state)
{
    const struct serviceaccount_metadata *account =
        read_text(ANNOTATED("\"a\":\"b\",\"eks.amazonaws.com/role-arn\":\"arn:aws:iam::1:role/x\","
                            "\"eks.amazonaws.com/token-expiration\":\"600\""));

    (void)state;
    assert_string_equal(account->metadata.record.key, "shop/cart");
    assert_string_equal(account->metadata.record.uid, "u-1");
    assert_string_equal(account->metadata.record.resource_version, "42");
    assert_int_equal(account->hashes[WEBIDENTITY_ROLE_ARN],
                     webidentity_hash("arn:aws:iam::1:role/x"));
    assert_int_equal(account->hashes[WEBIDENTITY_AUDIENCE], 0);
    assert_int_equal(account->hashes[WEBIDENTITY_TOKEN_EXPIRATION], webidentity_hash("600"));
    assert_int_equal(account->hashes[WEBIDENTITY_REGIONAL_ENDPOINTS], 0);
    /* A hundred thousand of them, most without any: 16 bytes more than a record. */
    assert_in_range(account->metadata.record.size, 1, sizeof(struct metadata) + 8 + 16 + 64);
    record_unref(account);
}

static void texts_differ_by_their_hash_and_none_is_absence(void **state)
{
    const struct serviceaccount_metadata *account = read_text(
        ANNOTATED("\"eks.amazonaws.com/role-arn\":\"\",\"eks.amazonaws.com/audience\":7"));

    (void)state;
    assert_int_not_equal(account->hashes[WEBIDENTITY_ROLE_ARN], 0);
    assert_int_equal(account->hashes[WEBIDENTITY_AUDIENCE], 0); /* no text, so none */
    assert_int_not_equal(webidentity_hash("a"), webidentity_hash("b"));
    record_unref(account);
}

static void refuses_what_has_no_identity(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = json_pack("{s:{}}", "metadata");

    (void)state;
    assert_null(serviceaccount_read(json, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_identity_and_a_hash_of_each_annotation),
        cmocka_unit_test(texts_differ_by_their_hash_and_none_is_absence),
        cmocka_unit_test(refuses_what_has_no_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
