#include "reconcilers/edited_trust.h"

#include "base/arena.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/shared_trust.h"
#include "reconcilers/work.h"

enum { TRUST_AGE_MS = 30 * 1000 };

uint64_t edited_trust_rest_ms(const struct work *work)
{
    int64_t edited_ms = work->ledger->trust_edited_ms;
    int64_t age_ms = work->now_ms - edited_ms;

    return edited_ms != 0 && age_ms < TRUST_AGE_MS ? (uint64_t)(TRUST_AGE_MS - age_ms) : 0;
}

const char *edited_trust_words(struct work *work)
{
    return arena_printf(work->arena,
                        "The trust policy of role %s was edited a moment ago; AWS needs a while to "
                        "know it everywhere",
                        work->want.role_arn);
}

/* What EKS reads the role's trust for: another role, or credentials of another kind. */
static bool depends_on_trust(const struct work *work, const struct eks_association_change *change)
{
    return work->have.association != PRESENCE_PRESENT || change->role_arn ||
           change->session_tags != EKS_SESSION_TAGS_STAY;
}

/*
 * A process that has just started does not know when the trust was edited; maybe it was by the one
 * before, right now, for this very update. A role that was made is not meant: its trust came with
 * CreateRole. The trust of one that was adopted before was edited for the association.
 */
static bool may_be_edited(const struct work *work, const struct eks_association_change *change)
{
    bool adopted = role_is_adopted(work) && !work->progress.role_adopted;

    return work->have.role == PRESENCE_PRESENT && work->ledger->generation == 0 &&
           work->ledger->trust_edited_ms == 0 &&
           (adopted || (work->have.association == PRESENCE_PRESENT &&
                        change->session_tags == EKS_SESSION_TAGS_OFF));
}

/* The trust of an adopted role has to be looked at again in between, at its time and not later:
 * that is no failure, whose back-off would grow. */
static enum verdict wait(struct work *work, uint64_t rest_ms)
{
    uint64_t check_ms = shared_trust_check_ms(work);
    const char *words = edited_trust_words(work);

    if (check_ms == 0 || check_ms >= rest_ms)
        return work_wait(work, FACET_ASSOCIATION, "WaitingForRole", rest_ms, "%s", words);
    work_find(work, FACET_ASSOCIATION, CONDITION_UNKNOWN, "WaitingForRole", "%s", words);
    work->outcome.reconciling = "WaitingForRole";
    work->outcome.waiting = words;
    work_return(work, (int64_t)check_ms);
    return VERDICT_STOP;
}

/* An association may depend on the role now: not before an edited trust is old enough for AWS to
 * have it everywhere. */
enum verdict edited_trust_wait(struct work *work, struct request *request)
{
    struct eks_association_change change;

    (void)request;
    if (work->have.verified || !work->want.pod_identity)
        return VERDICT_NEXT;
    difference_association(&change, work->arena, &work->want, &work->have.found);
    if (!work->want.managed || !depends_on_trust(work, &change))
        return VERDICT_NEXT;
    if (may_be_edited(work, &change))
        work->ledger->trust_edited_ms = work->now_ms;
    return edited_trust_rest_ms(work) > 0 ? wait(work, edited_trust_rest_ms(work)) : VERDICT_NEXT;
}
