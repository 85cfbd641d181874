/* What the agent answers, how long it holds, and what a failed answer leaves. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/credentials.h"
#include "tests/unit/aws_replies.h"

enum { MINUTE_MS = 60000 };

#define CREDENTIALS(expiration)                                                                    \
    "{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush\",\"Token\":\"tok/en==\","               \
    "\"AccountId\":\"123456789012\",\"Expiration\":\"" expiration "\"}"

static void reads_what_the_agent_answers(void **state)
{
    struct aws_credentials credentials = {0};
    struct reply reply = reply_of(200, CREDENTIALS("2026-11-25T10:15:24.123456789Z"));
    struct error error = {0};

    (void)state;
    assert_true(aws_credentials_reply(&reply, &credentials, &error));
    assert_string_equal(credentials.access_key, "ASIA");
    assert_string_equal(credentials.secret_key, "hush");
    assert_string_equal(credentials.session_token, "tok/en==");
    assert_int_equal(credentials.expires_ms, 1795601724123);
}

static void a_failed_fetch_leaves_the_old_credentials(void **state)
{
    static const struct {
        int status;
        const char *body, *named;
        bool refused; /* not let in: nothing that passes */
    } rows[] = {
        {0, "", "no answer", false},
        {403, "[x]: (AccessDeniedException): no\x1b association",
         "AccessDeniedException): no  assoc", true},
        {400, "wrong authorization token", "HTTP 400: wrong authorization token", true},
        {404, CREDENTIALS("2026-11-25T10:15:24Z"), "HTTP 404", true},
        {408, "", "HTTP 408", false},
        {429, "", "HTTP 429", false},
        {500, "", "HTTP 500", false},
        {204, CREDENTIALS("2026-11-25T10:15:24Z"), "HTTP 204", false},
        {500, CREDENTIALS("2026-11-25T10:15:24Z"), "HTTP 500", false},
        {200, "", "not JSON", false},
        {200, "{\"SecretAccessKey\":\"hush", "not JSON", false},
        {200, "[]", "AccessKeyId", false},
        {200, "{\"AccessKeyId\":\"A\"}", "SecretAccessKey", false},
        {200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\"}", "Token", false},
        {200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"t\"}", "Expiration",
         false},
        {200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":7,\"Token\":\"t\"}", "SecretAccessKey",
         false},
        {200, "{\"AccessKeyId\":\"A\\nB\",\"SecretAccessKey\":\"hush\"}", "AccessKeyId", false},
        {200, CREDENTIALS("soon"), "Expiration", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_credentials credentials = {.access_key = "OLD", .secret_key = "kept"};
        struct reply reply = reply_of(rows[i].status, rows[i].body);
        struct error error = {0};

        assert_false(aws_credentials_reply(&reply, &credentials, &error));
        assert_int_equal(error.kind, rows[i].refused ? ERROR_REFUSED : ERROR_RETRY);
        if (!strstr(error.text, rows[i].named) || strstr(error.text, "hush"))
            fail_msg("row %zu: %s", i, error.text);
        assert_string_equal(credentials.access_key, "OLD");
        assert_string_equal(credentials.secret_key, "kept");
    }
}

static void a_fetch_that_fails_is_tried_again_soon_and_then_more_seldom(void **state)
{
    static const uint64_t pauses_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

    (void)state;
    for (unsigned i = 0; i < COUNT(pauses_ms); i++)
        assert_int_equal(aws_credentials_retry_ms(i + 1), pauses_ms[i]);
    assert_int_equal(aws_credentials_retry_ms(UINT32_MAX), 60000);
}

static void an_answer_has_a_ceiling(void **state)
{
    char body[12000];
    struct aws_credentials credentials = {0};
    struct error error = {0};
    struct reply reply;
    size_t start = strlen(CREDENTIALS("2026-11-25T10:15:24Z"));

    (void)state;
    strcpy(body, CREDENTIALS("2026-11-25T10:15:24Z"));
    memset(body + start, ' ', 10000 - start);
    body[10000] = '\0';
    reply = reply_of(200, body);
    assert_true(aws_credentials_reply(&reply, &credentials, &error));
    body[10000] = ' ';
    body[10001] = '\0';
    reply = reply_of(200, body);
    assert_false(aws_credentials_reply(&reply, &credentials, &error));
    assert_non_null(strstr(error.text, "10,000"));
}

static void are_refreshed_ahead_of_their_end(void **state)
{
    static const int64_t end_ms = 1795601724000;
    static const struct {
        int64_t before_ms;
        bool refresh, usable;
    } rows[] = {
        {60 * MINUTE_MS, false, true}, {15 * MINUTE_MS + 1, false, true},
        {15 * MINUTE_MS, true, true},  {10 * MINUTE_MS + 1, true, true},
        {10 * MINUTE_MS, true, false}, {-MINUTE_MS, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_credentials credentials = {.access_key = "A", .expires_ms = end_ms};
        int64_t now_ms = end_ms - rows[i].before_ms;

        assert_int_equal(aws_credentials_want_refresh(&credentials, now_ms), rows[i].refresh);
        assert_int_equal(aws_credentials_usable(&credentials, now_ms), rows[i].usable);
    }
}

static void keys_without_an_end_are_used_for_ever(void **state)
{
    struct aws_credentials credentials = {.access_key = "A"};

    (void)state;
    assert_false(aws_credentials_want_refresh(&credentials, INT64_MAX));
    assert_true(aws_credentials_usable(&credentials, INT64_MAX));
    credentials.access_key[0] = '\0';
    assert_false(aws_credentials_usable(&credentials, 0));
    assert_true(aws_credentials_want_refresh(&credentials, 0));
}

static void nothing_is_left_after_wiping(void **state)
{
    struct aws_credentials credentials = {
        .access_key = "A", .secret_key = "S", .session_token = "T", .expires_ms = 1};
    static const struct aws_credentials nothing;

    (void)state;
    aws_credentials_wipe(&credentials);
    assert_memory_equal(&credentials, &nothing, sizeof(nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_agent_answers),
        cmocka_unit_test(a_failed_fetch_leaves_the_old_credentials),
        cmocka_unit_test(a_fetch_that_fails_is_tried_again_soon_and_then_more_seldom),
        cmocka_unit_test(an_answer_has_a_ceiling),
        cmocka_unit_test(are_refreshed_ahead_of_their_end),
        cmocka_unit_test(keys_without_an_end_are_used_for_ever),
        cmocka_unit_test(nothing_is_left_after_wiping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
