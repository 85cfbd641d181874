#pragma once

/*
 * Counters, gauges and histograms, and their text exposition. Names that controller-runtime,
 * client-go and Prometheus users know are kept to the letter. Series are bounded: labels never
 * carry what users write.
 */

#include <stddef.h>

#include "base/memory.h"

struct metrics;
struct text;

enum metric {
    METRIC_RECONCILE_TOTAL,     /* controller, result */
    METRIC_RECONCILE_ERRORS,    /* controller */
    METRIC_TERMINAL_ERRORS,     /* controller */
    METRIC_RECONCILE_SECONDS,   /* controller */
    METRIC_MAX_CONCURRENT,      /* controller */
    METRIC_ACTIVE_WORKERS,      /* controller */
    METRIC_QUEUE_DEPTH,         /* name, controller, priority */
    METRIC_QUEUE_ADDS,          /* name, controller */
    METRIC_QUEUE_RETRIES,       /* name, controller */
    METRIC_QUEUE_SECONDS,       /* name, controller */
    METRIC_WORK_SECONDS,        /* name, controller */
    METRIC_KUBE_REQUESTS,       /* code, method, host */
    METRIC_KUBE_SECONDS,        /* verb, host */
    METRIC_AWS_REQUESTS,        /* service, operation, code */
    METRIC_AWS_SECONDS,         /* service, operation */
    METRIC_AWS_THROTTLES,       /* service */
    METRIC_BUDGET_WAIT_SECONDS, /* service */
    METRIC_BINDINGS,            /* condition, status */
    METRIC_DELETIONS_HELD,      /* - */
    METRIC_DRIFT_FOUND,         /* part */
    METRIC_DRIFT_REPAIRED,      /* part */
    METRIC_ASSOCIATIONS,        /* - : of the cluster, whosever */
    METRIC_ORPHANS,             /* owner */
    METRIC_ORPHANS_REMOVED,     /* - */
    METRIC_ADDONS,              /* - */
    METRIC_AGENT_MISSING,       /* - : 1 when pods get no credentials */
    METRIC_SWEEP_SECONDS,       /* - : from its first request to its last answer */
    METRIC_CHANGE_TO_REQUEST,   /* - : watch line → first AWS request */
    METRIC_FINALIZER_TO_WRITE,  /* - : finalizer answer → first AWS write */
    METRIC_LOOP_TURN,           /* - : longest turn of the loop */
    METRIC_REFLECTOR_LISTS,     /* kind */
    METRIC_REFLECTOR_WATCHES,   /* kind */
    METRIC_REFLECTOR_SKIPPED,   /* kind */
    METRIC_STORE_OBJECTS,       /* kind */
    METRIC_PODS,                /* mechanism */
    METRIC_RESIDENT_BYTES,      /* - */
    METRIC_CPU_SECONDS,         /* - */
    METRIC_BUILD_INFO,          /* version */
    METRIC_COUNT,
};

struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *metrics);

/* Label values follow in the order of the metric's labels. Series beyond the ceiling of 4,000, and
 * those whose labels are longer than 512 bytes, are not kept. */
void metrics_add(struct metrics *metrics, enum metric metric, double value, ...);
void metrics_set(struct metrics *metrics, enum metric metric, double value, ...);
void metrics_observe(struct metrics *metrics, enum metric metric, double value, ...);

/* The whole exposition (Prometheus text format 0.0.4). */
void metrics_write(const struct metrics *metrics, struct text *text);

DEFINE_AUTO(struct metrics *, metrics_destroy);
