#pragma once

/*
 * What a reconcile came to, as metrics count it, the log says it, and the queue brings its key
 * back.
 */

#include <stdint.h>

struct metrics;
struct queue;
struct reconcile_result;

/*
 * As controller-runtime counts: every run once, by its result; an error that no repeat mends is a
 * terminal one as well, whether it is looked at again or not. What waits has not failed.
 * controller is the label, such as "podidentitybinding".
 */
void job_result_count(const struct reconcile_result *result, const char *controller,
                      uint64_t duration_us, struct metrics *metrics);

/* One line about the object of this key ("namespace/name" or "name"); id tells runs apart. */
void job_result_log(const struct reconcile_result *result, const char *controller, const char *key,
                    const char *id);

/* The queue's next step for the key: when it comes back, and whether its back-off goes on. */
void job_result_requeue(const struct reconcile_result *result, struct queue *queue, const char *key,
                        uint64_t now_ms);
