/* Lists: by the watch, by pages, and whole; and what they fall back to. */

#include "tests/unit/reflector_bench.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_again_when_the_list_was_cut_and_tries_pages_in_the_end),
        cmocka_unit_test(gives_up_watch_list_only_when_the_server_does_not_know_it),
        cmocka_unit_test(follows_pages_to_the_end_and_watches_from_the_first_one),
        cmocka_unit_test(lists_whole_only_once_when_a_page_expired),
        cmocka_unit_test(lists_again_by_pages_what_is_too_large_for_one_answer),
        cmocka_unit_test(asks_for_less_after_an_answer_that_did_not_arrive),
        cmocka_unit_test(refuses_lists_without_version_and_tokens_without_end),
    };

    return cmocka_run_group_tests_name("reflector: lists", tests, NULL, NULL);
}
