#pragma once

/*
 * From one mechanism to another without a gap. What the new one needs comes first: trust for both,
 * association or annotations; what the old one had goes when no pod, new or running, can need it.
 *
 * To Pod Identity: once the association has settled new pods get its credentials whatever the
 * annotations say; they are taken back, and then the trust's statement, when the last pod with web
 * identity is gone. Where pods are not watched nobody sees when that is: the statement then goes as
 * late as a retired role does, six hours after the association has settled.
 *
 * To IRSA: as long as the association stands every new pod gets its credentials, so it is deleted
 * as soon as the annotations have settled; running pods keep what they hold, for three hours at
 * least (the agent renews at half of six). Nobody takes a role for an association that is gone, so
 * the trust's statement for it goes next.
 */

#include <stdbool.h>

struct work;

/* Before role_compare: lets want.trust keep the statement of the way that goes, while something
 * needs it. */
void mechanism_hold_trust(struct work *work);

/* Web identity is not wanted; may its annotations go? Says what is pending when not. */
bool mechanism_may_take_back(struct work *work);

/* Nothing is to be asked of AWS: is what was held still to be held? Then it is told. */
bool mechanism_still_holds(struct work *work);
