#pragma once

/*
 * An API server with one kind of object, in values: a history of changes, from which every list
 * and every watch is told. It answers when the test says so, and breaks when the test says so.
 * All in one header: each unit test is a program of one file.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "informers/informer.h"

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

static inline struct change *state_at(const struct server *server, uint64_t version,
                                      unsigned object)
{
    for (size_t i = server->newest[object]; i > 0; i = server->history[i - 1].former) {
        struct change *change = &server->history[i - 1];

        if (change->version <= version)
            return change->what == DELETED ? NULL : change;
    }
    return NULL;
}

static inline void server_change(struct server *server, unsigned object, int what)
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

static inline void write_object(struct text *text, unsigned object, unsigned uid, uint64_t version)
{
    text_printf(text,
                "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
                "\"metadata\":{\"name\":\"o%u\",\"namespace\":\"shop\",\"uid\":\"u%u\","
                "\"resourceVersion\":\"%llu\"}}",
                object, uid, (unsigned long long)version);
}

/* The next line of the open watch in text; false: there is nothing to say. */
static inline bool server_line(struct server *server, struct text *text)
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

static inline const char *query_value(const char *query, const char *name, char value[64])
{
    const char *at = query ? strstr(query, name) : NULL;

    value[0] = '\0';
    if (at && (at == query || at[-1] == '&'))
        snprintf(value, 64, "%.*s", (int)strcspn(at + strlen(name), "&"), at + strlen(name));
    return value;
}

static inline void io_watch(void *context, struct informer *informer, const struct request *request,
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

static inline void io_unwatch(void *context, struct informer *informer)
{
    struct server *server = context;

    (void)informer;
    assert_true(server->watching);
    server->watching = false;
}

static inline void io_send(void *context, struct informer *informer, const struct request *request)
{
    struct server *server = context;

    (void)informer;
    assert_null(server->request.method);
    server->request = *request;
}

static inline void io_wake_after(void *context, struct informer *informer, uint64_t delay_ms)
{
    struct server *server = context;

    (void)informer;
    server->wakes = true;
    server->wake_ms = server->now_ms + delay_ms;
}

static inline void server_time(struct server *server, uint64_t now_ms)
{
    server->now_ms = now_ms;
    clock_fake(now_ms, 1795580124000);
    if (server->wakes && now_ms >= server->wake_ms) {
        server->wakes = false;
        informer_wake(server->informer);
    }
}

static inline void end_watch(struct server *server, const struct stream_end *end)
{
    server->watching = false;
    informer_ended(server->informer, end);
}

static inline void cut(struct server *server)
{
    end_watch(server, &(struct stream_end){
                          .status = 200, .failure = "reset", .body = "", .retry_after_s = -1});
}

static inline void refuse_watch(struct server *server, int status, const char *body)
{
    end_watch(server, &(struct stream_end){.status = status,
                                           .body = body,
                                           .body_length = strlen(body),
                                           .retry_after_s = -1});
}

static inline void answer(struct server *server, int status, const char *body)
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
static inline void answer_list(struct server *server)
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

static inline void say(struct server *server, const char *line)
{
    informer_line(server->informer, line, strlen(line));
}

/* One thing that a healthy server does; false: there is nothing left to do. */
static inline bool server_work(struct server *server)
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

static inline void settle(struct server *server)
{
    while (server_work(server))
        continue;
}
