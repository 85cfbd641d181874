#pragma once

/*
 * Jobs on the fakes: their requests wait until the test lets them be answered, and the clock of the
 * queue stands still until it is moved.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "controller/jobs.h"
#include "controller/metrics.h"
#include "controller/world.h"
#include "informers/store.h"
#include "kube/record.h"
#include "net/loop.h"
#include "reconcilers/podidentitybinding.h"
#include "tests/unit/plans.h"
#include "tests/unit/wire.h"

#define FOR(name) "{\"serviceAccountName\":\"" name "\"}"

enum { EXPOSITION_MAX = 1 << 20, TURNS = 4 };

/* Does the watch bring news of the binding shop/cart? */
static inline bool brings_news(struct fake_world *world)
{
    const struct record *record;

    fake_world_watch(world);
    record = store_get(world->scene.bindings, "shop/cart");
    return record && !reconcile_is_own_write(&world->scene, record->key, record->uid,
                                             record->resource_version);
}

struct place {
    struct world world;
    struct fake_world *fake;
    struct jobs *jobs;
    uint64_t now_ms;
    unsigned sent, stops;
    char path[200]; /* of the last request */
    bool urgent;    /* it was */
    bool known;     /* when an Event is told, the status before it is known as a write of ours */
};

static inline void send_on(struct transport *transport, const struct request *request,
                           void *context, transport_done_fn done)
{
    struct place *place = container_of(transport, struct place, world.transport);

    place->sent++;
    place->urgent = request->urgent;
    if (strcmp(request->operation, "CreateEvent") == 0)
        place->known = !brings_news(place->fake);
    snprintf(place->path, sizeof(place->path), "%s", request->path);
    place->fake->wire.transport.send(&place->fake->wire.transport, request, context, done);
}

static inline struct place *place_open(unsigned concurrent_max)
{
    struct place *place = memory_alloc(sizeof(*place));

    place->fake = fake_world_create();
    fake_aws_add_role(&place->fake->aws, "/app/", "reader", TRUST);
    place->world.transport.send = send_on;
    place->world.loop = loop_create();
    place->world.metrics = metrics_create();
    place->now_ms = 1000000;
    clock_fake(place->now_ms, place->fake->wire.now_ms);
    place->jobs =
        jobs_create(&place->world, &place->fake->scene, place->fake->events, concurrent_max);
    return place;
}

static inline void place_close_auto(struct place **place)
{
    fake_run(&(*place)->fake->wire);
    jobs_destroy((*place)->jobs);
    loop_destroy((*place)->world.loop);
    metrics_destroy((*place)->world.metrics);
    fake_world_destroy((*place)->fake);
    clock_real();
    free(*place);
}
#define AUTO_PLACE __attribute__((cleanup(place_close_auto)))

static inline void turn(struct place *place)
{
    for (int i = 0; i < TURNS; i++)
        uv_run(loop_uv(place->world.loop), UV_RUN_NOWAIT);
}

/* Moves the clock and lets the queue look at it. */
static inline void pass(struct place *place, uint64_t ms)
{
    place->now_ms += ms;
    place->fake->wire.now_ms += (int64_t)ms;
    clock_fake(place->now_ms, place->fake->wire.now_ms);
    jobs_open(place->jobs);
    turn(place);
}

static inline unsigned on_its_way(const struct place *place)
{
    unsigned count = 0;

    list_each (link, &place->fake->wire.waiting)
        count++;
    return count;
}

/* Answers everything until what runs now has ended; the watch brings what it wrote. */
static inline void answer(struct place *place)
{
    fake_run(&place->fake->wire);
    fake_world_watch(place->fake);
    turn(place);
}

/* The value of this series, -1 when there is none. */
static inline double measured(const struct place *place, const char *series)
{
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);
    const char *at;

    metrics_write(place->world.metrics, &text);
    at = strstr(text.bytes, series);
    return at ? strtod(at + strlen(series), NULL) : -1;
}

static inline double ended(const struct place *place, const char *result)
{
    char series[200];

    snprintf(series, sizeof(series),
             "controller_runtime_reconcile_total{controller=\"podidentitybinding\",result=\"%s\"}",
             result);
    return measured(place, series);
}

static inline void bound(struct place *place, const char *name, const char *spec)
{
    fake_world_bind(place->fake, name, spec);
    fake_world_watch(place->fake);
}

static inline void add(struct place *place, const char *name, enum queue_priority priority)
{
    char key[100];

    snprintf(key, sizeof(key), "shop/%s", name);
    jobs_add(place->jobs, JOB_BINDING, key, priority, 0);
    turn(place);
}

/* One binding "cart" with this spec, added, with its first run behind it. */
static inline void run_once(struct place *place, const char *spec)
{
    bound(place, "cart", spec);
    jobs_open(place->jobs);
    add(place, "cart", QUEUE_FIRST);
    answer(place);
}
