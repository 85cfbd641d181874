/* A healthy watch: where it goes on, what ends and what silences it. */

#include <string.h>

#include "base/memory.h"
#include "tests/unit/reflector_bench.h"

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
        cmocka_unit_test(pauses_after_a_watch_that_ends_at_once),
        cmocka_unit_test(never_pauses_when_short_watches_bring_events),
        cmocka_unit_test(checks_the_version_after_a_silent_watch),
        cmocka_unit_test(adds_up_the_silence_of_several_watches),
        cmocka_unit_test(spreads_waits_and_timeouts_over_their_whole_range),
        cmocka_unit_test(says_what_the_trouble_is_until_it_is_over),
        cmocka_unit_test(suspects_silence_only_where_bookmarks_come),
        cmocka_unit_test(the_bookmark_that_ends_the_list_promises_no_others),
        cmocka_unit_test(says_when_a_list_does_not_end),
        cmocka_unit_test(resumes_after_a_stop),
    };

    return cmocka_run_group_tests_name("reflector", tests, NULL, NULL);
}
