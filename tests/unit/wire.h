#pragma once

/*
 * A server on 127.0.0.1 for tests of net/: real sockets on the loop of the test, HTTP/1.1 read as
 * far as needed, every byte of the answers in the hands of the test.
 * All in one header: each unit test is a program of one file.
 */

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <uv.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/loop.h"

struct wire_server;
struct wire_connection;

/* A whole request has come: head and body, NUL-terminated. */
typedef void (*wire_request_fn)(void *context, struct wire_connection *connection,
                                const char *request);

enum { REQUEST_MAX = 1 << 20, WAIT_MS = 20000 };

struct wire_server {
    uv_tcp_t tcp;
    struct loop_closer closer; /* a test that failed stops nothing */
    struct list connections;
    wire_request_fn answer;
    void *context;
    unsigned accepted, open, requests;
    int port;
    char url[64];
};

struct wire_connection {
    uv_tcp_t tcp;
    struct list link;
    struct wire_server *server;
    struct text input;
    char buffer[65536];
};

static inline void connection_free(uv_handle_t *handle)
{
    struct wire_connection *connection =
        container_of((uv_tcp_t *)handle, struct wire_connection, tcp);

    text_finish(&connection->input);
    free(connection);
}

static inline void wire_close(struct wire_connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->tcp))
        return;
    list_remove(&connection->link);
    connection->server->open--;
    uv_close((uv_handle_t *)&connection->tcp, connection_free);
}

/* Length of the first whole request in the input, 0 when it is not whole yet. */
static inline size_t request_length(const struct text *input)
{
    const char *end = strstr(input->bytes, "\r\n\r\n");
    const char *header = strcasestr(input->bytes, "\r\ncontent-length:");
    size_t length;

    if (!end)
        return 0;
    length = (size_t)(end - input->bytes) + 4;
    if (header && header < end)
        length += strtoul(header + strlen("\r\ncontent-length:"), NULL, 10);
    return length <= input->length ? length : 0;
}

static inline void requests_take(struct wire_connection *connection)
{
    size_t length;

    while (!uv_is_closing((uv_handle_t *)&connection->tcp) &&
           (length = request_length(&connection->input))) {
        char *request = memory_text(connection->input.bytes, length);

        text_drop(&connection->input, length);
        connection->server->requests++;
        connection->server->answer(connection->server->context, connection, request);
        free(request);
    }
}

static inline void room_give(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct wire_connection *connection =
        container_of((uv_tcp_t *)handle, struct wire_connection, tcp);

    (void)wanted;
    *room = uv_buf_init(connection->buffer, sizeof(connection->buffer));
}

static inline void bytes_arrive(uv_stream_t *stream, ssize_t length, const uv_buf_t *bytes)
{
    struct wire_connection *connection =
        container_of((uv_tcp_t *)stream, struct wire_connection, tcp);

    if (length < 0) {
        wire_close(connection);
        return;
    }
    text_add(&connection->input, bytes->base, (size_t)length);
    assert(!connection->input.overflow);
    requests_take(connection);
}

static inline void connection_arrives(uv_stream_t *stream, int status)
{
    struct wire_server *server = container_of((uv_tcp_t *)stream, struct wire_server, tcp);
    struct wire_connection *connection = memory_alloc(sizeof(*connection));

    assert(status == 0);
    (void)status;
    uv_tcp_init(stream->loop, &connection->tcp);
    uv_accept(stream, (uv_stream_t *)&connection->tcp);
    connection->server = server;
    text_init(&connection->input, REQUEST_MAX);
    list_init(&connection->link);
    list_append(&server->connections, &connection->link);
    server->accepted++;
    server->open++;
    uv_read_start((uv_stream_t *)&connection->tcp, room_give, bytes_arrive);
}

static inline void server_free(uv_handle_t *handle)
{
    free(container_of((uv_tcp_t *)handle, struct wire_server, tcp));
}

static inline void wire_stop(struct wire_server *server)
{
    list_remove(&server->closer.link);
    list_each_safe (link, &server->connections) {
        wire_close(container_of(link, struct wire_connection, link));
    }
    uv_close((uv_handle_t *)&server->tcp, server_free);
}

static inline void server_left_behind(struct loop_closer *closer)
{
    wire_stop(container_of(closer, struct wire_server, closer));
}

static inline struct wire_server *wire_start(struct loop *loop, wire_request_fn answer,
                                             void *context)
{
    struct wire_server *server = memory_alloc(sizeof(*server));
    struct sockaddr_in address;
    int length = sizeof(address), result;

    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop_uv(loop), &server->tcp);
    uv_tcp_bind(&server->tcp, (struct sockaddr *)&address, 0);
    result = uv_listen((uv_stream_t *)&server->tcp, 256, connection_arrives);
    assert(result == 0);
    (void)result;
    uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", server->port);
    list_init(&server->connections);
    loop_add_closer(loop, &server->closer, server_left_behind);
    server->answer = answer;
    server->context = context;
    return server;
}

/* http://127.0.0.1:PORT */
static inline const char *wire_url(const struct wire_server *server)
{
    return server->url;
}

static inline int wire_port(const struct wire_server *server)
{
    return server->port;
}

/* Connections so far. */
static inline unsigned wire_accepted(const struct wire_server *server)
{
    return server->accepted;
}

/* Connections now. */
static inline unsigned wire_open(const struct wire_server *server)
{
    return server->open;
}

/* Requests so far. */
static inline unsigned wire_requests(const struct wire_server *server)
{
    return server->requests;
}

struct write {
    uv_write_t request;
    char bytes[];
};

static inline void write_done(uv_write_t *request, int status)
{
    (void)status;
    free(container_of(request, struct write, request));
}

/* Copies. */
static inline void wire_write(struct wire_connection *connection, const char *bytes, size_t length)
{
    struct write *write = memory_alloc(sizeof(*write) + length);
    uv_buf_t buffer = uv_buf_init(write->bytes, (unsigned)length);

    memcpy(write->bytes, bytes, length);
    if (uv_write(&write->request, (uv_stream_t *)&connection->tcp, &buffer, 1, write_done) != 0)
        free(write);
}

/* A whole answer; extra are header lines with \r\n each, or "". */
static inline void wire_answer(struct wire_connection *connection, int status, const char *extra,
                               const char *body)
{
    struct text answer = TEXT_INIT(64 << 20);

    text_printf(&answer, "HTTP/1.1 %d Word\r\nContent-Length: %zu\r\n%s\r\n%s", status,
                strlen(body), extra, body);
    wire_write(connection, answer.bytes, answer.length);
    text_finish(&answer);
}

/* The head of a chunked answer 200; then chunks, then the end. */
static inline void wire_chunked(struct wire_connection *connection)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                               "Content-Type: application/json\r\n\r\n";

    wire_write(connection, head, strlen(head));
}

static inline void wire_chunk(struct wire_connection *connection, const char *bytes, size_t length)
{
    struct text chunk = TEXT_INIT(64 << 20);

    text_printf(&chunk, "%zx\r\n", length);
    text_add(&chunk, bytes, length);
    text_add_string(&chunk, "\r\n");
    wire_write(connection, chunk.bytes, chunk.length);
    text_finish(&chunk);
}

static inline void wire_chunked_end(struct wire_connection *connection)
{
    wire_write(connection, "0\r\n\r\n", 5);
}

static inline void shutdown_done(uv_shutdown_t *shutdown, int status)
{
    (void)status;
    free(shutdown);
}

/* Nothing follows what was written; the other side may go on. */
static inline void wire_shutdown(struct wire_connection *connection)
{
    uv_shutdown_t *shutdown = memory_alloc(sizeof(*shutdown));

    if (uv_shutdown(shutdown, (uv_stream_t *)&connection->tcp, shutdown_done) != 0)
        free(shutdown);
}

/* Bytes written that the kernel has not taken. */
static inline size_t wire_unsent(const struct wire_connection *connection)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp);
}

struct deadline {
    struct timer timer;
    bool passed;
};

static inline void deadline_passes(struct timer *timer)
{
    container_of(timer, struct deadline, timer)->passed = true;
}

/* Turns the loop until *count has reached wanted, at most 20 s. */
static inline bool wire_wait_count(struct loop *loop, const unsigned *count, unsigned wanted)
{
    struct deadline deadline = {.passed = false};

    timer_init(&deadline.timer, deadline_passes);
    timer_start(loop, &deadline.timer, WAIT_MS);
    while (*count < wanted && !deadline.passed)
        uv_run(loop_uv(loop), UV_RUN_ONCE);
    timer_stop(loop, &deadline.timer);
    return *count >= wanted;
}

/* Turns the loop until *done, at most 20 s; *done then. */
static inline bool wire_wait(struct loop *loop, const bool *done)
{
    struct deadline deadline = {.passed = false};

    timer_init(&deadline.timer, deadline_passes);
    timer_start(loop, &deadline.timer, WAIT_MS);
    while (!*done && !deadline.passed)
        uv_run(loop_uv(loop), UV_RUN_ONCE);
    timer_stop(loop, &deadline.timer);
    return *done;
}
