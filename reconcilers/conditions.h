#pragma once

/*
 * From what a plan found to what a person reads: status conditions, in the order in which they
 * hold Ready back. Pure. Rules: Kubernetes API conventions, kstatus (Reconciling and Stalled are
 * there only while they are True), design 2.
 */

#include <stddef.h>

#include "crds/podidentitybinding.h"

struct work;

/*
 * The whole new status of the work's binding: conditions, ARNs, warnings. Lives in the work's
 * arena. A transition time stays where the status of a condition stays.
 */
void conditions_compute(struct podidentitybinding_status *status, struct work *work);
