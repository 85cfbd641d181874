#include "tests/unit/stream_place.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_of_three_mebibytes_arrives),
        TEST(a_line_over_the_ceiling_ends_the_stream),
        TEST(a_turn_delivers_no_more_than_its_share),
        TEST(two_streams_share_a_turn),
        TEST(a_server_faster_than_the_reader_is_held_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
