#pragma once

/*
 * A long answer, delivered line by line as it comes (a Kubernetes watch). Streams live in a curl
 * multi of their own, over HTTP/1.1, each on a fresh connection that is never reused, without
 * compression: a stream beside requests in one multi starves or multiplies them.
 *
 * At most STREAM_TURN_BYTES of lines are delivered in one turn of the loop; with
 * STREAM_WAITING_MAX waiting the transfer is paused. A line over STREAM_LINE_MAX ends the stream.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/request.h"

struct http;
struct http_peer;
struct stream;

enum { STREAM_TURN_BYTES = 64 << 10, STREAM_WAITING_MAX = 1 << 20, STREAM_LINE_MAX = 8 << 20 };

struct stream_end {
    int status;          /* HTTP status; 0: none came */
    const char *failure; /* NULL: the server ended the stream in order */
    const char *body;    /* the answer's body when status is not 200 (≤ 64 KiB), else "" */
    size_t body_length;
    int retry_after_s; /* -1: absent */
};

/* A line without its newline; borrowed while the callback runs. The callback may stop the stream.
 */
typedef void (*stream_line_fn)(void *context, const char *line, size_t length);
/* Comes once, last, never from inside stream_start or stream_stop. The stream is gone when it
 * returns; stopping it from inside is harmless. */
typedef void (*stream_end_fn)(void *context, const struct stream_end *end);

struct stream_options {
    uint64_t idle_timeout_ms;  /* no byte for so long ends the stream; 0: never */
    uint64_t total_timeout_ms; /* 0: none */
    stream_line_fn line;
    stream_end_fn end;
    void *context;
};

/* Starts; request, extra headers and options are copied. */
struct stream *stream_start(struct http *http, struct http_peer *peer,
                            const struct request *request, const struct header *extra,
                            size_t extra_count, const struct stream_options *options);

/* Ends it and frees it at a safe time; no callback comes afterwards, `end` neither. */
void stream_stop(struct stream *stream);
