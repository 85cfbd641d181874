#include "reconcilers/mechanism.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "informers/pods.h"
#include "reconcilers/annotations.h"
#include "reconcilers/changes.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/trust.h"
#include "reconcilers/trust_merge.h"
#include "reconcilers/work.h"

enum running { RUNNING_NONE, RUNNING_SOME, RUNNING_UNKNOWN };

/* From then on new pods get the association's credentials; INT64_MAX: it is not as wanted yet. */
static int64_t settled_ms(const struct work *work)
{
    const struct eks_association *found = &work->have.found;

    if (work->have.verified)
        return work->ledger->settled_ms;
    if (work->have.association != PRESENCE_PRESENT ||
        !text_equal(found->role_arn, work->want.role_arn))
        return INT64_MAX;
    return found->modified_ms + (int64_t)work->scene->settings.settle_ms;
}

/* Where pods are not watched, what they may still need stays as long as a retired role does. */
static int64_t unseen_until_ms(const struct work *work)
{
    int64_t since_ms = settled_ms(work);

    return since_ms == INT64_MAX ? INT64_MAX
                                 : since_ms + (int64_t)work->scene->settings.retired_role_ms;
}

/* Pods with web identity, terminating ones too: they still work. */
static enum running web_identity_runs(const struct work *work)
{
    const char *account = arena_printf(work->arena, "%s/%s", work->binding->record.namespace_name,
                                       work->binding->spec.service_account);
    size_t count;
    const struct pod *pods = pods_of(work->scene->pods, account, &count);

    if (!work->scene->pods && work->now_ms >= unseen_until_ms(work))
        return RUNNING_NONE; /* for all that can be known */
    if (!pods_known(work->scene->pods))
        return RUNNING_UNKNOWN;
    for (size_t i = 0; i < count; i++)
        if (pods[i].credentials == POD_WEB_IDENTITY)
            return RUNNING_SOME;
    return RUNNING_NONE;
}

/* Until when, where nobody sees whether a pod still needs it; and comes back then. */
static const char *unseen_until(struct work *work)
{
    int64_t until_ms = unseen_until_ms(work);
    char time[ENCODE_TIME_SIZE];

    if (work->scene->pods)
        return "";
    if (until_ms == INT64_MAX)
        return ", which is not seen without --watch-pods: some hours after the association has "
               "settled";
    if (until_ms > work->now_ms)
        work_return(work, until_ms - work->now_ms);
    encode_time(until_ms, time);
    return arena_printf(work->arena,
                        ", which is not seen without --watch-pods: the annotations at once, the "
                        "statement after %s. Restart pods that are older by then",
                        time);
}

static void tell_held(struct work *work)
{
    const char *until = unseen_until(work);

    work->progress.web_identity_held = true;
    changes_pend_take_back(work, until);
}

bool mechanism_may_take_back(struct work *work)
{
    int64_t due_ms = settled_ms(work);
    enum running running = web_identity_runs(work);

    /* Where pods are not watched at all, the association's word has to do. */
    if (work->now_ms >= due_ms &&
        (running == RUNNING_NONE || (running == RUNNING_UNKNOWN && !work->scene->pods)))
        return true;
    tell_held(work);
    return false;
}

bool mechanism_still_holds(struct work *work)
{
    enum running running = web_identity_runs(work);
    bool last = !work->scene->pods && !annotations_are_there(work);

    if (work->now_ms >= work->ledger->settled_ms &&
        (running == RUNNING_NONE || (!work->scene->pods && !last)))
        return false;
    tell_held(work);
    return true;
}

static bool admits(struct work *work, const struct trust_subject *subject)
{
    const char *trust = work->have.detail.role.trust;

    /* On an adopted role statements of others stay whatever becomes of ours. */
    return role_is_adopted(work)
               ? trust_has_own(trust, subject)
               : trust_judge_ours(work->arena, trust, subject).verdict == TRUST_ADMITS;
}

static void hold(struct work *work, const struct trust_subject *pod_identity)
{
    const struct trust_subject both[] = {*pod_identity, work->want.web};

    work->want.trust = trust_document_of(work->arena, both, 2, work->want.scope);
}

static bool needs_web_identity(struct work *work)
{
    return !mechanism_may_take_back(work) || annotations_are_there(work) ||
           web_identity_runs(work) != RUNNING_NONE;
}

void mechanism_hold_trust(struct work *work)
{
    const struct want *want = &work->want;
    struct trust_subject pod_identity = trust_subject_of(work->binding, work->scene);

    if (work->have.role != PRESENCE_PRESENT || (want->pod_identity && want->web_identity))
        return;
    if (want->web_identity) {
        if (work->have.association != PRESENCE_ABSENT && admits(work, &pod_identity))
            hold(work, &pod_identity);
        return;
    }
    if (!want->web.provider_arn || !admits(work, &want->web) || !needs_web_identity(work))
        return;
    tell_held(work);
    hold(work, &pod_identity);
}
