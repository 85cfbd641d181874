#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "aws/url.h"
#include "base/error.h"
#include "base/memory.h"

static void splits_urls(void **state)
{
    static const struct {
        const char *url, *host, *origin, *header, *path;
        bool secure, numeric_v6;
    } rows[] = {
        {"https://a.example", "a.example", "https://a.example", "a.example", "", true, false},
        {"HTTP://A.Example:80/p?q", "a.example", "http://a.example", "a.example", "/p?q", false,
         false},
        {"http://a:443/", "a", "http://a:443", "a:443", "/", false, false},
        {"https://a:0443", "a", "https://a", "a", "", true, false},
        {"https://a:8443?q", "a", "https://a:8443", "a:8443", "?q", true, false},
        {"http://[FD00:ec2::23]:99/v1", "fd00:ec2::23", "http://[fd00:ec2::23]:99",
         "[fd00:ec2::23]:99", "/v1", false, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_url url;
        struct error error = {0};

        assert_true(aws_url_parse(&url, "X", rows[i].url, &error));
        assert_string_equal(url.host, rows[i].host);
        assert_string_equal(url.origin, rows[i].origin);
        assert_string_equal(url.host_header, rows[i].header);
        assert_string_equal(url.path, rows[i].path);
        assert_int_equal(url.secure, rows[i].secure);
        assert_int_equal(url.numeric_v6, rows[i].numeric_v6);
    }
}

static void refuses_what_can_be_read_in_two_ways(void **state)
{
    static const char *const urls[] = {
        "",
        "a.example",
        "ftp://a",
        "http:/a",
        "http://",
        "http:///p",
        "http://:80",
        "http://a:",
        "http://a:x",
        "http://a:0",
        "http://a:65536",
        "http://a:123456",
        "http://a:80x",
        "http://user@a",
        "http://a@b",
        "http://a#f",
        "http://a/b\\c",
        "http://a/b@c",
        "http://a b",
        "http://a\r\nX: y",
        "http://a\\b",
        "http://[::1",
        "http://[]",
        "http://[::1]x",
        "http://[zz]",
        "http://\xc3\xa9.example",
        "http://a%2e",
        "http://a;b",
        "https://a/\x7f",
        "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct aws_url url;
        struct error error = {0};

        if (aws_url_parse(&url, "AWS_ENDPOINT_URL", urls[i], &error))
            fail_msg("taken for an URL: %s", urls[i]);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_non_null(strstr(error.text, "AWS_ENDPOINT_URL"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_urls),
        cmocka_unit_test(refuses_what_can_be_read_in_two_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
