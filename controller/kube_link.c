#include "controller/kube_link.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "controller/metrics.h"
#include "kube/access.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/spawn.h"

enum { HEADERS_ARENA_MAX = 1 << 20, PLUGIN_TIMEOUT_MS = 60 * 1000, PLUGIN_PAUSE_MS = 5000 };

/* What still runs over the certificate before the last one. */
struct former_peer {
    struct list link;
    struct http_peer *peer;
};

struct kube_link {
    struct loop *loop;
    struct http *http;
    struct http_peer *peer;
    struct list former_peers;
    struct kube_access *access;
    struct metrics *metrics;
    struct list waiting; /* sendings that wait for the plugin */
    bool plugin_running;
    struct timer plugin_pause;
    char last_warning[512];
};

/* One request on its way; its place in `waiting` while the plugin runs. */
struct sending {
    struct list link;
    struct kube_link *owner;
    struct request request;
    void *context;
    transport_done_fn done;
    uint64_t started_us;
};

static bool peer_open(struct kube_link *link, struct error *error)
{
    const struct kube_access *access = link->access;
    struct http_peer_options options = {
        .base_url = access->server,
        .ca_file = access->ca_file,
        .ca_data = access->ca_data,
        .certificate_file = access->certificate_file,
        .certificate_data = access->certificate_data,
        .key_file = access->key_file,
        .key_data = access->key_data,
        .server_name = access->server_name,
        .proxy_url = access->proxy_url,
        .insecure = access->insecure,
        .connections_max = 4,
    };

    link->peer = http_peer_create(link->http, &options, error);
    return link->peer != NULL;
}

static void peer_retire(struct kube_link *link, struct http_peer *peer)
{
    struct former_peer *former = memory_alloc(sizeof(*former));

    former->peer = peer;
    list_init(&former->link);
    list_append(&link->former_peers, &former->link);
}

/* Watches end within minutes and certificates live longer, so few are left each time. */
static void former_peers_drop(struct kube_link *link, bool all)
{
    list_each_safe (place, &link->former_peers) {
        struct former_peer *former = container_of(place, struct former_peer, link);

        if (!all && !http_peer_idle(former->peer))
            continue;
        list_remove(place);
        http_peer_destroy(former->peer);
        free(former);
    }
}

static void plugin_start(struct kube_link *link);

static void plugin_again(struct timer *timer)
{
    plugin_start(container_of(timer, struct kube_link, plugin_pause));
}

struct kube_link *kube_link_create(struct loop *loop, struct http *http, struct kube_access *access,
                                   struct metrics *metrics, struct error *error)
{
    AUTO(kube_link_destroy) struct kube_link *link = memory_alloc(sizeof(*link));

    link->loop = loop;
    link->http = http;
    link->access = access;
    link->metrics = metrics;
    list_init(&link->waiting);
    list_init(&link->former_peers);
    timer_init(&link->plugin_pause, plugin_again);
    if (!peer_open(link, error))
        return NULL;
    return TAKE(link);
}

void kube_link_destroy(struct kube_link *link)
{
    struct list *waiting;

    if (!link)
        return;
    timer_stop(link->loop, &link->plugin_pause);
    while ((waiting = list_take_first(&link->waiting)))
        free(container_of(waiting, struct sending, link));
    former_peers_drop(link, true);
    http_peer_destroy(link->peer);
    free(link);
}

/* Warnings of the API server speak of our requests: each is told once in a row. */
static void log_warning(struct kube_link *link, const struct sending *sending, const char *warning)
{
    if (!warning || !warning[0] || text_equal(warning, link->last_warning))
        return;
    snprintf(link->last_warning, sizeof(link->last_warning), "%s", warning);
    log_event(LOG_WARN, "API server warning", "operation", sending->request.operation, "path",
              sending->request.path, "warning", warning, NULL);
}

static void count(struct kube_link *link, const struct sending *sending, const struct reply *reply)
{
    char code[12];

    if (reply->status)
        snprintf(code, sizeof(code), "%d", reply->status);
    else
        snprintf(code, sizeof(code), "<error>");
    metrics_add(link->metrics, METRIC_KUBE_REQUESTS, 1, code, sending->request.method,
                link->access->server);
    metrics_observe(link->metrics, METRIC_KUBE_SECONDS,
                    (double)(clock_now_us() - sending->started_us) / 1e6, sending->request.method,
                    link->access->server);
}

static void answered(void *context, const struct reply *reply)
{
    struct sending *sending = context;

    count(sending->owner, sending, reply);
    log_warning(sending->owner, sending, reply->warning);
    if (reply->status == 401)
        kube_access_forget_token(sending->owner->access);
    sending->done(sending->context, reply);
    free(sending);
}

static void send_now(struct kube_link *link, struct sending *sending)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(HEADERS_ARENA_MAX);
    const struct header *headers = NULL;
    struct error error = {0};
    size_t header_count = 0;

    if (!kube_access_headers(link->access, arena, clock_now_ms(), &headers, &header_count, &error))
        log_event(LOG_ERROR, "no credentials for the API server", "error", error.text, NULL);
    sending->started_us = clock_now_us();
    /* Without headers the API server answers 401, which is what the asker has to hear. */
    http_send(link->http, link->peer, &sending->request, headers, header_count, sending, answered);
}

void kube_link_drain(struct kube_link *link, const struct reply *reply)
{
    struct list *waiting;

    while ((waiting = list_take_first(&link->waiting))) {
        struct sending *sending = container_of(waiting, struct sending, link);

        sending->done(sending->context, reply);
        free(sending);
    }
}

static void send_waiting(struct kube_link *link)
{
    struct list *waiting;

    while ((waiting = list_take_first(&link->waiting)))
        send_now(link, container_of(waiting, struct sending, link));
}

/* A certificate from the plugin needs a peer of its own; when it cannot be read, the one before
 * stays. */
static bool peer_renew(struct kube_link *link, struct error *error)
{
    struct http_peer *before = link->peer;

    if (!link->access->plugin_certificate)
        return true;
    if (!peer_open(link, error)) {
        link->peer = before;
        return false;
    }
    peer_retire(link, before);
    former_peers_drop(link, false);
    return true;
}

static void plugin_done(void *context, const struct spawn_result *result)
{
    struct kube_link *link = context;
    struct error error = {0};
    int64_t expires_ms;

    link->plugin_running = false;
    if (result->status != 0)
        error_set(&error, ERROR_RETRY, "%s", result->failure);
    else if (kube_access_exec_reply(link->access, result->output, result->output_length,
                                    &expires_ms, &error) &&
             peer_renew(link, &error)) {
        send_waiting(link);
        return;
    }
    log_event(LOG_ERROR, "the kubeconfig's credential plugin failed", "error", error.text, "hint",
              link->access->exec->install_hint ? link->access->exec->install_hint : "", NULL);
    timer_start(link->loop, &link->plugin_pause, PLUGIN_PAUSE_MS);
}

static void plugin_start(struct kube_link *link)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(HEADERS_ARENA_MAX);
    struct error error = {0};
    char *const *environment;

    if (link->plugin_running)
        return;
    environment = kube_exec_environment(arena, link->access, environ, &error);
    if (!environment) {
        log_event(LOG_ERROR, "the kubeconfig's credential plugin cannot run", "error", error.text,
                  NULL);
        timer_start(link->loop, &link->plugin_pause, PLUGIN_PAUSE_MS);
        return;
    }
    link->plugin_running = true;
    spawn_run(link->loop, link->access->exec->arguments, environment, PLUGIN_TIMEOUT_MS, link,
              plugin_done);
}

/* True when the plugin has to run before anything is sent; it runs then. */
static bool plugin_first(struct kube_link *link)
{
    if (!link->access->exec || !kube_access_exec_needed(link->access, clock_wall_ms()))
        return false;
    if (!timer_running(&link->plugin_pause))
        plugin_start(link);
    return true;
}

void kube_link_send(struct kube_link *link, const struct request *request, void *context,
                    transport_done_fn done)
{
    struct sending *sending = memory_alloc(sizeof(*sending));

    list_init(&sending->link);
    sending->owner = link;
    sending->request = *request;
    sending->context = context;
    sending->done = done;
    if (plugin_first(link))
        list_append(&link->waiting, &sending->link);
    else
        send_now(link, sending);
}

struct stream *kube_link_stream(struct kube_link *link, const struct request *request,
                                const struct stream_options *options)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(HEADERS_ARENA_MAX);
    const struct header *headers = NULL;
    struct error error = {0};
    size_t header_count = 0;

    if (plugin_first(link))
        return NULL;
    if (!kube_access_headers(link->access, arena, clock_now_ms(), &headers, &header_count,
                             &error)) {
        log_event(LOG_ERROR, "no credentials for the API server", "error", error.text, NULL);
        return NULL;
    }
    return stream_start(link->http, link->peer, request, headers, header_count, options);
}
