/* One request and its answer. */

#include "tests/unit/http_place.h"

static void answers_later_and_once(void **state)
{
    struct place *place = *state;
    struct result result;

    ask(place, "GET", "/x", &result);
    assert_int_equal(http_pending(place->http), 1);
    assert_true(wire_wait(place->loop, &result.done));
    assert_int_equal(result.status, 200);
    assert_true(result.sent);
    assert_string_equal(result.body, "fine");
    assert_string_equal(result.date, "today");
    assert_int_equal(http_pending(place->http), 0);
    ask_and_wait(place, "GET", "/y", &result);
    assert_int_equal(result.count, 1);
    assert_int_equal(answers, 2);
    assert_int_equal(wire_accepted(place->server), 1); /* kept alive */
}

static void sends_exactly_what_was_asked(void **state)
{
    struct place *place = *state;
    struct header extra = {"Authorization", "Bearer secret"};
    struct request request = {
        .method = "PATCH",
        .path = "/tags/arn%3Aaws%2Fx/../y//z%2f",
        .query = "a=%20b&c",
        .body = "{}",
        .body_length = 2,
        .write = true,
    };
    struct result result = {0};

    request_add_header(&request, "content-type", "application/merge-patch+json");
    request_add_header(&request, "x-empty", "");
    send_and_wait(place, place->peer, &request, &extra, &result);
    assert_true(
        text_starts(place->request, "PATCH /tags/arn%3Aaws%2Fx/../y//z%2f?a=%20b&c HTTP/1.1\r\n"));
    assert_non_null(strstr(place->request, "\r\nAuthorization: Bearer secret\r\n"));
    assert_non_null(strstr(place->request, "\r\ncontent-type: application/merge-patch+json\r\n"));
    assert_non_null(strstr(place->request, "\r\nUser-Agent: podidentity/test\r\n"));
    assert_non_null(strstr(place->request, "\r\nAccept-Encoding: gzip\r\n"));
    assert_non_null(strstr(place->request, "\r\nx-empty:"));
    assert_null(strstr(place->request, "Expect"));
    assert_true(text_ends(place->request, "\r\n\r\n{}"));
}

static void a_handle_forgets_the_request_before(void **state)
{
    struct place *place = *state;
    struct result result;
    struct header extra = {"Authorization", "Bearer secret"};
    struct request request = {
        .method = "PUT", .path = "/a", .body = "body", .body_length = 4, .write = true};

    result = (struct result){0};
    send_and_wait(place, place->peer, &request, &extra, &result);
    ask_and_wait(place, "GET", "/b", &result);
    assert_true(text_starts(place->request, "GET /b HTTP/1.1\r\n"));
    assert_null(strstr(place->request, "secret"));
    assert_null(strstr(place->request, "body"));
}

static void a_delete_without_body_is_a_delete(void **state)
{
    struct place *place = *state;
    struct request request = {.method = "DELETE", .path = "/a", .write = true};
    struct result result = {0};

    send_and_wait(place, place->peer, &request, NULL, &result);
    assert_true(text_starts(place->request, "DELETE /a HTTP/1.1\r\n"));
    request.method = "POST";
    send_and_wait(place, place->peer, &request, NULL, &result);
    assert_true(text_starts(place->request, "POST /a HTTP/1.1\r\n"));
    assert_non_null(strstr(place->request, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(place->request, "form-urlencoded"));
}

static void no_header_carries_a_line_break(void **state)
{
    struct place *place = *state;
    struct header extra = {"Authorization", "Bearer a\r\nX-Evil: 1"};
    struct request request = {.method = "GET", .path = "/a"};
    struct result result = {0};

    http_send(place->http, place->peer, &request, &extra, 1, &result, reply_keep);
    assert_false(result.done);
    assert_true(wire_wait(place->loop, &result.done));
    assert_int_equal(result.status, 0);
    assert_false(result.sent);
    assert_non_null(strstr(result.failure, "line break"));
    assert_int_equal(wire_requests(place->server), 0);
}

static void script_redirect(void *context, struct wire_connection *connection, const char *request)
{
    (void)context, (void)request;
    wire_answer(connection, 302, "Location: /elsewhere\r\nSet-Cookie: a=b\r\n", "");
}

static void follows_no_redirect_and_keeps_no_cookie(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_redirect;
    ask_and_wait(place, "GET", "/x", &result);
    assert_int_equal(result.status, 302);
    ask_and_wait(place, "GET", "/x", &result);
    assert_int_equal(wire_requests(place->server), 2);
    assert_null(strstr(place->request, "Cookie"));
}

static void script_gzip(void *context, struct wire_connection *connection, const char *request)
{
    /* "hello" */
    static const char body[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07"
                               "\x00\x86\xa6\x10\x36\x05\x00\x00\x00";
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n";

    (void)context, (void)request;
    wire_write(connection, head, strlen(head));
    wire_write(connection, body, sizeof(body) - 1);
}

static void unpacks_gzip(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_gzip;
    ask_and_wait(place, "GET", "/x", &result);
    assert_int_equal(result.status, 200);
    assert_string_equal(result.body, "hello");
}

struct chain {
    struct place *place;
    unsigned left;
    bool done;
};

static void chain_goes_on(void *context, const struct reply *reply)
{
    struct chain *chain = context;
    struct request request = {.method = "GET", .path = "/chain"};

    assert_int_equal(reply->status, 200);
    if (--chain->left == 0)
        chain->done = true;
    else
        http_send(chain->place->http, chain->place->peer, &request, NULL, 0, chain, chain_goes_on);
}

static void an_answer_may_ask_again(void **state)
{
    struct place *place = *state;
    struct chain chain = {.place = place, .left = 5};
    struct request request = {.method = "GET", .path = "/chain"};

    http_send(place->http, place->peer, &request, NULL, 0, &chain, chain_goes_on);
    assert_true(wire_wait(place->loop, &chain.done));
    assert_int_equal(wire_accepted(place->server), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_later_and_once),
        TEST(sends_exactly_what_was_asked),
        TEST(a_handle_forgets_the_request_before),
        TEST(a_delete_without_body_is_a_delete),
        TEST(no_header_carries_a_line_break),
        TEST(follows_no_redirect_and_keeps_no_cookie),
        TEST(unpacks_gzip),
        TEST(an_answer_may_ask_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
