#pragma once

/*
 * What a plan changes, in words: Events say it once it is done, status.pendingChanges while it is
 * still to come (mode: Observe, or something has to be waited for). Each thing is said here once.
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/eks.h"
#include "reconcilers/difference.h"

struct work;

/* "; role arn:… (before: arn:…); session tags off": what the wish has that this association has
 * not. "" when its tags alone differ. */
const char *changes_of_association(struct work *work, const struct eks_association *before);
/* "new pods of ServiceAccount cart get role arn:…". */
const char *changes_of_new_association(struct work *work);

/* For status.pendingChanges: "Change role cart: attach arn:…", a sentence for each, and how many
 * more there are beyond a dozen, so that the rest of the list has room. */
void changes_pend_role(struct work *work, const struct difference *todo);
/* What the association that was found (work->have.found) lacks, tags included. */
void changes_pend_association(struct work *work);
void changes_pend_new_association(struct work *work);
/* With web identity alone it stands in the way. */
void changes_pend_withdrawal(struct work *work);
/* The trust of an adopted role waits for what narrows (narrowing.h). */
void changes_pend_narrowing(struct work *work);
/* Is this one of the sentences for a change of ours that waits, and not for what others changed? */
bool changes_is_on_its_way(const char *sentence);
/* Web identity is not wanted any more; until: ", …" when a time ends it and no pod, else "". */
void changes_pend_take_back(struct work *work, const char *until);
