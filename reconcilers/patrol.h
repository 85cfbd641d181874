#pragma once

/*
 * The patrol: describes every association of a living binding once per interval, one after the
 * other and evenly spread, because the pages of a sweep show neither role nor tags of them. It
 * takes at most a fifth of the EKS budget. What differs is drift (drift.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "reconcilers/drift.h"

struct patrol;
struct scene;
struct transport;

enum { PATROL_SHARE = 5 }; /* one in so many requests of the EKS budget */

/* found is told of each binding whose association differs, later. */
struct patrol *patrol_create(struct scene *scene, struct transport *transport, drift_found_fn found,
                             void *context);
/* Nothing may be on its way. */
void patrol_destroy(struct patrol *patrol);

/* Describes the next association, unless one is on its way; how many ms to wait before the next
 * call. */
uint64_t patrol_step(struct patrol *patrol, int64_t now_ms);

DEFINE_AUTO(struct patrol *, patrol_destroy);
