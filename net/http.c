#include "net/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/multi.h"
#include "net/peer.h"
#include "net/reply_head.h"
#include "net/transfer.h"
#include "net/trust.h"

enum {
    POOL_MAX = 16,             /* idle handles kept after a burst, 5.5 kB each */
    STREAMS_PER_PEER_MAX = 96, /* servers allow 100 on an HTTP/2 connection; above that libcurl
                                  opens a connection for each waiting request */
    STARTS_MAX = 2,            /* a read lost on a reused connection is sent once more */
    TURN_US = 4000,            /* answers are delivered for so long before sockets get their turn */
};

struct http {
    struct loop *loop;
    struct http_options options;
    char *user_agent;
    struct list peers; /* a ring that turns: the peer served last goes to the end */
    struct list answered;
    struct task deliver;
    size_t held;    /* exchanges with a handle or an undelivered answer */
    size_t waiting; /* in the lines of all peers */
    CURL *pool[POOL_MAX];
    size_t pool_count;
    struct trust_stores *stores;
    struct streams *streams;
    bool closing;
};

/* What comes in for an exchange; exists only while it has a handle or an answer. */
struct answer {
    struct reply_head head;
    struct text body;
    char failure[CURL_ERROR_SIZE + 64];
    int status;
};

struct exchange {
    struct list link; /* peer->waiting, peer->running or http->answered */
    struct http *http;
    struct http_peer *peer;
    struct transfer transfer;
    struct answer *answer;
    CURL *easy; /* while it runs */
    struct timer deadline;
    unsigned starts; /* times a connection was there and the request may have gone out */
    bool write, heard;
    void *context;
    transport_done_fn done;
};

static unsigned curl_users;

/* Everybody may send as many as fit one connection at once; without HTTP/2 that is one each. */
static size_t peer_room(const struct http_peer *peer)
{
    return peer->multiplexes ? STREAMS_PER_PEER_MAX : peer->connections_max;
}

static CURL *handle_take(struct http *http)
{
    CURL *easy = http->pool_count ? http->pool[--http->pool_count] : curl_easy_init();

    assert(easy);
    return easy;
}

static void handle_return(struct http *http, CURL *easy)
{
    curl_easy_reset(easy); /* forgets headers, body and credentials; keeps its buffers */
    if (http->pool_count < POOL_MAX)
        http->pool[http->pool_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

static struct answer *answer_create(void)
{
    struct answer *answer = memory_alloc(sizeof(*answer));

    reply_head_clear(&answer->head);
    text_init(&answer->body, REPLY_BODY_MAX);
    return answer;
}

static void answer_destroy(struct answer *answer)
{
    if (!answer)
        return;
    memory_wipe(answer->body.room ? answer->body.bytes : NULL, answer->body.length);
    text_finish(&answer->body);
    free(answer);
}

static void exchange_destroy(struct exchange *exchange)
{
    timer_stop(exchange->http->loop, &exchange->deadline);
    list_remove(&exchange->link);
    transfer_finish(&exchange->transfer);
    answer_destroy(exchange->answer);
    free(exchange);
}

/* Hands the answer over in the next turn. The exchange is in no list and has no handle. */
static void exchange_answer(struct exchange *exchange)
{
    struct http *http = exchange->http;

    timer_stop(http->loop, &exchange->deadline);
    list_append(&http->answered, &exchange->link);
    http->held++;
    task_schedule(http->loop, &http->deliver);
}

static void exchange_fail(struct exchange *exchange, const char *failure)
{
    if (!exchange->answer)
        exchange->answer = answer_create();
    exchange->answer->status = 0;
    snprintf(exchange->answer->failure, sizeof(exchange->answer->failure), "%s", failure);
    exchange_answer(exchange);
}

/* Takes a running exchange's handle away; the caller decides what becomes of it. */
static void exchange_release(struct exchange *exchange)
{
    struct http *http = exchange->http;

    list_remove(&exchange->link);
    handle_return(http, exchange->easy);
    exchange->easy = NULL;
    exchange->peer->running_count--;
    http->held--;
}

static void http_pump(struct http *http);

static void deadline_passed(struct timer *timer)
{
    struct exchange *exchange = container_of(timer, struct exchange, deadline);
    struct http *http = exchange->http;
    const struct http_options *options = &http->options;
    char failure[128];

    if (exchange->starts == 0)
        snprintf(failure, sizeof(failure), "no connection within %u ms",
                 options->connect_timeout_ms + options->first_byte_timeout_ms);
    else if (!exchange->heard)
        snprintf(failure, sizeof(failure), "no answer began within %u ms",
                 options->first_byte_timeout_ms);
    else
        snprintf(failure, sizeof(failure), "the answer stopped half-way for %u ms",
                 options->idle_timeout_ms);
    multi_remove(exchange->peer->requests, exchange->easy);
    exchange_release(exchange);
    exchange_fail(exchange, failure);
    http_pump(http);
}

static void exchange_heard(struct exchange *exchange)
{
    exchange->heard = true;
    timer_start(exchange->http->loop, &exchange->deadline, exchange->http->options.idle_timeout_ms);
}

/*
 * libcurl calls this when a connection is there, before it writes the request; again, when the
 * connection was a reused one that died without an answer and libcurl wants to send the request
 * on another. It does so for writes too, which only this call can forbid.
 */
static int exchange_goes_out(void *context, char *remote, char *local, int remote_port,
                             int local_port)
{
    struct exchange *exchange = context;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    if (exchange->starts == (exchange->write ? 1 : STARTS_MAX))
        return CURL_PREREQFUNC_ABORT;
    exchange->starts++;
    timer_start(exchange->http->loop, &exchange->deadline,
                exchange->http->options.first_byte_timeout_ms);
    return CURL_PREREQFUNC_OK;
}

static size_t header_arrives(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    exchange_heard(exchange);
    reply_head_line(&exchange->answer->head, bytes, size * count);
    return size * count;
}

static size_t body_arrives(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    exchange_heard(exchange);
    text_add(&exchange->answer->body, bytes, size * count);
    return exchange->answer->body.overflow ? 0 : size * count;
}

static void exchange_prepare(struct exchange *exchange, CURL *easy)
{
    peer_prepare(exchange->peer, easy);
    transfer_prepare(&exchange->transfer, easy);
    EASY_SET(easy, CURLOPT_PRIVATE, exchange);
    EASY_SET(easy, CURLOPT_ERRORBUFFER, exchange->answer->failure);
    EASY_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Wait for a connection being made rather than make another: its TLS will tell whether it
     * takes many. Without TLS nothing tells before an answer comes. */
    EASY_SET(easy, CURLOPT_PIPEWAIT, text_starts(exchange->transfer.url, "https:") ? 1L : 0L);
    EASY_SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    EASY_SET(easy, CURLOPT_PREREQFUNCTION, exchange_goes_out);
    EASY_SET(easy, CURLOPT_PREREQDATA, exchange);
    EASY_SET(easy, CURLOPT_HEADERFUNCTION, header_arrives);
    EASY_SET(easy, CURLOPT_HEADERDATA, exchange);
    EASY_SET(easy, CURLOPT_WRITEFUNCTION, body_arrives);
    EASY_SET(easy, CURLOPT_WRITEDATA, exchange);
}

static void exchange_start(struct exchange *exchange)
{
    struct http *http = exchange->http;
    struct http_peer *peer = exchange->peer;

    list_remove(&exchange->link);
    list_append(&peer->running, &exchange->link);
    http->waiting--;
    http->held++;
    peer->running_count++;
    exchange->answer = answer_create();
    exchange->heard = false;
    exchange->easy = handle_take(http);
    exchange_prepare(exchange, exchange->easy);
    timer_start(http->loop, &exchange->deadline,
                (uint64_t)http->options.connect_timeout_ms + http->options.first_byte_timeout_ms);
    multi_add(peer->requests, exchange->easy);
}

static struct exchange *exchange_next(struct http *http)
{
    list_each (link, &http->peers) {
        struct http_peer *peer = container_of(link, struct http_peer, link);

        if (list_empty(&peer->waiting) || peer->running_count >= peer_room(peer))
            continue;
        list_remove(&peer->link);
        list_append(&http->peers, &peer->link);
        return container_of(peer->waiting.next, struct exchange, link);
    }
    return NULL;
}

static void http_pump(struct http *http)
{
    struct exchange *exchange;

    while (!http->closing && http->held < http->options.handles_max &&
           (exchange = exchange_next(http)))
        exchange_start(exchange);
}

/* The connection went away under the request: nothing is known of what the server did. */
static bool lost(CURLcode code)
{
    switch (code) {
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

static bool worth_repeating(const struct exchange *exchange, CURLcode code)
{
    long connects = 1;

    curl_easy_getinfo(exchange->easy, CURLINFO_NUM_CONNECTS, &connects);
    return lost(code) && connects == 0 && !exchange->write && exchange->starts < STARTS_MAX;
}

static void exchange_note(struct exchange *exchange, CURLcode code)
{
    struct answer *answer = exchange->answer;
    long status = 0;

    if (code == CURLE_OK) {
        curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
        answer->status = (int)status;
    } else if (answer->body.overflow) {
        snprintf(answer->failure, sizeof(answer->failure), "the answer is larger than %d MiB",
                 REPLY_BODY_MAX >> 20);
    } else if (code == CURLE_ABORTED_BY_CALLBACK) {
        snprintf(answer->failure, sizeof(answer->failure), "the connection died before the answer");
    } else if (!*answer->failure) {
        snprintf(answer->failure, sizeof(answer->failure), "%s", curl_easy_strerror(code));
    }
}

static void exchange_repeat(struct exchange *exchange)
{
    struct http_peer *peer = exchange->peer;

    timer_stop(exchange->http->loop, &exchange->deadline);
    answer_destroy(exchange->answer);
    exchange->answer = NULL;
    list_append(peer->waiting.next, &exchange->link); /* before the first: it waited already */
    exchange->http->waiting++;
}

static void exchange_ended(void *context, CURLcode code)
{
    struct exchange *exchange = context;
    struct http *http = exchange->http;
    bool again;
    long version = 0;

    if (code == CURLE_OK && !exchange->answer->head.whole)
        code = CURLE_PARTIAL_FILE;
    again = worth_repeating(exchange, code);
    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_VERSION, &version);
    if (code == CURLE_OK)
        exchange->peer->multiplexes = version == CURL_HTTP_VERSION_2_0;
    exchange_note(exchange, code);
    exchange_release(exchange);
    if (again)
        exchange_repeat(exchange);
    else
        exchange_answer(exchange);
    http_pump(http);
}

static void exchange_deliver(struct exchange *exchange)
{
    struct answer *answer = exchange->answer;
    struct reply reply = {
        .status = answer->status,
        .failure = answer->status ? NULL : answer->failure,
        .sent = exchange->starts > 0,
        .body = answer->status ? answer->body.bytes : "",
        .body_length = answer->status ? answer->body.length : 0,
    };

    reply_head_fill(&answer->head, &reply);
    list_remove(&exchange->link);
    exchange->http->held--;
    exchange->done(exchange->context, &reply);
    exchange_destroy(exchange);
}

static void answers_deliver(struct task *task)
{
    struct http *http = container_of(task, struct http, deliver);
    uint64_t end_us = clock_now_us() + TURN_US;

    while (!list_empty(&http->answered) && clock_now_us() < end_us)
        exchange_deliver(container_of(http->answered.next, struct exchange, link));
    if (!list_empty(&http->answered))
        task_schedule(http->loop, task);
    http_pump(http);
}

void http_send(struct http *http, struct http_peer *peer, const struct request *request,
               const struct header *extra, size_t extra_count, void *context,
               transport_done_fn done)
{
    struct exchange *exchange = memory_alloc(sizeof(*exchange));

    assert(peer->http == http);
    *exchange = (struct exchange){
        .http = http,
        .peer = peer,
        .write = request->write,
        .context = context,
        .done = done,
    };
    list_init(&exchange->link);
    timer_init(&exchange->deadline, deadline_passed);
    transfer_init(&exchange->transfer, peer, request, extra, extra_count);
    if (exchange->transfer.refusal) {
        exchange_fail(exchange, exchange->transfer.refusal);
    } else if (http->waiting >= HTTP_WAITING_MAX) {
        exchange_fail(exchange, "too many requests wait already");
    } else {
        list_append(&peer->waiting, &exchange->link);
        http->waiting++;
        http_pump(http);
    }
}

static void exchange_stop(struct exchange *exchange)
{
    multi_remove(exchange->peer->requests, exchange->easy);
    exchange_release(exchange);
}

static void exchange_drop(struct exchange *exchange)
{
    if (exchange->easy)
        exchange_stop(exchange);
    else if (exchange->answer)
        exchange->http->held--;
    else
        exchange->http->waiting--;
    exchange_destroy(exchange);
}

static void list_cancel(struct list *exchanges, const void *context)
{
    list_each_safe (link, exchanges) {
        struct exchange *exchange = container_of(link, struct exchange, link);

        if (exchange->context == context)
            exchange_drop(exchange);
    }
}

void http_cancel(struct http *http, const void *context)
{
    list_each (link, &http->peers) {
        struct http_peer *peer = container_of(link, struct http_peer, link);

        list_cancel(&peer->waiting, context);
        list_cancel(&peer->running, context);
    }
    list_cancel(&http->answered, context);
    http_pump(http);
}

size_t http_pending(const struct http *http)
{
    return http->waiting + http->held;
}

struct streams *http_streams(struct http *http)
{
    return http->streams;
}

struct http *http_create(struct loop *loop, const struct http_options *options)
{
    struct http *http = memory_alloc(sizeof(*http));

    assert(options->handles_max > 0);
    assert(!text_starts(options->user_agent, "curl") && !text_starts(options->user_agent, "Wget") &&
           !text_starts(options->user_agent, "Mozilla"));
    if (curl_users++ == 0)
        curl_global_init(CURL_GLOBAL_DEFAULT);
    http->loop = loop;
    http->options = *options;
    http->user_agent = memory_string(options->user_agent);
    http->stores = trust_stores_create();
    http->streams = streams_create(loop);
    list_init(&http->peers);
    list_init(&http->answered);
    task_init(&http->deliver, answers_deliver);
    return http;
}

/* Whoever is answered may send again: that is answered too. */
static void peer_drain(struct http *http, struct http_peer *peer)
{
    list_each_safe (link, &peer->running) {
        struct exchange *exchange = container_of(link, struct exchange, link);

        exchange_stop(exchange);
        exchange_fail(exchange, "the program ends");
    }
    list_each_safe (link, &peer->waiting) {
        struct exchange *exchange = container_of(link, struct exchange, link);

        list_remove(link);
        http->waiting--;
        exchange_fail(exchange, "the program ends");
    }
}

static void http_drain(struct http *http)
{
    do {
        list_each (link, &http->peers) {
            peer_drain(http, container_of(link, struct http_peer, link));
        }
        while (!list_empty(&http->answered))
            exchange_deliver(container_of(http->answered.next, struct exchange, link));
    } while (http->waiting > 0);
}

void http_destroy(struct http *http)
{
    struct list *link;

    if (!http)
        return;
    http->closing = true;
    streams_destroy(http->streams);
    http_drain(http);
    while ((link = list_take_first(&http->peers)))
        container_of(link, struct http_peer, link)->http = NULL;
    task_cancel(&http->deliver);
    while (http->pool_count > 0)
        curl_easy_cleanup(http->pool[--http->pool_count]);
    trust_stores_destroy(http->stores);
    free(http->user_agent);
    free(http);
    if (--curl_users == 0)
        curl_global_cleanup();
}

struct http_peer *http_peer_create(struct http *http, const struct http_peer_options *options,
                                   struct error *error)
{
    struct http_peer *peer = memory_alloc(sizeof(*peer));

    peer->http = http;
    peer->loop = http->loop;
    peer->user_agent = memory_string(http->user_agent);
    peer->connect_timeout_ms = http->options.connect_timeout_ms;
    peer->connections_max = options->connections_max ? options->connections_max : 2;
    if (!peer_fill(peer, http->stores, options, error)) {
        peer_free(peer);
        return NULL;
    }
    peer->requests = multi_create(http->loop, peer->connections_max, exchange_ended);
    list_append(&http->peers, &peer->link);
    return peer;
}

void http_peer_destroy(struct http_peer *peer)
{
    if (!peer)
        return;
    assert(list_empty(&peer->waiting) && list_empty(&peer->running) && peer->stream_count == 0);
    list_remove(&peer->link);
    peer_free(peer);
}
