#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "informers/reflector.h"

/* A reflector, its time, and in words what it did: "wait watch@100". */
struct bench {
    struct reflector reflector;
    uint64_t now_ms;
    struct text did;
};

static void start(struct bench *bench)
{
    *bench = (struct bench){.now_ms = 1000000, .did = TEXT_INIT(4096)};
    reflector_init(&bench->reflector, 42);
    reflector_start(&bench->reflector, bench->now_ms);
}

static void finish(struct bench *bench)
{
    reflector_finish(&bench->reflector);
    text_finish(&bench->did);
}

/* The newest move in words; a wait is waited for. */
static const char *did(struct bench *bench)
{
    const struct reflector_move *move = &bench->reflector.move;
    const char *version = move->version ? move->version : "*";

    text_clear(&bench->did);
    if (move->step == REFLECTOR_WAIT) {
        text_add_string(&bench->did, "wait ");
        bench->now_ms += move->delay_ms;
        reflector_woke(&bench->reflector, bench->now_ms);
        version = move->version ? move->version : "*";
    }
    if (move->step == REFLECTOR_WATCH)
        text_printf(&bench->did, "%s@%s", move->initial_events ? "fill" : "watch", version);
    else if (move->step == REFLECTOR_LIST && move->continue_token)
        text_printf(&bench->did, "page %s/%u", move->continue_token, move->limit);
    else if (move->step == REFLECTOR_LIST)
        text_printf(&bench->did, "list@%s/%u", version, move->limit);
    else if (move->step == REFLECTOR_PROBE)
        text_printf(&bench->did, "probe");
    return bench->did.bytes;
}

static enum reflector_verdict event(struct bench *bench, enum watch_kind kind, const char *version)
{
    struct watch_event event = {.kind = kind, .resource_version = version, .retry_after_s = -1};

    return reflector_event(&bench->reflector, bench->now_ms, &event);
}

static enum reflector_verdict end_of_list(struct bench *bench, const char *version)
{
    struct watch_event event = {.kind = WATCH_BOOKMARK,
                                .resource_version = version,
                                .initial_events_end = true,
                                .retry_after_s = -1};

    return reflector_event(&bench->reflector, bench->now_ms, &event);
}

static void fail_open(struct bench *bench, int code)
{
    reflector_failed(&bench->reflector, bench->now_ms,
                     &(struct reflector_failure){
                         .code = code, .reason = "", .text = "because", .retry_after_s = -1});
}

static void end_after(struct bench *bench, uint64_t lived_ms)
{
    bench->now_ms += lived_ms;
    reflector_ended(&bench->reflector, bench->now_ms);
}

/* Watching from version 100, by a watch that has lived for a minute. */
static void start_watching(struct bench *bench)
{
    start(bench);
    assert_int_equal(end_of_list(bench, "100"), REFLECTOR_REPLACE);
    bench->now_ms += 60000;
}

/* Watching from 100 on a server that does not know WatchList. */
static void start_watching_plainly(struct bench *bench)
{
    start(bench);
    fail_open(bench, 422);
    assert_string_equal(did(bench), "list@*/500");
    assert_true(reflector_listed(&bench->reflector, bench->now_ms, "100", NULL, 10));
    bench->now_ms += 60000;
}

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

static void begin_listing(struct bench *bench)
{
    start(bench);
    fail_open(bench, 422);
    assert_string_equal(did(bench), "list@*/500");
}

static void begin_second_page(struct bench *bench)
{
    begin_listing(bench);
    assert_false(reflector_listed(&bench->reflector, bench->now_ms, "90", "tok", 500));
    assert_string_equal(did(bench), "page tok/500");
}

static void begin_relisting(struct bench *bench)
{
    start_watching_plainly(bench);
    fail_open(bench, 410);
    assert_string_equal(did(bench), "wait list@100/0");
}

static void begin_probing(struct bench *bench)
{
    start_watching(bench);
    end_after(bench, 400000);
    assert_string_equal(did(bench), "probe");
}

/* Every row of what can go wrong: where we were, what came, what we do. */
static void does_what_each_failure_asks_for(void **state)
{
    static const struct {
        void (*begin)(struct bench *bench);
        int code;
        const char *reason;
        bool too_large_version;
        const char *does;
    } cases[] = {
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

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;

        cases[i].begin(&bench);
        reflector_failed(&bench.reflector, bench.now_ms,
                         &(struct reflector_failure){
                             .code = cases[i].code,
                             .reason = cases[i].reason,
                             .text = "because",
                             .retry_after_s = -1,
                             .too_large_version = cases[i].too_large_version,
                         });
        if (!text_equal(did(&bench), cases[i].does))
            fail_msg("case %zu (%d %s): \"%s\", not \"%s\"", i, cases[i].code, cases[i].reason,
                     bench.did.bytes, cases[i].does);
        finish(&bench);
    }
}

/* The same rules hold for ERROR events inside a stream that was opened well. */
static void does_the_same_for_errors_inside_the_stream(void **state)
{
    static const struct {
        void (*begin)(struct bench *bench);
        int code;
        const char *reason;
        bool too_large_version;
        const char *does;
    } cases[] = {
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
        if (!text_equal(did(&bench), cases[i].does))
            fail_msg("case %zu (%d %s): \"%s\", not \"%s\"", i, cases[i].code, cases[i].reason,
                     bench.did.bytes, cases[i].does);
        finish(&bench);
    }
}

static void starts_with_a_consistent_watch_list(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench);
    assert_string_equal(did(&bench), "fill@*");
    assert_int_equal(bench.reflector.lists, 1);
    finish(&bench);
}

static void goes_on_from_the_bookmark_not_from_the_objects_of_the_list(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench);
    assert_int_equal(event(&bench, WATCH_ADDED, "900"), REFLECTOR_COLLECT);
    assert_string_equal(bench.reflector.version, "");
    assert_int_equal(event(&bench, WATCH_MODIFIED, "17"), REFLECTOR_COLLECT);
    assert_int_equal(event(&bench, WATCH_DELETED, "18"), REFLECTOR_COLLECT);
    assert_int_equal(event(&bench, WATCH_BOOKMARK, "19"), REFLECTOR_SKIP);
    assert_string_equal(bench.reflector.version, "");
    assert_int_equal(end_of_list(&bench, "1000"), REFLECTOR_REPLACE);
    assert_string_equal(bench.reflector.version, "1000");
    finish(&bench);
}

static void resumes_at_once_from_the_last_event_or_bookmark(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench);
    assert_int_equal(event(&bench, WATCH_ADDED, "101"), REFLECTOR_APPLY);
    assert_int_equal(event(&bench, WATCH_MODIFIED, "103"), REFLECTOR_APPLY);
    assert_int_equal(event(&bench, WATCH_DELETED, "105"), REFLECTOR_APPLY);
    end_after(&bench, 60000);
    assert_string_equal(did(&bench), "watch@105");
    assert_int_equal(event(&bench, WATCH_BOOKMARK, "250"), REFLECTOR_SKIP);
    end_after(&bench, 1);
    assert_string_equal(did(&bench), "watch@250");
    end_after(&bench, 5000); /* without a line, but long enough */
    assert_string_equal(did(&bench), "watch@250");
    assert_int_equal(bench.reflector.lists, 1);
    finish(&bench);
}

static void stays_where_it_is_on_events_it_does_not_know(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench);
    assert_int_equal(event(&bench, WATCH_UNKNOWN, "777"), REFLECTOR_SKIP);
    assert_int_equal(event(&bench, WATCH_MODIFIED, ""), REFLECTOR_APPLY);
    assert_int_equal(event(&bench, WATCH_MODIFIED,
                           "11111111111111111111111111111111111111111111111111111111111111111"),
                     REFLECTOR_APPLY);
    assert_string_equal(bench.reflector.version, "100");
    finish(&bench);
}

static void pauses_after_a_watch_that_ends_at_once(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench);
    end_after(&bench, 0);
    for (int i = 1; i <= 4; i++) {
        assert_string_equal(did(&bench), i == 1 ? "watch@100" : "wait watch@100");
        end_after(&bench, 999);
    }
    assert_string_equal(did(&bench), "wait watch@100");
    end_after(&bench, 999); /* the fifth in a row: does the server take our version at all? */
    assert_string_equal(did(&bench), "wait fill@100");
    assert_int_equal(bench.reflector.short_watches_total, 5);
    finish(&bench);
}

static void never_pauses_when_short_watches_bring_events(void **state)
{
    struct bench bench;
    char version[16];

    (void)state;
    start_watching(&bench);
    end_after(&bench, 0);
    for (int i = 0; i < 100; i++) {
        text_clear(&bench.did);
        text_printf(&bench.did, "%d", 200 + i);
        memcpy(version, bench.did.bytes, bench.did.length + 1);
        event(&bench, WATCH_MODIFIED, version);
        end_after(&bench, 1);
        assert_int_equal(bench.reflector.move.step, REFLECTOR_WATCH);
        assert_string_equal(bench.reflector.move.version, version);
    }
    assert_int_equal(bench.reflector.lists, 1);
    finish(&bench);
}

static void starts_again_when_the_list_was_cut_and_tries_pages_in_the_end(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench);
    for (int i = 0; i < 2; i++) {
        event(&bench, WATCH_ADDED, "7");
        end_after(&bench, 3000);
        assert_string_equal(did(&bench), "wait fill@*");
    }
    end_after(&bench, 3000);
    assert_string_equal(did(&bench), "wait list@*/500");
    assert_true(reflector_listed(&bench.reflector, bench.now_ms, "100", "", 3));
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait fill@100"); /* WatchList was not given up */
    finish(&bench);
}

static void gives_up_watch_list_only_when_the_server_does_not_know_it(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench);
    fail_open(&bench, 500);
    assert_string_equal(did(&bench), "list@*/500");
    reflector_listed(&bench.reflector, bench.now_ms, "100", NULL, 1);
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait fill@100");
    fail_open(&bench, 422);
    assert_string_equal(did(&bench), "list@100/0");
    reflector_listed(&bench.reflector, bench.now_ms, "200", NULL, 1);
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait list@200/0");
    finish(&bench);
}

static void follows_pages_to_the_end_and_watches_from_the_first_one(void **state)
{
    struct bench bench;

    (void)state;
    begin_listing(&bench);
    assert_false(reflector_listed(&bench.reflector, bench.now_ms, "90", "a", 500));
    assert_string_equal(did(&bench), "page a/500");
    assert_null(bench.reflector.move.version);
    assert_false(reflector_listed(&bench.reflector, bench.now_ms, "91", "b", 0));
    assert_string_equal(did(&bench), "page b/500");
    assert_true(reflector_listed(&bench.reflector, bench.now_ms, "92", "", 7));
    assert_string_equal(did(&bench), "watch@90");
    assert_int_equal(bench.reflector.lists, 2); /* the watch list that was refused counts */
    finish(&bench);
}

static void lists_whole_only_once_when_a_page_expired(void **state)
{
    struct bench bench;

    (void)state;
    begin_second_page(&bench);
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "list@*/0");
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait list@*/0");
    assert_true(reflector_listed(&bench.reflector, bench.now_ms, "95", NULL, 600));
    assert_string_equal(did(&bench), "watch@95");
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait list@95/0");
    finish(&bench);
}

static void lists_again_by_pages_what_is_too_large_for_one_answer(void **state)
{
    struct bench bench;

    (void)state;
    begin_second_page(&bench);
    reflector_listed(&bench.reflector, bench.now_ms, "90", NULL, REFLECTOR_WHOLE_MAX);
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait list@*/500");
    finish(&bench);
}

static void asks_for_less_after_an_answer_that_did_not_arrive(void **state)
{
    static const struct reflector_failure lost = {
        .text = "too large", .reason = "", .retry_after_s = -1, .sent = true};
    struct bench bench;

    (void)state;
    begin_listing(&bench);
    reflector_failed(&bench.reflector, bench.now_ms, &lost);
    assert_string_equal(did(&bench), "wait list@*/250");
    for (int i = 0; i < 10; i++) {
        reflector_failed(&bench.reflector, bench.now_ms, &lost);
        did(&bench);
    }
    assert_string_equal(bench.did.bytes, "wait list@*/8");
    assert_true(reflector_listed(&bench.reflector, bench.now_ms, "100", NULL, 5));
    fail_open(&bench, 410);
    assert_string_equal(did(&bench), "wait list@100/0");
    reflector_failed(&bench.reflector, bench.now_ms, &lost);
    assert_string_equal(did(&bench), "wait list@*/500");
    finish(&bench);
}

static void refuses_lists_without_version_and_tokens_without_end(void **state)
{
    AUTO_TEXT struct text token = TEXT_INIT(1 << 16);
    struct bench bench;

    (void)state;
    text_printf(&token, "%05000d", 0);
    begin_listing(&bench);
    assert_false(reflector_listed(&bench.reflector, bench.now_ms, "", NULL, 1));
    assert_string_equal(did(&bench), "wait list@*/500");
    assert_false(reflector_listed(&bench.reflector, bench.now_ms, "9", token.bytes, 1));
    assert_string_equal(did(&bench), "wait list@*/500");
    finish(&bench);
}

static void checks_the_version_after_a_silent_watch(void **state)
{
    static const struct {
        const char *version, *does;
    } cases[] = {
        {"100", "watch@100"},  /* nothing happened */
        {"2000", "watch@100"}, /* to other kinds, or it would have been sent */
        {"99", "fill@*"},      /* restored from a backup: ours is in its future */
        {"", "fill@*"},        {"100a", "fill@*"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;

        begin_probing(&bench);
        assert_int_equal(bench.reflector.move.limit, 1);
        assert_null(bench.reflector.move.version);
        reflector_probed(&bench.reflector, bench.now_ms, cases[i].version);
        if (!text_equal(did(&bench), cases[i].does))
            fail_msg("%s: %s", cases[i].version, bench.did.bytes);
        finish(&bench);
    }
}

/* A proxy that ends watches each minute must not keep us from noticing. */
static void adds_up_the_silence_of_several_watches(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench); /* a minute since the bookmark */
    for (int i = 0; i < 4; i++) {
        end_after(&bench, i ? 60000 : 0);
        assert_string_equal(did(&bench), "watch@100");
    }
    end_after(&bench, 60000);
    assert_string_equal(did(&bench), "probe");
    reflector_probed(&bench.reflector, bench.now_ms, "100");
    end_after(&bench, 60000);
    assert_string_equal(did(&bench), "watch@100");
    finish(&bench);
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

static void spreads_waits_and_timeouts_over_their_whole_range(void **state)
{
    unsigned least_s = 1000;
    unsigned most_s = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct reflector reflector;
        unsigned timeout_s;

        reflector_init(&reflector, seed);
        reflector_start(&reflector, 0);
        timeout_s = reflector.move.timeout_s;
        assert_in_range(timeout_s, 300, 600);
        assert_int_equal(reflector.move.idle_timeout_ms, timeout_s * 1000 + 5000);
        least_s = timeout_s < least_s ? timeout_s : least_s;
        most_s = timeout_s > most_s ? timeout_s : most_s;
        reflector_finish(&reflector);
    }
    assert_true(least_s < 305 && most_s > 595);
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

static void says_what_the_trouble_is_until_it_is_over(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench);
    assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms), "no answer yet");
    for (int i = 0; i < 50; i++) {
        fail_open(&bench, 403);
        assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms), "because");
        assert_string_equal(did(&bench), "wait fill@*");
    }
    end_of_list(&bench, "100");
    assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms), "");
    assert_int_equal(bench.reflector.failures, 50);
    finish(&bench);
}

static void suspects_silence_only_where_bookmarks_come(void **state)
{
    struct bench bench;

    (void)state;
    start_watching_plainly(&bench);
    assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms + 200000), "");
    event(&bench, WATCH_BOOKMARK, "101");
    assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms + 90000), "");
    assert_non_null(
        strstr(reflector_trouble(&bench.reflector, bench.now_ms + 90001), "may be dead"));
    event(&bench, WATCH_BOOKMARK, "102");
    assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms), "");
    finish(&bench);
}

/* A cluster without pods is silent, and that is right. */
static void the_bookmark_that_ends_the_list_promises_no_others(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench);
    assert_string_equal(reflector_trouble(&bench.reflector, bench.now_ms + 200000), "");
    finish(&bench);
}

static void says_when_a_list_does_not_end(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench);
    event(&bench, WATCH_ADDED, "1");
    assert_non_null(strstr(reflector_trouble(&bench.reflector, bench.now_ms + 10001), "10 s"));
    finish(&bench);
}

static void resumes_after_a_stop(void **state)
{
    struct bench bench;

    (void)state;
    start_watching(&bench);
    reflector_stop(&bench.reflector);
    assert_int_equal(bench.reflector.move.step, REFLECTOR_NOTHING);
    reflector_woke(&bench.reflector, bench.now_ms);
    assert_int_equal(bench.reflector.move.step, REFLECTOR_NOTHING);
    reflector_start(&bench.reflector, bench.now_ms);
    assert_string_equal(did(&bench), "watch@100");
    finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with_a_consistent_watch_list),
        cmocka_unit_test(goes_on_from_the_bookmark_not_from_the_objects_of_the_list),
        cmocka_unit_test(resumes_at_once_from_the_last_event_or_bookmark),
        cmocka_unit_test(stays_where_it_is_on_events_it_does_not_know),
        cmocka_unit_test(does_what_each_failure_asks_for),
        cmocka_unit_test(does_the_same_for_errors_inside_the_stream),
        cmocka_unit_test(pauses_after_a_watch_that_ends_at_once),
        cmocka_unit_test(never_pauses_when_short_watches_bring_events),
        cmocka_unit_test(starts_again_when_the_list_was_cut_and_tries_pages_in_the_end),
        cmocka_unit_test(gives_up_watch_list_only_when_the_server_does_not_know_it),
        cmocka_unit_test(follows_pages_to_the_end_and_watches_from_the_first_one),
        cmocka_unit_test(lists_whole_only_once_when_a_page_expired),
        cmocka_unit_test(lists_again_by_pages_what_is_too_large_for_one_answer),
        cmocka_unit_test(asks_for_less_after_an_answer_that_did_not_arrive),
        cmocka_unit_test(refuses_lists_without_version_and_tokens_without_end),
        cmocka_unit_test(checks_the_version_after_a_silent_watch),
        cmocka_unit_test(adds_up_the_silence_of_several_watches),
        cmocka_unit_test(lists_again_after_a_line_that_makes_no_sense),
        cmocka_unit_test(waits_longer_each_time_up_to_a_minute),
        cmocka_unit_test(spreads_waits_and_timeouts_over_their_whole_range),
        cmocka_unit_test(honours_retry_after_within_reason),
        cmocka_unit_test(waits_on_when_woken_early_and_ignores_what_it_did_not_ask_for),
        cmocka_unit_test(says_what_the_trouble_is_until_it_is_over),
        cmocka_unit_test(suspects_silence_only_where_bookmarks_come),
        cmocka_unit_test(the_bookmark_that_ends_the_list_promises_no_others),
        cmocka_unit_test(says_when_a_list_does_not_end),
        cmocka_unit_test(resumes_after_a_stop),
    };

    return cmocka_run_group_tests_name("reflector", tests, NULL, NULL);
}
