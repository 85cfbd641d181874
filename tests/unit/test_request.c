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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_headers_in_order),
        cmocka_unit_test(only_two_hundreds_are_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
