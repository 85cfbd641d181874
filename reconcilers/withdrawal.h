#pragma once

/*
 * What follows when the gate refuses a binding that was granted before: because its grant is gone
 * (a withdrawal), or because its spec was edited into something not granted. Nothing is made, and
 * nothing is repaired that gives access; narrowing goes on; after a withdrawal association and role
 * are deleted when --on-withdrawal says so and --withdrawal-grace is over.
 *
 * An edit keeps the last granted state whole, unless all that it changes is narrower. Which of the
 * two it is: RoleReady carries the generation it was judged for, the last one that was granted.
 */

struct step;
struct work;

/*
 * For a work whose plan ended with NotGranted: the plan to run next, NULL when nothing was made.
 * Finds what Allowed is to say, and since a removal is announced in status.pendingChanges, with
 * its time, the grace outlives a restart.
 */
const struct step *withdrawal_plan(struct work *work);

/* That plan went well. */
void withdrawal_settle(struct work *work);
