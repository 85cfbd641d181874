#pragma once

/*
 * The requests of one job, on their way from its plan to the world's transport: urgent when the job
 * is, and measured, for what people wait for. One at a time, as a plan sends them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "net/request.h"

struct metrics;

struct job_requests {
    struct transport transport; /* for the plan */
    struct transport *beyond;   /* borrowed */
    struct metrics *metrics;    /* borrowed */
    bool urgent;
    uint64_t changed_us;   /* 0: measured already, or not due to a change */
    uint64_t finalizer_us; /* when it was stored; 0: measured already, or not stored by this job */
    /* the one on its way */
    transport_done_fn done;
    void *done_context;
    bool stores_finalizer;
};

/*
 * changed_us: when the line that told of the change came (clock_now_us), 0 when it was none. From
 * there to the first request is METRIC_CHANGE_TO_REQUEST; from the finalizer that was stored to the
 * first write to AWS, METRIC_FINALIZER_TO_WRITE.
 */
void job_requests_init(struct job_requests *requests, struct transport *beyond,
                       struct metrics *metrics, bool urgent, uint64_t changed_us);
