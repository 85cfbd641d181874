#pragma once

/*
 * What becomes of one suspect: a small plan that asks AWS whose the association is, deletes it when
 * it is ours and due, and tells people of an orphan once, by an Event on the namespace or, where
 * that is gone, on the controller's own. Right before the deletion the store is asked once more
 * whether nobody needs it; suspension and the brake hold for it as for every deletion.
 * Internal to reconcilers/audit*.c.
 */

#include <stdint.h>

#include "aws/eks.h"
#include "reconcilers/audit.h"
#include "reconcilers/audit_suspect.h"
#include "reconcilers/work.h"

struct inquiry {
    const char *key;         /* "namespace/serviceaccount"; borrowed until done */
    struct suspect *suspect; /* what is learned is written there; borrowed until done */
    audit_told_fn told;      /* may be NULL */
    void *context;           /* of told */
    void (*done)(struct inquiry *inquiry);

    struct work work;
    struct eks_association found;
    bool removed; /* the association was deleted */
};

/* done comes once, later, or at once where there is nothing to ask. Trouble with AWS is told, and
 * met again by the next sweep. */
void inquiry_start(struct inquiry *inquiry, struct scene *scene, struct transport *transport,
                   struct events *events, int64_t now_ms);
/* Instead of done: nobody will answer any more. */
void inquiry_drop(struct inquiry *inquiry);
