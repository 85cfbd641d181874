#pragma once

/*
 * /healthz, /readyz and /metrics. Ready: caches synced and AWS has answered. ?verbose lists the
 * checks as the API server does.
 */

#include "base/memory.h"

struct error;
struct health;
struct jobs;
struct lookout;
struct scene;
struct watched;
struct world;

/* Addresses as in serve.h; "0" or "" : not served. NULL with one line when one cannot be used. */
struct health *health_start(struct world *world, const struct scene *scene, struct jobs *jobs,
                            struct watched *watched, const struct lookout *lookout,
                            const char *probe_address, const char *metrics_address,
                            struct error *error);
void health_stop(struct health *health);

DEFINE_AUTO(struct health *, health_stop);
