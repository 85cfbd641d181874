/* A stream cut at every byte, and long random walks of misfortune: in the end the store is right.
 */

#include "base/log.h"
#include "tests/property/random.h"
#include "tests/unit/informed.h"

/* A whole recorded stream, ended after each of its bytes: what was whole is taken, what was not
 * comes again. A line cut in two is not delivered (net/stream.h). */
static void survives_a_cut_after_every_byte(void **state)
{
    AUTO_TEXT struct text stream = TEXT_INIT(1 << 16);
    AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX);
    struct server server;

    (void)state;
    for (size_t at = 0; at == 0 || at <= stream.length; at += 1) {
        server_open_started(&server, true);
        server_change(&server, 1, DELETED);
        server_change(&server, 4, EDITED);
        text_clear(&stream);
        while (server_line(&server, &line))
            text_printf(&stream, "%s\n", line.bytes);
        for (const char *start = stream.bytes, *end;
             (end = memchr(start, '\n', (size_t)(stream.bytes + at - start))); start = end + 1)
            informer_line(server.informer, start, (size_t)(end - start));
        cut(&server);
        settle(&server);
        assert_true(informer_synced(server.informer));
        assert_same(&server);
        server_close(&server);
    }
}

/* The same, but what is left of a line is delivered as if it were one. */
static void survives_half_a_line_at_every_byte(void **state)
{
    AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX);
    struct server server;

    (void)state;
    for (size_t at = 1; at == 1 || at < line.length; at++) {
        server_open_synced(&server, true);
        server_change(&server, 1, EDITED);
        assert_true(server_line(&server, &line));
        informer_line(server.informer, line.bytes, at);
        assert_false(server.watching);
        settle(&server);
        assert_same(&server);
        server_close(&server);
    }
}

/* One misfortune of those that a server, a network or an operator has in store. */
static void misfortune(struct server *server, uint64_t chance)
{
    static const char *const errors[] = {
        "{\"type\":\"ERROR\",\"object\":" EXPIRED "}",
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500}}",
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":429,"
        "\"details\":{\"retryAfterSeconds\":3}}}",
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":504,\"details\":{\"causes\":["
        "{\"reason\":\"ResourceVersionTooLarge\"}]}}}",
        "garbage",
        "{\"type\":\"SURPRISE\",\"object\":{\"metadata\":{\"resourceVersion\":\"99999999\"}}}",
    };
    static const int statuses[] = {0, 401, 403, 404, 410, 422, 429, 500, 503, 504};

    if (server->request.method)
        answer(server, statuses[chance % COUNT(statuses)], "");
    else if (server->watching && chance % 3 == 0)
        say(server, errors[chance / 3 % COUNT(errors)]);
    else if (server->watching && chance % 3 == 1)
        refuse_watch(server, statuses[chance / 3 % COUNT(statuses)], "");
    else if (server->watching)
        cut(server);
}

static void bookmark(struct server *server)
{
    char line[256];

    if (!server->watching || server->filling || server->next < server->count ||
        server->from > server->version)
        return;
    snprintf(line, sizeof(line),
             "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%llu\"}}}",
             (unsigned long long)server->version);
    say(server, line);
}

/* Says the last line once more, as no server should. */
static void work_and_repeat(struct server *server)
{
    AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX);

    if (!server->watching || server->filling || server->refuse_watch_list ||
        server->from < server->compacted || !server_line(server, &line))
        return;
    say(server, line.bytes);
    if (server->watching)
        say(server, line.bytes);
}

static void walk(uint64_t seed, bool knows_watch_list, struct informer_figures *figures)
{
    struct random numbers = {seed};
    struct server server;

    server_open_synced(&server, knows_watch_list);
    for (unsigned step = 0; step < 10000; step++) {
        size_t choice = random_below(&numbers, 100);

        if (choice < 30)
            server_change(&server, (unsigned)random_below(&numbers, OBJECTS),
                          random_below(&numbers, 4) ? EDITED : DELETED);
        else if (choice < 75)
            server_work(&server);
        else if (choice < 80)
            work_and_repeat(&server);
        else if (choice < 85)
            bookmark(&server);
        else if (choice < 87)
            server.compacted = server.version;
        else if (choice < 92)
            server_time(&server, server.now_ms + random_below(&numbers, 400000));
        else
            misfortune(&server, random_next(&numbers));
        if (step % 1000 == 999) {
            settle(&server);
            assert_same(&server);
        }
    }
    *figures = figures_of(&server);
    server_close(&server);
}

static void ends_up_with_what_the_server_has_after_any_walk(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct informer_figures figures;

        walk(seed, seed % 2, &figures);
        /* the walk is worth its name: it listed, watched, and met trouble */
        assert_true(figures.lists > 50 && figures.watches > 200 && figures.errors > 100);
        assert_true(figures.events > 1000 && figures.bookmarks > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_cut_after_every_byte),
        cmocka_unit_test(survives_half_a_line_at_every_byte),
        cmocka_unit_test(ends_up_with_what_the_server_has_after_any_walk),
    };

    log_configure(LOG_ERROR, LOG_TEXT); /* skipped objects are told as warnings, thousands here */
    return cmocka_run_group_tests_name("informer: walks", tests, NULL, NULL);
}
