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
#include "informers/records.h"
#include "informers/reflector.h"
#include "kube/decode.h"
#include "kube/object.h"
#include "kube/watch.h"

/* One request is built in it: a path, a query with a version and a token, a header. */
enum { REQUEST_ARENA_MAX = 1 << 20 };
enum { KEY_SIZE = OBJECT_NAMESPACE_MAX + 1 + OBJECT_NAME_MAX + 1 };

struct informer {
    const struct informer_kind *kind;
    const struct informer_io *io;
    informer_changed_fn changed;
    void *context;

    struct reflector reflector;
    struct store *store;
    struct records fresh; /* a new list, until it is complete */
    struct arena *arena;  /* of the newest request */
    struct request request;
    bool started, synced;
    bool streaming; /* a watch runs */
    bool asking;    /* a list or probe is on its way */
    bool forgotten; /* its answer is not for us: there was a stop after it left */
    char trouble[REFLECTOR_TROUBLE_SIZE]; /* logged last */
    uint64_t events, bookmarks, skipped_objects, last_line_us;
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
    informer->changed = changed;
    informer->context = context;
    informer->store = store_create(kind->indices);
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
    records_clear(&informer->fresh);
    store_destroy(informer->store);
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

/* What a list or a filling watch brings is a new set from here on. */
static void begin_set(struct informer *informer)
{
    if (informer->kind->sink)
        informer->kind->sink->begin(informer->kind->sink_context);
    else
        records_clear(&informer->fresh);
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
            begin_set(informer);
        ask(informer, move);
        return;
    case REFLECTOR_PROBE:
        ask(informer, move);
        return;
    case REFLECTOR_WATCH:
        if (move->initial_events)
            begin_set(informer);
        else
            records_clear(&informer->fresh);
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
    records_clear(&informer->fresh);
    reflector_stop(&informer->reflector);
}

void informer_wake(struct informer *informer)
{
    if (!informer->started)
        return;
    reflector_woke(&informer->reflector, clock_now_ms());
    move_on(informer);
}

/* The key as a record of it has it; false when it cannot be told. */
static bool object_key(const json_t *object, char key[KEY_SIZE])
{
    const char *namespace_name = json_path_text(object, "metadata.namespace");
    const char *name = json_path_text(object, "metadata.name");
    int length;

    if (!name || !*name)
        return false;
    namespace_name = namespace_name ? namespace_name : "";
    length = snprintf(key, KEY_SIZE, "%s%s%s", namespace_name, *namespace_name ? "/" : "", name);
    return length < KEY_SIZE;
}

static void skip(struct informer *informer, const json_t *object, const char *reason)
{
    char key[KEY_SIZE];

    informer->skipped_objects++;
    log_event(LOG_WARN, "an object is skipped", "resource", informer->kind->resource->plural,
              "object", object_key(object, key) ? key : "?", "error", reason, NULL);
}

/* NULL: skipped. */
static const void *read_object(struct informer *informer, const json_t *object)
{
    struct error error = {0};
    const void *record = informer->kind->read(object, &error);

    if (!record)
        skip(informer, object, error.text);
    /* cppcheck-suppress returnDanglingLifetime ; a record keeps no error */
    return record;
}

/* The same to a kind that keeps its objects itself. */
static void hand_over(struct informer *informer, const json_t *object,
                      bool (*take)(void *context, const json_t *object, struct error *error))
{
    struct error error = {0};

    if (!take(informer->kind->sink_context, object, &error))
        skip(informer, object, error.text);
}

/* An object that cannot be read is still there: what we know of it stays until it can be read, so
 * that a new list does not tell of it as deleted. */
static void collect(struct informer *informer, const json_t *object)
{
    const void *record;
    char key[KEY_SIZE];

    if (informer->kind->sink) {
        hand_over(informer, object, informer->kind->sink->put);
        return;
    }
    record = read_object(informer, object);
    if (!record && object_key(object, key) && (record = store_get(informer->store, key)))
        record_ref(record);
    if (record)
        record_unref(records_put(&informer->fresh, record));
}

static void drop(struct informer *informer, const json_t *object)
{
    char key[KEY_SIZE];

    if (informer->kind->sink)
        hand_over(informer, object, informer->kind->sink->remove);
    else if (object_key(object, key))
        record_unref(records_remove(&informer->fresh, key));
}

static void put(struct informer *informer, const json_t *object)
{
    const struct record *record;
    const void *before;

    if (informer->kind->sink) {
        hand_over(informer, object, informer->kind->sink->put);
        return;
    }
    record = read_object(informer, object);
    if (!record)
        return;
    before = store_get(informer->store, record->key);
    if (before)
        record_ref(before);
    record_ref(record); /* store_put may drop it */
    if (store_put(informer->store, record))
        informer->changed(informer->context, before, record, false);
    record_unref(record);
    record_unref(before);
}

static void take_away(struct informer *informer, const json_t *object)
{
    char key[KEY_SIZE];
    const void *before;

    if (informer->kind->sink) {
        hand_over(informer, object, informer->kind->sink->remove);
        return;
    }
    if (!object_key(object, key)) {
        skip(informer, object, "a deleted object without a name");
        return;
    }
    before = store_get(informer->store, key);
    if (!before)
        return;
    record_ref(before);
    store_remove(informer->store, key);
    informer->changed(informer->context, before, NULL, false);
    record_unref(before);
}

static void tell(void *context, const void *before, const void *after)
{
    const struct informer *informer = context;

    informer->changed(informer->context, before, after, !informer->synced);
}

static void replace(struct informer *informer)
{
    if (informer->kind->sink)
        informer->kind->sink->complete(informer->kind->sink_context);
    else
        store_replace(informer->store, &informer->fresh, tell, informer);
    informer->synced = true;
}

/* Whatever comes that is not the kind we watch (a Table, say) is treated like an event we do not
 * know. Metadata comes as PartialObjectMetadata; in lists core kinds have no kind at all. */
static bool is_ours(const struct informer *informer, const json_t *object)
{
    const char *kind = json_path_text(object, "kind");

    return !kind || text_equal(kind, informer->kind->resource->kind) ||
           (informer->kind->resource->metadata_only && text_equal(kind, "PartialObjectMetadata"));
}

static void classify(struct informer *informer, struct watch_event *event)
{
    bool change =
        event->kind == WATCH_ADDED || event->kind == WATCH_MODIFIED || event->kind == WATCH_DELETED;

    if (change && !is_ours(informer, event->object))
        event->kind = WATCH_UNKNOWN;
    informer->events += change;
    informer->bookmarks += event->kind == WATCH_BOOKMARK;
    if (event->kind == WATCH_UNKNOWN)
        skip(informer, event->object, "an event of a type or kind that is not known");
}

static void act(struct informer *informer, const struct watch_event *event,
                enum reflector_verdict verdict)
{
    bool deleted = event->kind == WATCH_DELETED;

    switch (verdict) {
    case REFLECTOR_SKIP:
        return;
    case REFLECTOR_COLLECT:
        (deleted ? drop : collect)(informer, event->object);
        return;
    case REFLECTOR_REPLACE:
        replace(informer);
        return;
    case REFLECTOR_APPLY:
        (deleted ? take_away : put)(informer, event->object);
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

        if (is_ours(informer, item))
            collect(informer, item);
        else
            skip(informer, item, "an object of another kind");
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
        replace(informer);
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
    return informer->store;
}

bool informer_synced(const struct informer *informer)
{
    return informer->synced;
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
        .skipped_objects = informer->skipped_objects,
        .errors = reflector->failures,
        .last_resource_version = reflector->version,
        .trouble = reflector_trouble(reflector, clock_now_ms()),
        .last_line_us = informer->last_line_us,
    };
}
