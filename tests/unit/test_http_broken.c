/* What breaks on the way: servers that are gone, cut off, silent, too long or speak nonsense. */

#include "tests/unit/http_place.h"

static void nothing_listens(void **state)
{
    struct place *place = *state;
    struct wire_server *gone = wire_start(place->loop, server_answers, place);
    struct http_peer *peer = peer_at(place, wire_url(gone));
    struct request request = {.method = "POST", .path = "/", .write = true};
    struct result result = {0};

    wire_stop(gone);
    uv_run(loop_uv(place->loop), UV_RUN_NOWAIT);
    send_and_wait(place, peer, &request, NULL, &result);
    assert_int_equal(result.status, 0);
    assert_false(result.sent);
    assert_non_null(strstr(result.failure, "onnect"));
    http_peer_destroy(peer);
}

static void script_break_the_second(void *context, struct wire_connection *connection,
                                    const char *request)
{
    struct place *place = context;

    (void)request;
    if (wire_requests(place->server) == 2)
        wire_close(connection);
    else
        wire_answer(connection, 200, "", "fine");
}

static void a_read_lost_on_a_reused_connection_is_sent_once_more(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_break_the_second;
    ask_and_wait(place, "GET", "/1", &result);
    ask_and_wait(place, "GET", "/2", &result);
    assert_int_equal(result.status, 200);
    assert_int_equal(wire_requests(place->server), 3);
    assert_int_equal(wire_accepted(place->server), 2);
    assert_int_equal(answers, 2);
}

static void a_lost_write_is_not_repeated(void **state)
{
    struct place *place = *state;
    struct request bare = {.method = "DELETE", .path = "/3", .write = true};
    struct result result;

    place->script = script_break_the_second;
    ask_and_wait(place, "GET", "/1", &result);
    ask_and_wait(place, "POST", "/2", &result);
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
    assert_int_equal(wire_requests(place->server), 2);

    /* The same without a body to rewind, which libcurl repeats even more gladly. */
    place_connect(place, 15000, 15000);
    wire_stop(place->server);
    place->server = wire_start(place->loop, server_answers, place);
    place_connect(place, 15000, 15000);
    ask_and_wait(place, "GET", "/1", &result);
    send_and_wait(place, place->peer, &bare, NULL, &result);
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
    assert_int_equal(wire_requests(place->server), 2);
}

static void script_half_body(void *context, struct wire_connection *connection, const char *request)
{
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    struct place *place = context;

    (void)request;
    if (wire_requests(place->server) == 1) {
        wire_answer(connection, 200, "", "fine");
        return;
    }
    wire_write(connection, half, strlen(half));
    wire_shutdown(connection);
}

static void a_read_cut_half_way_is_sent_once_more_and_then_failed(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_half_body;
    ask_and_wait(place, "GET", "/1", &result);
    ask_and_wait(place, "GET", "/2", &result);
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
    assert_string_equal(result.body, "");
    assert_int_equal(wire_requests(place->server), 3);
}

static void script_half_head(void *context, struct wire_connection *connection, const char *request)
{
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Ty";

    (void)context, (void)request;
    wire_write(connection, half, strlen(half));
    wire_shutdown(connection);
}

static void an_answer_cut_inside_its_headers_is_none(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_half_head;
    ask_and_wait(place, "POST", "/x", &result);
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
}

static void gives_up_when_no_answer_begins(void **state)
{
    struct place *place = *state;
    struct result result;

    place_connect(place, 50, 15000);
    place->script = script_hold;
    ask_and_wait(place, "POST", "/x", &result);
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
    assert_string_equal(result.failure, "no answer began within 50 ms");
    assert_int_equal(wire_requests(place->server), 1);
}

static void script_stall(void *context, struct wire_connection *connection, const char *request)
{
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";

    (void)context, (void)request;
    wire_write(connection, half, strlen(half));
}

static void gives_up_when_an_answer_stops(void **state)
{
    struct place *place = *state;
    struct result result;

    place_connect(place, 15000, 50);
    place->script = script_stall;
    ask_and_wait(place, "GET", "/x", &result);
    assert_int_equal(result.status, 0);
    assert_string_equal(result.failure, "the answer stopped half-way for 50 ms");
}

static void script_huge(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;
    size_t length = (size_t)REPLY_BODY_MAX + (strstr(request, "GET /over") ? 1 : 0);
    char *body = memory_alloc(length + 1);

    (void)place;
    memset(body, 'x', length);
    wire_answer(connection, 200, "", body);
    free(body);
}

static void refuses_a_body_over_the_ceiling(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_huge;
    ask_and_wait(place, "GET", "/fits", &result);
    assert_int_equal(result.status, 200);
    assert_int_equal(result.body_length, REPLY_BODY_MAX);
    ask_and_wait(place, "GET", "/over", &result);
    assert_int_equal(result.status, 0);
    assert_string_equal(result.failure, "the answer is larger than 16 MiB");
    place->script = script_ok;
    ask_and_wait(place, "GET", "/after", &result);
    assert_int_equal(result.status, 200);
}

static void script_garbage(void *context, struct wire_connection *connection, const char *request)
{
    (void)context, (void)request;
    wire_write(connection, "\x16\x03\x01garbage\r\n\r\n", 14);
    wire_close(connection);
}

static void survives_garbage_instead_of_a_status_line(void **state)
{
    struct place *place = *state;
    struct result result;

    place->script = script_garbage;
    ask_and_wait(place, "POST", "/x", &result);
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
    place->script = script_ok;
    ask_and_wait(place, "GET", "/x", &result);
    assert_int_equal(result.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_listens),
        TEST(a_read_lost_on_a_reused_connection_is_sent_once_more),
        TEST(a_lost_write_is_not_repeated),
        TEST(a_read_cut_half_way_is_sent_once_more_and_then_failed),
        TEST(an_answer_cut_inside_its_headers_is_none),
        TEST(gives_up_when_no_answer_begins),
        TEST(gives_up_when_an_answer_stops),
        TEST(refuses_a_body_over_the_ceiling),
        TEST(survives_garbage_instead_of_a_status_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
