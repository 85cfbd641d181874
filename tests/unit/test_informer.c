#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/informer.h"
#include "kube/object.h"

/*
 * An API server with one kind of object, in values: a history of changes, from which every list
 * and every watch is told. It answers when the test says so, and breaks when the test says so.
 */

enum { OBJECTS = 30, LINE_MAX = 4096, BODY_MAX = 1 << 20 };

struct change {
    enum { MADE, EDITED, DELETED } what;
    unsigned object, uid;
    uint64_t version;
    size_t former; /* place + 1 in the history of the change before of the same object; 0: none */
};

struct server {
    struct informer *informer;
    struct change *history;
    size_t count, newest[OBJECTS]; /* newest: place + 1 */
    uint64_t version, compacted;   /* older than compacted is 410 */
    unsigned uids;
    bool knows_watch_list;

    struct request request; /* a list on its way; method NULL: none */
    bool wakes;
    uint64_t wake_ms, now_ms;

    bool watching, filling;
    uint64_t from, fill_version;
    unsigned fill_object;
    size_t next; /* in history */
    bool refuse_watch_list;

    /* what the subscriber was told */
    struct record_seen {
        unsigned uid;
        uint64_t version;
    } told[OBJECTS];
    size_t tellings, initial_tellings, deletions, remakes;
    struct text log; /* "+7@12 ~7@13 -7@14 " when written to */
    bool logging;
};

static struct change *state_at(const struct server *server, uint64_t version, unsigned object)
{
    for (size_t i = server->newest[object]; i > 0; i = server->history[i - 1].former) {
        struct change *change = &server->history[i - 1];

        if (change->version <= version)
            return change->what == DELETED ? NULL : change;
    }
    return NULL;
}

static void server_change(struct server *server, unsigned object, int what)
{
    const struct change *now;
    struct change *change;

    server->history = memory_resize(server->history, server->count + 1, sizeof(*server->history));
    now = state_at(server, server->version, object);
    change = &server->history[server->count++];

    change->what = now ? (what == DELETED ? DELETED : EDITED) : MADE;
    change->object = object;
    change->uid = now ? now->uid : ++server->uids;
    change->former = server->newest[object];
    server->newest[object] = server->count;
    change->version = server->version += 3; /* other kinds take versions too */
}

static void write_object(struct text *text, unsigned object, unsigned uid, uint64_t version)
{
    text_printf(text,
                "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
                "\"metadata\":{\"name\":\"o%u\",\"namespace\":\"shop\",\"uid\":\"u%u\","
                "\"resourceVersion\":\"%llu\"}}",
                object, uid, (unsigned long long)version);
}

/* The next line of the open watch in text; false: there is nothing to say. */
static bool server_line(struct server *server, struct text *text)
{
    static const char *const words[] = {"ADDED", "MODIFIED", "DELETED"};

    text_clear(text);
    while (server->filling && server->fill_object < OBJECTS) {
        unsigned object = server->fill_object++;
        const struct change *now = state_at(server, server->fill_version, object);

        if (now) {
            text_printf(text, "{\"type\":\"ADDED\",\"object\":");
            write_object(text, object, now->uid, now->version);
            text_printf(text, "}");
            return true;
        }
    }
    if (server->filling) {
        server->filling = false;
        text_printf(text,
                    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"PartialObjectMetadata\","
                    "\"metadata\":{\"resourceVersion\":\"%llu\",\"annotations\":"
                    "{\"k8s.io/initial-events-end\":\"true\"}}}}",
                    (unsigned long long)server->fill_version);
        return true;
    }
    for (; server->next < server->count; server->next++) {
        const struct change *change = &server->history[server->next];

        if (change->version <= server->from)
            continue;
        server->next++;
        text_printf(text, "{\"type\":\"%s\",\"object\":", words[change->what]);
        write_object(text, change->object, change->uid, change->version);
        text_printf(text, "}");
        return true;
    }
    return false;
}

static const char *query_value(const char *query, const char *name, char value[64])
{
    const char *at = query ? strstr(query, name) : NULL;

    value[0] = '\0';
    if (at && (at == query || at[-1] == '&'))
        snprintf(value, 64, "%.*s", (int)strcspn(at + strlen(name), "&"), at + strlen(name));
    return value;
}

static void io_watch(void *context, struct informer *informer, const struct request *request,
                     uint64_t idle_timeout_ms)
{
    struct server *server = context;
    char value[64];

    (void)informer;
    assert_false(server->watching);
    assert_in_range(idle_timeout_ms, 305000, 605000);
    assert_non_null(strstr(request->query, "allowWatchBookmarks=true"));
    server->watching = true;
    server->filling = strstr(request->query, "sendInitialEvents=true") != NULL;
    server->refuse_watch_list = server->filling && !server->knows_watch_list;
    server->from = strtoull(query_value(request->query, "resourceVersion=", value), NULL, 10);
    assert_true(server->filling || server->from > 0);
    if (server->filling)
        server->from = server->fill_version = server->version;
    server->fill_object = 0;
    server->next = 0;
}

static void io_unwatch(void *context, struct informer *informer)
{
    struct server *server = context;

    (void)informer;
    assert_true(server->watching);
    server->watching = false;
}

static void io_send(void *context, struct informer *informer, const struct request *request)
{
    struct server *server = context;

    (void)informer;
    assert_null(server->request.method);
    server->request = *request;
}

static void io_wake_after(void *context, struct informer *informer, uint64_t delay_ms)
{
    struct server *server = context;

    (void)informer;
    server->wakes = true;
    server->wake_ms = server->now_ms + delay_ms;
}

static void server_time(struct server *server, uint64_t now_ms)
{
    server->now_ms = now_ms;
    clock_fake(now_ms, 1795580124000);
    if (server->wakes && now_ms >= server->wake_ms) {
        server->wakes = false;
        informer_wake(server->informer);
    }
}

static void end_watch(struct server *server, const struct stream_end *end)
{
    server->watching = false;
    informer_ended(server->informer, end);
}

static void cut(struct server *server)
{
    end_watch(server, &(struct stream_end){
                          .status = 200, .failure = "reset", .body = "", .retry_after_s = -1});
}

static void refuse_watch(struct server *server, int status, const char *body)
{
    end_watch(server, &(struct stream_end){.status = status,
                                           .body = body,
                                           .body_length = strlen(body),
                                           .retry_after_s = -1});
}

static void answer(struct server *server, int status, const char *body)
{
    struct reply reply = {.status = status,
                          .failure = status ? NULL : "reset",
                          .sent = true,
                          .body = body,
                          .body_length = strlen(body),
                          .content_type = "application/json",
                          .request_id = "",
                          .error_type = "",
                          .date = "",
                          .retry_after_s = -1};

    assert_non_null(server->request.method);
    server->request = (struct request){0};
    informer_answered(server->informer, &reply);
}

#define EXPIRED                                                                                    \
    "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\","                                    \
    "\"message\":\"too old resource version: 2 (223)\"}"

/* A page: the state at the version of the first one, from the object that the token names. */
static void answer_list(struct server *server)
{
    AUTO_TEXT struct text body = TEXT_INIT(BODY_MAX);
    char token[64], limit_text[64];
    unsigned long limit =
        strtoul(query_value(server->request.query, "limit=", limit_text), NULL, 10);
    unsigned long long version = server->version;
    unsigned object = 0;
    unsigned long written = 0;

    query_value(server->request.query, "continue=", token);
    if (*token)
        assert_int_equal(sscanf(token, "%llu-%u", &version, &object), 2);
    if (version < server->compacted) {
        answer(server, 410, EXPIRED);
        return;
    }
    text_printf(&body, "{\"kind\":\"PartialObjectMetadataList\",\"items\":[");
    for (; object < OBJECTS && (!limit || written < limit); object++) {
        const struct change *now = state_at(server, version, object);

        if (!now)
            continue;
        text_printf(&body, written++ ? "," : "");
        write_object(&body, object, now->uid, now->version);
    }
    text_printf(&body, "],\"metadata\":{\"resourceVersion\":\"%llu\"", version);
    if (object < OBJECTS)
        text_printf(&body, ",\"continue\":\"%llu-%u\"", version, object);
    text_printf(&body, "}}");
    answer(server, 200, body.bytes);
}

static void say(struct server *server, const char *line)
{
    informer_line(server->informer, line, strlen(line));
}

/* One thing that a healthy server does; false: there is nothing left to do. */
static bool server_work(struct server *server)
{
    AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX);

    if (server->request.method) {
        answer_list(server);
    } else if (server->watching && server->refuse_watch_list) {
        refuse_watch(server, 422, "{\"kind\":\"Status\",\"code\":422,\"reason\":\"Invalid\"}");
    } else if (server->watching && !server->filling && server->from < server->compacted) {
        say(server, "{\"type\":\"ERROR\",\"object\":" EXPIRED "}");
    } else if (server->watching) {
        if (!server_line(server, &line))
            return false;
        say(server, line.bytes);
    } else {
        assert_true(server->wakes);
        server_time(server, server->wake_ms);
    }
    return true;
}

static void settle(struct server *server)
{
    while (server_work(server))
        continue;
}

static void check_before(const struct record *before, const struct record_seen *told)
{
    if (!before) {
        assert_int_equal(told->version, 0);
        return;
    }
    assert_int_equal(strtoull(before->resource_version, NULL, 10), told->version);
    assert_int_equal(strtoul(before->uid + 1, NULL, 10), told->uid);
}

/* Each telling must begin where the one before it ended, and the store must have it already. */
static void told(void *context, const void *before, const void *after, bool initial)
{
    struct server *server = context;
    const struct record *old = before;
    const struct record *new = after;
    const struct record *some = new ? new : old;
    unsigned object = (unsigned)strtoul(some->name + 1, NULL, 10);
    struct record_seen *seen = &server->told[object];

    check_before(old, seen);
    assert_ptr_equal(store_get(informer_store(server->informer), some->key), new);
    assert_true(!initial || !informer_synced(server->informer));
    server->tellings++;
    server->initial_tellings += initial;
    server->deletions += !new;
    server->remakes += old && new &&strcmp(old->uid, new->uid) != 0;
    seen->version = new ? strtoull(new->resource_version, NULL, 10) : 0;
    seen->uid = new ? (unsigned)strtoul(new->uid + 1, NULL, 10) : 0;
    if (server->logging)
        text_printf(&server->log, "%s%s@%s ",
                    !old   ? "+"
                    : !new ? "-"
                           : "~",
                    some->name, some->resource_version);
}

static void by_namespace(const void *record, store_index_add_fn add, void *context)
{
    add(context, ((const struct record *)record)->namespace_name);
}

static const struct store_index indices[] = {{"namespace", by_namespace}, {0}};
static const struct informer_kind kind = {
    .resource = &serviceaccount_resource, .read = serviceaccount_read, .indices = indices};

static const struct informer_io *io_of(struct server *server)
{
    static struct informer_io io;

    io = (struct informer_io){.context = server,
                              .watch = io_watch,
                              .unwatch = io_unwatch,
                              .send = io_send,
                              .wake_after = io_wake_after};
    return &io;
}

static void server_open(struct server *server, bool knows_watch_list)
{
    *server = (struct server){
        .version = 1000,
        .knows_watch_list = knows_watch_list,
        .log = TEXT_INIT(1 << 20),
    };
    server_time(server, 5000000);
    server->informer = informer_create(&kind, io_of(server), told, server);
}

static void server_close(struct server *server)
{
    informer_destroy(server->informer);
    free(server->history);
    text_finish(&server->log);
    clock_real();
}

/* With three objects, synced. */
static void server_open_synced(struct server *server, bool knows_watch_list)
{
    server_open(server, knows_watch_list);
    for (unsigned i = 0; i < 3; i++)
        server_change(server, i, EDITED);
    informer_start(server->informer);
    settle(server);
    assert_true(informer_synced(server->informer));
}

static struct informer_figures figures_of(const struct server *server)
{
    struct informer_figures figures;

    informer_figures(server->informer, &figures);
    return figures;
}

/* The store is what the server has, no more, no less, in the same versions. */
static void assert_same(struct server *server)
{
    const struct store *store = informer_store(server->informer);
    size_t alive = 0;

    for (unsigned object = 0; object < OBJECTS; object++) {
        const struct change *now = state_at(server, server->version, object);
        const struct record *held;
        char key[32];

        snprintf(key, sizeof(key), "shop/o%u", object);
        held = store_get(store, key);
        if ((now == NULL) != (held == NULL))
            fail_msg("%s is %s", key, held ? "held but gone" : "missing");
        if (!now)
            continue;
        alive++;
        assert_int_equal(strtoull(held->resource_version, NULL, 10), now->version);
        assert_int_equal(strtoul(held->uid + 1, NULL, 10), now->uid);
        assert_int_equal(server->told[object].version, now->version);
    }
    assert_int_equal(store_count(store), alive);
}

static void fills_from_a_watch_list(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, true);
    for (unsigned i = 0; i < 3; i++)
        server_change(&server, i, EDITED);
    informer_start(server.informer);
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

/* A whole recorded stream, ended after each of its bytes: what was whole is taken, what was not
 * comes again. A line cut in two is not delivered (net/stream.h). */
static void survives_a_cut_after_every_byte(void **state)
{
    AUTO_TEXT struct text stream = TEXT_INIT(1 << 16);
    AUTO_TEXT struct text line = TEXT_INIT(LINE_MAX);
    struct server server;

    (void)state;
    for (size_t at = 0; at == 0 || at <= stream.length; at += 1) {
        server_open(&server, true);
        for (unsigned i = 0; i < 3; i++)
            server_change(&server, i, EDITED);
        informer_start(server.informer);
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

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* One misfortune of those that a server, a network or an operator has in store. */
static void misfortune(struct server *server, uint32_t chance)
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

static void walk(uint32_t seed, bool knows_watch_list, struct informer_figures *figures)
{
    struct server server;

    server_open_synced(&server, knows_watch_list);
    for (unsigned step = 0; step < 10000; step++) {
        uint32_t choice = next_random(&seed) % 100;

        if (choice < 30)
            server_change(&server, next_random(&seed) % OBJECTS,
                          next_random(&seed) % 4 ? EDITED : DELETED);
        else if (choice < 75)
            server_work(&server);
        else if (choice < 80)
            work_and_repeat(&server);
        else if (choice < 85)
            bookmark(&server);
        else if (choice < 87)
            server.compacted = server.version;
        else if (choice < 92)
            server_time(&server, server.now_ms + next_random(&seed) % 400000);
        else
            misfortune(&server, next_random(&seed));
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
    for (uint32_t seed = 1; seed <= 6; seed++) {
        struct informer_figures figures;

        walk(seed, seed % 2, &figures);
        /* the walk is worth its name: it listed, watched, and met trouble */
        assert_true(figures.lists > 50 && figures.watches > 200 && figures.errors > 100);
        assert_true(figures.events > 1000 && figures.bookmarks > 50);
    }
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
        cmocka_unit_test(skips_what_it_cannot_read_and_keeps_what_it_had),
        cmocka_unit_test(does_not_take_an_unreadable_object_of_a_list_for_deleted),
        cmocka_unit_test(deletes_what_it_cannot_read),
        cmocka_unit_test(lists_again_after_garbage),
        cmocka_unit_test(tries_again_after_lists_that_are_none),
        cmocka_unit_test(heals_after_the_server_went_back_in_time),
        cmocka_unit_test(takes_no_answer_for_another_after_a_stop),
        cmocka_unit_test(survives_a_cut_after_every_byte),
        cmocka_unit_test(survives_half_a_line_at_every_byte),
        cmocka_unit_test(ends_up_with_what_the_server_has_after_any_walk),
        cmocka_unit_test(holds_100000_service_accounts_in_little_memory),
    };

    log_configure(LOG_ERROR, LOG_TEXT); /* skipped objects are told as warnings, thousands here */
    return cmocka_run_group_tests_name("informer", tests, NULL, NULL);
}
