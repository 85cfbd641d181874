#include "kube/watch.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "kube/decode.h"
#include "kube/status.h"

static const struct {
    const char *word;
    enum watch_kind kind;
} kinds[] = {
    {"ADDED", WATCH_ADDED},       {"MODIFIED", WATCH_MODIFIED}, {"DELETED", WATCH_DELETED},
    {"BOOKMARK", WATCH_BOOKMARK}, {"ERROR", WATCH_ERROR},
};

static enum watch_kind kind_of(const char *word)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (text_equal(kinds[i].word, word))
            return kinds[i].kind;
    return WATCH_UNKNOWN;
}

static int bounded_int(const json_t *json, const char *path, int fallback)
{
    int64_t value = json_path_int(json, path, fallback);

    return value >= 0 && value <= INT_MAX ? (int)value : fallback;
}

/* room bytes, the NUL included. */
static void copy_text(char *to, size_t room, const char *text)
{
    AUTO_FREE char *copy = memory_string(text ? text : "");

    text_cut(copy, room - 1);
    memcpy(to, copy, strlen(copy) + 1);
}

static bool read_error(struct watch_event *event, const json_t *status, struct error *error)
{
    if (!kube_status_is(status))
        return error_set(error, ERROR_RETRY, "watch: an ERROR without a Status");
    event->code = bounded_int(status, "code", 0);
    event->retry_after_s = bounded_int(status, "details.retryAfterSeconds", -1);
    event->too_large_version = kube_status_has_cause(status, "ResourceVersionTooLarge");
    copy_text(event->reason, sizeof(event->reason), json_path_text(status, "reason"));
    copy_text(event->message, sizeof(event->message), json_path_text(status, "message"));
    return true;
}

/* The annotation's name has dots in it, so it is no path for json_path. */
static bool ends_initial_events(const json_t *object)
{
    const json_t *annotations = json_path(object, "metadata.annotations");
    const json_t *value = json_object_get(annotations, "k8s.io/initial-events-end");

    return text_equal(json_string_value(value), "true");
}

static bool read_object(struct watch_event *event, json_t *object, struct error *error)
{
    const char *version = json_path_text(object, "metadata.resourceVersion");

    event->resource_version = version ? version : "";
    if (event->kind == WATCH_BOOKMARK) {
        if (!*event->resource_version)
            return error_set(error, ERROR_RETRY, "watch: a BOOKMARK without resourceVersion");
        event->initial_events_end = ends_initial_events(object);
    }
    event->object = json_incref(object);
    return true;
}

static bool read_event(struct watch_event *event, const json_t *line, struct error *error)
{
    const char *type = json_path_text(line, "type");
    json_t *object = json_object_get(line, "object");

    if (!type)
        return error_set(error, ERROR_RETRY, "watch: a line without a type");
    event->kind = kind_of(type);
    if (event->kind == WATCH_UNKNOWN)
        return true;
    if (!json_is_object(object))
        return error_set(error, ERROR_RETRY, "watch: %s without an object", type);
    if (event->kind == WATCH_ERROR)
        return read_error(event, object, error);
    return read_object(event, object, error);
}

bool watch_decode(struct watch_event *event, const char *line, size_t length, struct error *error)
{
    AUTO_JSON json_t *tree = NULL;

    *event = (struct watch_event){
        .kind = WATCH_UNKNOWN,
        .resource_version = "",
        .retry_after_s = -1,
    };
    tree = kube_decode(line, length, error);
    if (!tree) {
        error->kind = ERROR_RETRY;
        return error_wrap(error, "watch");
    }
    if (read_event(event, tree, error))
        return true;
    watch_event_finish(event);
    return false;
}

void watch_event_finish(struct watch_event *event)
{
    json_decref(event->object);
    event->object = NULL;
    event->resource_version = "";
}
