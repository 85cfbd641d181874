/* More requests than connections: who waits, who goes on, and what ends the waiting. */

#include "net/stream.h"
#include "tests/unit/http_place.h"

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
    send_and_wait(place, peer, &request, NULL, &result);
    assert_int_equal(result.status, 200);
    for (size_t i = 0; i < COUNT(stuck); i++)
        http_cancel(place->http, &stuck[i]);
    http_peer_destroy(peer);
    wire_stop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_cancelled_gets_no_answer),
        TEST(fifty_requests_beside_six_watches_share_ten_connections),
        TEST(the_line_has_an_end),
        TEST(answers_everything_before_it_goes),
        TEST(one_busy_peer_does_not_hold_up_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
