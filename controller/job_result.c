#include "controller/job_result.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/metrics.h"
#include "controller/queue.h"
#include "reconcilers/podidentitybinding.h"

/*
 * Back-off of a key: RETRY as controller-runtime's, but slower at first, since it is AWS that is
 * asked; CONFLICT at once, for the watch brings the newer object; REFUSED for as long as a person
 * may take, capped so that a trust policy mended in AWS is noticed within ten minutes.
 */
enum {
    CONFLICT_MS = 20,
    RETRY_MS = 500,
    RETRY_MOST_MS = 5 * 60 * 1000,
    REFUSED_MS = 5 * 1000,
    REFUSED_MOST_MS = 10 * 60 * 1000,
    WAIT_MOST_MS = 30 * 1000,
};

static void count_drift(struct metrics *metrics, const struct reconcile_result *result)
{
    static const char *const parts[DRIFT_PARTS] = {"role", "association"};

    for (int part = 0; part < DRIFT_PARTS; part++) {
        if (result->drift_found[part])
            metrics_add(metrics, METRIC_DRIFT_FOUND, 1, parts[part]);
        if (result->drift_repaired[part])
            metrics_add(metrics, METRIC_DRIFT_REPAIRED, 1, parts[part]);
    }
}

static void count_end(struct metrics *metrics, const char *controller,
                      const struct reconcile_result *result)
{
    bool refused = result->error->kind == ERROR_REFUSED;
    const char *word = refused || result->end != RECONCILE_DONE ? "error"
                       : result->delay_ms > 0                   ? "requeue_after"
                                                                : "success";

    metrics_add(metrics, METRIC_RECONCILE_TOTAL, 1, controller, word);
    if (text_equal(word, "error"))
        metrics_add(metrics, METRIC_RECONCILE_ERRORS, 1, controller);
    if (refused)
        metrics_add(metrics, METRIC_TERMINAL_ERRORS, 1, controller);
    if (result->end == RECONCILE_RETRY)
        metrics_add(metrics, METRIC_QUEUE_RETRIES, 1, controller, controller);
}

void job_result_count(const struct reconcile_result *result, const char *controller,
                      uint64_t duration_us, struct metrics *metrics)
{
    double seconds = (double)duration_us / 1e6;

    count_end(metrics, controller, result);
    if (text_equal(result->error->code, "DeletionHeld"))
        metrics_add(metrics, METRIC_DELETIONS_HELD, 1);
    count_drift(metrics, result);
    metrics_observe(metrics, METRIC_RECONCILE_SECONDS, seconds, controller);
    metrics_observe(metrics, METRIC_WORK_SECONDS, seconds, controller, controller);
}

static enum log_level level_of(const struct reconcile_result *result)
{
    switch (result->error->kind) {
    case ERROR_NONE:
        return result->requests > 0 ? LOG_INFO : LOG_DEBUG;
    case ERROR_CONFLICT:
        return LOG_DEBUG;
    default:
        return LOG_WARN;
    }
}

void job_result_log(const struct reconcile_result *result, const char *controller, const char *key,
                    const char *id)
{
    const char *slash = strchr(key, '/');
    AUTO_FREE char *space = memory_text(key, slash ? (size_t)(slash - key) : 0);
    bool good = result->error->kind == ERROR_NONE;
    char requests[12], writes[12];

    if (!log_enabled(level_of(result)))
        return;
    snprintf(requests, sizeof(requests), "%u", result->requests);
    snprintf(writes, sizeof(writes), "%u", result->writes);
    log_event(level_of(result), good ? "reconciled" : "not reconciled", "controller", controller,
              "namespace", space, "name", slash ? slash + 1 : key, "reconcileID", id, "plan",
              result->plan, "requests", requests, "writes", writes, "step",
              result->failed_step ? result->failed_step : "", "error",
              good ? "" : result->error->text, "events",
              result->events_trouble ? result->events_trouble : "", NULL);
}

/* A plan that waits knows when it is over (30 s after an edit of a trust), or asks again until AWS
 * shows something young: its own delay is not doubled beyond that, nor cut short. */
static void retry(const struct reconcile_result *result, struct queue *queue, const char *key,
                  uint64_t now_ms)
{
    uint64_t own_ms = result->delay_ms;

    if (result->error->kind == ERROR_CONFLICT)
        queue_retry(queue, key, CONFLICT_MS, RETRY_MOST_MS, now_ms);
    else if (own_ms == 0)
        queue_retry(queue, key, RETRY_MS, RETRY_MOST_MS, now_ms);
    else
        queue_retry_not_before(queue, key, own_ms, own_ms > WAIT_MOST_MS ? own_ms : WAIT_MOST_MS,
                               now_ms);
}

void job_result_requeue(const struct reconcile_result *result, struct queue *queue, const char *key,
                        uint64_t now_ms)
{
    switch (result->end) {
    case RECONCILE_DONE:
        queue_forget(queue, key);
        if (result->delay_ms > 0)
            queue_add_after(queue, key, result->delay_ms, now_ms);
        break;
    case RECONCILE_RETRY:
        retry(result, queue, key, now_ms);
        break;
    case RECONCILE_REFUSED:
        if (result->delay_ms > 0)
            queue_add_after(queue, key, result->delay_ms, now_ms);
        else
            queue_retry_later(queue, key, REFUSED_MS, REFUSED_MOST_MS, now_ms);
        break;
    }
}
