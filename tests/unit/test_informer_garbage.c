/* What a server should never say, and how little harm it does. */

#include "base/log.h"
#include "tests/unit/informed.h"

static void skips_what_it_cannot_read_and_keeps_what_it_had(void **state)
{
    static const char *const lines[] = {
        "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"o1\",\"namespace\":\"shop\","
        "\"resourceVersion\":\"2000\"}}}",
        "{\"type\":\"ADDED\",\"object\":{}}",
        "{\"type\":\"DELETED\",\"object\":{\"metadata\":{}}}",
        "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Table\",\"metadata\":{\"name\":\"o1\","
        "\"namespace\":\"shop\",\"uid\":\"u9\",\"resourceVersion\":\"2000\"}}}",
        "{\"type\":\"RENAMED\",\"object\":{}}",
    };
    struct server server;

    (void)state;
    server_open_synced(&server, true);
    for (size_t i = 0; i < COUNT(lines); i++) {
        say(&server, lines[i]);
        assert_int_equal(figures_of(&server).skipped_objects, i + 1);
    }
    assert_int_equal(server.tellings, 3);
    assert_same(&server);
    assert_true(server.watching);
    server_close(&server);
}

/* It is still there; only a list without it, or its DELETED, says that it is gone. */
static void does_not_take_an_unreadable_object_of_a_list_for_deleted(void **state)
{
    static const char body[] =
        "{\"items\":[{\"metadata\":{\"name\":\"o1\",\"namespace\":\"shop\"}}],"
        "\"metadata\":{\"resourceVersion\":\"3000\"}}";
    struct server server;

    (void)state;
    server_open_synced(&server, false);
    server.logging = true;
    refuse_watch(&server, 410, EXPIRED);
    server_time(&server, server.wake_ms);
    answer(&server, 200, body);
    assert_string_equal(server.log.bytes, "-o0@1003 -o2@1009 ");
    assert_int_equal(figures_of(&server).skipped_objects, 1);
    server_close(&server);
}

static void deletes_what_it_cannot_read(void **state)
{
    struct server server;

    (void)state;
    server_open_synced(&server, true);
    say(&server, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"o1\","
                 "\"namespace\":\"shop\",\"resourceVersion\":\"2000\"}}}");
    assert_int_equal(server.deletions, 1);
    assert_null(store_get(informer_store(server.informer), "shop/o1"));
    assert_string_equal(figures_of(&server).last_resource_version, "2000");
    server_close(&server);
}

static void lists_again_after_garbage(void **state)
{
    static const char *const garbage[] = {
        "{\"type\":\"ADDED\",\"obj", "<html>",   "[]", "\"x\"", "{}",
        "{\"type\":\"ADDED\"}",      "\xff\xfe",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(garbage); i++) {
        struct server server;

        server_open_synced(&server, true);
        say(&server, garbage[i]);
        assert_false(server.watching);
        assert_string_not_equal(figures_of(&server).trouble, "");
        say(&server, garbage[i]); /* what comes after the end is nobody's */
        server_change(&server, 1, EDITED);
        settle(&server);
        assert_int_equal(figures_of(&server).lists, 2);
        assert_same(&server);
        server_close(&server);
    }
}

static void tries_again_after_lists_that_are_none(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>",
        "[]",
        "{\"items\":[]}",
        "{\"items\":{},\"metadata\":{\"resourceVersion\":\"5\"}}",
        "{\"items\":[],\"metadata\":{\"resourceVersion\":\"\"}}",
        "{\"kind\":\"Table\",\"rows\":[],\"metadata\":{\"resourceVersion\":\"5\"}}",
    };
    struct server server;

    (void)state;
    server_open(&server, false);
    server_change(&server, 1, EDITED);
    informer_start(server.informer);
    refuse_watch(&server, 422, "");
    for (size_t i = 0; i < COUNT(bodies); i++) {
        answer(&server, 200, bodies[i]);
        assert_false(informer_synced(server.informer));
        assert_true(server.wakes);
        server_time(&server, server.wake_ms);
    }
    answer(&server, 0, "");
    settle(&server);
    assert_true(informer_synced(server.informer));
    assert_same(&server);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_what_it_cannot_read_and_keeps_what_it_had),
        cmocka_unit_test(does_not_take_an_unreadable_object_of_a_list_for_deleted),
        cmocka_unit_test(deletes_what_it_cannot_read),
        cmocka_unit_test(lists_again_after_garbage),
        cmocka_unit_test(tries_again_after_lists_that_are_none),
    };

    log_configure(LOG_ERROR, LOG_TEXT); /* skipped objects are told as warnings, thousands here */
    return cmocka_run_group_tests_name("informer: garbage", tests, NULL, NULL);
}
