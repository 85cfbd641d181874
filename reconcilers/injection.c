#include "reconcilers/injection.h"

#include "base/arena.h"
#include "base/text.h"
#include "informers/pods.h"
#include "reconcilers/ledger.h"
#include "reconcilers/scene.h"

/* Looking ------------------------------------------------------------------------------------- */

static int64_t seconds(int64_t wall_ms)
{
    return wall_ms / 1000;
}

/* Pods that get no credentials of this kind whatever the webhook does: they prove nothing, and a
 * restart does not help them. */
static bool stands_apart(const struct injection_question *question, const struct pod *pod)
{
    int flags = POD_OPTED_OUT;

    if (question->wanted == POD_CONTAINER_CREDENTIALS)
        flags |= POD_FARGATE | POD_WINDOWS;
    return pod->flags & flags;
}

/* SDKs and the agent renew credentials within cached_ms, so an older pod has the present role's
 * then, if it has any. */
static bool is_current(const struct injection_question *question, const struct pod *pod)
{
    if (pod->credentials != question->wanted || question->changed_ms == INT64_MAX)
        return false;
    return pod->created_s >= seconds(question->changed_ms) ||
           question->now_ms - question->changed_ms >= question->cached_ms;
}

static void count(struct injection_answer *answer, const struct injection_question *question,
                  const struct pod *pod)
{
    answer->total++;
    if (stands_apart(question, pod))
        return;
    if (is_current(question, pod)) {
        answer->current++;
        return;
    }
    answer->outdated++;
    if (pod->credentials == question->wanted && question->changed_ms != INT64_MAX)
        answer->fresh_ms = question->changed_ms + question->cached_ms;
}

/* Of two made in one second the one without credentials counts: it is the one to tell of. */
static bool decides(const struct pod *pod, const struct pod *before, enum pod_credentials wanted)
{
    if (!before || pod->created_s != before->created_s)
        return !before || pod->created_s > before->created_s;
    return pod->credentials != wanted;
}

struct injection_answer injection_look(const struct injection_question *question)
{
    struct injection_answer answer = {.sight = INJECTION_NOT_SEEN};
    const struct pod *newest = NULL;

    for (size_t i = 0; i < question->count; i++) {
        const struct pod *pod = &question->pods[i];
        bool has = pod->credentials == question->wanted;

        if (pod->flags & POD_TERMINATING)
            continue;
        count(&answer, question, pod);
        if (stands_apart(question, pod))
            continue;
        if (has && question->made_ms != INT64_MAX && pod->created_s >= seconds(question->made_ms))
            answer.sight = INJECTION_SEEN;
        if (question->settled_ms != INT64_MAX &&
            (int64_t)pod->created_s * 1000 >= question->settled_ms &&
            decides(pod, newest, question->wanted))
            newest = pod;
    }
    if (!newest || newest->credentials == question->wanted)
        return answer;
    answer.sight = INJECTION_MISSING;
    answer.missing_has_token = newest->credentials == POD_WEB_IDENTITY;
    return answer;
}

/* Judging ------------------------------------------------------------------------------------- */

static const char *account_of(const struct work *work)
{
    return arena_printf(work->arena, "%s/%s", work->binding->record.namespace_name,
                        work->binding->spec.service_account);
}

static bool by_web_identity(const struct work *work)
{
    return work->binding->spec.mechanism == MECHANISM_IRSA;
}

/*
 * Times come from the association as it was read. After a restart that read nothing they are told
 * by the condition Associated (with web identity alone RoleReady, which says that the
 * ServiceAccount is annotated, and only when no association is in the way): it became True when the
 * association had settled, hence at the earliest settle_ms after it was made or changed.
 */
static struct injection_question question_of(const struct work *work,
                                             const struct condition *associated)
{
    const struct ledger_entry *ledger = work->ledger;
    int64_t settle_ms = (int64_t)work->scene->settings.settle_ms;
    struct injection_question question = {
        .wanted = by_web_identity(work) ? POD_WEB_IDENTITY : POD_CONTAINER_CREDENTIALS,
        .made_ms = INT64_MAX,
        .settled_ms = INT64_MAX,
        .changed_ms = INT64_MAX,
        .cached_ms = (int64_t)work->scene->settings.retired_role_ms,
        .now_ms = work->now_ms,
    };

    question.pods = pods_of(work->scene->pods, account_of(work), &question.count);
    if (ledger->verified && ledger->made_ms != 0) {
        question.made_ms = ledger->made_ms;
        question.changed_ms = ledger->changed_ms;
        question.settled_ms = ledger->made_ms + settle_ms;
    } else if (associated && associated->status == CONDITION_TRUE &&
               (ledger->verified || !by_web_identity(work))) {
        question.made_ms = question.changed_ms = associated->transition_ms - settle_ms;
        question.settled_ms = associated->transition_ms + 1000; /* which was cut to its second */
    }
    return question;
}

/* What was seen once holds until the association is made anew, or a pod shows otherwise: that the
 * pod has gone takes nothing from it. */
static bool was_seen(const struct work *work, const struct injection_question *question)
{
    const struct condition *before =
        podidentitybinding_condition(&work->binding->status, "Injected");

    return before && before->status == CONDITION_TRUE && question->made_ms != INT64_MAX &&
           seconds(before->transition_ms) >= seconds(question->made_ms);
}

static struct finding seen(bool token)
{
    return (struct finding){
        .status = CONDITION_TRUE,
        .reason = "Seen",
        .message =
            token ? "A pod of the ServiceAccount was made with web identity" : CONDITION_POD_SEEN,
    };
}

static struct finding missing(struct work *work, const struct injection_answer *answer)
{
    const char *found = by_web_identity(work) ? "no web identity"
                        : answer->missing_has_token
                            ? "web identity, which comes before container credentials"
                            : "no container credentials";

    return (struct finding){
        .status = CONDITION_FALSE,
        .reason = "NotInjected",
        .message = arena_printf(
            work->arena,
            "The newest pod of ServiceAccount %s was made after the binding had settled, and has "
            "%s. See which: kubectl -n %s get pods --field-selector spec.serviceAccountName=%s "
            "--sort-by .metadata.creationTimestamp",
            work->binding->spec.service_account, found, work->binding->record.namespace_name,
            work->binding->spec.service_account),
    };
}

static struct finding injected(struct work *work, const struct injection_question *question,
                               const struct injection_answer *answer)
{
    if (answer->sight == INJECTION_MISSING)
        return missing(work, answer);
    if (answer->sight == INJECTION_SEEN || was_seen(work, question))
        return seen(by_web_identity(work));
    return (struct finding){
        .status = CONDITION_UNKNOWN,
        .reason = "NotSeen",
        .message = question->settled_ms == INT64_MAX
                       ? "No pod can show it before the association has settled"
                       : CONDITION_NO_POD_YET,
    };
}

static const struct finding all_current = {
    .status = CONDITION_TRUE,
    .reason = "Current",
    .message = CONDITION_PODS_CURRENT,
};

/* A restart before the association has settled would be in vain, so nobody has to act till then. */
static struct finding outdated(struct work *work, const struct condition *associated)
{
    if (associated && associated->status != CONDITION_TRUE)
        return (struct finding){
            .status = CONDITION_UNKNOWN,
            .reason = "Outdated",
            .message = "Pods run without the credentials of this binding; restart them when it is "
                       "Ready",
        };
    return (struct finding){
        .status = CONDITION_FALSE,
        .reason = "Outdated",
        .message =
            arena_printf(work->arena,
                         "Pods of ServiceAccount %s run with older credentials, or with "
                         "none; status.pods counts them. Restart what runs them: kubectl "
                         "-n %s rollout restart deployment NAME",
                         work->binding->spec.service_account, work->binding->record.namespace_name),
    };
}

static void come_back(struct work *work, int64_t at_ms)
{
    uint64_t delay_ms = (uint64_t)(at_ms - work->now_ms) + 1;

    if (at_ms > work->now_ms && (work->outcome.again_ms == 0 || delay_ms < work->outcome.again_ms))
        work->outcome.again_ms = delay_ms;
}

static struct injection not_watched(const char *why)
{
    struct finding finding = {
        .status = CONDITION_UNKNOWN, .reason = "PodsNotWatched", .message = why};

    return (struct injection){.injected = finding, .current = finding};
}

/* The association is gone, or goes now: what pods lack then is no fault of anybody. */
static struct injection leaving(const char *why, const struct injection_answer *answer)
{
    struct finding injected = {.status = CONDITION_UNKNOWN, .reason = "NotSeen", .message = why};
    struct finding current = {.status = CONDITION_UNKNOWN, .reason = "Outdated", .message = why};

    if (answer->total == 0)
        current = all_current;
    return (struct injection){.injected = injected, .current = current};
}

static const char *why_leaving(const struct work *work)
{
    if (work->binding->meta.deleted_ms != 0)
        return "The binding is being deleted";
    return work->draining || work->outcome.removed ? "The association was deleted" : NULL;
}

struct injection injection_judge(struct work *work, const struct condition *associated)
{
    const char *why = why_leaving(work);
    struct injection injection;
    struct injection_question question;
    struct injection_answer answer;

    if (!work->scene->pods)
        return not_watched("The controller does not watch pods (--watch-pods=false)");
    question = question_of(work, associated);
    answer = injection_look(&question);
    if (answer.fresh_ms != 0)
        come_back(work, answer.fresh_ms);
    if (why)
        injection = leaving(why, &answer);
    else
        injection = (struct injection){.injected = injected(work, &question, &answer),
                                       .current = answer.outdated > 0 ? outdated(work, associated)
                                                                      : all_current};
    injection.watched = true;
    injection.total_count = (int64_t)answer.total;
    injection.current_count = (int64_t)answer.current;
    return injection;
}

/* Draining ------------------------------------------------------------------------------------ */

bool injection_is_over(const struct work *work, int64_t since_ms)
{
    const struct pod *pods;
    size_t pod_count;

    if (!pods_known(work->scene->pods) || work->now_ms < since_ms)
        return false;
    pods = pods_of(work->scene->pods, account_of(work), &pod_count);
    for (size_t i = 0; i < pod_count; i++)
        if (pods[i].credentials != POD_NO_CREDENTIALS &&
            (int64_t)pods[i].created_s * 1000 < since_ms)
            return false;
    return true;
}

size_t injection_count_with(const struct work *work, int flags)
{
    size_t pod_count, found = 0;
    const struct pod *pods = pods_of(work->scene->pods, account_of(work), &pod_count);

    for (size_t i = 0; i < pod_count; i++)
        if ((pods[i].flags & flags) && !(pods[i].flags & POD_TERMINATING))
            found++;
    return found;
}
