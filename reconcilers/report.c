#include "reconcilers/report.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "kube/events.h"
#include "reconcilers/conditions.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/work.h"

/* A condition that came to say something else is told once. Unknown ones are on their way. */
static void tell_transition(struct work *work, const struct condition *after)
{
    const struct condition *before =
        podidentitybinding_condition(&work->binding->status, after->type);
    bool ready = text_equal(after->type, "Ready");
    bool pending = work->binding->spec.observe && /* no trouble: it was asked for */
                   text_equal(after->reason, "ChangesPending");
    bool same =
        before && before->status == after->status && text_equal(before->reason, after->reason);

    if (same || after->status == CONDITION_UNKNOWN)
        return;
    if (ready && (after->status == CONDITION_TRUE || pending))
        work_tell(work, false, after->reason, "Reconcile", "%s", after->message);
    else if (after->status == CONDITION_FALSE && !ready && !pending)
        work_tell(work, true, after->reason, after->type, "%s", after->message);
    else if (text_equal(after->type, "Reconciling") && work->error.kind != ERROR_NONE &&
             !text_equal(after->reason, "WaitingForRole"))
        work_tell(work, true, after->reason, "Reconcile", "%s", after->message);
}

/* Rollouts change the numbers all the time: for their sake alone status is written once in so
 * long. */
enum { PODS_PAUSE_MS = 30 * 1000 };

/* The patch of the status; NULL when nothing is to be written now. */
static json_t *status_patch(struct work *work, const struct podidentitybinding_status *status)
{
    const struct podidentitybinding_status *before = &work->binding->status;
    int64_t due_ms = work->ledger->pods_written_ms + PODS_PAUSE_MS;
    struct podidentitybinding_status without = *status;
    json_t *others;
    uint64_t delay_ms;

    if (podidentitybinding_same_pods(before, status))
        return podidentitybinding_status_patch(before, status);
    without.has_pods = before->has_pods;
    without.pods_total = before->pods_total;
    without.pods_current = before->pods_current;
    others = podidentitybinding_status_patch(before, &without);
    if (others || work->now_ms >= due_ms) {
        json_decref(others);
        work->ledger->pods_written_ms = work->now_ms;
        return podidentitybinding_status_patch(before, status);
    }
    delay_ms = (uint64_t)(due_ms - work->now_ms) + 1;
    if (work->outcome.again_ms == 0 || delay_ms < work->outcome.again_ms)
        work->outcome.again_ms = delay_ms;
    return NULL;
}

static enum verdict status_ask(struct work *work, struct request *request)
{
    const struct kube_meta *meta = &work->binding->meta;
    struct podidentitybinding_status status;
    json_t *patch;

    if (work->outcome.gone)
        return VERDICT_NEXT;
    conditions_compute(&status, work);
    patch = status_patch(work, &status);
    if (!patch)
        return VERDICT_NEXT;
    work->outcome.told_of_plan = work->outcome.told_count;
    for (size_t i = 0; i < status.condition_count; i++)
        tell_transition(work, &status.conditions[i]);
    kube_patch(work->arena, request, &podidentitybinding_resource, meta->namespace_name, meta->name,
               "status", work->resource_version ? work->resource_version : meta->resource_version,
               patch);
    json_decref(patch);
    return VERDICT_SEND;
}

/* Somebody wrote the object meanwhile, and the plan runs again at once. What the conditions came to
 * say is told then; what this run made is not found to be made any more, and is told now. */
static enum verdict tell_without_status(struct work *work)
{
    work->outcome.told_count = work->outcome.told_of_plan;
    work->outcome.status_waits = true;
    return VERDICT_NEXT;
}

static enum verdict status_answer(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *object = NULL;
    struct error error = {0};

    if (!kube_reply_good(&work->request, reply, &error)) {
        if (text_equal(error.code, "NotFound"))
            return VERDICT_STOP; /* deleted meanwhile: nobody is left to be told */
        work->error = error;
        return error.kind == ERROR_CONFLICT ? tell_without_status(work) : VERDICT_FAIL;
    }
    object = kube_decode(reply->body, reply->body_length, &error);
    if (object)
        work->resource_version = json_take_text(work->arena, object, "metadata.resourceVersion");
    if (work->resource_version) /* now: the watch brings it while Events are still told */
        ledger_wrote(work->ledger, work->resource_version);
    return VERDICT_NEXT;
}

static struct event_subject subject_of(const struct work *work)
{
    const struct kube_meta *meta = &work->binding->meta;

    return (struct event_subject){
        .api_version = "podidentity.io/v1alpha1",
        .kind = podidentitybinding_resource.kind,
        .namespace_name = meta->namespace_name,
        .name = meta->name,
        .uid = meta->uid,
        .resource_version = meta->resource_version,
    };
}

enum verdict report_tell_ask(struct work *work, struct request *request,
                             const struct event_subject *subject)
{
    struct outcome *outcome = &work->outcome;
    const struct told *told;

    if (outcome->told_next == outcome->told_count)
        return VERDICT_NEXT;
    told = &outcome->told[outcome->told_next];
    events_tell(work->events, work->arena, request, subject, told->warning, told->reason,
                told->action, told->note, work->now_ms * 1000);
    return VERDICT_SEND;
}

/* An Event that is refused (a namespace being deleted takes none) stops nothing: the status and
 * the log say the same. */
enum verdict report_tell_answer(struct work *work, const struct reply *reply,
                                const struct event_subject *subject)
{
    const struct told *told = &work->outcome.told[work->outcome.told_next++];
    struct error error = {0};

    if (!kube_reply_good(&work->request, reply, &error)) {
        work->outcome.events_trouble = arena_string(work->arena, error.text);
        events_forget(work->events, subject, told->warning, told->reason, told->action);
    }
    return VERDICT_REPEAT;
}

static enum verdict tell_ask(struct work *work, struct request *request)
{
    struct event_subject subject = subject_of(work);

    return report_tell_ask(work, request, &subject);
}

static enum verdict tell_answer(struct work *work, const struct reply *reply)
{
    struct event_subject subject = subject_of(work);

    return report_tell_answer(work, reply, &subject);
}

static enum verdict end(struct work *work, struct request *request)
{
    (void)request;
    return work->outcome.status_waits ? VERDICT_FAIL : VERDICT_NEXT;
}

const struct step report_plan[] = {
    {"PatchStatus", status_ask, status_answer, FACET_ALLOWED},
    {"TellEvents", tell_ask, tell_answer, FACET_ALLOWED},
    {"PatchStatus", end, NULL, FACET_ALLOWED},
    {0},
};
