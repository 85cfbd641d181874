#pragma once

/*
 * The trust policy of an adopted role, which others write, too: ours are some of its statements
 * (trust_merge.h). UpdateAssumeRolePolicy writes the whole document and knows no version, so
 * whoever writes at the same moment undoes the other. Hence what was written is read again right
 * away, and once more by a later run, when AWS shows it everywhere; statements of others that are
 * missing by then are put back, but not for ever: somebody may mean it.
 *
 * The ledger keeps what the trust has to say; a process that starts has forgotten it, and looks at
 * nothing again.
 */

#include <stdbool.h>
#include <stdint.h>

#include "reconcilers/plan.h"

/*
 * Turns the wish for the trust (work->want.trust) into the document to write: ours among the
 * statements that are there. Refuses (TrustInsufficient, or why they cannot be merged) what would
 * not admit the ServiceAccount whatever we add.
 */
enum verdict shared_trust_merge(struct work *work);

/* The trust of the role, adopted or not, is about to be written. */
void shared_trust_remember(struct work *work);
/* The row after the write: reads it again, and has it written again where somebody came between. */
enum verdict shared_trust_verify_ask(struct work *work, struct request *request);
enum verdict shared_trust_verify_answer(struct work *work, const struct reply *reply);
/* AWS took the document for malformed, as it stands in work->error. */
enum verdict shared_trust_refuse(struct work *work);

/* When a later run looks again, from now, at least 1; 0: there is nothing to look at. */
uint64_t shared_trust_check_ms(const struct work *work);
bool shared_trust_check_is_due(const struct work *work);

/* The role is made anew, or is another: there are no others. */
void shared_trust_forget(struct work *work);
