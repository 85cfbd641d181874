#pragma once

/*
 * The plan that writes what happened into the binding's status, and tells people by Events. It
 * follows every other plan, whatever its outcome.
 */

#include "kube/events.h"
#include "reconcilers/plan.h"

extern const struct step report_plan[];

/* The row that tells what work_tell kept, one Event after the other, about this subject; for plans
 * of other objects than bindings. */
enum verdict report_tell_ask(struct work *work, struct request *request,
                             const struct event_subject *subject);
enum verdict report_tell_answer(struct work *work, const struct reply *reply,
                                const struct event_subject *subject);
