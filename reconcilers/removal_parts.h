#pragma once

/* Removing roles of ours, in parts: which one goes now (removal.c), and how (removal_delete.c).
 * Internal to reconcilers/removal*.c, and to the row that waits before one goes (running_pods.c).
 */

#include <stdint.h>

#include "reconcilers/plan.h"

/* The role that is on its way; one was chosen. */
const char *removal_name(const struct work *work);

/* On to the next: this one is gone, or not ours. */
enum verdict removal_done(struct work *work);
/* On to the next: this one stays until then (wall), and the binding comes back for it. */
enum verdict removal_leave(struct work *work, int64_t until_ms);
