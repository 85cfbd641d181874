#pragma once

/*
 * Reconciles one PodIdentityBinding: chooses the plan for its key (provision, observe, teardown,
 * nothing), runs it, then the report, and says what the queue is to do next.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "reconcilers/ledger.h"

struct events;
struct podidentitybinding;
struct scene;
struct told;
struct transport;

enum reconcile_end {
    RECONCILE_DONE,    /* as wanted; or waiting for an object to change */
    RECONCILE_RETRY,   /* back off and try again */
    RECONCILE_REFUSED, /* a person must act; look again after a long back-off */
};

struct reconcile_result {
    enum reconcile_end end;
    uint64_t delay_ms;         /* DONE: come back then (0: no need); else at least this long (0: the
                                  queue's back-off decides) */
    const struct error *error; /* kind ERROR_NONE when nothing failed */
    const char *failed_step;   /* NULL: none */
    const char *plan;          /* "provision", "observe", "teardown", "none" */
    const char *events_trouble; /* why Events were not taken; NULL: they were, or none */
    unsigned requests, writes;
    bool drift_found[DRIFT_PARTS], drift_repaired[DRIFT_PARTS];
    const struct told *told; /* what was done, in sentences (work.h) */
    size_t told_count;
};

typedef void (*reconcile_done_fn)(void *context, const struct reconcile_result *result);

/*
 * key is "namespace/name". done comes once, maybe before this returns (when nothing had to be
 * asked). The caller never runs two reconciles of one key at once.
 */
void reconcile_start(struct scene *scene, struct transport *transport, struct events *events,
                     const char *key, int64_t now_ms, reconcile_done_fn done, void *context);

/*
 * The mends that statuses name, for the command line. RELEASE_LET_GO drops the finalizer alone;
 * RELEASE_ASSOCIATION deletes the association first and keeps the roles; RELEASE_PURGE takes away
 * what the binding made, too, and what a former binding of the same names left. No report follows.
 * Of a binding that is not being deleted only the last part is done.
 */
enum release { RELEASE_LET_GO, RELEASE_ASSOCIATION, RELEASE_PURGE };
void reconcile_release_start(struct scene *scene, struct transport *transport, const char *key,
                             enum release release, int64_t now_ms, reconcile_done_fn done,
                             void *context);

/*
 * True when this version of the binding is the one that we wrote last, or an older one: its arrival
 * is no news. Each of our writes names the version that it changes, so nobody's change is between.
 */
bool reconcile_is_own_write(const struct scene *scene, const char *key, const char *uid,
                            const char *resource_version);

/*
 * What a binding that only observes saw of AWS is not what is there any more, when another of its
 * ServiceAccount, which enforces, came, went (NULL) or says in its status that it has something
 * else: reconcile_moved_things says so, and reconcile_doubt_observer makes it read again.
 */
bool reconcile_moved_things(const struct podidentitybinding *before,
                            const struct podidentitybinding *after);
void reconcile_doubt_observer(const struct scene *scene, const struct podidentitybinding *binding);

/* Would its plan or its report say anything else when its pods change? Not while it waits for AWS
 * or for a person: it comes back in its own time. */
bool reconcile_looks_at_pods(const struct scene *scene, const struct podidentitybinding *binding);
