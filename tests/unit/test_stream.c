#include "tests/unit/stream_place.h"

static void delivers_lines_whatever_the_pieces(void **state)
{
    struct place *place = *state;
    static const char text[] = "first\n\nthird one\n";

    watch(place, 15000, 0);
    assert_true(text_starts(place->request, "GET /watch?watch=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(place->request, "\r\nAuthorization: Bearer t\r\n"));
    assert_null(strstr(place->request, "Accept-Encoding"));
    wire_chunked(place->connection);
    for (size_t i = 0; i < strlen(text); i++) {
        wire_chunk(place->connection, text + i, 1);
        uv_run(loop_uv(place->loop), UV_RUN_NOWAIT);
    }
    wire_chunked_end(place->connection);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_string_equal(place->lines.bytes, "first||third one|");
    assert_int_equal(place->status, 200);
    assert_string_equal(place->failure, "");
}

static void each_stream_has_a_connection_of_its_own(void **state)
{
    struct place *place = *state;

    for (unsigned i = 1; i <= 3; i++) {
        watch(place, 15000, 0);
        wire_answer(place->connection, 200, "", "x\n");
        assert_true(wire_wait(place->loop, &place->ended));
        assert_string_equal(place->lines.bytes, "x|");
        assert_int_equal(wire_accepted(place->server), i);
    }
}

/* The bytes of a chunked answer, cut after each of them. */
static void survives_a_cut_at_every_byte(void **state)
{
    struct place *place = *state;
    static const char answer[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "9\r\none\ntwo\nt\r\n5\r\nhree\n\r\n0\r\n\r\n";
    static const char *const prefixes[] = {"", "one|", "one|two|", "one|two|three|"};

    for (size_t length = 0; length <= strlen(answer); length++) {
        bool known = false;

        watch(place, 15000, 0);
        wire_write(place->connection, answer, length);
        wire_shutdown(place->connection);
        assert_true(wire_wait(place->loop, &place->ended));
        assert_int_equal(place->end_count, 1);
        for (size_t i = 0; i < COUNT(prefixes); i++)
            known = known || strcmp(place->lines.bytes, prefixes[i]) == 0;
        assert_true(known); /* never half a line */
        /* libcurl needs no last LF to know the end; nothing can follow it. */
        assert_true((*place->failure == 0) == (length >= strlen(answer) - 1));
        if (wire_open(place->server) > 0)
            wire_close(place->connection);
    }
    assert_string_equal(place->lines.bytes, "one|two|three|");
}

static void half_a_line_at_a_quiet_end_is_a_failure(void **state)
{
    struct place *place = *state;
    static const char answer[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none\ntw";

    watch(place, 15000, 0);
    wire_write(place->connection, answer, strlen(answer));
    wire_shutdown(place->connection);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_string_equal(place->lines.bytes, "one|");
    assert_string_equal(place->failure, "the stream was cut inside a line");
}

static void refusals_come_with_their_body(void **state)
{
    struct place *place = *state;
    char *body = memory_alloc(100001);

    watch(place, 15000, 0);
    wire_answer(place->connection, 410, "Retry-After: 2\r\n", "{\"code\":410}\nx");
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->status, 410);
    assert_int_equal(place->retry_after_s, 2);
    assert_string_equal(place->body, "{\"code\":410}\nx");
    assert_string_equal(place->failure, "");
    assert_int_equal(place->line_count, 0);

    watch(place, 15000, 0);
    memset(body, 'x', 100000);
    wire_answer(place->connection, 500, "", body);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->body_length, 64 << 10);
    free(body);
}

static void silence_ends_the_stream(void **state)
{
    struct place *place = *state;

    watch(place, 50, 0);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->status, 0);
    assert_string_equal(place->failure, "no byte for 50 ms");
    watch(place, 50, 0);
    wire_chunked(place->connection);
    chunk(place, "one\ntw");
    assert_true(wire_wait(place->loop, &place->ended));
    assert_string_equal(place->lines.bytes, "one|");
    assert_string_equal(place->failure, "no byte for 50 ms");
}

static void a_stream_ends_when_its_time_is_up(void **state)
{
    struct place *place = *state;

    watch(place, 0, 50);
    wire_chunked(place->connection);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_string_equal(place->failure, "no end within 50 ms");
}

static void may_be_stopped_from_a_line(void **state)
{
    struct place *place = *state;

    place->stop_after = 2;
    watch(place, 15000, 0);
    wire_chunked(place->connection);
    chunk(place, "one\ntwo\nthree\n");
    while (wire_open(place->server) > 0)
        uv_run(loop_uv(place->loop), UV_RUN_ONCE);
    assert_string_equal(place->lines.bytes, "one|two|");
    assert_int_equal(place->end_count, 0);
}

static void may_be_stopped_at_any_time(void **state)
{
    struct place *place = *state;
    struct request request = {.method = "GET", .path = "/watch"};
    struct stream_options options = {.line = line_arrives, .end = end_arrives, .context = place};

    stream_stop(stream_start(place->http, place->peer, &request, NULL, 0, &options));
    watch(place, 15000, 0);
    stream_stop(place->stream);
    watch(place, 15000, 0);
    wire_chunked(place->connection);
    chunk(place, "x\n");
    while (place->line_count == 0)
        uv_run(loop_uv(place->loop), UV_RUN_ONCE);
    stream_stop(place->stream);
    stream_stop(NULL);
    while (wire_open(place->server) > 0)
        uv_run(loop_uv(place->loop), UV_RUN_ONCE);
    assert_int_equal(place->end_count, 0);
}

static void end_stops_itself(void *context, const struct stream_end *end)
{
    struct place *place = context;

    (void)end;
    stream_stop(place->stream);
    place->ended = true;
}

static void a_stop_from_the_end_is_harmless(void **state)
{
    struct place *place = *state;
    struct request request = {.method = "GET", .path = "/watch"};
    struct stream_options options = {
        .line = line_arrives, .end = end_stops_itself, .context = place};

    place->stream = stream_start(place->http, place->peer, &request, NULL, 0, &options);
    assert_true(wire_wait(place->loop, &place->asked));
    wire_answer(place->connection, 200, "", "x\n");
    assert_true(wire_wait(place->loop, &place->ended));
}

static void nobody_listens(void **state)
{
    struct place *place = *state;
    struct request request = {.method = "GET", .path = "/watch"};
    struct stream_options options = {.line = line_arrives, .end = end_arrives, .context = place};
    struct error error;
    struct http_peer *peer = http_peer_create(
        place->http, &(struct http_peer_options){.base_url = "http://127.0.0.1:1", .proxy_url = ""},
        &error);

    stream_start(place->http, peer, &request, NULL, 0, &options);
    assert_false(place->ended);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->status, 0);
    assert_non_null(strstr(place->failure, "onnect"));
    http_peer_destroy(peer);
}

static void ends_with_its_http(void **state)
{
    struct place *place = *state;

    watch(place, 15000, 0);
    http_destroy(place->http);
    place->http = NULL;
    assert_int_equal(place->end_count, 1);
    assert_string_equal(place->failure, "the program ends");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delivers_lines_whatever_the_pieces),
        TEST(each_stream_has_a_connection_of_its_own),
        TEST(survives_a_cut_at_every_byte),
        TEST(half_a_line_at_a_quiet_end_is_a_failure),
        TEST(refusals_come_with_their_body),
        TEST(silence_ends_the_stream),
        TEST(a_stream_ends_when_its_time_is_up),
        TEST(may_be_stopped_from_a_line),
        TEST(may_be_stopped_at_any_time),
        TEST(a_stop_from_the_end_is_harmless),
        TEST(nobody_listens),
        TEST(ends_with_its_http),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
