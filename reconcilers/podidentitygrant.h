#pragma once

/*
 * Writes the status of one PodIdentityGrant: how many namespaces and bindings it matches, and
 * whether it can match anything. Grants are judged where bindings are (grants.h); this only tells.
 */

#include <stdint.h>

#include "reconcilers/podidentitybinding.h"

/* Like reconcile_start; key is the grant's name. */
void reconcile_grant_start(struct scene *scene, struct transport *transport, const char *key,
                           int64_t now_ms, reconcile_done_fn done, void *context);
