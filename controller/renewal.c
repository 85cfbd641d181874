#include "controller/renewal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/http.h"
#include "net/loop.h"

/* The request is small: a path and a token of 4 kB. */
enum { ARENA_MAX = 1 << 20, TRIES = 3 };

struct renewal {
    struct loop *loop;
    struct http *http;
    struct http_peer *endpoint; /* NULL: keys of the environment */
    struct renewal_client client;
    struct aws_credentials_plan plan;
    struct aws_credentials credentials;
    struct arena *arena; /* holds the request while it is on its way */
    bool fetching;
    uint64_t renewed_us;
    unsigned failures;    /* in a row */
    struct error trouble; /* the last one */
    struct timer pause;
    struct task tell;
};

static bool is_failing(const struct renewal *renewal)
{
    return renewal->failures >= TRIES &&
           !aws_credentials_usable(&renewal->credentials, clock_wall_ms());
}

static void tell(struct task *task)
{
    struct renewal *renewal = container_of(task, struct renewal, tell);

    if (is_failing(renewal))
        renewal->client.failing(renewal->client.context, &renewal->trouble);
}

static bool has_digit(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)word[i]))
            return true;
    return false;
}

/* The same words, whatever the numbers: a request id, or how many milliseconds it took. */
static bool is_same_trouble(const struct error *a, const struct error *b)
{
    const char *left = a->text, *right = b->text;

    if (a->kind != b->kind)
        return false;
    while (*left && *right) {
        size_t left_length = strcspn(left, " "), right_length = strcspn(right, " ");
        bool same = left_length == right_length && strncmp(left, right, left_length) == 0;

        if (!same && !(has_digit(left, left_length) && has_digit(right, right_length)))
            return false;
        left += left_length + (left[left_length] == ' ');
        right += right_length + (right[right_length] == ' ');
    }
    return *left == *right;
}

static void failed(struct renewal *renewal, const struct error *error)
{
    if (renewal->failures == 0 || !is_same_trouble(error, &renewal->trouble))
        log_event(LOG_ERROR, "AWS credentials could not be renewed", "error", error->text, NULL);
    renewal->failures++;
    renewal->trouble = *error;
    timer_start(renewal->loop, &renewal->pause, aws_credentials_retry_ms(renewal->failures));
    task_schedule(renewal->loop, &renewal->tell);
}

static void succeeded(struct renewal *renewal)
{
    if (renewal->failures > 0)
        log_event(LOG_INFO, "AWS credentials are renewed", NULL);
    renewal->failures = 0;
    renewal->renewed_us = clock_now_us();
    renewal->client.renewed(renewal->client.context);
}

static void fetch_done(struct renewal *renewal, const struct error *error)
{
    arena_destroy(renewal->arena);
    renewal->arena = NULL;
    renewal->fetching = false;
    if (error)
        failed(renewal, error);
    else
        succeeded(renewal);
}

static void fetched(void *context, const struct reply *reply)
{
    struct renewal *renewal = context;
    struct error error = {0};
    bool good = aws_credentials_reply(reply, &renewal->credentials, &error);

    fetch_done(renewal, good ? NULL : &error);
}

static void fetch(struct renewal *renewal)
{
    struct error error = {0};
    struct request request = {0};

    if (renewal->fetching || timer_running(&renewal->pause))
        return;
    renewal->fetching = true;
    renewal->arena = arena_create(ARENA_MAX);
    if (aws_credentials_request(&renewal->plan, renewal->arena, &request, &error))
        http_send(renewal->http, renewal->endpoint, &request, NULL, 0, renewal, fetched);
    else
        fetch_done(renewal, &error);
}

static void fetch_again(struct timer *timer)
{
    struct renewal *renewal = container_of(timer, struct renewal, pause);

    if (aws_credentials_want_refresh(&renewal->credentials, clock_wall_ms()))
        fetch(renewal);
}

bool renewal_ready(struct renewal *renewal)
{
    int64_t now_ms = clock_wall_ms();

    if (!renewal->endpoint)
        return true;
    if (aws_credentials_want_refresh(&renewal->credentials, now_ms))
        fetch(renewal);
    if (is_failing(renewal))
        task_schedule(renewal->loop, &renewal->tell);
    return aws_credentials_usable(&renewal->credentials, now_ms);
}

const struct aws_credentials *renewal_credentials(const struct renewal *renewal)
{
    return &renewal->credentials;
}

void renewal_distrust(struct renewal *renewal, uint64_t sent_us)
{
    if (renewal->endpoint && sent_us >= renewal->renewed_us)
        aws_credentials_wipe(&renewal->credentials);
}

static bool endpoint_open(struct renewal *renewal, struct error *error)
{
    /* The agent listens on the node: a proxy must never see the token. */
    struct http_peer_options options = {.base_url = renewal->plan.endpoint, .proxy_url = ""};

    if (renewal->plan.source == CREDENTIALS_ENVIRONMENT) {
        renewal->credentials = renewal->plan.fixed;
        return true;
    }
    renewal->endpoint = http_peer_create(renewal->http, &options, error);
    return renewal->endpoint != NULL;
}

struct renewal *renewal_create(struct loop *loop, struct http *http, aws_lookup_fn lookup,
                               const struct renewal_client *client, struct error *error)
{
    AUTO(renewal_destroy) struct renewal *renewal = memory_alloc(sizeof(*renewal));

    renewal->loop = loop;
    renewal->http = http;
    renewal->client = *client;
    timer_init(&renewal->pause, fetch_again);
    task_init(&renewal->tell, tell);
    if (!aws_credentials_find(&renewal->plan, lookup, error) || !endpoint_open(renewal, error))
        return NULL;
    return TAKE(renewal);
}

void renewal_destroy(struct renewal *renewal)
{
    if (!renewal)
        return;
    timer_stop(renewal->loop, &renewal->pause);
    task_cancel(&renewal->tell);
    if (renewal->endpoint)
        http_peer_destroy(renewal->endpoint);
    arena_destroy(renewal->arena);
    aws_credentials_wipe(&renewal->credentials);
    aws_credentials_wipe(&renewal->plan.fixed);
    free(renewal);
}
