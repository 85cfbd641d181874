#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/request.h"

static void keeps_headers_in_order(void **state)
{
    struct request request = {.method = "GET"};

    (void)state;
    request_add_header(&request, "accept", "application/json");
    request_add_header(&request, "content-type", "text/plain");
    assert_int_equal(request.header_count, 2);
    assert_string_equal(request.headers[0].name, "accept");
    assert_string_equal(request.headers[1].value, "text/plain");
}

static void only_two_hundreds_are_good(void **state)
{
    static const struct {
        int status;
        bool good;
    } cases[] = {{0, false}, {199, false}, {200, true}, {299, true}, {300, false}, {404, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct reply reply = {.status = cases[i].status};

        assert_int_equal(reply_good(&reply), cases[i].good);
    }
}

static void a_reply_that_is_none_has_every_text(void **state)
{
    struct reply reply = reply_none("nobody is there");

    (void)state;
    assert_false(reply_good(&reply));
    assert_false(reply.sent);
    assert_string_equal(reply.failure, "nobody is there");
    assert_int_equal(reply.retry_after_s, -1);
    assert_string_equal(reply.body, "");
    assert_string_equal(reply.content_type, "");
    assert_string_equal(reply.request_id, "");
    assert_string_equal(reply.error_type, "");
    assert_string_equal(reply.date, "");
    assert_string_equal(reply.warning, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_headers_in_order),
        cmocka_unit_test(only_two_hundreds_are_good),
        cmocka_unit_test(a_reply_that_is_none_has_every_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
