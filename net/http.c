#include "net/http.h"

#include <assert.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/text.h"
#include "net/exchange.h"
#include "net/loop.h"
#include "net/multi.h"
#include "net/peer.h"
#include "net/trust.h"

enum {
    POOL_MAX = 16, /* idle handles kept until http_rest; with their buffers, which libcurl
                      does not free before the handle, 38 kB each */
    STREAMS_PER_PEER_MAX = 96, /* servers allow 100 on an HTTP/2 connection; above that libcurl
                                  opens a connection for each waiting request */
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

void http_rest(struct http *http)
{
    while (http && http->pool_count > 0)
        curl_easy_cleanup(http->pool[--http->pool_count]);
}

/* Hands the answer over in the next turn. The exchange is in no list and has no handle. */
static void answered(struct exchange *exchange)
{
    struct http *http = exchange->http;

    list_append(&http->answered, &exchange->link);
    http->held++;
    task_schedule(http->loop, &http->deliver);
}

/* From the line to the wire. */
static void exchange_start(struct exchange *exchange)
{
    struct http *http = exchange->http;
    struct http_peer *peer = exchange->peer;

    list_remove(&exchange->link);
    list_append(&peer->running, &exchange->link);
    http->waiting--;
    http->held++;
    peer->running_count++;
    exchange_set(exchange, handle_take(http));
    multi_add(peer->requests, exchange->easy);
}

/* Off the wire, whose multi knows it no more; the caller decides what becomes of it. */
static void exchange_release(struct exchange *exchange)
{
    list_remove(&exchange->link);
    handle_return(exchange->http, exchange_unset(exchange));
    exchange->peer->running_count--;
    exchange->http->held--;
}

static void exchange_stop(struct exchange *exchange)
{
    multi_remove(exchange->peer->requests, exchange->easy);
    exchange_release(exchange);
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

static void deadline_passed(struct timer *timer)
{
    struct exchange *exchange = container_of(timer, struct exchange, deadline);

    exchange_stop(exchange);
    exchange_time_out(exchange);
    answered(exchange);
    http_pump(exchange->http);
}

static void transfer_ended(void *context, CURLcode code)
{
    struct exchange *exchange = context;
    struct http_peer *peer = exchange->peer;
    struct http *http = exchange->http;
    long version = 0;
    bool again;

    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_VERSION, &version);
    if (code == CURLE_OK)
        peer->multiplexes = version == CURL_HTTP_VERSION_2_0;
    again = exchange_ends(exchange, code);
    exchange_release(exchange);
    if (again) {
        list_append(peer->waiting.next, &exchange->link); /* the first: it waited already */
        http->waiting++;
    } else {
        answered(exchange);
    }
    http_pump(http);
}

static void answer_deliver(struct exchange *exchange)
{
    exchange->http->held--;
    exchange_tell(exchange);
    exchange_destroy(exchange);
}

static void answers_deliver(struct task *task)
{
    struct http *http = container_of(task, struct http, deliver);
    uint64_t end_us = clock_now_us() + TURN_US;
    struct list *link;

    while (clock_now_us() < end_us && (link = list_take_first(&http->answered)))
        answer_deliver(container_of(link, struct exchange, link));
    if (!list_empty(&http->answered))
        task_schedule(http->loop, task);
    http_pump(http);
}

static void refuse(struct exchange *exchange, const char *why)
{
    exchange_fail(exchange, why);
    answered(exchange);
}

void http_send(struct http *http, struct http_peer *peer, const struct request *request,
               const struct header *extra, size_t extra_count, void *context,
               transport_done_fn done)
{
    struct exchange *exchange = memory_alloc(sizeof(*exchange));

    assert(peer->http == http);
    exchange->http = http;
    exchange->peer = peer;
    exchange->loop = http->loop;
    exchange->options = &http->options;
    exchange->write = request->write;
    exchange->context = context;
    exchange->done = done;
    list_init(&exchange->link);
    timer_init(&exchange->deadline, deadline_passed);
    transfer_init(&exchange->transfer, peer, request, extra, extra_count);
    if (exchange->transfer.refusal) {
        refuse(exchange, exchange->transfer.refusal);
    } else if (http->waiting >= HTTP_WAITING_MAX) {
        refuse(exchange, "too many requests wait already");
    } else {
        list_append(&peer->waiting, &exchange->link);
        http->waiting++;
        http_pump(http);
    }
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
        refuse(exchange, "the program ends");
    }
    list_each_safe (link, &peer->waiting) {
        struct exchange *exchange = container_of(link, struct exchange, link);

        list_remove(link);
        http->waiting--;
        refuse(exchange, "the program ends");
    }
}

static void http_drain(struct http *http)
{
    struct list *link;

    do {
        list_each (peer, &http->peers) {
            peer_drain(http, container_of(peer, struct http_peer, link));
        }
        while ((link = list_take_first(&http->answered)))
            answer_deliver(container_of(link, struct exchange, link));
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
    http_rest(http);
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
    peer->requests = multi_create(http->loop, peer->connections_max, transfer_ended);
    list_append(&http->peers, &peer->link);
    return peer;
}

bool http_peer_idle(const struct http_peer *peer)
{
    return list_empty(&peer->waiting) && list_empty(&peer->running) && peer->stream_count == 0;
}

void http_peer_destroy(struct http_peer *peer)
{
    if (!peer)
        return;
    assert(http_peer_idle(peer));
    list_remove(&peer->link);
    peer_free(peer);
}
