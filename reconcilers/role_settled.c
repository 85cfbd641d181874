/*
 * The role is as wanted, for all that rows have done, be it ours, adopted or somebody else's: what
 * is told of that once, what the picture remembers, and what the condition RoleReady says.
 */

#include "reconcilers/adoption.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Tells what an update did, once, in the words of the difference. */
static void tell_update(struct work *work)
{
    if (work->have.role == PRESENCE_PRESENT && !difference_empty(&work->todo))
        work_tell(work, false, "RoleUpdated", "UpdateRole", "Changed role %s: %s",
                  work->want.role_arn, difference_sentence(work->arena, &work->todo));
}

void role_say_ready(struct work *work)
{
    if (work->want.unreadable) {
        work_find(work, FACET_ROLE, CONDITION_UNKNOWN, "TrustUnknown",
                  "Role %s is in another account, where its trust policy cannot be read. Its "
                  "owner needs there the statement in status.requiredTrust and the OIDC provider "
                  "that it names",
                  work->want.role_arn);
        return;
    }
    work_find(work, FACET_ROLE, CONDITION_TRUE, "Ready", "%s",
              work->want.managed ? CONDITION_ROLE_READY : CONDITION_EXISTING_ROLE_READY);
}

enum verdict role_settled(struct work *work, struct request *request)
{
    (void)request;
    work->progress.writes_before_association = work->writes;
    if (work->want.managed && !work->have.verified && !work->progress.settled) {
        work->progress.settled = true;
        tell_update(work);
        ledger_keep(&work->ledger->required_trust, NULL);
        /* Without digest: until the next sweep the ledger knows that it is as wanted. */
        picture_put_role(work->scene->picture, work->want.role_name, work->binding->record.uid, "",
                         role_is_adopted(work));
    }
    role_settle_adopted(work);
    if (!adoption_tell_kept(work, DRIFT_ROLE))
        role_say_ready(work);
    return VERDICT_NEXT;
}
