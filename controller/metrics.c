#include "controller/metrics.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"

enum { SERIES_MAX = 4000, LABELS_MAX = 3, LABELS_SIZE = 512, BUCKETS_MAX = 20 };
enum kind { COUNTER, GAUGE, HISTOGRAM };

/* controller-runtime's for reconciles, client-go's for requests, and ours for short latencies. */
static const double reconcile_buckets[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                           1,     2.5,  5,     10,   30,  60,   0};
static const double queue_buckets[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                       1e-2, 1e-1, 1,    10,   100,  0};
static const double short_buckets[] = {0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.004,
                                       0.005,  0.0075,  0.01,   0.025, 0.05,  0.1,   0.25,
                                       0.5,    1,       2.5,    10,    0};

static const struct definition {
    const char *name, *help;
    enum kind kind;
    const double *buckets; /* ends with 0 */
    const char *labels[LABELS_MAX];
} definitions[METRIC_COUNT] = {
    [METRIC_RECONCILE_TOTAL] = {"controller_runtime_reconcile_total",
                                "Total number of reconciliations per controller",
                                COUNTER,
                                NULL,
                                {"controller", "result"}},
    [METRIC_RECONCILE_ERRORS] = {"controller_runtime_reconcile_errors_total",
                                 "Total number of reconciliation errors per controller",
                                 COUNTER,
                                 NULL,
                                 {"controller"}},
    [METRIC_TERMINAL_ERRORS] = {"controller_runtime_terminal_reconcile_errors_total",
                                "Total number of reconciliation errors that a person must mend",
                                COUNTER,
                                NULL,
                                {"controller"}},
    [METRIC_RECONCILE_SECONDS] = {"controller_runtime_reconcile_time_seconds",
                                  "Length of time per reconciliation per controller",
                                  HISTOGRAM,
                                  reconcile_buckets,
                                  {"controller"}},
    [METRIC_MAX_CONCURRENT] = {"controller_runtime_max_concurrent_reconciles",
                               "Maximum number of concurrent reconciles per controller",
                               GAUGE,
                               NULL,
                               {"controller"}},
    [METRIC_ACTIVE_WORKERS] = {"controller_runtime_active_workers",
                               "Number of reconciles running now per controller",
                               GAUGE,
                               NULL,
                               {"controller"}},
    [METRIC_QUEUE_DEPTH] = {"workqueue_depth",
                            "Current depth of workqueue by priority",
                            GAUGE,
                            NULL,
                            {"name", "controller", "priority"}},
    [METRIC_QUEUE_ADDS] = {"workqueue_adds_total",
                           "Total number of adds handled by workqueue",
                           COUNTER,
                           NULL,
                           {"name", "controller"}},
    [METRIC_QUEUE_RETRIES] = {"workqueue_retries_total",
                              "Total number of retries handled by workqueue",
                              COUNTER,
                              NULL,
                              {"name", "controller"}},
    [METRIC_QUEUE_SECONDS] = {"workqueue_queue_duration_seconds",
                              "How long in seconds an item stays in workqueue before being taken",
                              HISTOGRAM,
                              queue_buckets,
                              {"name", "controller"}},
    [METRIC_WORK_SECONDS] = {"workqueue_work_duration_seconds",
                             "How long in seconds processing an item from workqueue takes",
                             HISTOGRAM,
                             queue_buckets,
                             {"name", "controller"}},
    [METRIC_KUBE_REQUESTS] = {"rest_client_requests_total",
                              "Number of HTTP requests by status code, method and host",
                              COUNTER,
                              NULL,
                              {"code", "method", "host"}},
    [METRIC_KUBE_SECONDS] = {"rest_client_request_duration_seconds",
                             "Request latency in seconds by verb and host",
                             HISTOGRAM,
                             short_buckets,
                             {"verb", "host"}},
    [METRIC_AWS_REQUESTS] = {"podidentity_aws_requests_total",
                             "AWS requests by service, operation and code",
                             COUNTER,
                             NULL,
                             {"service", "operation", "code"}},
    [METRIC_AWS_SECONDS] = {"podidentity_aws_request_duration_seconds",
                            "AWS request latency in seconds",
                            HISTOGRAM,
                            short_buckets,
                            {"service", "operation"}},
    [METRIC_AWS_THROTTLES] = {"podidentity_aws_throttles_total",
                              "Answers of AWS that asked to slow down",
                              COUNTER,
                              NULL,
                              {"service"}},
    [METRIC_BUDGET_WAIT_SECONDS] = {"podidentity_aws_budget_wait_seconds",
                                    "How long requests wait for their budget",
                                    HISTOGRAM,
                                    short_buckets,
                                    {"service"}},
    [METRIC_BINDINGS] = {"podidentity_bindings",
                         "Bindings by condition and status",
                         GAUGE,
                         NULL,
                         {"condition", "status"}},
    [METRIC_DELETIONS_HELD] = {"podidentity_deletions_held_total",
                               "Deletions that waited for approval",
                               COUNTER,
                               NULL,
                               {NULL}},
    [METRIC_DRIFT_FOUND] = {"podidentity_drift_found_total",
                            "What others changed or deleted behind our back",
                            COUNTER,
                            NULL,
                            {"part"}},
    [METRIC_DRIFT_REPAIRED] = {"podidentity_drift_repaired_total",
                               "What others changed or deleted and we repaired",
                               COUNTER,
                               NULL,
                               {"part"}},
    [METRIC_ASSOCIATIONS] = {"podidentity_associations",
                             "Pod identity associations of the cluster, whosever",
                             GAUGE,
                             NULL,
                             {NULL}},
    [METRIC_ORPHANS] = {"podidentity_orphaned_associations",
                        "Associations whose namespace or ServiceAccount does not exist",
                        GAUGE,
                        NULL,
                        {"owner"}},
    [METRIC_ORPHANS_REMOVED] = {"podidentity_orphaned_associations_removed_total",
                                "Associations of former bindings that the audit removed",
                                COUNTER,
                                NULL,
                                {NULL}},
    [METRIC_ADDONS] = {"podidentity_addons", "EKS add-ons of the cluster", GAUGE, NULL, {NULL}},
    [METRIC_AGENT_MISSING] = {"podidentity_agent_missing",
                              "1 when neither a working eks-pod-identity-agent nor Auto Mode "
                              "serves credentials to pods",
                              GAUGE,
                              NULL,
                              {NULL}},
    [METRIC_SWEEP_SECONDS] = {"podidentity_sweep_seconds",
                              "How long a look at all roles and associations takes",
                              HISTOGRAM,
                              reconcile_buckets,
                              {NULL}},
    [METRIC_CHANGE_TO_REQUEST] = {"podidentity_change_to_request_seconds",
                                  "From the watch line of a change to the first request leaving",
                                  HISTOGRAM,
                                  short_buckets,
                                  {NULL}},
    [METRIC_FINALIZER_TO_WRITE] = {"podidentity_finalizer_to_write_seconds",
                                   "From the finalizer's answer to the first write to AWS leaving",
                                   HISTOGRAM,
                                   short_buckets,
                                   {NULL}},
    [METRIC_LOOP_TURN] = {"podidentity_loop_longest_turn_seconds",
                          "Longest turn of the event loop so far",
                          GAUGE,
                          NULL,
                          {NULL}},
    [METRIC_REFLECTOR_LISTS] =
        {"reflector_lists_total", "Lists done by the reflectors", GAUGE, NULL, {"name"}},
    [METRIC_REFLECTOR_WATCHES] =
        {"reflector_watches_total", "Watches done by the reflectors", GAUGE, NULL, {"name"}},
    [METRIC_REFLECTOR_SKIPPED] = {"podidentity_objects_skipped_total",
                                  "Objects that could not be read",
                                  GAUGE,
                                  NULL,
                                  {"name"}},
    [METRIC_STORE_OBJECTS] =
        {"podidentity_store_objects", "Objects in the stores", GAUGE, NULL, {"name"}},
    [METRIC_PODS] = {"podidentity_pods",
                     "Pods that have not finished, by where their credentials come from",
                     GAUGE,
                     NULL,
                     {"mechanism"}},
    [METRIC_RESIDENT_BYTES] =
        {"process_resident_memory_bytes", "Resident memory size in bytes", GAUGE, NULL, {NULL}},
    [METRIC_CPU_SECONDS] = {"process_cpu_seconds_total",
                            "Total user and system CPU time spent in seconds",
                            GAUGE,
                            NULL,
                            {NULL}},
    [METRIC_BUILD_INFO] =
        {"podidentity_build_info", "1, with the version as label", GAUGE, NULL, {"version"}},
};

struct series {
    double value; /* of a histogram: the sum */
    unsigned long long count, buckets[BUCKETS_MAX];
};

struct metrics {
    struct map *series[METRIC_COUNT]; /* label text → series */
    size_t count;
};

struct metrics *metrics_create(void)
{
    struct metrics *metrics = memory_alloc(sizeof(*metrics));

    for (int i = 0; i < METRIC_COUNT; i++)
        metrics->series[i] = map_create();
    return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (int i = 0; i < METRIC_COUNT; i++) {
        map_clear(metrics->series[i], free);
        map_destroy(metrics->series[i]);
    }
    free(metrics);
}

static void label_value(struct text *text, const char *value)
{
    for (;;) {
        size_t plain = strcspn(value, "\"\\\n");

        text_add(text, value, plain);
        value += plain;
        if (!*value)
            return;
        if (*value != '\n')
            text_add_char(text, '\\');
        text_add_char(text, *value == '\n' ? ' ' : *value);
        value++;
    }
}

/* `controller="podidentitybinding",result="success"`, "" for a metric without labels. */
static void label_text(struct text *text, const struct definition *definition, va_list values)
{
    for (int i = 0; i < LABELS_MAX && definition->labels[i]; i++) {
        text_add_string(text, i > 0 ? "," : "");
        text_add_string(text, definition->labels[i]);
        text_add_string(text, "=\"");
        label_value(text, va_arg(values, const char *));
        text_add_char(text, '"');
    }
}

static struct series *series_of(struct metrics *metrics, enum metric metric, va_list values)
{
    AUTO_TEXT struct text labels = TEXT_INIT(LABELS_SIZE);
    struct series *series;

    label_text(&labels, &definitions[metric], values);
    if (labels.overflow)
        return NULL; /* labels cut short would make the whole exposition unreadable */
    series = map_get(metrics->series[metric], labels.bytes);
    if (series || metrics->count == SERIES_MAX)
        return series;
    series = memory_alloc(sizeof(*series));
    map_put(metrics->series[metric], labels.bytes, series);
    metrics->count++;
    return series;
}

void metrics_add(struct metrics *metrics, enum metric metric, double value, ...)
{
    struct series *series;
    va_list values;

    va_start(values, value);
    series = series_of(metrics, metric, values);
    va_end(values);
    if (series)
        series->value += value;
}

void metrics_set(struct metrics *metrics, enum metric metric, double value, ...)
{
    struct series *series;
    va_list values;

    va_start(values, value);
    series = series_of(metrics, metric, values);
    va_end(values);
    if (series)
        series->value = value;
}

void metrics_observe(struct metrics *metrics, enum metric metric, double value, ...)
{
    const double *buckets = definitions[metric].buckets;
    struct series *series;
    va_list values;

    assert(definitions[metric].kind == HISTOGRAM);
    va_start(values, value);
    series = series_of(metrics, metric, values);
    va_end(values);
    if (!series)
        return;
    series->value += value;
    series->count++;
    for (int i = 0; buckets[i] > 0; i++)
        if (value <= buckets[i])
            series->buckets[i]++;
}

struct writing {
    const struct definition *definition;
    struct text *text;
};

static void write_histogram(const struct writing *writing, const char *labels,
                            const struct series *series)
{
    const char *name = writing->definition->name, *comma = labels[0] ? "," : "";
    const double *buckets = writing->definition->buckets;

    for (int i = 0; buckets[i] > 0; i++)
        text_printf(writing->text, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma,
                    buckets[i], series->buckets[i]);
    text_printf(writing->text, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma,
                series->count);
    text_printf(writing->text, "%s_sum{%s} %.9g\n%s_count{%s} %llu\n", name, labels, series->value,
                name, labels, series->count);
}

static void write_series(const char *labels, void *value, void *context)
{
    const struct writing *writing = context;
    const struct series *series = value;

    if (writing->definition->kind == HISTOGRAM)
        write_histogram(writing, labels, series);
    else if (labels[0])
        text_printf(writing->text, "%s{%s} %.15g\n", writing->definition->name, labels,
                    series->value);
    else
        text_printf(writing->text, "%s %.15g\n", writing->definition->name, series->value);
}

void metrics_write(const struct metrics *metrics, struct text *text)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};

    for (int i = 0; i < METRIC_COUNT; i++) {
        struct writing writing = {.definition = &definitions[i], .text = text};

        if (map_count(metrics->series[i]) == 0)
            continue;
        text_printf(text, "# HELP %s %s\n# TYPE %s %s\n", definitions[i].name, definitions[i].help,
                    definitions[i].name, kinds[definitions[i].kind]);
        map_each(metrics->series[i], write_series, &writing);
    }
}
