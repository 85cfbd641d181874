#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "reconcilers/session_policy.h"

#define STATEMENT "\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\""
#define POLICY(statements) "{\"Version\":\"2012-10-17\",\"Statement\":" statements "}"

static void takes_what_IAM_takes(void **state)
{
    static const char *const good[] = {
        POLICY("{" STATEMENT "}"),
        POLICY("[{" STATEMENT "},{" STATEMENT "}]"),
        "{\"Statement\":[{" STATEMENT "}]}",
        " { \"Id\" : \"x\", \"Statement\" : {" STATEMENT "} } ",
        POLICY("{\"Sid\":\"Read1\",\"Effect\":\"Deny\",\"NotAction\":[\"s3:*\",\"*\"],"
               "\"NotResource\":[\"arn:aws:s3:::a\",\"*\"]}"),
        POLICY("{" STATEMENT ",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":true},"
               "\"NumericLessThan\":{\"s3:max-keys\":[10,\"20\"]},\"StringEquals\":{}}}"),
        POLICY("{" STATEMENT ",\"Condition\":{}}"),
    };
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!session_policy_check(good[i], &error))
            fail_msg("%s: %s", good[i], error.text);
}

/* What stands in the message. */
static const struct bad {
    const char *policy, *why;
} bad[] = {
    {"", "not JSON"},
    {"{", "not JSON"},
    {"[]", "not a JSON object"},
    {"\"text\"", "not a JSON object"},
    {"{}", "no \"Statement\""},
    {"{\"Statement\":[]}", "Statement is empty"},
    {"{\"Statement\":[1]}", "neither an object"},
    {"{\"Version\":\"2013-10-17\",\"Statement\":{" STATEMENT "}}", "Version"},
    {"{\"Version\":2012,\"Statement\":{" STATEMENT "}}", "Version"},
    {"{\"statement\":{" STATEMENT "}}", "no \"Statement\""},
    {"{\"Extra\":1,\"Statement\":{" STATEMENT "}}", "\"Extra\""},
    {POLICY("{" STATEMENT "},\"Statement\":{" STATEMENT "}"), "duplicate"},
    {POLICY("{\"Effect\":\"Deny\"," STATEMENT "}"), "duplicate"},
    {POLICY("[{" STATEMENT "},{\"Effect\":\"Allow\",\"Action\":\"*\"}]"),
     "statement 2: it needs either Resource or NotResource"},
    {POLICY("{\"Effect\":\"Allow\",\"Resource\":\"*\"}"), "it needs either Action or NotAction"},
    {POLICY("{" STATEMENT ",\"NotAction\":\"*\"}"), "it needs either Action or NotAction"},
    {POLICY("{" STATEMENT ",\"Principal\":\"*\"}"), "\"Principal\" is no element"},
    {POLICY("{\"Action\":\"*\",\"Resource\":\"*\"}"), "Effect"},
    {POLICY("{\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\"}"), "Effect"},
    {POLICY("{\"Effect\":[\"Allow\"],\"Action\":\"*\",\"Resource\":\"*\"}"), "Effect"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\"}"), "Action is not"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":\"GetObject\",\"Resource\":\"*\"}"), "Action is not"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":\"s3:\",\"Resource\":\"*\"}"), "Action is not"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":{},\"Resource\":\"*\"}"), "Action is not"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[1]}"), "Resource is not"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"bucket\"}"), "Resource is not"},
    {POLICY("{" STATEMENT ",\"Sid\":\"with space\"}"), "Sid"},
    {POLICY("{" STATEMENT ",\"Sid\":1}"), "Sid"},
    {POLICY("{" STATEMENT ",\"Condition\":[]}"), "Condition"},
    {POLICY("{" STATEMENT ",\"Condition\":{\"Bool\":true}}"), "Condition"},
    {POLICY("{" STATEMENT ",\"Condition\":{\"Bool\":{\"aws:x\":null}}}"), "Condition"},
    {POLICY("{" STATEMENT ",\"Condition\":{\"Bool\":{\"aws:x\":[]}}}"), "Condition"},
    {POLICY("{\"Effect\":\"Allow\",\"Action\":\"s3:\xe4\xb8\xad\",\"Resource\":\"*\"}"), "U+4E2D"},
};

static void refuses_what_EKS_would_refuse_and_says_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};

        if (session_policy_check(bad[i].policy, &error))
            fail_msg("%s was taken", bad[i].policy);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_string_equal(error.code, "MalformedPolicy");
        if (!strstr(error.text, bad[i].why))
            fail_msg("%s: %s", bad[i].policy, error.text);
    }
}

static bool check_padded(const char *pad, size_t count, struct error *error)
{
    AUTO_TEXT struct text text = TEXT_INIT(1 << 20);

    text_printf(&text, "{\"Statement\":{" STATEMENT "},\"Id\":\"");
    for (size_t i = 0; i < count; i++)
        text_add_string(&text, pad);
    text_printf(&text, "\"}");
    return session_policy_check(text.bytes, error);
}

static void counts_characters_and_takes_2048(void **state)
{
    size_t rest = SESSION_POLICY_MAX - strlen("{\"Statement\":{" STATEMENT "},\"Id\":\"\"}");
    struct error error = {0};

    (void)state;
    assert_true(check_padded("x", rest, &error));
    assert_true(check_padded("\xc3\xa4", rest, &error)); /* two bytes, one character */
    assert_true(check_padded(" ", rest, &error));
    assert_false(check_padded("x", rest + 1, &error));
    assert_string_equal(error.code, "MalformedPolicy");
    assert_non_null(strstr(error.text, "2049"));
    assert_false(check_padded(" ", rest + 1, &error));
}

static void never_follows_a_deep_nest(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(1 << 16);
    struct error error = {0};

    (void)state;
    text_printf(&text, "{\"Statement\":");
    for (size_t i = 0; i < 900; i++)
        text_add_string(&text, "[");
    for (size_t i = 0; i < 900; i++)
        text_add_string(&text, "]");
    text_add_string(&text, "}");
    assert_false(session_policy_check(text.bytes, &error));
    assert_string_equal(error.code, "MalformedPolicy");
    assert_non_null(strstr(error.text, "64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_IAM_takes),
        cmocka_unit_test(refuses_what_EKS_would_refuse_and_says_where),
        cmocka_unit_test(counts_characters_and_takes_2048),
        cmocka_unit_test(never_follows_a_deep_nest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
