/*
 * The association is as wanted, for all that rows have done: what is remembered of that, so that
 * the next run asks AWS nothing, and what the condition Associated says until new pods get it.
 */

#include "reconcilers/adoption.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Everything is as wanted, but for what narrows later: remember it, so that the next run asks
 * nothing. */
static void remember(struct work *work)
{
    struct ledger_entry *ledger = work->ledger;
    const struct eks_association *found = &work->have.found;

    work->progress.associated = true;
    ledger->verified = !work->progress.held_back;
    ledger->web_identity_held = work->progress.web_identity_held;
    ledger->generation = work->binding->meta.generation;
    ledger_keep(&ledger->role_arn, work->want.role_arn);
    ledger_keep(&ledger->association_id, found->id);
    ledger->drain_until_ms = 0;
    if (work->want.pod_identity) {
        ledger->made_ms = found->created_ms;
        ledger->changed_ms = found->modified_ms;
    }
    ledger_keep(&ledger->external_id, found->external_id);
    ledger->settled_ms = found->modified_ms + (int64_t)work->scene->settings.settle_ms;
}

/* With web identity alone; the sweep's picture knows whether there is an association in its way. */
static void remember_none(struct work *work)
{
    work->have.found = (struct eks_association){0};
    remember(work);
}

void association_say_associated(struct work *work)
{
    work_find(work, FACET_ASSOCIATION, CONDITION_TRUE, "Associated", CONDITION_ASSOCIATED);
}

enum verdict association_settled(struct work *work, struct request *request)
{
    struct ledger_entry *ledger = work->ledger;

    (void)request;
    if (!work->want.pod_identity) {
        if (!work->have.verified && work->have.association == PRESENCE_ABSENT)
            remember_none(work);
        return VERDICT_NEXT;
    }
    if (!work->have.verified)
        remember(work);
    if (work->progress.held_back)
        work->outcome.again_ms = narrowing_due_ms(work);
    if (adoption_tell_kept(work, DRIFT_ASSOCIATION))
        return VERDICT_NEXT;
    if (work->now_ms >= ledger->settled_ms) {
        association_say_associated(work);
        return VERDICT_NEXT;
    }
    work_find(work, FACET_ASSOCIATION, CONDITION_UNKNOWN, "Settling",
              "Association %s is made; EKS needs a few seconds until new pods get it",
              ledger->association_id);
    work->outcome.reconciling = "Settling";
    work->outcome.again_ms = (uint64_t)(ledger->settled_ms - work->now_ms) + 1;
    return VERDICT_NEXT;
}
