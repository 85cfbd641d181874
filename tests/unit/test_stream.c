#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/http.h"
#include "net/stream.h"
#include "tests/unit/wire.h"

struct place {
    struct loop *loop;
    struct http *http;
    struct http_peer *peer;
    struct wire_server *server;
    struct wire_connection *connection; /* the stream's, at the server */
    char request[4096];
    bool asked;

    struct stream *stream;
    struct text lines; /* what came, with '|' after each */
    unsigned line_count, stop_after, end_count;
    size_t longest, delivered;
    bool ended;
    int status, retry_after_s;
    char failure[256], body[256];
    size_t body_length;

    uv_prepare_t turn; /* measures what is delivered between two waits of the loop */
    size_t delivered_before, most_in_a_turn;
};

static void request_arrives(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;

    snprintf(place->request, sizeof(place->request), "%s", request);
    place->connection = connection;
    place->asked = true;
}

static void turn_passes(uv_prepare_t *turn)
{
    struct place *place = container_of(turn, struct place, turn);
    size_t bytes = place->delivered - place->delivered_before;

    place->delivered_before = place->delivered;
    if (bytes > place->most_in_a_turn)
        place->most_in_a_turn = bytes;
}

static int place_open(void **state)
{
    struct place *place = memory_alloc(sizeof(*place));
    struct http_options options = {
        .user_agent = "podidentity/test",
        .handles_max = 8,
        .connect_timeout_ms = 5000,
        .first_byte_timeout_ms = 15000,
        .idle_timeout_ms = 15000,
    };
    struct error error;

    place->loop = loop_create();
    place->server = wire_start(place->loop, request_arrives, place);
    place->http = http_create(place->loop, &options);
    place->peer = http_peer_create(
        place->http,
        &(struct http_peer_options){.base_url = wire_url(place->server), .proxy_url = ""}, &error);
    assert_non_null(place->peer);
    text_init(&place->lines, 1 << 20);
    uv_prepare_init(loop_uv(place->loop), &place->turn);
    uv_prepare_start(&place->turn, turn_passes);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    http_destroy(place->http);
    http_peer_destroy(place->peer);
    wire_stop(place->server);
    uv_close((uv_handle_t *)&place->turn, NULL);
    loop_destroy(place->loop);
    text_finish(&place->lines);
    free(place);
    return 0;
}

static void line_arrives(void *context, const char *line, size_t length)
{
    struct place *place = context;

    assert_false(place->ended);
    place->line_count++;
    place->delivered += length + 1;
    if (length > place->longest)
        place->longest = length;
    if (length < 100) {
        text_add(&place->lines, line, length);
        text_add_char(&place->lines, '|');
    }
    if (place->line_count == place->stop_after) {
        stream_stop(place->stream);
        place->stream = NULL;
    }
}

static void end_arrives(void *context, const struct stream_end *end)
{
    struct place *place = context;

    assert_int_equal(place->end_count, 0);
    place->end_count++;
    place->ended = true;
    place->status = end->status;
    place->retry_after_s = end->retry_after_s;
    place->body_length = end->body_length;
    snprintf(place->failure, sizeof(place->failure), "%s", end->failure ? end->failure : "");
    snprintf(place->body, sizeof(place->body), "%s", end->body);
}

static void watch(struct place *place, uint64_t idle_ms, uint64_t total_ms)
{
    struct request request = {.method = "GET", .path = "/watch", .query = "watch=1"};
    struct header extra = {"Authorization", "Bearer t"};
    struct stream_options options = {.idle_timeout_ms = idle_ms,
                                     .total_timeout_ms = total_ms,
                                     .line = line_arrives,
                                     .end = end_arrives,
                                     .context = place};

    place->asked = place->ended = false;
    place->end_count = place->line_count = 0;
    place->delivered = place->delivered_before = 0;
    text_clear(&place->lines);
    place->stream = stream_start(place->http, place->peer, &request, &extra, 1, &options);
    assert_true(wire_wait(place->loop, &place->asked));
}

static void chunk(struct place *place, const char *bytes)
{
    wire_chunk(place->connection, bytes, strlen(bytes));
}

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
        uv_shutdown_t shutdown;
        uv_shutdown(&shutdown, (uv_stream_t *)place->connection, NULL);
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
    uv_shutdown_t shutdown;
    uv_shutdown(&shutdown, (uv_stream_t *)place->connection, NULL);
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

static void long_line(struct place *place, size_t length)
{
    char *line = memory_alloc(length + 2);

    memset(line, 'x', length);
    line[length] = '\n';
    wire_chunk(place->connection, line, length + 1);
    free(line);
}

static void a_line_of_three_mebibytes_arrives(void **state)
{
    struct place *place = *state;

    watch(place, 15000, 0);
    wire_chunked(place->connection);
    chunk(place, "before\n");
    long_line(place, 3 << 20);
    chunk(place, "after\n");
    wire_chunked_end(place->connection);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->longest, 3 << 20);
    assert_string_equal(place->lines.bytes, "before|after|");
    assert_string_equal(place->failure, "");
}

static void a_line_over_the_ceiling_ends_the_stream(void **state)
{
    struct place *place = *state;

    watch(place, 15000, 0);
    wire_chunked(place->connection);
    chunk(place, "before\n");
    long_line(place, STREAM_LINE_MAX);
    chunk(place, "between\n");
    long_line(place, STREAM_LINE_MAX + 100000);
    chunk(place, "after\n");
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->longest, STREAM_LINE_MAX);
    assert_string_equal(place->lines.bytes, "before|between|");
    assert_string_equal(place->failure, "a line is longer than 8 MiB");
}

static void a_turn_delivers_no_more_than_its_share(void **state)
{
    struct place *place = *state;
    struct text lines = TEXT_INIT(8 << 20);

    for (size_t i = 0; i < 2000; i++)
        text_printf(&lines, "%01500d\n", 0);
    watch(place, 15000, 0);
    wire_chunked(place->connection);
    wire_chunk(place->connection, lines.bytes, lines.length);
    wire_chunked_end(place->connection);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_int_equal(place->line_count, 2000);
    assert_int_equal(place->delivered, lines.length);
    assert_true(place->most_in_a_turn <= STREAM_TURN_BYTES);
    assert_true(place->most_in_a_turn > STREAM_TURN_BYTES / 2);
    text_finish(&lines);
}

/* Two streams share one turn's bytes; each comes forward. */
static void two_streams_share_a_turn(void **state)
{
    struct place *place = *state;
    struct text lines = TEXT_INIT(8 << 20);
    struct request request = {.method = "GET", .path = "/other"};
    struct wire_connection *first;
    struct place other = {.end_count = 0};
    struct stream_options options = {.line = line_arrives, .end = end_arrives, .context = &other};

    for (size_t i = 0; i < 700; i++)
        text_printf(&lines, "%01500d\n", 0);
    watch(place, 15000, 0);
    first = place->connection;
    place->asked = false;
    stream_start(place->http, place->peer, &request, NULL, 0, &options);
    assert_true(wire_wait(place->loop, &place->asked));
    wire_chunked(first);
    wire_chunk(first, lines.bytes, lines.length);
    wire_chunked_end(first);
    wire_chunked(place->connection);
    wire_chunk(place->connection, lines.bytes, lines.length);
    wire_chunked_end(place->connection);
    assert_true(wire_wait(place->loop, &place->ended));
    assert_true(wire_wait(place->loop, &other.ended));
    assert_int_equal(place->line_count, 700);
    assert_int_equal(other.line_count, 700);
    text_finish(&lines);
}

static void line_is_slow(void *context, const char *line, size_t length)
{
    struct place *place = context;

    (void)line;
    place->line_count++;
    place->delivered += length + 1;
}

/* The server offers 64 MiB at once: what the kernel has not taken shows that the reader waits. */
static void a_server_faster_than_the_reader_is_held_back(void **state)
{
    struct place *place = *state;
    enum { LINE = 63 << 10, LINES = 1024 };
    struct request request = {.method = "GET", .path = "/watch"};
    struct stream_options options = {
        .idle_timeout_ms = 15000, .line = line_is_slow, .end = end_arrives, .context = place};

    place->stream = stream_start(place->http, place->peer, &request, NULL, 0, &options);
    assert_true(wire_wait(place->loop, &place->asked));
    wire_chunked(place->connection);
    for (size_t i = 0; i < LINES; i++)
        long_line(place, LINE);
    size_t offered = wire_unsent(place->connection);
    size_t most_waiting = 0;

    wire_chunked_end(place->connection);
    while (!place->ended) {
        size_t taken, waiting;

        uv_run(loop_uv(place->loop), UV_RUN_NOWAIT);
        if (place->ended || wire_open(place->server) == 0)
            continue; /* the server's end of it is gone */
        taken = offered - (wire_unsent(place->connection) < offered ? wire_unsent(place->connection)
                                                                    : offered);
        waiting = taken > place->delivered ? taken - place->delivered : 0;
        if (waiting > most_waiting)
            most_waiting = waiting;
    }
    assert_int_equal(place->line_count, LINES);
    assert_string_equal(place->failure, "");
    /* Ours, and what two socket buffers of the kernel hold (6 MiB and 4 MiB at most by default). */
    assert_true(most_waiting < (16 << 20));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delivers_lines_whatever_the_pieces),
        TEST(each_stream_has_a_connection_of_its_own),
        TEST(survives_a_cut_at_every_byte),
        TEST(half_a_line_at_a_quiet_end_is_a_failure),
        TEST(refusals_come_with_their_body),
        TEST(a_line_of_three_mebibytes_arrives),
        TEST(a_line_over_the_ceiling_ends_the_stream),
        TEST(a_turn_delivers_no_more_than_its_share),
        TEST(two_streams_share_a_turn),
        TEST(a_server_faster_than_the_reader_is_held_back),
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
