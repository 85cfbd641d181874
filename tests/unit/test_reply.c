/* What an answer of the API server asks us to do next. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "kube/calls.h"

#define STATUS(reason, message)                                                                    \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"" reason       \
    "\",\"message\":\"" message "\"}"

struct reply_case {
    int status;
    int retry_after_s;
    const char *body;
    enum error_kind kind;
    const char *code, *text;
};

static const struct reply_case reply_cases[] = {
    {409, -1, STATUS("Conflict", "the object has been modified"), ERROR_CONFLICT, "Conflict",
     "the object has been modified"},
    {409, -1, STATUS("AlreadyExists", "object is being deleted: x"), ERROR_CONFLICT,
     "AlreadyExists", "object is being deleted: x"},
    {410, -1, STATUS("Expired", "The provided continue parameter is too old"), ERROR_CONFLICT,
     "Expired", "The provided continue parameter is too old"},
    {404, -1, STATUS("NotFound", "pods \\\"x\\\" not found"), ERROR_REFUSED, "NotFound",
     "pods \"x\" not found"},
    {403, -1, STATUS("Forbidden", "no"), ERROR_REFUSED, "Forbidden", "no"},
    {401, -1, STATUS("Unauthorized", "Unauthorized"), ERROR_RETRY, "Unauthorized", "Unauthorized"},
    {422, -1, STATUS("Invalid", "spec.x: bad\\n\\tmore"), ERROR_REFUSED, "Invalid",
     "spec.x: bad  more"},
    {429, 1, STATUS("TooManyRequests", "slow"), ERROR_THROTTLE, "TooManyRequests", "slow"},
    {429, -1, "", ERROR_THROTTLE, "TooManyRequests",
     "the API server answered HTTP 429 without a word"},
    {503, 5, STATUS("ServiceUnavailable", "down"), ERROR_THROTTLE, "ServiceUnavailable", "down"},
    {503, -1, STATUS("ServiceUnavailable", "down"), ERROR_RETRY, "ServiceUnavailable", "down"},
    {500, -1, STATUS("", "etcdserver: leader changed"), ERROR_RETRY, "InternalError",
     "etcdserver: leader changed"},
    {504, -1,
     "{\"kind\":\"Status\",\"reason\":\"Timeout\",\"message\":\"Too large resource version: 9\","
     "\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}]}}",
     ERROR_RETRY, "ResourceVersionTooLarge", "Too large resource version: 9"},
    {413, -1, STATUS("RequestEntityTooLarge", "limit is 3145728"), ERROR_REFUSED,
     "RequestEntityTooLarge", "limit is 3145728"},
    {413, -1, "<html>\r\n<body>413 Request Entity Too Large</body>", ERROR_REFUSED,
     "RequestEntityTooLarge", "<html>  <body>413 Request Entity Too Large</body> (HTTP 413)"},
    {502, -1, "\xff\xfe garbage \x01", ERROR_RETRY, "", "garbage (HTTP 502)"},
    {500, -1, "{\"kind\":\"Status\",\"reason\":7,\"message\":[]}", ERROR_RETRY, "InternalError",
     "the API server gave no reason"},
    {403, -1, "{\"kind\":\"Pod\"}", ERROR_REFUSED, "Forbidden", "{\"kind\":\"Pod\"} (HTTP 403)"},
    {400, -1, "[[[[", ERROR_REFUSED, "BadRequest", "[[[[ (HTTP 400)"},
    {302, -1, "", ERROR_REFUSED, "", "the API server answered HTTP 302 without a word"},
    {418, -1, "", ERROR_REFUSED, "", "the API server answered HTTP 418 without a word"},
};

static struct reply reply_of(const struct reply_case *from)
{
    return (struct reply){
        .status = from->status,
        .body = from->body,
        .body_length = strlen(from->body),
        .content_type = "",
        .request_id = "",
        .error_type = "",
        .date = "",
        .retry_after_s = from->retry_after_s,
    };
}

static void turns_answers_into_what_to_do_next(void **state)
{
    const struct request request = {.method = "PATCH", .write = true};

    (void)state;
    for (size_t i = 0; i < COUNT(reply_cases); i++) {
        struct reply reply = reply_of(&reply_cases[i]);
        struct error error = {0};

        assert_false(kube_reply_good(&request, &reply, &error));
        assert_int_equal(error.kind, reply_cases[i].kind);
        assert_string_equal(error.code, reply_cases[i].code);
        assert_string_equal(error.text, reply_cases[i].text);
    }
}

static void takes_2xx_for_good(void **state)
{
    const struct request request = {.method = "POST", .write = true};
    static const int statuses[] = {200, 201, 202, 204};

    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct reply reply = {.status = statuses[i], .body = "garbage", .body_length = 7};
        struct error error = {0};

        assert_true(kube_reply_good(&request, &reply, &error));
        assert_int_equal(error.kind, ERROR_NONE);
    }
}

static void calls_only_a_write_that_left_lost(void **state)
{
    static const struct {
        bool write, sent;
        enum error_kind kind;
    } cases[] = {
        {false, false, ERROR_RETRY},
        {false, true, ERROR_RETRY},
        {true, false, ERROR_RETRY},
        {true, true, ERROR_LOST},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct request request = {.method = "PATCH", .write = cases[i].write};
        const struct reply reply = {
            .failure = "Connection refused",
            .sent = cases[i].sent,
            .body = "",
            .retry_after_s = -1,
        };
        struct error error = {0};

        assert_false(kube_reply_good(&request, &reply, &error));
        assert_int_equal(error.kind, cases[i].kind);
        assert_string_equal(error.text, "Connection refused");
    }
}

static void survives_huge_and_deep_answers(void **state)
{
    const struct request request = {.method = "GET"};
    AUTO_TEXT struct text body = TEXT_INIT(16 << 20);
    struct reply reply = {.status = 500, .retry_after_s = -1};
    struct error error = {0};

    (void)state;
    text_add_string(&body, "{\"kind\":\"Status\",\"message\":\"");
    while (body.length < 3 << 20)
        text_add_string(&body, "\xc3\xa9l\xc3\xa9phant ");
    text_add_string(&body, "\"}");
    reply.body = body.bytes;
    reply.body_length = body.length;
    assert_false(kube_reply_good(&request, &reply, &error));
    assert_true(text_utf8(error.text, strlen(error.text)));
    assert_true(strlen(error.text) < 256);

    text_clear(&body);
    while (body.length < 1 << 19)
        text_add_char(&body, '[');
    reply.body = body.bytes;
    reply.body_length = body.length;
    assert_false(kube_reply_good(&request, &reply, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
}

static void names_whose_a_field_is(void **state)
{
    static const char conflict[] =
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Conflict\",\"code\":409,"
        "\"message\":\"Apply failed with 1 conflict\",\"details\":{\"causes\":[{\"reason\":"
        "\"FieldManagerConflict\",\"message\":\"conflict with \\\"helm\\\" using v1\",\"field\":"
        "\".metadata.annotations.a\"}]}}";
    static const char other[] = "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"code\":409,"
                                "\"message\":\"uid mismatch\"}";
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    struct reply reply = {
        .status = 409, .body = conflict, .body_length = strlen(conflict), .retry_after_s = -1};

    (void)state;
    assert_string_equal(kube_reply_owner(arena, &reply),
                        "conflict with \"helm\" using v1: .metadata.annotations.a");
    reply.status = 422;
    assert_null(kube_reply_owner(arena, &reply));
    reply = (struct reply){
        .status = 409, .body = other, .body_length = strlen(other), .retry_after_s = -1};
    assert_null(kube_reply_owner(arena, &reply));
    reply = (struct reply){.status = 409, .retry_after_s = -1};
    assert_null(kube_reply_owner(arena, &reply));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_whose_a_field_is),
        cmocka_unit_test(turns_answers_into_what_to_do_next),
        cmocka_unit_test(takes_2xx_for_good),
        cmocka_unit_test(calls_only_a_write_that_left_lost),
        cmocka_unit_test(survives_huge_and_deep_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
