#pragma once

/*
 * The lookout: when AWS is looked at. A sweep at start, which opens the jobs, and one after every
 * drift interval, with the audit of all associations; the patrol over those of bindings; and the
 * survey of add-ons. What they find goes into the queue behind people's changes.
 */

#include <stdbool.h>

#include "base/memory.h"

struct events;
struct jobs;
struct lookout;
struct scene;
struct watched;
struct world;

struct lookout *lookout_create(struct world *world, struct scene *scene, struct jobs *jobs,
                               struct watched *watched, struct events *events, bool manage_agent);
/* After world_drain: nothing is on its way. */
void lookout_destroy(struct lookout *lookout);

/* The stores are synced: what AWS has can be held against them. */
void lookout_start(struct lookout *lookout);
/* Brings what the audit found up to date in the world's metrics. */
void lookout_measure(const struct lookout *lookout);
/* Nothing new is begun. */
void lookout_stop(struct lookout *lookout);

DEFINE_AUTO(struct lookout *, lookout_destroy);
