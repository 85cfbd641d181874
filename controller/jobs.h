#pragma once

/*
 * Jobs: keys of the queue on their way through a reconcile, at most so many at a time. Turns what
 * a reconcile says into the queue's next step, a log line and metrics. When AWS's budget is used up
 * all others wait for it at once, so a few places are kept for QUEUE_FIRST, and the requests of
 * such a job are urgent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/queue.h"

struct events;
struct jobs;
struct scene;
struct world;

struct jobs *jobs_create(struct world *world, struct scene *scene, struct events *events,
                         unsigned concurrent_max);
void jobs_destroy(struct jobs *jobs);

/* A binding or ServiceAccount ("namespace/name") or a grant ("name") is to be reconciled.
 * changed_us: when the line that told of it came (clock_now_us), 0 when it was none. */
enum job_kind { JOB_BINDING, JOB_GRANT, JOB_SERVICE_ACCOUNT };
void jobs_add(struct jobs *jobs, enum job_kind kind, const char *key, enum queue_priority priority,
              uint64_t changed_us);
/*
 * A line of the watch tells of this binding. While its job is on its way the line may be the echo
 * of what that job writes, faster than the answer to the write: whether it is news is seen at the
 * end, from the version that the store then has.
 */
void jobs_hear(struct jobs *jobs, const char *key, enum queue_priority priority, uint64_t heard_us);
void jobs_add_after(struct jobs *jobs, enum job_kind kind, const char *key, uint64_t delay_ms);

/* Nothing runs before the first call, and nothing after jobs_stop opens it again. */
void jobs_open(struct jobs *jobs);
/* Nothing new is begun; stopped(context) comes once, later, when nothing runs any more. */
void jobs_stop(struct jobs *jobs, void (*stopped)(void *context), void *context);

/* Brings queue depth and the like up to date in the world's metrics. */
void jobs_measure(struct jobs *jobs);

DEFINE_AUTO(struct jobs *, jobs_destroy);
