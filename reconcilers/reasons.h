#pragma once

/*
 * Reasons: the words in conditions, the codes that stand at the start of their messages, and what
 * AWS's refusals mean in them. Codes are the same in conditions, Events and docs/errors.md.
 */

#include "reconcilers/plan.h"

struct error;

/* "PODIDENTITY-D06-TRUST" for "TrustInsufficient"; NULL for reasons that are no trouble. */
const char *reason_code(const char *reason);

/* The condition's reason for an error that a row of this facet met; never NULL. */
const char *reason_of_error(const struct error *error, enum facet facet);

/* What a person can do about it, as a sentence; "" when the message says it already. */
const char *reason_mend(const char *reason);

/* Nothing retries by itself: a refusal of the gate changes only when an object does, and what is
 * gone is looked for by the next sweep, which queues the binding. */
bool reason_waits(const struct error *error);
