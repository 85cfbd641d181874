#include "controller/job_result.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/metrics.h"
#include "reconcilers/podidentitybinding.h"

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
