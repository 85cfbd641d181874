#pragma once

/*
 * The plan that writes what happened into the binding's status, and tells people by Events. It
 * follows every other plan, whatever its outcome.
 */

#include "reconcilers/plan.h"

extern const struct step report_plan[];
