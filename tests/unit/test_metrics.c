#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/metrics.h"

enum { EXPOSITION_MAX = 4 << 20 };

/* How often this is a whole line of the exposition. */
static unsigned lines_like(const struct metrics *metrics, const char *line)
{
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);
    size_t length = strlen(line);
    unsigned count = 0;

    metrics_write(metrics, &text);
    assert_false(text.overflow);
    for (const char *at = text.bytes; (at = strstr(at, line)); at += length)
        count += (at == text.bytes || at[-1] == '\n') && at[length] == '\n';
    return count;
}

#define assert_line(metrics, line)                                                                 \
    do {                                                                                           \
        if (lines_like(metrics, line) != 1)                                                        \
            fail_msg("%u lines are %s", lines_like(metrics, line), line);                          \
    } while (0)

static bool says(const struct metrics *metrics, const char *part)
{
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);

    metrics_write(metrics, &text);
    return strstr(text.bytes, part) != NULL;
}

static void a_metric_without_values_is_not_written(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);

    (void)state;
    metrics_write(metrics, &text);
    assert_string_equal(text.bytes, "");
}

static void a_counter_adds_up_for_each_set_of_labels(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_add(metrics, METRIC_RECONCILE_TOTAL, 1, "podidentitybinding", "success");
    metrics_add(metrics, METRIC_RECONCILE_TOTAL, 1, "podidentitybinding", "success");
    metrics_add(metrics, METRIC_RECONCILE_TOTAL, 1, "podidentitybinding", "error");
    assert_line(metrics, "# TYPE controller_runtime_reconcile_total counter");
    assert_line(metrics, "controller_runtime_reconcile_total{controller=\"podidentitybinding\","
                         "result=\"success\"} 2");
    assert_line(metrics, "controller_runtime_reconcile_total{controller=\"podidentitybinding\","
                         "result=\"error\"} 1");
}

static void a_gauge_says_the_last_value(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_set(metrics, METRIC_BINDINGS, 7, "Ready", "True");
    metrics_set(metrics, METRIC_BINDINGS, 3, "Ready", "True");
    assert_line(metrics, "# TYPE podidentity_bindings gauge");
    assert_line(metrics, "podidentity_bindings{condition=\"Ready\",status=\"True\"} 3");
}

static void a_metric_without_labels_has_no_braces(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_add(metrics, METRIC_DELETIONS_HELD, 1);
    assert_line(metrics, "podidentity_deletions_held_total 1");
}

static void large_values_keep_all_their_digits(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_set(metrics, METRIC_RESIDENT_BYTES, 12345678901.0);
    assert_line(metrics, "process_resident_memory_bytes 12345678901");
}

static void a_histogram_counts_what_is_at_most_its_bounds(void **state)
{
    static const char *const lines[] = {
        "# TYPE controller_runtime_reconcile_time_seconds histogram",
        "controller_runtime_reconcile_time_seconds_bucket{controller=\"c\",le=\"0.005\"} 0",
        "controller_runtime_reconcile_time_seconds_bucket{controller=\"c\",le=\"0.01\"} 1",
        "controller_runtime_reconcile_time_seconds_bucket{controller=\"c\",le=\"0.5\"} 2",
        "controller_runtime_reconcile_time_seconds_bucket{controller=\"c\",le=\"60\"} 2",
        "controller_runtime_reconcile_time_seconds_bucket{controller=\"c\",le=\"+Inf\"} 3",
        "controller_runtime_reconcile_time_seconds_sum{controller=\"c\"} 100.51",
        "controller_runtime_reconcile_time_seconds_count{controller=\"c\"} 3",
    };
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_observe(metrics, METRIC_RECONCILE_SECONDS, 0.01, "c"); /* on the bound: within */
    metrics_observe(metrics, METRIC_RECONCILE_SECONDS, 0.5, "c");
    metrics_observe(metrics, METRIC_RECONCILE_SECONDS, 100, "c");
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_line(metrics, lines[i]);
}

static void a_histogram_without_labels_has_its_bounds_alone(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_observe(metrics, METRIC_CHANGE_TO_REQUEST, 0.002);
    assert_line(metrics, "podidentity_change_to_request_seconds_bucket{le=\"0.001\"} 0");
    assert_line(metrics, "podidentity_change_to_request_seconds_bucket{le=\"0.002\"} 1");
    assert_line(metrics, "podidentity_change_to_request_seconds_bucket{le=\"+Inf\"} 1");
}

static void help_and_type_stand_once_above_all_series_of_a_metric(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);

    (void)state;
    metrics_add(metrics, METRIC_AWS_THROTTLES, 1, "iam");
    metrics_add(metrics, METRIC_AWS_THROTTLES, 1, "eks");
    assert_line(metrics,
                "# HELP podidentity_aws_throttles_total Answers of AWS that asked to slow down");
    assert_line(metrics, "# TYPE podidentity_aws_throttles_total counter");
    metrics_write(metrics, &text);
    assert_true(strstr(text.bytes, "# TYPE") < strstr(text.bytes, "{service="));
}

static void label_values_are_escaped_and_stay_on_their_line(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_add(metrics, METRIC_AWS_THROTTLES, 1, "a\"b\\c\nd");
    assert_line(metrics, "podidentity_aws_throttles_total{service=\"a\\\"b\\\\c d\"} 1");
}

static void labels_that_are_too_long_are_left_out_whole(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    char long_word[600];

    (void)state;
    memset(long_word, 'x', sizeof(long_word) - 1);
    long_word[sizeof(long_word) - 1] = '\0';
    metrics_add(metrics, METRIC_AWS_THROTTLES, 1, long_word);
    metrics_add(metrics, METRIC_AWS_THROTTLES, 1, "iam");
    assert_line(metrics, "podidentity_aws_throttles_total{service=\"iam\"} 1");
    assert_false(says(metrics, "xxx")); /* half a label would spoil the whole scrape */
}

static void series_beyond_the_ceiling_are_not_kept_and_those_below_count_on(void **state)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    char service[16];

    (void)state;
    for (int i = 0; i < 4001; i++) {
        snprintf(service, sizeof(service), "s%d", i);
        metrics_add(metrics, METRIC_AWS_THROTTLES, 1, service);
    }
    assert_true(says(metrics, "{service=\"s3999\"}"));
    assert_false(says(metrics, "{service=\"s4000\"}"));
    metrics_set(metrics, METRIC_LOOP_TURN, 1);
    metrics_observe(metrics, METRIC_CHANGE_TO_REQUEST, 1);
    assert_false(says(metrics, "podidentity_loop_longest_turn_seconds"));
    metrics_add(metrics, METRIC_AWS_THROTTLES, 1, "s7");
    assert_line(metrics, "podidentity_aws_throttles_total{service=\"s7\"} 2");
}

/* Names and labels that dashboards and alerts of others know: a typing slip here breaks them. */
static void names_that_others_know_are_kept_to_the_letter(void **state)
{
    static const char *const names[] = {
        "controller_runtime_reconcile_total{controller=\"a\",result=\"b\"}",
        "controller_runtime_reconcile_errors_total{controller=\"a\"}",
        "controller_runtime_terminal_reconcile_errors_total{controller=\"a\"}",
        "controller_runtime_max_concurrent_reconciles{controller=\"a\"}",
        "controller_runtime_active_workers{controller=\"a\"}",
        "workqueue_depth{name=\"a\",controller=\"b\",priority=\"c\"}",
        "workqueue_adds_total{name=\"a\",controller=\"b\"}",
        "workqueue_retries_total{name=\"a\",controller=\"b\"}",
        "rest_client_requests_total{code=\"a\",method=\"b\",host=\"c\"}",
    };
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();

    (void)state;
    metrics_add(metrics, METRIC_RECONCILE_TOTAL, 5, "a", "b");
    metrics_add(metrics, METRIC_RECONCILE_ERRORS, 5, "a");
    metrics_add(metrics, METRIC_TERMINAL_ERRORS, 5, "a");
    metrics_set(metrics, METRIC_MAX_CONCURRENT, 5, "a");
    metrics_set(metrics, METRIC_ACTIVE_WORKERS, 5, "a");
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 5, "a", "b", "c");
    metrics_add(metrics, METRIC_QUEUE_ADDS, 5, "a", "b");
    metrics_add(metrics, METRIC_QUEUE_RETRIES, 5, "a", "b");
    metrics_add(metrics, METRIC_KUBE_REQUESTS, 5, "a", "b", "c");
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO_TEXT struct text line = TEXT_INIT(200);

        text_printf(&line, "%s 5", names[i]);
        assert_line(metrics, line.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_without_values_is_not_written),
        cmocka_unit_test(a_counter_adds_up_for_each_set_of_labels),
        cmocka_unit_test(a_gauge_says_the_last_value),
        cmocka_unit_test(a_metric_without_labels_has_no_braces),
        cmocka_unit_test(large_values_keep_all_their_digits),
        cmocka_unit_test(a_histogram_counts_what_is_at_most_its_bounds),
        cmocka_unit_test(a_histogram_without_labels_has_its_bounds_alone),
        cmocka_unit_test(help_and_type_stand_once_above_all_series_of_a_metric),
        cmocka_unit_test(label_values_are_escaped_and_stay_on_their_line),
        cmocka_unit_test(labels_that_are_too_long_are_left_out_whole),
        cmocka_unit_test(series_beyond_the_ceiling_are_not_kept_and_those_below_count_on),
        cmocka_unit_test(names_that_others_know_are_kept_to_the_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
