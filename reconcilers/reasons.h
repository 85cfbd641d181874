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

/* Who retries by itself and who waits for an event: a refusal of the gate changes only when an
 * object changes. */
bool reason_is_of_the_gate(const char *reason);
