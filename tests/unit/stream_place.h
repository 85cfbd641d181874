#pragma once

/*
 * A server and a stream from it, on one loop: the test writes what the server says, and reads which
 * lines came (lines) and how it ended.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "net/http.h"
#include "net/stream.h"
#include "tests/unit/patient_http.h"
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

static inline void request_arrives(void *context, struct wire_connection *connection,
                                   const char *request)
{
    struct place *place = context;

    snprintf(place->request, sizeof(place->request), "%s", request);
    place->connection = connection;
    place->asked = true;
}

static inline void turn_passes(uv_prepare_t *turn)
{
    struct place *place = container_of(turn, struct place, turn);
    size_t bytes = place->delivered - place->delivered_before;

    place->delivered_before = place->delivered;
    if (bytes > place->most_in_a_turn)
        place->most_in_a_turn = bytes;
}

static inline int place_open(void **state)
{
    struct place *place = memory_alloc(sizeof(*place));
    struct error error;

    place->loop = loop_create();
    place->server = wire_start(place->loop, request_arrives, place);
    place->http = http_patient(place->loop, 8);
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

static inline int place_close(void **state)
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

static inline void line_arrives(void *context, const char *line, size_t length)
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

static inline void end_arrives(void *context, const struct stream_end *end)
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

static inline void watch(struct place *place, uint64_t idle_ms, uint64_t total_ms)
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

static inline void chunk(struct place *place, const char *bytes)
{
    wire_chunk(place->connection, bytes, strlen(bytes));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
