/* What each failure asks for, and how long it is waited. */

#include <string.h>

#include "base/memory.h"
#include "tests/unit/reflector_bench.h"

static void begin_filling(struct bench *bench)
{
    start(bench);
}

static void begin_refilling(struct bench *bench)
{
    start_watching(bench);
    fail_open(bench, 410);
    assert_string_equal(did(bench), "wait fill@100");
}

static void begin_relisting(struct bench *bench)
{
    start_watching_plainly(bench);
    fail_open(bench, 410);
    assert_string_equal(did(bench), "wait list@100/0");
}

/* Every row of what can go wrong: where we were, what came, what we do. */
struct failing {
    void (*begin)(struct bench *bench);
    int code;
    const char *reason;
    bool too_large_version;
    const char *does;
};

static void assert_does(struct bench *bench, const struct failing *cases, size_t i)
{
    if (!text_equal(did(bench), cases[i].does))
        fail_msg("case %zu (%d %s): \"%s\", not \"%s\"", i, cases[i].code, cases[i].reason,
                 bench->did.bytes, cases[i].does);
}

static const struct failing failures[] = {
    {begin_filling, 0, "", false, "wait fill@*"},
    {begin_filling, 401, "Unauthorized", false, "wait fill@*"},
    {begin_filling, 403, "Forbidden", false, "wait fill@*"},
    {begin_filling, 404, "NotFound", false, "wait fill@*"},
    {begin_filling, 410, "Expired", false, "wait fill@*"},
    {begin_filling, 429, "TooManyRequests", false, "wait fill@*"},
    {begin_filling, 422, "Invalid", false, "list@*/500"},
    {begin_filling, 400, "BadRequest", false, "list@*/500"},
    {begin_filling, 500, "InternalError", false, "list@*/500"},
    {begin_filling, 503, "ServiceUnavailable", false, "wait fill@*"},
    {begin_filling, 504, "Timeout", true, "wait fill@*"},
    {begin_refilling, 504, "Timeout", true, "fill@*"},
    {begin_refilling, 410, "Expired", false, "fill@*"},
    {begin_refilling, 0, "", false, "wait fill@100"},
    {begin_refilling, 429, "TooManyRequests", false, "wait fill@100"},
    {begin_refilling, 500, "InternalError", false, "list@100/0"},
    {begin_listing, 0, "", false, "wait list@*/500"},
    {begin_listing, 401, "Unauthorized", false, "wait list@*/500"},
    {begin_listing, 403, "Forbidden", false, "wait list@*/500"},
    {begin_listing, 429, "TooManyRequests", false, "wait list@*/500"},
    {begin_listing, 500, "InternalError", false, "wait list@*/500"},
    {begin_listing, 410, "Expired", false, "wait list@*/500"},
    {begin_listing, 200, "", false, "wait list@*/500"},
    {begin_second_page, 410, "Expired", false, "list@*/0"},
    {begin_second_page, 0, "", false, "wait list@*/500"},
    {begin_second_page, 500, "InternalError", false, "wait list@*/500"},
    {begin_relisting, 410, "Expired", false, "list@*/500"},
    {begin_relisting, 504, "Timeout", true, "list@*/500"},
    {begin_relisting, 0, "", false, "wait list@100/0"},
    {begin_relisting, 503, "ServiceUnavailable", false, "wait list@100/0"},
    {start_watching, 0, "", false, "wait watch@100"},
    {start_watching, 401, "Unauthorized", false, "wait watch@100"},
    {start_watching, 403, "Forbidden", false, "wait watch@100"},
    {start_watching, 404, "NotFound", false, "wait fill@100"},
    {start_watching, 410, "Gone", false, "wait fill@100"},
    {start_watching, 400, "Expired", false, "wait fill@100"},
    {start_watching, 429, "TooManyRequests", false, "wait watch@100"},
    {start_watching, 500, "InternalError", false, "wait fill@100"},
    {start_watching, 503, "ServiceUnavailable", false, "wait fill@100"},
    {start_watching, 504, "Timeout", true, "fill@*"},
    {start_watching, 999, "", false, "wait fill@100"},
    {start_watching_plainly, 410, "Expired", false, "wait list@100/0"},
    {start_watching_plainly, 504, "Timeout", true, "list@*/500"},
    {begin_probing, 0, "", false, "wait watch@100"},
    {begin_probing, 410, "Expired", false, "wait watch@100"},
    {begin_probing, 504, "Timeout", true, "wait watch@100"},
};

static void does_what_each_failure_asks_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(failures); i++) {
        struct bench bench;

        failures[i].begin(&bench);
        reflector_failed(&bench.reflector, bench.now_ms,
                         &(struct reflector_failure){
                             .code = failures[i].code,
                             .reason = failures[i].reason,
                             .text = "because",
                             .retry_after_s = -1,
                             .too_large_version = failures[i].too_large_version,
                         });
        assert_does(&bench, failures, i);
        finish(&bench);
    }
}

/* The same rules hold for ERROR events inside a stream that was opened well. */
static void does_the_same_for_errors_inside_the_stream(void **state)
{
    static const struct failing cases[] = {
        {begin_filling, 500, "InternalError", false, "list@*/500"},
        {begin_filling, 504, "Timeout", true, "wait fill@*"},
        {begin_refilling, 504, "Timeout", true, "fill@*"},
        {start_watching, 410, "Expired", false, "wait fill@100"},
        {start_watching, 410, "Gone", false, "wait fill@100"},
        {start_watching, 429, "TooManyRequests", false, "wait watch@100"},
        {start_watching, 500, "InternalError", false, "wait fill@100"},
        {start_watching, 0, "", false, "wait fill@100"},
        {start_watching, 504, "Timeout", true, "fill@*"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;
        struct watch_event error = {.kind = WATCH_ERROR,
                                    .code = cases[i].code,
                                    .resource_version = "",
                                    .retry_after_s = -1,
                                    .too_large_version = cases[i].too_large_version};

        memcpy(error.reason, cases[i].reason, strlen(cases[i].reason) + 1);
        cases[i].begin(&bench);
        assert_int_equal(reflector_event(&bench.reflector, bench.now_ms, &error), REFLECTOR_BROKEN);
        assert_does(&bench, cases, i);
        finish(&bench);
    }
}

static void lists_again_after_a_line_that_makes_no_sense(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench);
    event(&bench, WATCH_MODIFIED, "120");
    reflector_garbled(&bench.reflector, bench.now_ms, "not JSON");
    assert_string_equal(bench.reflector.trouble, "not JSON");
    assert_string_equal(did(&bench), "wait fill@120");
    reflector_garbled(&bench.reflector, bench.now_ms, "not JSON");
    assert_string_equal(did(&bench), "wait fill@120");
    finish(&bench);
}

static void waits_longer_each_time_up_to_a_minute(void **state)
{
    static const uint64_t least_ms[] = {800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};
    struct bench bench;

    (void)state;
    start(&bench);
    for (size_t i = 0; i < COUNT(least_ms); i++) {
        fail_open(&bench, 0); /* all at one time: no reset falls into it */
        assert_in_range(bench.reflector.move.delay_ms, least_ms[i], 2 * least_ms[i]);
        bench.reflector.wake_ms = bench.now_ms;
        reflector_woke(&bench.reflector, bench.now_ms);
    }
    bench.now_ms += 120000;
    fail_open(&bench, 0);
    assert_in_range(bench.reflector.move.delay_ms, 30000, 60000);
    bench.reflector.wake_ms = bench.now_ms;
    reflector_woke(&bench.reflector, bench.now_ms);
    bench.now_ms += 1; /* more than two minutes since the first of the row */
    fail_open(&bench, 0);
    assert_in_range(bench.reflector.move.delay_ms, 800, 1600);
    finish(&bench);
}

static void honours_retry_after_within_reason(void **state)
{
    static const struct {
        int retry_after_s;
        uint64_t least_ms, most_ms;
    } cases[] = {{-1, 800, 1600}, {0, 800, 1600}, {32, 32000, 32000}, {2000000000, 600000, 600000}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;

        start_watching(&bench);
        reflector_failed(&bench.reflector, bench.now_ms,
                         &(struct reflector_failure){.code = 429,
                                                     .reason = "TooManyRequests",
                                                     .text = "slow down",
                                                     .retry_after_s = cases[i].retry_after_s});
        assert_in_range(bench.reflector.move.delay_ms, cases[i].least_ms, cases[i].most_ms);
        assert_string_equal(did(&bench), "wait watch@100");
        finish(&bench);
    }
}

static void waits_on_when_woken_early_and_ignores_what_it_did_not_ask_for(void **state)
{
    struct bench bench;
    uint64_t delay_ms;

    (void)state;
    start_watching(&bench);
    reflector_woke(&bench.reflector, bench.now_ms);
    assert_int_equal(bench.reflector.move.step, REFLECTOR_NOTHING);
    fail_open(&bench, 0);
    delay_ms = bench.reflector.move.delay_ms;
    reflector_woke(&bench.reflector, bench.now_ms + delay_ms - 1);
    assert_int_equal(bench.reflector.move.step, REFLECTOR_WAIT);
    assert_int_equal(bench.reflector.move.delay_ms, 1);
    reflector_woke(&bench.reflector, bench.now_ms + delay_ms);
    assert_string_equal(did(&bench), "watch@100");
    finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_each_failure_asks_for),
        cmocka_unit_test(does_the_same_for_errors_inside_the_stream),
        cmocka_unit_test(lists_again_after_a_line_that_makes_no_sense),
        cmocka_unit_test(waits_longer_each_time_up_to_a_minute),
        cmocka_unit_test(honours_retry_after_within_reason),
        cmocka_unit_test(waits_on_when_woken_early_and_ignores_what_it_did_not_ask_for),
    };

    return cmocka_run_group_tests_name("reflector: failures", tests, NULL, NULL);
}
