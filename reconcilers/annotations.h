#pragma once

/*
 * The annotations of a ServiceAccount by which EKS's webhook gives its pods web identity. Applied
 * by server-side apply, never forced: what somebody else has stays his, and the binding says whose
 * it is. Somebody's client-side apply may take ours over or delete them; the watch of
 * ServiceAccounts shows it, and they are applied again, at most LEDGER_RESTORES times an hour.
 *
 * A missing ServiceAccount is waited for, never made. Facts: kubernetes 4.8.
 */

#include <stdbool.h>

struct work;

/* Are they, for all we know, as this binding wants them? Nothing is asked. */
bool annotations_are_as_wanted(struct work *work);

/* Does the ServiceAccount say what this binding wants, whoever wrote it? */
bool annotations_show(struct work *work);

/* Web identity is not wanted (any more): does the ServiceAccount name a role of this binding, and
 * have we not taken that back? Whose annotation it is only the API server knows. */
bool annotations_are_there(const struct work *work);
