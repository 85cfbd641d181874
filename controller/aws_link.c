#include "controller/aws_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/budget.h"
#include "aws/endpoints.h"
#include "aws/faults.h"
#include "aws/sigv4.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "controller/metrics.h"
#include "controller/renewal.h"
#include "net/http.h"
#include "net/loop.h"

/* Signing copies the request once; a policy document is 10 kB, tripled by escapes. */
enum { SIGNING_ARENA_MAX = 4 << 20, FAULT_ARENA_MAX = 1 << 20, SHARED_KEY_MAX = 16 << 10 };

/* GetCallerIdentity is asked at start only; STS needs no flag of its own. */
enum { STS_RATE = 5 };

static const char *const service_names[SERVICE_COUNT] = {"kubernetes", "iam", "sts", "eks"};

/* Who changes one thing again and again must not keep everybody else waiting: of five requests that
 * leave one is not urgent, while such wait. */
enum { URGENT_IN_A_ROW_MAX = 4 };

/* Somebody who asked; the second and later ones share the first one's request. */
struct asker {
    struct list link;
    void *context;
    transport_done_fn done;
};

/* One request, waiting in its lane or on the wire. */
struct flight {
    struct list link;
    struct aws_link *owner;
    struct request request;
    struct list askers;
    char *shared_key;           /* NULL: not shared */
    uint64_t asked_us, sent_us; /* sent_us 0: it waits */
};

/* What waits for one service, and how fast it may go. */
struct lane {
    struct aws_link *owner;
    enum request_service service;
    struct http_peer *peer;
    struct budget budget;
    struct sigv4_key key;
    struct list urgent, waiting;
    unsigned urgent_in_a_row;
    struct timer pause;
};

struct aws_link {
    struct loop *loop;
    struct http *http;
    struct metrics *metrics;
    struct aws_endpoints endpoints;
    struct lane lanes[SERVICE_COUNT];
    struct map *shared; /* shared_key → flight */
    struct renewal *renewal;
    void (*recovered)(void *context);
    void *context;
    bool refused; /* requests were, for want of credentials */
};

static void pump_all(struct aws_link *link);

static void flight_destroy(struct flight *flight)
{
    struct list *asker;

    while ((asker = list_take_first(&flight->askers)))
        free(container_of(asker, struct asker, link));
    free(flight->shared_key);
    free(flight);
}

/* Nobody may join any more; then everybody is told. */
static void flight_land(struct flight *flight, const struct reply *reply)
{
    struct list *link;

    if (flight->shared_key)
        map_remove(flight->owner->shared, flight->shared_key);
    while ((link = list_take_first(&flight->askers))) {
        struct asker *asker = container_of(link, struct asker, link);

        asker->done(asker->context, reply);
        free(asker);
    }
    flight_destroy(flight);
}

/* The link of whichever leaves next; NULL: none waits. */
static struct list *lane_take(struct lane *lane)
{
    struct list *link = NULL;

    if (lane->urgent_in_a_row < URGENT_IN_A_ROW_MAX || list_empty(&lane->waiting))
        link = list_take_first(&lane->urgent);
    lane->urgent_in_a_row = link ? lane->urgent_in_a_row + 1 : 0;
    return link ? link : list_take_first(&lane->waiting);
}

/* What cannot be sent at all is answered like a connection that was never made. */
static void lane_answer(struct lane *lane, const struct reply *reply)
{
    struct list failed;
    struct list *link;

    list_init(&failed);
    while ((link = lane_take(lane)))
        list_append(&failed, link);
    while ((link = list_take_first(&failed)))
        flight_land(container_of(link, struct flight, link), reply);
}

/* Credentials ---------------------------------------------------------------------------------- */

static void renewed(void *context)
{
    struct aws_link *link = context;
    bool recovers = link->refused;

    link->refused = false;
    pump_all(link);
    if (recovers && link->recovered)
        link->recovered(link->context);
}

/* Nothing can be signed: who waits is told why, and comes back in his own time. */
static void failing(void *context, const struct error *error)
{
    struct aws_link *link = context;
    struct reply reply = reply_none(error->text);

    link->refused = true;
    if (error->kind == ERROR_REFUSED)
        reply.error_type = AWS_NO_CREDENTIALS;
    aws_link_drain(link, &reply);
}

/* Sending -------------------------------------------------------------------------------------- */

/* A session that AWS ended before its time: somebody revoked it. */
static void distrust(struct aws_link *link, const struct flight *flight, const struct error *error)
{
    bool expired =
        text_equal(error->code, "ExpiredToken") || text_equal(error->code, "ExpiredTokenException");

    if (expired)
        renewal_distrust(link->renewal, flight->sent_us);
}

/* Slows the lane down when AWS asks for it, and counts. */
static void judge(struct lane *lane, const struct flight *flight, const struct reply *reply)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(FAULT_ARENA_MAX);
    struct metrics *metrics = lane->owner->metrics;
    const char *service = service_names[lane->service];
    const char *operation = flight->request.operation;
    struct error error = {0};
    bool good = aws_reply_good(arena, &flight->request, reply, &error);
    char code[ERROR_CODE_SIZE];

    snprintf(code, sizeof(code), "%s", good ? "OK" : error.code[0] ? error.code : "NoAnswer");
    metrics_add(metrics, METRIC_AWS_REQUESTS, 1, service, operation, code);
    metrics_observe(metrics, METRIC_AWS_SECONDS, (double)(clock_now_us() - flight->sent_us) / 1e6,
                    service, operation);
    if (!good && error.kind == ERROR_THROTTLE) {
        metrics_add(metrics, METRIC_AWS_THROTTLES, 1, service);
        budget_throttled(&lane->budget, clock_now_ms());
    } else {
        budget_answered(&lane->budget, clock_now_ms());
    }
    if (!good)
        distrust(lane->owner, flight, &error);
}

static void answered(void *context, const struct reply *reply)
{
    struct flight *flight = context;
    struct lane *lane = &flight->owner->lanes[flight->request.service];

    judge(lane, flight, reply);
    flight_land(flight, reply);
}

static void flight_send(struct lane *lane, struct flight *flight)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(SIGNING_ARENA_MAX);
    struct aws_link *link = lane->owner;
    const struct aws_endpoint *endpoint = &link->endpoints.services[lane->service];
    struct sigv4_scope scope = {
        .region = endpoint->signing_region,
        .service = endpoint->signing_name,
        .host = endpoint->host,
        .wall_ms = clock_wall_ms(),
        .key = &lane->key,
    };
    struct sigv4_signed proof = {0};

    flight->sent_us = clock_now_us();
    metrics_observe(link->metrics, METRIC_BUDGET_WAIT_SECONDS,
                    (double)(flight->sent_us - flight->asked_us) / 1e6,
                    service_names[lane->service]);
    sigv4_sign(arena, &proof, &flight->request, renewal_credentials(link->renewal), &scope);
    http_send(link->http, lane->peer, &flight->request, proof.headers, proof.header_count, flight,
              answered);
}

static bool lane_is_wanted(const struct lane *lane)
{
    return !list_empty(&lane->urgent) || !list_empty(&lane->waiting);
}

/* Sends what waits as fast as the budget allows. */
static void lane_pump(struct lane *lane)
{
    while (lane_is_wanted(lane) && renewal_ready(lane->owner->renewal)) {
        uint64_t wait_ms = budget_take(&lane->budget, clock_now_ms());

        if (wait_ms > 0) {
            timer_start(lane->owner->loop, &lane->pause, wait_ms);
            return;
        }
        flight_send(lane, container_of(lane_take(lane), struct flight, link));
    }
}

static void pause_over(struct timer *timer)
{
    lane_pump(container_of(timer, struct lane, pause));
}

static void pump_all(struct aws_link *link)
{
    for (int i = SERVICE_IAM; i < SERVICE_COUNT; i++)
        lane_pump(&link->lanes[i]);
}

/* The same question to the same service: method, path, query and body. */
static char *shared_key(const struct request *request)
{
    AUTO_TEXT struct text key = TEXT_INIT(SHARED_KEY_MAX);

    if (!request->sharable)
        return NULL;
    text_printf(&key, "%s %s %s?%s\n", service_names[request->service], request->method,
                request->path, request->query ? request->query : "");
    if (request->body)
        text_add(&key, request->body, request->body_length);
    return key.overflow ? NULL : text_take(&key);
}

static struct flight *flight_create(struct aws_link *link, const struct request *request, char *key)
{
    struct flight *flight = memory_alloc(sizeof(*flight));
    struct lane *lane = &link->lanes[request->service];

    flight->owner = link;
    flight->request = *request;
    flight->shared_key = key;
    flight->asked_us = clock_now_us();
    list_init(&flight->link);
    list_init(&flight->askers);
    if (key)
        map_put(link->shared, key, flight);
    list_append(request->urgent ? &lane->urgent : &lane->waiting, &flight->link);
    return flight;
}

/* Now somebody waits for it who does not want to wait. */
static void flight_hasten(struct flight *flight)
{
    if (flight->sent_us != 0 || flight->request.urgent)
        return;
    flight->request.urgent = true;
    list_remove(&flight->link);
    list_append(&flight->owner->lanes[flight->request.service].urgent, &flight->link);
}

void aws_link_send(struct aws_link *link, const struct request *request, void *context,
                   transport_done_fn done)
{
    char *key = shared_key(request);
    struct flight *flight = key ? map_get(link->shared, key) : NULL;
    struct asker *asker = memory_alloc(sizeof(*asker));

    asker->context = context;
    asker->done = done;
    list_init(&asker->link);
    if (flight) {
        free(key);
        if (request->urgent)
            flight_hasten(flight);
        list_append(&flight->askers, &asker->link);
        return;
    }
    flight = flight_create(link, request, key);
    list_append(&flight->askers, &asker->link);
    if (!timer_running(&link->lanes[request->service].pause))
        lane_pump(&link->lanes[request->service]);
}

void aws_link_drain(struct aws_link *link, const struct reply *reply)
{
    for (int i = SERVICE_IAM; i < SERVICE_COUNT; i++)
        lane_answer(&link->lanes[i], reply);
}

/* Life ----------------------------------------------------------------------------------------- */

static const char *environment(const char *name)
{
    return getenv(name);
}

static bool lane_open(struct aws_link *link, enum request_service service, double rate,
                      struct error *error)
{
    struct lane *lane = &link->lanes[service];
    struct http_peer_options options = {
        .base_url = link->endpoints.services[service].url,
        .ca_file = getenv("AWS_CA_BUNDLE"),
        .connections_max = 4,
    };

    lane->owner = link;
    lane->service = service;
    budget_init(&lane->budget, rate, clock_now_ms());
    timer_init(&lane->pause, pause_over);
    lane->peer = http_peer_create(link->http, &options, error);
    return lane->peer != NULL;
}

struct aws_link *aws_link_create(struct loop *loop, struct http *http, struct metrics *metrics,
                                 const struct aws_link_options *options, struct error *error)
{
    AUTO(aws_link_destroy) struct aws_link *link = memory_alloc(sizeof(*link));
    const struct renewal_client client = {link, renewed, failing};

    link->loop = loop;
    link->http = http;
    link->metrics = metrics;
    link->shared = map_create();
    link->recovered = options->recovered;
    link->context = options->context;
    for (int i = 0; i < SERVICE_COUNT; i++) {
        list_init(&link->lanes[i].urgent);
        list_init(&link->lanes[i].waiting);
    }
    if (!aws_endpoints_resolve(&link->endpoints, options->region, environment, error))
        return NULL;
    link->renewal = renewal_create(loop, http, environment, &client, error);
    if (!link->renewal || !lane_open(link, SERVICE_IAM, options->iam_rate, error) ||
        !lane_open(link, SERVICE_STS, STS_RATE, error) ||
        !lane_open(link, SERVICE_EKS, options->eks_rate, error))
        return NULL;
    return TAKE(link);
}

static void lane_close(struct aws_link *link, struct lane *lane)
{
    struct list *waiting;

    while ((waiting = lane_take(lane)))
        flight_destroy(container_of(waiting, struct flight, link));
    memory_wipe(&lane->key, sizeof(lane->key));
    if (!lane->owner)
        return;
    timer_stop(link->loop, &lane->pause);
    if (lane->peer)
        http_peer_destroy(lane->peer);
}

void aws_link_destroy(struct aws_link *link)
{
    if (!link)
        return;
    for (int i = 0; i < SERVICE_COUNT; i++)
        lane_close(link, &link->lanes[i]);
    renewal_destroy(link->renewal);
    map_destroy(link->shared);
    free(link);
}
