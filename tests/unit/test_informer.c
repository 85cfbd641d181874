/* An informer and a server that keeps its word, though it cuts, lags and is restored. */

#include <malloc.h>

#include "base/log.h"
#include "tests/unit/informed.h"

static void fills_from_a_watch_list(void **state)
{
    struct server server;

    (void)state;
    server_open_started(&server, true);
    assert_string_not_equal(figures_of(&server).trouble, "");
    for (int i = 0; i < 3; i++)
        server_work(&server);
    assert_int_equal(server.tellings, 0); /* nothing is told of a list that may still be cut */
    assert_false(informer_synced(server.informer));
    settle(&server);
    assert_true(informer_synced(server.informer));
    assert_int_equal(server.initial_tellings, 3);
    assert_int_equal(server.tellings, 3);
    assert_string_equal(figures_of(&server).trouble, "");
    assert_string_equal(figures_of(&server).last_resource_version, "1009");
    assert_same(&server);
    server_close(&server);
}

static void fills_by_pages_where_watch_list_is_not_known(void **state)
{
    struct server server;

    (void)state;
    server_open_synced(&server, false);
    assert_int_equal(server.initial_tellings, 3);
    assert_same(&server);
    server_change(&server, 7, EDITED);
    settle(&server);
    assert_int_equal(server.tellings, 4);
    assert_int_equal(server.initial_tellings, 3);
    server_close(&server);
}

static void is_synced_with_an_empty_list_too(void **state)
{
    struct server server;

    (void)state;
    for (int watch_list = 0; watch_list < 2; watch_list++) {
        server_open(&server, watch_list);
        informer_start(server.informer);
        settle(&server);
        assert_true(informer_synced(server.informer));
        server_close(&server);
    }
    server_open(&server, false);
    informer_start(server.informer);
    refuse_watch(&server, 422, "");
    answer(&server, 200, "{\"items\":null,\"metadata\":{\"resourceVersion\":\"5\"}}");
    assert_true(informer_synced(server.informer));
    server_close(&server);
}

/* The promise of the whole: 100 cuts, 300 changes, each told once, in order, and no list. */
static void misses_nothing_when_the_watch_is_cut_100_times(void **state)
{
    struct server server;
    AUTO_TEXT struct text want = TEXT_INIT(1 << 20);
    static const char signs[] = {'+', '~', '-'};
    size_t first;

    (void)state;
    server_open_synced(&server, true);
    first = server.count;
    server.logging = true;
    for (unsigned i = 0; i < 100; i++) {
        for (unsigned change = 0; change < 3; change++)
            server_change(&server, (i * 7 + change) % OBJECTS, i % 4 == change ? DELETED : EDITED);
        for (unsigned lines = 0; lines <= i % 4; lines++)
            server_work(&server);
        server_time(&server, server.now_ms + (i % 3 ? 0 : 2000)); /* some live not a moment */
        cut(&server);
        assert_true(server.watching); /* at once */
    }
    settle(&server);
    for (size_t i = first; i < server.count; i++)
        text_printf(&want, "%co%u@%llu ", signs[server.history[i].what], server.history[i].object,
                    (unsigned long long)(server.history[i].what == DELETED
                                             ? state_at(&server, server.history[i].version - 1,
                                                        server.history[i].object)
                                                   ->version
                                             : server.history[i].version));
    assert_string_equal(server.log.bytes, want.bytes);
    assert_int_equal(figures_of(&server).lists, 1);
    assert_int_equal(figures_of(&server).watches, 101);
    assert_same(&server);
    server_close(&server);
}

static void tells_of_what_vanished_while_nobody_watched(void **state)
{
    struct server server;

    (void)state;
    for (int watch_list = 0; watch_list < 2; watch_list++) {
        server_open_synced(&server, watch_list);
        server.logging = true;
        cut(&server);
        server_change(&server, 1, DELETED);
        server_change(&server, 2, EDITED);
        server_change(&server, 5, EDITED);
        server.compacted = server.version;
        settle(&server);
        assert_string_equal(server.log.bytes, "-o1@1006 ~o2@1015 +o5@1018 ");
        assert_same(&server);
        server_close(&server);
    }
}

static void tells_of_an_object_made_again_as_one_change_with_another_uid(void **state)
{
    struct server server;

    (void)state;
    server_open_synced(&server, true);
    cut(&server);
    server_change(&server, 1, DELETED);
    server_change(&server, 1, EDITED);
    server.compacted = server.version;
    settle(&server);
    assert_int_equal(server.remakes, 1);
    assert_int_equal(server.deletions, 0);
    assert_same(&server);
    server_close(&server);
}

static void says_nothing_twice(void **state)
{
    struct server server;
    AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX);
    size_t tellings;

    (void)state;
    server_open_synced(&server, true);
    server_change(&server, 1, EDITED);
    assert_true(server_line(&server, &line));
    say(&server, line.bytes);
    tellings = server.tellings;
    say(&server, line.bytes);
    cut(&server);
    server.compacted = server.version;
    settle(&server); /* a list in which nothing is new */
    assert_int_equal(server.tellings, tellings);
    server_close(&server);
}

static void drops_a_list_that_was_cut(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, true);
    for (unsigned i = 0; i < 10; i++)
        server_change(&server, i, EDITED);
    informer_start(server.informer);
    for (int i = 0; i < 5; i++)
        server_work(&server);
    server_change(&server, 0, DELETED); /* of which the next list knows nothing */
    cut(&server);
    settle(&server);
    assert_int_equal(server.tellings, 9);
    assert_same(&server);
    server_close(&server);
}

static void heals_after_the_server_went_back_in_time(void **state)
{
    struct server server;

    (void)state;
    server_open_synced(&server, true);
    server.count = 1; /* restored: o1 and o2 never were */
    server.newest[1] = server.newest[2] = 0;
    server.version = 1003;
    cut(&server);
    assert_int_equal(server.from, 1009); /* in the server's future: silence */
    server_time(&server, server.now_ms + 400000);
    cut(&server);
    assert_non_null(server.request.method);
    assert_non_null(strstr(server.request.query, "limit=1"));
    assert_null(strstr(server.request.query, "resourceVersion"));
    settle(&server);
    assert_int_equal(server.deletions, 2);
    assert_same(&server);
    server_close(&server);
}

static void takes_no_answer_for_another_after_a_stop(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, false);
    server_change(&server, 1, EDITED);
    informer_start(server.informer);
    refuse_watch(&server, 422, "");
    informer_stop(server.informer);
    informer_start(server.informer);
    answer(&server, 200, "{\"items\":[],\"metadata\":{\"resourceVersion\":\"5\"}}");
    assert_false(informer_synced(server.informer));
    settle(&server);
    assert_same(&server);
    informer_stop(server.informer);
    assert_false(server.watching);
    server_change(&server, 2, EDITED);
    informer_start(server.informer);
    settle(&server);
    assert_same(&server);
    assert_int_equal(server.tellings, 2);
    server_close(&server);
}

/* 100,000 ServiceAccounts through the whole way, from lines to the store: memory for each, and
 * the peak of the transfer, stay small. */
static void holds_100000_service_accounts_in_little_memory(void **state)
{
    enum { MANY = 100000, BYTES_MAX = 208 };
    struct server server;
    struct informer_figures figures;
    size_t before, each;
    char line[512];

    (void)state;
    server_open(&server, true);
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    informer_start(server.informer);
    for (unsigned i = 0; i < MANY; i++) {
        int length = snprintf(
            line, sizeof(line),
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"PartialObjectMetadata\",\"metadata\":{"
            "\"name\":\"0%06u\",\"namespace\":\"team-blue-production\",\"uid\":"
            "\"0a7a2c1e-5e3b-4a57-9df1-2f0b6f4f8f11\",\"resourceVersion\":\"%u\","
            "\"annotations\":{\"eks.amazonaws.com/role-arn\":\"arn:aws:iam::111122223333:role/r\"}"
            "}}}",
            i, 1000000 + i);

        informer_line(server.informer, line, (size_t)length);
    }
    each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / MANY;
    informer_figures(server.informer, &figures);
    if (each) /* sanitizers and valgrind bring an allocator that does not count */
        print_message("%zu bytes for each of %d ServiceAccounts (ceiling %d)\n", each, MANY,
                      BYTES_MAX);
    assert_int_equal(figures.events, MANY);
    assert_int_equal(figures.skipped_objects, 0);
    assert_in_range(each, 0, BYTES_MAX);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_from_a_watch_list),
        cmocka_unit_test(fills_by_pages_where_watch_list_is_not_known),
        cmocka_unit_test(is_synced_with_an_empty_list_too),
        cmocka_unit_test(misses_nothing_when_the_watch_is_cut_100_times),
        cmocka_unit_test(tells_of_what_vanished_while_nobody_watched),
        cmocka_unit_test(tells_of_an_object_made_again_as_one_change_with_another_uid),
        cmocka_unit_test(says_nothing_twice),
        cmocka_unit_test(drops_a_list_that_was_cut),
        cmocka_unit_test(heals_after_the_server_went_back_in_time),
        cmocka_unit_test(takes_no_answer_for_another_after_a_stop),
        cmocka_unit_test(holds_100000_service_accounts_in_little_memory),
    };

    log_configure(LOG_ERROR, LOG_TEXT); /* skipped objects are told as warnings, thousands here */
    return cmocka_run_group_tests_name("informer", tests, NULL, NULL);
}
