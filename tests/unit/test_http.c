#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/http.h"
#include "net/stream.h"
#include "tests/unit/wire.h"

enum { HELD_MAX = 64 };

struct place {
    struct loop *loop;
    struct http *http;
    struct http_peer *peer;
    struct wire_server *server;
    wire_request_fn script;
    char request[8192]; /* the last one */
    struct wire_connection *held[HELD_MAX];
    unsigned held_count, most_open;
    unsigned requests_of_write;
    unsigned timeouts_ms[3];
};

/* What came back for one request; `count` also counts answers that must not come. */
struct result {
    unsigned count;
    bool done;
    int status;
    bool sent;
    char failure[256], body[512], date[64];
    size_t body_length;
};

static unsigned answers; /* of the test */

static void reply_keep(void *context, const struct reply *reply)
{
    struct result *result = context;

    answers++;
    result->count++;
    result->done = true;
    result->status = reply->status;
    result->sent = reply->sent;
    result->body_length = reply->body_length;
    assert_int_equal(strlen(reply->body), reply->body_length);
    snprintf(result->failure, sizeof(result->failure), "%s", reply->failure ? reply->failure : "");
    snprintf(result->body, sizeof(result->body), "%s", reply->body);
    snprintf(result->date, sizeof(result->date), "%s", reply->date);
    assert_true((reply->failure != NULL) == (reply->status == 0));
}

static void server_answers(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;

    snprintf(place->request, sizeof(place->request), "%s", request);
    if (wire_open(place->server) > place->most_open)
        place->most_open = wire_open(place->server);
    place->script(place, connection, request);
}

static void script_ok(void *context, struct wire_connection *connection, const char *request)
{
    (void)context, (void)request;
    wire_answer(connection, 200, "Date: today\r\n", "fine");
}

static void script_hold(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;

    (void)request;
    assert_true(place->held_count < HELD_MAX);
    place->held[place->held_count++] = connection;
}

static struct http_peer *peer_at(struct place *place, const char *url)
{
    struct http_peer_options options = {.base_url = url, .proxy_url = "", .connections_max = 4};
    struct error error;
    struct http_peer *peer = http_peer_create(place->http, &options, &error);

    assert_non_null(peer);
    return peer;
}

static void place_connect(struct place *place, unsigned first_byte_ms, unsigned idle_ms)
{
    struct http_options options = {
        .user_agent = "podidentity/test",
        .handles_max = 32,
        .connect_timeout_ms = 5000,
        .first_byte_timeout_ms = first_byte_ms,
        .idle_timeout_ms = idle_ms,
    };

    if (place->http) {
        http_peer_destroy(place->peer);
        http_destroy(place->http);
    }
    place->http = http_create(place->loop, &options);
    place->peer = peer_at(place, wire_url(place->server));
}

static int place_open(void **state)
{
    struct place *place = memory_alloc(sizeof(*place));

    answers = 0;
    place->loop = loop_create();
    place->server = wire_start(place->loop, server_answers, place);
    place->script = script_ok;
    place_connect(place, 15000, 15000);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    http_destroy(place->http);
    http_peer_destroy(place->peer);
    wire_stop(place->server);
    loop_destroy(place->loop);
    free(place);
    return 0;
}

static void ask(struct place *place, const char *method, const char *path, struct result *result)
{
    struct request request = {.method = method, .path = path, .write = strcmp(method, "GET") != 0};

    if (request.write) {
        request.body = "{\"a\":1}";
        request.body_length = 7;
    }
    *result = (struct result){0};
    http_send(place->http, place->peer, &request, NULL, 0, result, reply_keep);
    assert_false(result->done); /* never from inside */
}

static void ask_and_wait(struct place *place, const char *method, const char *path,
                         struct result *result)
{
    ask(place, method, path, result);
    assert_true(wire_wait(place->loop, &result->done));
}

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
    http_send(place->http, place->peer, &request, &extra, 1, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
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
    http_send(place->http, place->peer, &request, &extra, 1, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
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

    http_send(place->http, place->peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_true(text_starts(place->request, "DELETE /a HTTP/1.1\r\n"));
    request.method = "POST";
    result.done = false;
    http_send(place->http, place->peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
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

static void nothing_listens(void **state)
{
    struct place *place = *state;
    struct wire_server *gone = wire_start(place->loop, server_answers, place);
    struct http_peer *peer = peer_at(place, wire_url(gone));
    struct request request = {.method = "POST", .path = "/", .write = true};
    struct result result = {0};

    wire_stop(gone);
    uv_run(loop_uv(place->loop), UV_RUN_NOWAIT);
    http_send(place->http, peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
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
    result.done = false;
    http_send(place->http, place->peer, &bare, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_int_equal(result.status, 0);
    assert_true(result.sent);
    assert_int_equal(wire_requests(place->server), 2);
}

static void shutdown_done(uv_shutdown_t *shutdown, int status)
{
    (void)status;
    free(shutdown);
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
    uv_shutdown_t *shutdown = memory_alloc(sizeof(*shutdown));
    uv_shutdown(shutdown, (uv_stream_t *)connection, shutdown_done);
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
    uv_shutdown_t *shutdown = memory_alloc(sizeof(*shutdown));
    uv_shutdown(shutdown, (uv_stream_t *)connection, shutdown_done);
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

static void what_is_cancelled_gets_no_answer(void **state)
{
    struct place *place = *state;
    struct result results[6];
    struct result after;

    place->script = script_hold;
    for (size_t i = 0; i < COUNT(results); i++)
        ask(place, "GET", "/held", &results[i]);
    /* Four run (there are four connections), two wait in line. */
    assert_true(wire_wait_count(place->loop, &place->held_count, 4));
    for (size_t i = 0; i < COUNT(results); i++)
        http_cancel(place->http, &results[i]);
    assert_int_equal(http_pending(place->http), 0);
    place->script = script_ok;
    ask_and_wait(place, "GET", "/after", &after);
    assert_int_equal(after.status, 200);
    assert_int_equal(answers, 1);
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

static void script_watch_or_ok(void *context, struct wire_connection *connection,
                               const char *request)
{
    if (strstr(request, "GET /watch")) {
        wire_chunked(connection);
        wire_chunk(connection, "line\n", 5);
    } else {
        script_ok(context, connection, request);
    }
}

static void line_count(void *context, const char *line, size_t length)
{
    unsigned *count = context;

    (void)line, (void)length;
    ++*count;
}

static void end_is_nothing(void *context, const struct stream_end *end)
{
    (void)context, (void)end;
}

static void fifty_requests_beside_six_watches_share_ten_connections(void **state)
{
    struct place *place = *state;
    struct request watch = {.method = "GET", .path = "/watch"};
    struct stream *streams[6];
    struct result results[50];
    unsigned lines = 0;
    struct stream_options options = {.line = line_count, .end = end_is_nothing, .context = &lines};

    place->script = script_watch_or_ok;
    for (size_t i = 0; i < COUNT(streams); i++)
        streams[i] = stream_start(place->http, place->peer, &watch, NULL, 0, &options);
    assert_true(wire_wait_count(place->loop, &lines, COUNT(streams)));
    assert_int_equal(wire_accepted(place->server), COUNT(streams));
    for (size_t i = 0; i < COUNT(results); i++)
        ask(place, "GET", "/x", &results[i]);
    assert_true(wire_wait_count(place->loop, &answers, COUNT(results)));
    for (size_t i = 0; i < COUNT(results); i++)
        assert_int_equal(results[i].status, 200);
    assert_true(wire_accepted(place->server) <= 4 + COUNT(streams));
    assert_int_equal(wire_open(place->server), wire_accepted(place->server));
    for (size_t i = 0; i < COUNT(streams); i++)
        stream_stop(streams[i]);
}

static void the_line_has_an_end(void **state)
{
    struct place *place = *state;
    struct result *results = memory_array(HTTP_WAITING_MAX + 5, sizeof(*results));
    unsigned refused = 0;

    place->script = script_hold;
    for (size_t i = 0; i < HTTP_WAITING_MAX + 5; i++)
        ask(place, "GET", "/x", &results[i]);
    assert_int_equal(http_pending(place->http), HTTP_WAITING_MAX + 5);
    assert_true(wire_wait_count(place->loop, &answers, 1));
    for (size_t i = 0; i < HTTP_WAITING_MAX + 5; i++)
        refused += results[i].done;
    assert_int_equal(refused, 1); /* four run */
    assert_true(results[HTTP_WAITING_MAX + 4].done);
    assert_false(results[HTTP_WAITING_MAX + 4].sent);
    http_destroy(place->http);
    place->http = NULL;
    assert_int_equal(answers, HTTP_WAITING_MAX + 5);
    http_peer_destroy(place->peer);
    place->peer = NULL;
    free(results);
}

static void answers_everything_before_it_goes(void **state)
{
    struct place *place = *state;
    struct result running, waiting[8];

    place->script = script_hold;
    ask(place, "POST", "/x", &running);
    assert_true(wire_wait_count(place->loop, &place->held_count, 1));
    for (size_t i = 0; i < COUNT(waiting); i++)
        ask(place, "POST", "/y", &waiting[i]);
    http_destroy(place->http);
    place->http = NULL;
    assert_int_equal(answers, 9);
    assert_true(running.sent);
    assert_string_equal(running.failure, "the program ends");
    assert_false(waiting[7].sent);
}

static void one_busy_peer_does_not_hold_up_another(void **state)
{
    struct place *place = *state;
    struct wire_server *other = wire_start(place->loop, server_answers, place);
    struct http_peer *peer = peer_at(place, wire_url(other));
    struct request request = {.method = "GET", .path = "/other"};
    struct result stuck[100], result = {0};

    place->script = script_hold;
    for (size_t i = 0; i < COUNT(stuck); i++)
        ask(place, "GET", "/stuck", &stuck[i]);
    assert_true(wire_wait_count(place->loop, &place->held_count, 4));
    place->script = script_ok;
    http_send(place->http, peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_int_equal(result.status, 200);
    for (size_t i = 0; i < COUNT(stuck); i++)
        http_cancel(place->http, &stuck[i]);
    http_peer_destroy(peer);
    wire_stop(other);
}

static void finds_a_proxy_in_the_environment_and_spares_no_proxy(void **state)
{
    struct place *place = *state;
    struct http_peer_options options = {.base_url = "http://server.invalid", .connections_max = 2};
    struct request request = {.method = "GET", .path = "/through"};
    struct result result = {0};
    struct error error;
    struct http_peer *peer = http_peer_create(place->http, &options, &error);

    setenv("http_proxy", wire_url(place->server), 1);
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    http_send(place->http, peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_int_equal(result.status, 200);
    assert_true(text_starts(place->request, "GET http://server.invalid/through HTTP/1.1\r\n"));
    http_peer_destroy(peer);

    setenv("no_proxy", "127.0.0.1", 1);
    options.base_url = wire_url(place->server);
    peer = http_peer_create(place->http, &options, &error);
    result.done = false;
    http_send(place->http, peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_true(text_starts(place->request, "GET /through HTTP/1.1\r\n"));
    http_peer_destroy(peer);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

static void asks_by_another_name_when_told_so(void **state)
{
    struct place *place = *state;
    struct http_peer_options options = {
        .base_url = wire_url(place->server), .server_name = "other.invalid", .proxy_url = ""};
    struct request request = {.method = "GET", .path = "/x"};
    struct result result = {0};
    struct error error;
    struct http_peer *peer = http_peer_create(place->http, &options, &error);
    char host[64];

    http_send(place->http, peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_int_equal(result.status, 200);
    snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%d\r\n", wire_port(place->server));
    assert_non_null(strstr(place->request, host));
    http_peer_destroy(peer);
}

static void refuses_addresses_and_certificates_that_are_none(void **state)
{
    struct place *place = *state;
    static const struct {
        struct http_peer_options options;
        const char *words;
    } cases[] = {
        {{.base_url = "ftp://x"}, "\"ftp://x\" is no address"},
        {{.base_url = "https://"}, "is no address"},
        {{.base_url = "https://user:password@x"}, "is no address"},
        {{.base_url = "https://x", .ca_file = "/nowhere/ca.crt"}, "/nowhere/ca.crt"},
        {{.base_url = "https://x", .ca_file = "/etc/hostname"}, "/etc/hostname: no certificate"},
        {{.base_url = "https://x", .ca_data = "x"}, "CA data: no certificate"},
        {{.base_url = "https://x", .insecure = true, .certificate_data = "x"},
         "client certificate data: no client certificate"},
        {{.base_url = "https://x", .insecure = true, .certificate_file = "/nowhere/c"},
         "/nowhere/c"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};

        assert_null(http_peer_create(place->http, &cases[i].options, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_non_null(strstr(error.text, cases[i].words));
    }
}

static void keeps_a_base_path_and_drops_its_slash(void **state)
{
    struct place *place = *state;
    struct request request = {.method = "GET", .path = "/api"};
    struct result result = {0};
    struct http_peer *peer;
    char url[128];

    snprintf(url, sizeof(url), "%s/k8s/c-1/", wire_url(place->server));
    peer = peer_at(place, url);
    http_send(place->http, peer, &request, NULL, 0, &result, reply_keep);
    assert_true(wire_wait(place->loop, &result.done));
    assert_true(text_starts(place->request, "GET /k8s/c-1/api HTTP/1.1\r\n"));
    http_peer_destroy(peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_later_and_once),
        TEST(sends_exactly_what_was_asked),
        TEST(a_handle_forgets_the_request_before),
        TEST(a_delete_without_body_is_a_delete),
        TEST(no_header_carries_a_line_break),
        TEST(follows_no_redirect_and_keeps_no_cookie),
        TEST(nothing_listens),
        TEST(a_read_lost_on_a_reused_connection_is_sent_once_more),
        TEST(a_lost_write_is_not_repeated),
        TEST(a_read_cut_half_way_is_sent_once_more_and_then_failed),
        TEST(an_answer_cut_inside_its_headers_is_none),
        TEST(gives_up_when_no_answer_begins),
        TEST(gives_up_when_an_answer_stops),
        TEST(refuses_a_body_over_the_ceiling),
        TEST(survives_garbage_instead_of_a_status_line),
        TEST(unpacks_gzip),
        TEST(what_is_cancelled_gets_no_answer),
        TEST(an_answer_may_ask_again),
        TEST(fifty_requests_beside_six_watches_share_ten_connections),
        TEST(the_line_has_an_end),
        TEST(answers_everything_before_it_goes),
        TEST(one_busy_peer_does_not_hold_up_another),
        TEST(finds_a_proxy_in_the_environment_and_spares_no_proxy),
        TEST(asks_by_another_name_when_told_so),
        TEST(refuses_addresses_and_certificates_that_are_none),
        TEST(keeps_a_base_path_and_drops_its_slash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
