#pragma once

/*
 * The API server for what plans send: merge PATCHes of finalizers, spec and status with
 * resourceVersion, server-side apply of annotations, Events, GET, and POST and DELETE (with
 * preconditions) of bindings. Objects are JSON; each change is queued for whoever watches, who
 * takes it when it likes (a lagging watch is one that is not asked yet).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "tests/fake/fake_wire.h"

/* A change on its way to the watchers. */
struct fake_change {
    struct list link;
    char *id;       /* "plural/namespace/name" */
    json_t *object; /* as it was then; NULL: gone */
};

struct fake_kubernetes {
    struct fake_server server;
    const int64_t *now_ms;
    json_t *objects; /* id → object */
    json_t *owned;   /* id → object of the annotations that were applied by us */
    json_t *events;  /* array of Events as they were made, series included */
    struct list changes;
    unsigned versions, uids;
    const char *terminating; /* namespace that takes no Events; NULL: none */
    /* since fake_kubernetes_reset */
    unsigned status_writes, finalizer_writes, applies, idle_writes;
    unsigned account_writes; /* ServiceAccounts made and deleted */
};

void fake_kubernetes_init(struct fake_kubernetes *kubernetes, const int64_t *now_ms);
void fake_kubernetes_finish(struct fake_kubernetes *kubernetes);
/* Counts from 0 and forgets Events. */
void fake_kubernetes_reset(struct fake_kubernetes *kubernetes);

/*
 * kubectl apply: makes the object or replaces its spec, labels and annotations. object is taken
 * over; the server adds uid, times, generation and version. namespace_name "" for kinds without.
 */
void fake_kubernetes_apply(struct fake_kubernetes *kubernetes, const char *plural,
                           const char *namespace_name, const char *name, json_t *object);
/* kubectl delete: at once, or by deletionTimestamp while there are finalizers. */
void fake_kubernetes_delete(struct fake_kubernetes *kubernetes, const char *plural,
                            const char *namespace_name, const char *name);
/* Somebody's merge patch of anything, status included. patch is taken over. */
void fake_kubernetes_patch(struct fake_kubernetes *kubernetes, const char *plural,
                           const char *namespace_name, const char *name, json_t *patch);
/* Borrowed; NULL when it does not exist. */
json_t *fake_kubernetes_get(const struct fake_kubernetes *kubernetes, const char *plural,
                            const char *namespace_name, const char *name);

/* The oldest change not taken yet, or NULL; fake_change_free it. */
struct fake_change *fake_kubernetes_take_change(struct fake_kubernetes *kubernetes);
void fake_change_free(struct fake_change *change);

/* How many Events with this reason were made. */
size_t fake_kubernetes_events(const struct fake_kubernetes *kubernetes, const char *reason);
