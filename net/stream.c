#include "net/stream.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/multi.h"
#include "net/peer.h"
#include "net/reply_head.h"
#include "net/transfer.h"

enum {
    STREAMS_MAX = 64,      /* of one http: a watch per kind, and room */
    ANSWER_MAX = 64 << 10, /* of an answer other than 200 */
    WAITING_ROOM = STREAM_LINE_MAX + STREAM_WAITING_MAX + CURL_MAX_WRITE_SIZE,
    KEPT_ROOM_MAX = 64 << 10, /* a buffer that grew for a long line is given back */
};

struct streams {
    struct loop *loop;
    struct list all;
    struct list ready; /* with whole lines or an end to deliver, served in turn */
    struct task deliver;
    size_t count;
};

struct stream {
    struct list link, ready;
    struct streams *streams;
    struct http_peer *peer;
    struct stream_options options;
    struct transfer transfer;
    CURL *easy; /* NULL once the transfer has ended */
    struct reply_head head;
    struct text waiting; /* lines not delivered yet, the last one perhaps half */
    size_t whole;        /* bytes of it up to and with the last newline */
    struct text answer;  /* the body when status is not 200 */
    int status;          /* final one once it has ended */
    bool too_long, paused, ended, busy, stopped;
    struct timer idle, total;
    char failure[CURL_ERROR_SIZE];
};

static void stream_ready(struct stream *stream)
{
    if (list_empty(&stream->ready))
        list_append(&stream->streams->ready, &stream->ready);
    task_schedule(stream->streams->loop, &stream->streams->deliver);
}

static void transfer_stop(struct stream *stream)
{
    struct loop *loop = stream->streams->loop;

    timer_stop(loop, &stream->idle);
    timer_stop(loop, &stream->total);
    if (!stream->easy)
        return;
    curl_easy_cleanup(stream->easy);
    stream->easy = NULL;
}

static void stream_free(struct stream *stream)
{
    list_remove(&stream->link);
    list_remove(&stream->ready);
    stream->peer->stream_count--;
    stream->streams->count--;
    transfer_finish(&stream->transfer);
    text_finish(&stream->waiting);
    text_finish(&stream->answer);
    free(stream);
}

/* Nothing more comes in; what has come is delivered first, the end after it. */
static void stream_finish(struct stream *stream)
{
    transfer_stop(stream);
    stream->ended = true;
    stream_ready(stream);
}

static void stream_break(struct stream *stream, const char *failure)
{
    snprintf(stream->failure, sizeof(stream->failure), "%s", failure);
    multi_remove(stream->peer->streams, stream->easy);
    stream_finish(stream);
}

static void idle_passed(struct timer *timer)
{
    struct stream *stream = container_of(timer, struct stream, idle);
    char failure[64];

    snprintf(failure, sizeof(failure), "no byte for %llu ms",
             (unsigned long long)stream->options.idle_timeout_ms);
    stream_break(stream, failure);
}

static void total_passed(struct timer *timer)
{
    struct stream *stream = container_of(timer, struct stream, total);
    char failure[64];

    snprintf(failure, sizeof(failure), "no end within %llu ms",
             (unsigned long long)stream->options.total_timeout_ms);
    stream_break(stream, failure);
}

static void idle_start(struct stream *stream)
{
    if (stream->options.idle_timeout_ms)
        timer_start(stream->streams->loop, &stream->idle, stream->options.idle_timeout_ms);
}

static size_t header_arrives(char *bytes, size_t size, size_t count, void *context)
{
    struct stream *stream = context;

    idle_start(stream);
    reply_head_line(&stream->head, bytes, size * count);
    return size * count;
}

static size_t answer_arrives(struct stream *stream, const char *bytes, size_t length)
{
    size_t room = ANSWER_MAX - stream->answer.length;

    text_add(&stream->answer, bytes, length < room ? length : room);
    return length;
}

static size_t lines_arrive(struct stream *stream, const char *bytes, size_t length)
{
    const char *newline = memrchr(bytes, '\n', length);

    if (stream->whole >= STREAM_WAITING_MAX) {
        /* A server that waits for us is not idle. */
        stream->paused = true;
        timer_stop(stream->streams->loop, &stream->idle);
        return CURL_WRITEFUNC_PAUSE;
    }
    if (newline)
        stream->whole = stream->waiting.length + (size_t)(newline - bytes) + 1;
    text_add(&stream->waiting, bytes, length);
    assert(!stream->waiting.overflow);
    stream->too_long = stream->waiting.length - stream->whole > STREAM_LINE_MAX;
    if (stream->whole > 0)
        stream_ready(stream);
    return stream->too_long ? 0 : length;
}

static size_t body_arrives(char *bytes, size_t size, size_t count, void *context)
{
    struct stream *stream = context;
    long status = 0;

    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    idle_start(stream);
    if (status != 200)
        return answer_arrives(stream, bytes, size * count);
    return lines_arrive(stream, bytes, size * count);
}

static void transfer_ended(void *context, CURLcode code)
{
    struct stream *stream = context;
    long status = 0;

    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    stream->status = (int)status;
    if (code == CURLE_OK && !stream->head.whole)
        code = CURLE_PARTIAL_FILE;
    if (stream->too_long)
        snprintf(stream->failure, sizeof(stream->failure), "a line is longer than %d MiB",
                 STREAM_LINE_MAX >> 20);
    else if (code != CURLE_OK && !*stream->failure)
        snprintf(stream->failure, sizeof(stream->failure), "%s", curl_easy_strerror(code));
    else if (code == CURLE_OK && stream->waiting.length > stream->whole)
        snprintf(stream->failure, sizeof(stream->failure), "the stream was cut inside a line");
    else if (code == CURLE_OK)
        stream->failure[0] = 0;
    stream_finish(stream);
}

/* Delivers whole lines while they fit the budget, a line longer than a turn's alone in one;
 * returns bytes delivered. */
static size_t lines_deliver(struct stream *stream, size_t budget)
{
    size_t from = 0;

    while (from < stream->whole && !stream->stopped) {
        const char *line = stream->waiting.bytes + from;
        const char *newline = memchr(line, '\n', stream->whole - from);
        size_t length = (size_t)(newline - line);

        if ((from > 0 || budget < STREAM_TURN_BYTES) && from + length + 1 > budget)
            break;
        from += length + 1;
        stream->options.line(stream->options.context, line, length);
    }
    return from;
}

static void lines_drop(struct stream *stream, size_t length)
{
    text_drop(&stream->waiting, length);
    stream->whole -= length;
    if (stream->waiting.length == 0 && stream->waiting.room > KEPT_ROOM_MAX)
        text_finish(&stream->waiting);
}

static void end_deliver(struct stream *stream)
{
    struct stream_end end = {
        .status = stream->status,
        .failure = *stream->failure ? stream->failure : NULL,
        .body = stream->answer.bytes,
        .body_length = stream->answer.length,
        .retry_after_s = stream->head.retry_after_s,
    };

    stream->options.end(stream->options.context, &end);
    stream->stopped = true;
}

static void transfer_resume(struct stream *stream)
{
    if (!stream->paused || !stream->easy || stream->whole >= STREAM_WAITING_MAX)
        return;
    stream->paused = false;
    idle_start(stream);
    /* Calls body_arrives from inside, which may pause again. */
    curl_easy_pause(stream->easy, CURLPAUSE_CONT);
}

/* One stream's turn; returns bytes delivered. */
static size_t stream_deliver(struct stream *stream, size_t budget)
{
    size_t delivered;

    stream->busy = true;
    delivered = lines_deliver(stream, budget);
    if (!stream->stopped)
        lines_drop(stream, delivered);
    if (!stream->stopped && stream->ended && stream->whole == 0)
        end_deliver(stream);
    stream->busy = false;
    if (stream->stopped) {
        stream_free(stream);
        return delivered;
    }
    if (stream->whole > 0 || stream->ended)
        stream_ready(stream);
    transfer_resume(stream);
    return delivered;
}

/* Who has had a go stands at the end of the line, so the next turn begins with somebody else. */
static void streams_deliver(struct task *task)
{
    struct streams *streams = container_of(task, struct streams, deliver);
    size_t left = STREAM_TURN_BYTES, delivered = 1;
    struct list *link;

    while (left > 0 && delivered > 0 && (link = list_take_first(&streams->ready))) {
        delivered = stream_deliver(container_of(link, struct stream, ready), left);
        left -= delivered < left ? delivered : left;
    }
    if (!list_empty(&streams->ready))
        task_schedule(streams->loop, task);
}

static void stream_prepare(struct stream *stream)
{
    CURL *easy = stream->easy;

    peer_prepare(stream->peer, easy);
    transfer_prepare(&stream->transfer, easy);
    EASY_SET(easy, CURLOPT_PRIVATE, stream);
    EASY_SET(easy, CURLOPT_ERRORBUFFER, stream->failure);
    EASY_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    EASY_SET(easy, CURLOPT_FRESH_CONNECT, 1L);
    EASY_SET(easy, CURLOPT_FORBID_REUSE, 1L);
    EASY_SET(easy, CURLOPT_HEADERFUNCTION, header_arrives);
    EASY_SET(easy, CURLOPT_HEADERDATA, stream);
    EASY_SET(easy, CURLOPT_WRITEFUNCTION, body_arrives);
    EASY_SET(easy, CURLOPT_WRITEDATA, stream);
}

static void stream_begin(struct stream *stream)
{
    struct http_peer *peer = stream->peer;

    if (!peer->streams)
        peer->streams = multi_create(stream->streams->loop, 0, transfer_ended);
    stream->easy = curl_easy_init();
    assert(stream->easy);
    stream_prepare(stream);
    idle_start(stream);
    if (stream->options.total_timeout_ms)
        timer_start(stream->streams->loop, &stream->total, stream->options.total_timeout_ms);
    multi_add(peer->streams, stream->easy);
}

struct stream *stream_start(struct http *http, struct http_peer *peer,
                            const struct request *request, const struct header *extra,
                            size_t extra_count, const struct stream_options *options)
{
    struct stream *stream = memory_alloc(sizeof(*stream));
    struct streams *streams = http_streams(http);

    assert(peer->http == http && streams->count < STREAMS_MAX);
    stream->streams = streams;
    stream->peer = peer;
    stream->options = *options;
    list_init(&stream->ready);
    list_init(&stream->link);
    list_append(&streams->all, &stream->link);
    streams->count++;
    peer->stream_count++;
    timer_init(&stream->idle, idle_passed);
    timer_init(&stream->total, total_passed);
    reply_head_clear(&stream->head);
    text_init(&stream->waiting, WAITING_ROOM);
    text_init(&stream->answer, ANSWER_MAX);
    transfer_init(&stream->transfer, peer, request, extra, extra_count);
    if (!stream->transfer.refusal) {
        stream_begin(stream);
    } else {
        snprintf(stream->failure, sizeof(stream->failure), "%s", stream->transfer.refusal);
        stream_finish(stream);
    }
    return stream;
}

void stream_stop(struct stream *stream)
{
    if (!stream || stream->stopped)
        return;
    if (stream->easy)
        multi_remove(stream->peer->streams, stream->easy);
    transfer_stop(stream);
    stream->stopped = true;
    if (!stream->busy)
        stream_free(stream);
}

struct streams *streams_create(struct loop *loop)
{
    struct streams *streams = memory_alloc(sizeof(*streams));

    streams->loop = loop;
    list_init(&streams->all);
    list_init(&streams->ready);
    task_init(&streams->deliver, streams_deliver);
    return streams;
}

/* Lines that have not been delivered are not: whoever ends the program does not want them. */
static void stream_abandon(struct stream *stream)
{
    if (stream->easy)
        multi_remove(stream->peer->streams, stream->easy);
    transfer_stop(stream);
    snprintf(stream->failure, sizeof(stream->failure), "the program ends");
    stream->busy = true;
    end_deliver(stream);
    stream_free(stream);
}

void streams_destroy(struct streams *streams)
{
    struct list *link;

    while ((link = list_take_first(&streams->all)))
        stream_abandon(container_of(link, struct stream, link));
    task_cancel(&streams->deliver);
    free(streams);
}
