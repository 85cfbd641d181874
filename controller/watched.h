#pragma once

/*
 * What is watched: an informer for each kind, and whether all of them are synced. What a change
 * means is in controller/consequences.h.
 */

#include <stdbool.h>

#include "base/memory.h"

struct jobs;
struct scene;
struct text;
struct watched;
struct world;

/* Fills the scene's stores, and its pods if they are to be watched. synced comes once, when all
 * first lists are delivered. */
struct watched *watched_create(struct world *world, struct scene *scene, struct jobs *jobs,
                               bool watch_pods, void (*synced)(void *context), void *context);
void watched_destroy(struct watched *watched);
void watched_start(struct watched *watched);
void watched_stop(struct watched *watched);

bool watched_synced(const struct watched *watched);
/* A binding in which something else than a person's change is to be looked at. */
void watched_enqueue(struct watched *watched, const char *key);
/* Every binding and grant, behind what people changed. */
void watched_enqueue_all(struct watched *watched);

/* A line for each kind: its name, and "ok" or what keeps it from being synced. */
void watched_describe(const struct watched *watched, struct text *text);
/* Brings the reflectors' figures up to date in the world's metrics. */
void watched_measure(struct watched *watched);

DEFINE_AUTO(struct watched *, watched_destroy);
