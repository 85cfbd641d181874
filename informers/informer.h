#pragma once

/*
 * An informer keeps a store in step with the API server: reflector (list, watch, resume, list
 * again) + store + "this key changed". Subscribers are told after store and indices are updated;
 * synced means that the first list was delivered whole.
 *
 * The reflector itself is a state machine of values (reflector.h); what waits is behind
 * `struct informer_io`, so that tests drive it with bytes and a clock of their own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "informers/store.h"
#include "kube/calls.h"
#include "net/stream.h"

struct informer;
struct error;

/* Reads one object into a record (reference count 1); NULL with error: logged and skipped. */
typedef void *(*informer_read_fn)(const json_t *object, struct error *error);

/* key changed: before and after are NULL when the object did not exist before, or is gone now. */
typedef void (*informer_changed_fn)(void *context, const void *before, const void *after,
                                    bool initial);

/*
 * A kind whose objects are kept in another form than records, where those would be too large
 * (informers/pods.h): no store, and no informer_changed_fn. What a list does not name between begin
 * and complete is gone; a begin without complete was a list that was cut.
 */
struct informer_sink {
    void (*begin)(void *context);
    bool (*put)(void *context, const json_t *object, struct error *error); /* false: skipped */
    bool (*remove)(void *context, const json_t *object, struct error *error);
    void (*complete)(void *context);
};

struct informer_kind {
    const struct kube_resource *resource;
    informer_read_fn read;
    const struct store_index *indices;
    const struct informer_sink *sink; /* NULL: records in a store */
    void *sink_context;
    unsigned page_max; /* objects in a page of a list; 0: REFLECTOR_PAGE */
};

/* The waiting side; the controller gives one built on net/. */
struct informer_io {
    void *context;
    /* Starts a watch; informer_line and informer_ended are to be called with what comes. */
    void (*watch)(void *context, struct informer *informer, const struct request *request,
                  uint64_t idle_timeout_ms);
    void (*unwatch)(void *context, struct informer *informer);
    /* informer_answered is to be called once, also after informer_stop; the request's texts stay
     * until then. */
    void (*send)(void *context, struct informer *informer, const struct request *request);
    /* informer_wake is to be called once after delay_ms; a new wait may take the place of one
     * that has not ended, and a call too many or too early is harmless. */
    void (*wake_after)(void *context, struct informer *informer, uint64_t delay_ms);
};

struct informer *informer_create(const struct informer_kind *kind, const struct informer_io *io,
                                 informer_changed_fn changed, void *context);
/* The io side must not report anything afterwards. */
void informer_destroy(struct informer *informer);
/* After a stop it goes on from where it was. */
void informer_start(struct informer *informer);
void informer_stop(struct informer *informer); /* unwatch; the store stays */

const struct store *informer_store(const struct informer *informer);
bool informer_synced(const struct informer *informer);

/* What the io side reports. */
void informer_line(struct informer *informer, const char *line, size_t length);
void informer_ended(struct informer *informer, const struct stream_end *end);
void informer_answered(struct informer *informer, const struct reply *reply);
void informer_wake(struct informer *informer);

/* For metrics and readiness: counts since start, and why it is not synced ("" when it is). */
struct informer_figures {
    uint64_t lists;   /* of everything, by pages or by a watch that begins with it */
    uint64_t watches; /* requests */
    uint64_t short_watches, events, bookmarks;
    uint64_t skipped_objects; /* could not be read, or of an unknown kind */
    uint64_t errors;
    const char *last_resource_version;
    const char *trouble;
    uint64_t last_line_us; /* clock_now_us when the newest line came, for latency metrics */
};
void informer_figures(const struct informer *informer, struct informer_figures *figures);

DEFINE_AUTO(struct informer *, informer_destroy);
