#pragma once

/*
 * Events (events.k8s.io/v1) on users' objects: built by us, names and all; repeated ones become a
 * series. Pure: makes requests, remembers what was told in a bounded table.
 * Rules: client-go tools/events; eventTime has exactly six decimals, action is required, note ≤
 * 1,024.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "net/request.h"

struct arena;
struct events;

/* Whom an Event is about; namespace_name and resource_version may be NULL or "". */
struct event_subject {
    const char *api_version, *kind, *namespace_name, *name, *uid, *resource_version;
};

enum { EVENT_NOTE_MAX = 1024, EVENTS_REMEMBERED_MAX = 4096 };

/* controller: "podidentity.io/controller"; instance: ≤ 128, host name and pid. Copied. */
struct events *events_create(const char *controller, const char *instance);
void events_destroy(struct events *events);

/*
 * The request that tells this: a new Event, or, when the same warning (action, reason, subject) was
 * told within 6 minutes, a PATCH of its series, which cannot change the note. Trouble that lasts
 * says the same again; what was done is done once, and its note says what, so it is a new Event and
 * nothing remembers it: of a fresh binding alone there are four. note is cut at 1,024
 * bytes at a character's border; a cluster-scoped subject's Event goes to namespace default.
 * reason and action are CamelCase words of at most 128 characters, never empty.
 */
void events_tell(struct events *events, struct arena *arena, struct request *request,
                 const struct event_subject *subject, bool warning, const char *reason,
                 const char *action, const char *note, int64_t now_us);

/* The last request of events_tell with these words was not accepted (the Event is gone, or never
 * came to be): the next one tells a new Event. */
void events_forget(struct events *events, const struct event_subject *subject, bool warning,
                   const char *reason, const char *action);

/* How many warnings are remembered: those of the last 6 minutes, when an Event was told last, and
 * never more than EVENTS_REMEMBERED_MAX, the longest unheard go first. */
size_t events_remembered(const struct events *events);

DEFINE_AUTO(struct events *, events_destroy);
