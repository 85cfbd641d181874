#include "net/exchange.h"

#include <assert.h>
#include <stdio.h>

#include "base/text.h"
#include "net/peer.h"
#include "net/reply_head.h"

enum { STARTS_MAX = 2 }; /* a read lost on a reused connection is sent once more */

/* What comes in for an exchange; exists only while it has a handle or an answer. */
struct answer {
    struct reply_head head;
    struct text body;
    char failure[CURL_ERROR_SIZE + 64];
    int status;
};

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

void exchange_destroy(struct exchange *exchange)
{
    timer_stop(exchange->loop, &exchange->deadline);
    list_remove(&exchange->link);
    transfer_finish(&exchange->transfer);
    answer_destroy(exchange->answer);
    free(exchange);
}

static void hears(struct exchange *exchange)
{
    exchange->heard = true;
    timer_start(exchange->loop, &exchange->deadline, exchange->options->idle_timeout_ms);
}

/*
 * libcurl calls this when a connection is there, before it writes the request; again, when the
 * connection was a reused one that died without an answer and libcurl wants to send the request
 * on another. It does so for writes too, which only this call can forbid.
 */
static int goes_out(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct exchange *exchange = context;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    if (exchange->starts == (exchange->write ? 1 : STARTS_MAX))
        return CURL_PREREQFUNC_ABORT;
    exchange->starts++;
    timer_start(exchange->loop, &exchange->deadline, exchange->options->first_byte_timeout_ms);
    return CURL_PREREQFUNC_OK;
}

static size_t header_arrives(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    hears(exchange);
    reply_head_line(&exchange->answer->head, bytes, size * count);
    return size * count;
}

static size_t body_arrives(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    hears(exchange);
    text_add(&exchange->answer->body, bytes, size * count);
    return exchange->answer->body.overflow ? 0 : size * count;
}

static void prepare(struct exchange *exchange, CURL *easy)
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
    EASY_SET(easy, CURLOPT_PREREQFUNCTION, goes_out);
    EASY_SET(easy, CURLOPT_PREREQDATA, exchange);
    EASY_SET(easy, CURLOPT_HEADERFUNCTION, header_arrives);
    EASY_SET(easy, CURLOPT_HEADERDATA, exchange);
    EASY_SET(easy, CURLOPT_WRITEFUNCTION, body_arrives);
    EASY_SET(easy, CURLOPT_WRITEDATA, exchange);
}

void exchange_set(struct exchange *exchange, CURL *easy)
{
    exchange->answer = answer_create();
    exchange->heard = false;
    exchange->easy = easy;
    prepare(exchange, easy);
    timer_start(exchange->loop, &exchange->deadline,
                (uint64_t)exchange->options->connect_timeout_ms +
                    exchange->options->first_byte_timeout_ms);
}

CURL *exchange_unset(struct exchange *exchange)
{
    timer_stop(exchange->loop, &exchange->deadline);
    return TAKE(exchange->easy);
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

static void answer_note(struct exchange *exchange, CURLcode code)
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

bool exchange_ends(struct exchange *exchange, CURLcode code)
{
    if (code == CURLE_OK && !exchange->answer->head.whole)
        code = CURLE_PARTIAL_FILE;
    if (!worth_repeating(exchange, code)) {
        answer_note(exchange, code);
        return false;
    }
    answer_destroy(TAKE(exchange->answer));
    return true;
}

void exchange_fail(struct exchange *exchange, const char *failure)
{
    if (!exchange->answer)
        exchange->answer = answer_create();
    exchange->answer->status = 0;
    snprintf(exchange->answer->failure, sizeof(exchange->answer->failure), "%s", failure);
}

void exchange_time_out(struct exchange *exchange)
{
    const struct http_options *options = exchange->options;
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
    exchange_fail(exchange, failure);
}

void exchange_tell(struct exchange *exchange)
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
    exchange->done(exchange->context, &reply);
}
