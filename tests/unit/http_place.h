#pragma once

/*
 * A server and a peer to ask it, on one loop, for tests of net/http.h: the test says how the server
 * answers (script), and reads what it was asked (request).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/http.h"
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

static inline void reply_keep(void *context, const struct reply *reply)
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

static inline void server_answers(void *context, struct wire_connection *connection,
                                  const char *request)
{
    struct place *place = context;

    snprintf(place->request, sizeof(place->request), "%s", request);
    if (wire_open(place->server) > place->most_open)
        place->most_open = wire_open(place->server);
    place->script(place, connection, request);
}

static inline void script_ok(void *context, struct wire_connection *connection, const char *request)
{
    (void)context, (void)request;
    wire_answer(connection, 200, "Date: today\r\n", "fine");
}

static inline void script_hold(void *context, struct wire_connection *connection,
                               const char *request)
{
    struct place *place = context;

    (void)request;
    assert_true(place->held_count < HELD_MAX);
    place->held[place->held_count++] = connection;
}

static inline struct http_peer *peer_at(struct place *place, const char *url)
{
    struct http_peer_options options = {.base_url = url, .proxy_url = "", .connections_max = 4};
    struct error error;
    struct http_peer *peer = http_peer_create(place->http, &options, &error);

    assert_non_null(peer);
    return peer;
}

static inline void place_connect(struct place *place, unsigned first_byte_ms, unsigned idle_ms)
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

static inline int place_open(void **state)
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

static inline int place_close(void **state)
{
    struct place *place = *state;

    http_destroy(place->http);
    http_peer_destroy(place->peer);
    wire_stop(place->server);
    loop_destroy(place->loop);
    free(place);
    return 0;
}

static inline void ask(struct place *place, const char *method, const char *path,
                       struct result *result)
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

static inline void ask_and_wait(struct place *place, const char *method, const char *path,
                                struct result *result)
{
    ask(place, method, path, result);
    assert_true(wire_wait(place->loop, &result->done));
}

/* Sends this request to a peer; extra is one more header or NULL. */
static inline void send_and_wait(struct place *place, struct http_peer *peer,
                                 const struct request *request, const struct header *extra,
                                 struct result *result)
{
    result->done = false;
    http_send(place->http, peer, request, extra, extra ? 1 : 0, result, reply_keep);
    assert_true(wire_wait(place->loop, &result->done));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
