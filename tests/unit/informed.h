#pragma once

/*
 * An informer that asks a history server: each of its tellings is held against the one before, and
 * its store against the history.
 */

#include "crds/metadata.h"
#include "tests/unit/history_server.h"

static inline void check_before(const struct record *before, const struct record_seen *told)
{
    if (!before) {
        assert_int_equal(told->version, 0);
        return;
    }
    assert_int_equal(strtoull(before->resource_version, NULL, 10), told->version);
    assert_int_equal(strtoul(before->uid + 1, NULL, 10), told->uid);
}

/* Each telling must begin where the one before it ended, and the store must have it already. */
static inline void told(void *context, const void *before, const void *after, bool initial)
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

static inline void by_namespace(const void *record, store_index_add_fn add, void *context)
{
    add(context, ((const struct record *)record)->namespace_name);
}

static const struct store_index indices[] = {{"namespace", by_namespace}, {0}};
static const struct informer_kind kind = {
    .resource = &serviceaccount_resource, .read = serviceaccount_read, .indices = indices};

static inline const struct informer_io *io_of(struct server *server)
{
    static struct informer_io io;

    io = (struct informer_io){.context = server,
                              .watch = io_watch,
                              .unwatch = io_unwatch,
                              .send = io_send,
                              .wake_after = io_wake_after};
    return &io;
}

static inline void server_open(struct server *server, bool knows_watch_list)
{
    *server = (struct server){
        .version = 1000,
        .knows_watch_list = knows_watch_list,
        .log = TEXT_INIT(1 << 20),
    };
    server_time(server, 5000000);
    server->informer = informer_create(&kind, io_of(server), told, server);
}

static inline void server_close(struct server *server)
{
    informer_destroy(server->informer);
    free(server->history);
    text_finish(&server->log);
    clock_real();
}

/* With three objects, and an informer that has asked for them. */
static inline void server_open_started(struct server *server, bool knows_watch_list)
{
    server_open(server, knows_watch_list);
    for (unsigned i = 0; i < 3; i++)
        server_change(server, i, EDITED);
    informer_start(server->informer);
}

/* With three objects, synced. */
static inline void server_open_synced(struct server *server, bool knows_watch_list)
{
    server_open_started(server, knows_watch_list);
    settle(server);
    assert_true(informer_synced(server->informer));
}

static inline struct informer_figures figures_of(const struct server *server)
{
    struct informer_figures figures;

    informer_figures(server->informer, &figures);
    return figures;
}

/* The store is what the server has, no more, no less, in the same versions. */
static inline void assert_same(struct server *server)
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
