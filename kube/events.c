#include "kube/events.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "kube/calls.h"
#include "kube/object.h"
#include "kube/words.h"

/* client-go ends a series after as long without a new occurrence. */
#define SERIES_WINDOW_US (INT64_C(6) * 60 * 1000 * 1000)

/* WORD_MAX is Kubernetes' limit for reason, action and instance. A name's tail is a dot, the time
 * in hex (13 digits until the year 2112, 16 at most) and random digits. */
enum { WORD_MAX = 128, RANDOM_DIGITS = 8, TAIL_MAX = 1 + 16 + RANDOM_DIGITS };

static const struct kube_resource event_resource = {
    .group = "events.k8s.io",
    .version = "v1",
    .plural = "events",
    .kind = "Event",
    .namespaced = true,
};

/* 128 bits of a digest: nobody finds two subjects that share them. */
enum { KEY_SIZE = 33 };

/* One Event that was told and may be told again, as one small block. */
struct told {
    struct list link; /* the longest unheard first */
    int64_t last_us;
    unsigned count;
    char key[KEY_SIZE];
    char name[];
};

struct events {
    char *controller, *instance;
    struct map *by_key;
    struct list by_age;
};

struct events *events_create(const char *controller, const char *instance)
{
    struct events *events = memory_alloc(sizeof(*events));

    assert(*controller && *instance);
    events->controller = memory_string(controller);
    events->instance = memory_string(instance);
    text_cut(events->instance, WORD_MAX);
    events->by_key = map_create();
    list_init(&events->by_age);
    return events;
}

static void forget(struct events *events, struct told *told)
{
    map_remove(events->by_key, told->key);
    list_remove(&told->link);
    free(told);
}

void events_destroy(struct events *events)
{
    if (!events)
        return;
    map_clear(events->by_key, free);
    map_destroy(events->by_key);
    free(events->controller);
    free(events->instance);
    free(events);
}

size_t events_remembered(const struct events *events)
{
    return map_count(events->by_key);
}

/* What makes two Events the same: type, action, reason, whom it is about. Not the note, and not the
 * subject's version, which changes with every status. As a digest, so that memory is bounded. */
static void key_of(char key[KEY_SIZE], const struct event_subject *subject, bool warning,
                   const char *reason, const char *action)
{
    AUTO_TEXT struct text whole = TEXT_INIT(16 << 10);
    unsigned char digest[SHA256_SIZE];
    const char *const parts[] = {
        warning ? "Warning" : "Normal",
        action,
        reason,
        subject->api_version,
        subject->kind,
        subject->namespace_name ? subject->namespace_name : "",
        subject->name,
        subject->uid,
    };

    for (size_t i = 0; i < COUNT(parts); i++) {
        text_add_string(&whole, parts[i]);
        text_add_char(&whole, '\n');
    }
    encode_sha256(whole.bytes, whole.length, digest);
    encode_hex(digest, KEY_SIZE / 2, key);
}

static const char *namespace_of(const struct event_subject *subject)
{
    return subject->namespace_name && *subject->namespace_name ? subject->namespace_name
                                                               : "default";
}

static bool ends_a_label(char character)
{
    return character != '-' && character != '.';
}

/* A DNS subdomain: the name's head must not end in '-' or '.' where it was cut. */
static void event_name(char name[OBJECT_NAME_MAX + 1], const char *subject_name, int64_t now_us)
{
    size_t length = strlen(subject_name);
    char digits[RANDOM_DIGITS + 1];

    if (length > OBJECT_NAME_MAX - TAIL_MAX)
        length = OBJECT_NAME_MAX - TAIL_MAX;
    while (length > 1 && !ends_a_label(subject_name[length - 1]))
        length--;
    encode_random_hex(digits, RANDOM_DIGITS);
    snprintf(name, OBJECT_NAME_MAX + 1, "%.*s.%llx%s", (int)length, subject_name,
             (unsigned long long)now_us, digits);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text && *text)
        json_object_set_new(object, key, json_string(text));
}

static json_t *object_in(json_t *parent, const char *key)
{
    json_object_set_new(parent, key, json_object());
    return json_object_get(parent, key);
}

static void add_regarding(json_t *event, const struct event_subject *subject)
{
    json_t *regarding = object_in(event, "regarding");

    set_text(regarding, "apiVersion", subject->api_version);
    set_text(regarding, "kind", subject->kind);
    set_text(regarding, "namespace", subject->namespace_name);
    set_text(regarding, "name", subject->name);
    set_text(regarding, "uid", subject->uid);
    set_text(regarding, "resourceVersion", subject->resource_version);
}

static void add_metadata(json_t *event, const struct told *told,
                         const struct event_subject *subject)
{
    json_t *metadata = object_in(event, "metadata");

    set_text(metadata, "name", told->name);
    set_text(metadata, "namespace", namespace_of(subject));
}

static void add_time(json_t *object, const char *key, int64_t now_us)
{
    char time[ENCODE_MICROTIME_SIZE];

    encode_microtime(now_us, time);
    set_text(object, key, time);
}

static bool is_old(const struct told *told, int64_t now_us)
{
    return now_us - told->last_us > SERIES_WINDOW_US;
}

/* Is the longest unheard one of no more use, or in the way of another? */
static bool has_too_many(const struct events *events, int64_t now_us)
{
    return !list_empty(&events->by_age) &&
           (is_old(container_of(events->by_age.next, struct told, link), now_us) ||
            map_count(events->by_key) >= EVENTS_REMEMBERED_MAX);
}

/* Those that no series can go on, and the longest unheard when there is no room. */
static void forget_old(struct events *events, int64_t now_us)
{
    while (has_too_many(events, now_us))
        forget(events, container_of(list_take_first(&events->by_age), struct told, link));
}

static struct told *told_create(const char *key, const char *subject_name, int64_t now_us)
{
    char name[OBJECT_NAME_MAX + 1];
    struct told *told;

    event_name(name, subject_name, now_us);
    told = memory_alloc(sizeof(*told) + strlen(name) + 1);
    memcpy(told->key, key, sizeof(told->key));
    memcpy(told->name, name, strlen(name) + 1);
    told->count = 1;
    told->last_us = now_us;
    list_init(&told->link);
    return told;
}

/* Takes over. */
static void remember(struct events *events, struct told *told)
{
    forget_old(events, told->last_us);
    list_append(&events->by_age, &told->link);
    map_put(events->by_key, told->key, told);
}

/* The series alone: whatever else of a stored Event a PATCH changes is refused with 422. */
static void ask_series(struct arena *arena, struct request *request,
                       const struct event_subject *subject, const struct told *told)
{
    AUTO_JSON json_t *patch = json_object();
    json_t *series = object_in(patch, "series");

    json_object_set_new(series, "count", json_integer(told->count));
    add_time(series, "lastObservedTime", told->last_us);
    kube_patch(arena, request, &event_resource, namespace_of(subject), told->name, NULL, NULL,
               patch);
    request->operation = "PatchEvent";
}

struct words {
    const char *reason, *action, *note;
    bool warning;
};

static json_t *event_body(const struct events *events, struct arena *arena,
                          const struct event_subject *subject, const struct told *told,
                          const struct words *words)
{
    json_t *event = json_object();

    set_text(event, "apiVersion", "events.k8s.io/v1");
    set_text(event, "kind", "Event");
    add_metadata(event, told, subject);
    add_time(event, "eventTime", told->last_us);
    set_text(event, "reportingController", events->controller);
    set_text(event, "reportingInstance", events->instance);
    set_text(event, "action", words->action);
    set_text(event, "reason", words->reason);
    set_text(event, "type", words->warning ? "Warning" : "Normal");
    set_text(event, "note", kube_words(arena, words->note, strlen(words->note), EVENT_NOTE_MAX));
    add_regarding(event, subject);
    return event;
}

static void ask_new(struct arena *arena, struct request *request,
                    const struct event_subject *subject, const json_t *event)
{
    *request = (struct request){
        .service = SERVICE_KUBERNETES,
        .operation = "CreateEvent",
        .method = "POST",
        .path = kube_path(arena, &event_resource, namespace_of(subject), NULL, NULL),
        .query = "fieldManager=" KUBE_FIELD_MANAGER,
        .body = json_write(arena, event, true),
        .write = true,
    };
    request->body_length = strlen(request->body);
    request_add_header(request, "Content-Type", "application/json");
    request_add_header(request, "Accept", "application/json");
}

static bool word_good(const char *word)
{
    return *word && strlen(word) <= WORD_MAX;
}

void events_tell(struct events *events, struct arena *arena, struct request *request,
                 const struct event_subject *subject, bool warning, const char *reason,
                 const char *action, const char *note, int64_t now_us)
{
    struct words words = {.reason = reason, .action = action, .note = note, .warning = warning};
    char key[KEY_SIZE];
    AUTO_JSON json_t *event = NULL;
    AUTO_FREE struct told *fresh = NULL;
    struct told *told;

    assert(word_good(reason) && word_good(action));
    key_of(key, subject, warning, reason, action);
    told = map_get(events->by_key, key);
    if (told && !is_old(told, now_us)) {
        told->count++;
        told->last_us = now_us;
        list_remove(&told->link);
        list_append(&events->by_age, &told->link);
        ask_series(arena, request, subject, told);
        return;
    }
    if (told)
        forget(events, told);
    fresh = told_create(key, subject->name, now_us);
    event = event_body(events, arena, subject, fresh, &words);
    ask_new(arena, request, subject, event);
    if (warning)
        remember(events, TAKE(fresh));
}

void events_forget(struct events *events, const struct event_subject *subject, bool warning,
                   const char *reason, const char *action)
{
    char key[KEY_SIZE];
    struct told *told;

    key_of(key, subject, warning, reason, action);
    told = map_get(events->by_key, key);
    if (told)
        forget(events, told);
}
