#include "informers/informer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "informers/intake.h"
#include "informers/reflector.h"
#include "kube/decode.h"
#include "kube/watch.h"

/* One request is built in it: a path, a query with a version and a token, a header. */
enum { REQUEST_ARENA_MAX = 1 << 20 };

struct informer {
    const struct informer_kind *kind;
    const struct informer_io *io;

    struct reflector reflector;
    struct intake intake;
    struct arena *arena; /* of the newest request */
    struct request request;
    bool started;
    bool streaming; /* a watch runs */
    bool asking;    /* a list or probe is on its way */
    bool forgotten; /* its answer is not for us: there was a stop after it left */
    char trouble[REFLECTOR_TROUBLE_SIZE]; /* logged last */
    uint64_t events, bookmarks, last_line_us;
};

static uint64_t random_seed(void)
{
    char digits[17] = {0};

    encode_random_hex(digits, sizeof(digits) - 1);
    return strtoull(digits, NULL, 16);
}

struct informer *informer_create(const struct informer_kind *kind, const struct informer_io *io,
                                 informer_changed_fn changed, void *context)
{
    struct informer *informer = memory_alloc(sizeof(*informer));

    informer->kind = kind;
    informer->io = io;
    intake_init(&informer->intake, kind, changed, context);
    informer->arena = arena_create(REQUEST_ARENA_MAX);
    reflector_init(&informer->reflector, random_seed());
    if (kind->page_max > 0)
        reflector_limit_page(&informer->reflector, kind->page_max);
    return informer;
}

void informer_destroy(struct informer *informer)
{
    if (!informer)
        return;
    reflector_finish(&informer->reflector);
    intake_finish(&informer->intake);
    arena_destroy(informer->arena);
    free(informer);
}

static void ask(struct informer *informer, const struct reflector_move *move)
{
    bool probe = move->step == REFLECTOR_PROBE;

    arena_reset(informer->arena);
    kube_list(informer->arena, &informer->request, informer->kind->resource,
              probe ? NULL : move->version, move->limit, move->continue_token);
    informer->asking = true;
    informer->io->send(informer->io->context, informer, &informer->request);
}

static void watch(struct informer *informer, const struct reflector_move *move)
{
    arena_reset(informer->arena);
    kube_watch(informer->arena, &informer->request, informer->kind->resource, move->version,
               move->initial_events, move->timeout_s);
    informer->streaming = true;
    informer->io->watch(informer->io->context, informer, &informer->request, move->idle_timeout_ms);
}

/* A trouble that lasts is told once, not at each attempt. */
static void log_trouble(struct informer *informer)
{
    const char *trouble = informer->reflector.trouble;

    if (text_equal(trouble, informer->trouble))
        return;
    snprintf(informer->trouble, sizeof(informer->trouble), "%s", trouble);
    if (*trouble)
        log_event(LOG_WARN, "watching has trouble", "resource", informer->kind->resource->plural,
                  "error", trouble, NULL);
    else
        log_event(LOG_DEBUG, "watching goes on", "resource", informer->kind->resource->plural,
                  NULL);
}

static void move_on(struct informer *informer)
{
    const struct reflector_move *move = &informer->reflector.move;

    log_trouble(informer);
    switch (move->step) {
    case REFLECTOR_NOTHING:
        return;
    case REFLECTOR_WAIT:
        informer->io->wake_after(informer->io->context, informer, move->delay_ms);
        return;
    case REFLECTOR_LIST:
        if (!move->continue_token)
            intake_begin(&informer->intake);
        ask(informer, move);
        return;
    case REFLECTOR_PROBE:
        ask(informer, move);
        return;
    case REFLECTOR_WATCH:
        if (move->initial_events)
            intake_begin(&informer->intake);
        else
            intake_forget(&informer->intake);
        watch(informer, move);
        return;
    }
}

/* That nothing was answered yet is no news for the log. */
static void begin(struct informer *informer)
{
    reflector_start(&informer->reflector, clock_now_ms());
    snprintf(informer->trouble, sizeof(informer->trouble), "%s", informer->reflector.trouble);
}

/* With an answer to an earlier list still to come, its arrival starts us. */
void informer_start(struct informer *informer)
{
    assert(!informer->started);
    informer->started = true;
    if (informer->asking)
        return;
    begin(informer);
    move_on(informer);
}

static void end_stream(struct informer *informer)
{
    informer->streaming = false;
    informer->io->unwatch(informer->io->context, informer);
}

void informer_stop(struct informer *informer)
{
    informer->started = false;
    informer->forgotten = informer->asking;
    if (informer->streaming)
        end_stream(informer);
    intake_forget(&informer->intake);
    reflector_stop(&informer->reflector);
}

void informer_wake(struct informer *informer)
{
    if (!informer->started)
        return;
    reflector_woke(&informer->reflector, clock_now_ms());
    move_on(informer);
}

static void classify(struct informer *informer, struct watch_event *event)
{
    bool change =
        event->kind == WATCH_ADDED || event->kind == WATCH_MODIFIED || event->kind == WATCH_DELETED;

    if (change && !intake_takes(&informer->intake, event->object))
        event->kind = WATCH_UNKNOWN;
    informer->events += change;
    informer->bookmarks += event->kind == WATCH_BOOKMARK;
    if (event->kind == WATCH_UNKNOWN)
        intake_skip(&informer->intake, event->object,
                    "an event of a type or kind that is not known");
}

static void act(struct informer *informer, const struct watch_event *event,
                enum reflector_verdict verdict)
{
    bool deleted = event->kind == WATCH_DELETED;

    switch (verdict) {
    case REFLECTOR_SKIP:
        return;
    case REFLECTOR_COLLECT:
        (deleted ? intake_drop : intake_collect)(&informer->intake, event->object);
        return;
    case REFLECTOR_REPLACE:
        intake_complete(&informer->intake);
        return;
    case REFLECTOR_APPLY:
        (deleted ? intake_remove : intake_put)(&informer->intake, event->object);
        return;
    case REFLECTOR_BROKEN:
        end_stream(informer);
        move_on(informer);
        return;
    }
}

void informer_line(struct informer *informer, const char *line, size_t length)
{
    struct watch_event event;
    struct error error = {0};

    if (!informer->streaming || length == 0)
        return;
    informer->last_line_us = clock_now_us();
    if (!watch_decode(&event, line, length, &error)) {
        reflector_garbled(&informer->reflector, clock_now_ms(), error.text);
        end_stream(informer);
        move_on(informer);
        return;
    }
    classify(informer, &event);
    act(informer, &event, reflector_event(&informer->reflector, clock_now_ms(), &event));
    watch_event_finish(&event);
    log_trouble(informer);
}

static void fail(struct informer *informer, const struct reply *reply, const struct error *error)
{
    reflector_failed(&informer->reflector, clock_now_ms(),
                     &(struct reflector_failure){
                         .code = reply->status,
                         .reason = error->code,
                         .text = error->text,
                         .retry_after_s = reply->retry_after_s,
                         .too_large_version = text_equal(error->code, "ResourceVersionTooLarge"),
                         .sent = reply->sent,
                     });
}

/* Load balancers cut watches and nothing is lost, so it is no warning. */
static void log_broken_off(const struct informer *informer, const struct stream_end *end)
{
    if (end->failure)
        log_event(LOG_INFO, "a watch broke off", "resource", informer->kind->resource->plural,
                  "error", end->failure, NULL);
}

void informer_ended(struct informer *informer, const struct stream_end *end)
{
    struct reply reply = {
        .status = end->status,
        .failure = end->failure,
        .body = end->body ? end->body : "",
        .body_length = end->body_length,
        .retry_after_s = end->retry_after_s,
    };
    struct error error = {0};

    if (!informer->streaming)
        return;
    informer->streaming = false;
    if (kube_reply_good(&informer->request, &reply, &error)) {
        log_broken_off(informer, end);
        reflector_ended(&informer->reflector, clock_now_ms());
    } else {
        fail(informer, &reply, &error);
    }
    move_on(informer);
}

/* Empty lists come as [], from some writers as null. */
static bool read_page(struct informer *informer, const json_t *page, struct error *error)
{
    const json_t *items = json_object_get(page, "items");

    if (!json_path_text(page, "metadata.resourceVersion") ||
        !(json_is_array(items) || json_is_null(items)))
        return error_set(error, ERROR_RETRY, "the answer is no list: no version, or no items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (intake_takes(&informer->intake, item))
            intake_collect(&informer->intake, item);
        else
            intake_skip(&informer->intake, item, "an object of another kind");
    }
    return true;
}

/* Page by page; reflector_listed says when the set is complete. */
static void take_page(struct informer *informer, const json_t *page)
{
    size_t count = json_array_size(json_object_get(page, "items"));

    if (reflector_listed(&informer->reflector, clock_now_ms(),
                         json_path_text(page, "metadata.resourceVersion"),
                         json_path_text(page, "metadata.continue"), count))
        intake_complete(&informer->intake);
}

static bool take_answer(struct informer *informer, const struct reply *reply, struct error *error)
{
    AUTO_JSON json_t *page = NULL;
    const char *version;

    if (!kube_reply_good(&informer->request, reply, error))
        return false;
    page = kube_decode(reply->body, reply->body_length, error);
    if (!page)
        return error_wrap(error, "list");
    if (informer->reflector.phase == REFLECTOR_PROBING) {
        version = json_path_text(page, "metadata.resourceVersion");
        reflector_probed(&informer->reflector, clock_now_ms(), version ? version : "");
        return true;
    }
    if (!read_page(informer, page, error))
        return false;
    take_page(informer, page);
    return true;
}

void informer_answered(struct informer *informer, const struct reply *reply)
{
    struct error error = {0};

    assert(informer->asking);
    informer->asking = false;
    if (informer->forgotten) {
        informer->forgotten = false;
        if (informer->started)
            begin(informer);
    } else if (!take_answer(informer, reply, &error)) {
        fail(informer, reply, &error);
    }
    if (informer->started)
        move_on(informer);
}

const struct store *informer_store(const struct informer *informer)
{
    return informer->intake.store;
}

bool informer_synced(const struct informer *informer)
{
    return informer->intake.synced;
}

void informer_figures(const struct informer *informer, struct informer_figures *figures)
{
    const struct reflector *reflector = &informer->reflector;

    *figures = (struct informer_figures){
        .lists = reflector->lists,
        .watches = reflector->watches,
        .short_watches = reflector->short_watches_total,
        .events = informer->events,
        .bookmarks = informer->bookmarks,
        .skipped_objects = informer->intake.skipped_objects,
        .errors = reflector->failures,
        .last_resource_version = reflector->version,
        .trouble = reflector_trouble(reflector, clock_now_ms()),
        .last_line_us = informer->last_line_us,
    };
}
