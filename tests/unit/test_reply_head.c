#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/reply_head.h"

static void read_all(struct reply_head *head, const char *const *lines)
{
    reply_head_clear(head);
    for (; *lines; lines++)
        reply_head_line(head, *lines, strlen(*lines));
}

static void reads_what_the_program_needs_whatever_the_case(void **state)
{
    static const char *const lines[] = {
        "HTTP/1.1 200 OK\r\n",
        "Content-Type: application/json\r\n",
        "x-amzn-RequestId:\t 1f2e \r\n",
        "X-AMZN-ERRORTYPE: NoSuchEntity:http://x/\r\n",
        "date:Tue, 25 Nov 2025 04:11:00 GMT\r\n",
        "Retry-After: 7\r\n",
        "Warning: 299 - \"spec.x: unknown field\"\r\n",
        "Warning: 299 - \"another\"\r\n",
        "X-Other: nothing\r\n",
        "\r\n",
        NULL,
    };
    struct reply_head head;
    struct reply reply = {.status = 200};

    (void)state;
    read_all(&head, lines);
    reply_head_fill(&head, &reply);
    assert_string_equal(reply.content_type, "application/json");
    assert_string_equal(reply.request_id, "1f2e");
    assert_string_equal(reply.error_type, "NoSuchEntity:http://x/");
    assert_string_equal(reply.date, "Tue, 25 Nov 2025 04:11:00 GMT");
    assert_string_equal(reply.warning, "299 - \"spec.x: unknown field\"");
    assert_int_equal(reply.retry_after_s, 7);
    assert_true(head.whole);
}

static void an_interim_answer_leaves_nothing(void **state)
{
    static const char *const lines[] = {
        "HTTP/1.1 103 Early Hints",
        "Content-Type: text/early",
        "Retry-After: 3",
        "HTTP/2 200",
        "Date: now",
        NULL,
    };
    struct reply_head head;

    (void)state;
    read_all(&head, lines);
    assert_string_equal(head.content_type, "");
    assert_int_equal(head.retry_after_s, -1);
    assert_string_equal(head.date, "now");
    assert_false(head.whole);
}

static void retry_after_is_seconds_or_nothing(void **state)
{
    static const struct {
        const char *line;
        int seconds;
    } cases[] = {
        {"Retry-After: 0", 0},
        {"Retry-After: 120", 120},
        {"Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", -1},
        {"Retry-After: -5", -1},
        {"Retry-After:", -1},
        {"Retry-After: 99999999999999999999", 86400},
    };
    struct reply_head head;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        reply_head_clear(&head);
        reply_head_line(&head, cases[i].line, strlen(cases[i].line));
        assert_int_equal(head.retry_after_s, cases[i].seconds);
    }
}

static void cuts_what_is_too_long_and_skips_what_is_no_header(void **state)
{
    struct reply_head head;
    char line[4096] = "Date: ";

    (void)state;
    memset(line + 6, 'x', sizeof(line) - 6);
    reply_head_clear(&head);
    reply_head_line(&head, line, sizeof(line));
    assert_int_equal(strlen(head.date), sizeof(head.date) - 1);
    reply_head_line(&head, "no colon", 8);
    reply_head_line(&head, ":", 1);
    reply_head_line(&head, "", 0);
    assert_string_equal(head.content_type, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_program_needs_whatever_the_case),
        cmocka_unit_test(an_interim_answer_leaves_nothing),
        cmocka_unit_test(retry_after_is_seconds_or_nothing),
        cmocka_unit_test(cuts_what_is_too_long_and_skips_what_is_no_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
