#pragma once

/*
 * A trust policy that was edited a moment ago. AWS needs a while to know it everywhere, and pods
 * that come to depend on it before may be refused. So nothing that depends on it is written until
 * the edit is 30 s old: no association that gives the role or other credentials, no annotation.
 */

#include <stdint.h>

#include "reconcilers/plan.h"

/* How long until the edit that the ledger knows is old enough; 0: it is, or there was none. */
uint64_t edited_trust_rest_ms(const struct work *work);
/* What is waited for, in words for a person; in the work's arena. */
const char *edited_trust_words(struct work *work);

/* The row before those that write the association. */
enum verdict edited_trust_wait(struct work *work, struct request *request);
