#pragma once

/*
 * Decodes one line of a watch. The object's tree is the caller's for the length of its use. What a
 * user can put into an object cannot make a line undecodable (kube/decode.h); whether the object is
 * of the kind that was asked for is the caller's question.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct error;

enum watch_kind {
    WATCH_ADDED,
    WATCH_MODIFIED,
    WATCH_DELETED,
    WATCH_BOOKMARK,
    WATCH_ERROR,   /* `code` and `text` tell the Status; object is NULL */
    WATCH_UNKNOWN, /* a type we do not know: log, skip */
};

struct watch_event {
    enum watch_kind kind;
    json_t *object;               /* owned by the event; NULL for errors */
    const char *resource_version; /* inside object; "" when absent */
    bool initial_events_end;      /* bookmark with k8s.io/initial-events-end */
    int code;                     /* WATCH_ERROR: HTTP code of the Status */
    char reason[64];              /* WATCH_ERROR: "Expired", "Timeout", … */
    char message[256];
    int retry_after_s;      /* WATCH_ERROR: details.retryAfterSeconds; -1: absent */
    bool too_large_version; /* WATCH_ERROR: cause ResourceVersionTooLarge */
};

/* False with ERROR_RETRY when the line is not a watch event: the stream cannot be trusted. */
bool watch_decode(struct watch_event *event, const char *line, size_t length, struct error *error);
void watch_event_finish(struct watch_event *event);
