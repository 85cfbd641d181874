#include "reconcilers/podidentitybinding.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "informers/store.h"
#include "reconcilers/ledger.h"
#include "reconcilers/reasons.h"
#include "reconcilers/report.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/withdrawal.h"
#include "reconcilers/work.h"

/* A binding of 1.5 MiB, a role with 25 policies of 6 kB decoded and compared: far below this. */
enum { ARENA_MAX = 64 << 20 };

/* The watch brings our own write within milliseconds, unless it is broken. */
enum { STALE_RETRY_MS = 50, STALE_DOUBLINGS = 7 };

struct reconcile {
    struct work work;
    struct reconcile_result result;
    struct error error;        /* of the first plan; the report's own is in work */
    const struct step *failed; /* its row; NULL: none */
    struct error refusal;      /* by the gate, when another plan followed it */
    const struct step *refused;
    reconcile_done_fn done;
    void *context;
};

static void reconcile_finish(struct reconcile *reconcile)
{
    reconcile->done(reconcile->context, &reconcile->result);
    record_unref(reconcile->work.binding);
    arena_destroy(reconcile->work.arena);
    free(reconcile);
}

static void remember_version(struct work *work)
{
    if (work->resource_version)
        ledger_wrote(work->ledger, work->resource_version);
}

/* What the queue is to do after this error. */
static void judge_error(struct reconcile_result *result, const struct error *error,
                        const struct work *work)
{
    result->error = error;
    result->delay_ms = work->outcome.retry_ms;
    result->end = error->kind == ERROR_REFUSED ? RECONCILE_REFUSED : RECONCILE_RETRY;
    if (!reason_waits(error))
        return;
    result->end = RECONCILE_DONE; /* nothing changes before an object does, or the time comes */
    result->delay_ms = work->outcome.again_ms;
}

/* The report itself failed: whatever the plan came to, nobody was told. */
static void judge_report(struct reconcile *reconcile)
{
    struct reconcile_result *result = &reconcile->result;

    result->end = RECONCILE_RETRY;
    result->delay_ms = 0;
    if (reconcile->error.kind != ERROR_NONE)
        return;
    reconcile->error = reconcile->work.error;
    result->failed_step = reconcile->work.failed->name;
}

/* A namesake took the place of the binding while its plan was on its way (somebody took the
 * finalizer off and deleted it): the entry is the namesake's by now, and what this run wrote there
 * is not. */
static void forget_if_replaced(struct work *work)
{
    if (!text_equal(work->ledger->uid, work->binding->record.uid))
        ledger_forget(work->scene->ledger, work->binding->record.key);
}

static void reported(struct work *work)
{
    struct reconcile *reconcile = container_of(work, struct reconcile, work);
    struct reconcile_result *result = &reconcile->result;

    remember_version(work);
    result->requests = work->requests;
    result->writes = work->writes;
    result->events_trouble = work->outcome.events_trouble;
    memcpy(result->drift_found, work->outcome.drift_found, sizeof(result->drift_found));
    memcpy(result->drift_repaired, work->outcome.drift_repaired, sizeof(result->drift_repaired));
    result->told = work->outcome.told;
    result->told_count = work->outcome.told_count;
    result->error = &reconcile->error;
    result->delay_ms = work->outcome.again_ms;
    if (reconcile->error.kind != ERROR_NONE)
        judge_error(result, &reconcile->error, work);
    if (work->failed != reconcile->failed)
        judge_report(reconcile);
    if (work->outcome.gone)
        ledger_forget(work->scene->ledger, work->binding->record.key);
    else
        forget_if_replaced(work);
    reconcile_finish(reconcile);
}

static void planned(struct work *work);

/* What follows a refusal is through. The refusal stays what the binding is told, unless there was
 * trouble on the way. */
static void followed(struct work *work)
{
    struct reconcile *reconcile = container_of(work, struct reconcile, work);

    if (work->failed) {
        work->done = planned;
        planned(work);
        return;
    }
    withdrawal_settle(work);
    work->request = (struct request){0};
    work->error = reconcile->refusal;
    work->failed = reconcile->refused;
    planned(work);
}

/* The gate refused what it granted before: is something to be taken away? */
static bool follow(struct reconcile *reconcile)
{
    struct work *work = &reconcile->work;
    const struct step *plan = work->failed && !reconcile->refused ? withdrawal_plan(work) : NULL;

    if (!plan)
        return false;
    reconcile->refusal = work->error;
    reconcile->refused = work->failed;
    error_clear(&work->error);
    work->failed = NULL;
    work->done = followed;
    plan_start(work, plan);
    return true;
}

/* The plan is through, well or not: the report follows. Trouble with the API server itself has
 * nothing to report: a new version of the object, or the next try, says more. */
static void planned(struct work *work)
{
    struct reconcile *reconcile = container_of(work, struct reconcile, work);
    bool of_kubernetes =
        work->failed && work->request.service == SERVICE_KUBERNETES && work->request.operation;

    if (follow(reconcile))
        return;
    if (work->failed) {
        reconcile->error = work->error;
        reconcile->failed = work->failed;
        reconcile->result.failed_step = work->failed->name;
        work->ledger->failed_ms = work->now_ms;
    } else {
        work->ledger->failed_ms = 0;
    }
    work->done = reported;
    if (of_kubernetes) {
        reported(work);
        return;
    }
    plan_start(work, report_plan);
}

/* The record is older than what we wrote: the watch will bring the newer one. */
static bool record_is_stale(const struct work *work)
{
    bool comparable = false;
    int order = kube_version_compare(work->binding->record.resource_version,
                                     work->ledger->written_version, &comparable);

    return work->ledger->written_version[0] && comparable && order < 0;
}

static uint64_t stale_delay_ms(struct ledger_entry *ledger)
{
    unsigned doublings =
        ledger->stale_looks < STALE_DOUBLINGS ? ledger->stale_looks++ : STALE_DOUBLINGS;

    return (uint64_t)STALE_RETRY_MS << doublings;
}

static const struct step *choose_plan(struct reconcile *reconcile)
{
    const struct kube_meta *meta = &reconcile->work.binding->meta;

    reconcile->result.plan = "none";
    if (record_is_stale(&reconcile->work)) {
        reconcile->result.delay_ms = stale_delay_ms(reconcile->work.ledger);
        return NULL;
    }
    reconcile->work.ledger->stale_looks = 0;
    if (meta->deleted_ms == 0) {
        bool observe = reconcile->work.binding->spec.observe;

        reconcile->result.plan = observe ? "observe" : "provision";
        return observe ? observe_plan : provision_plan;
    }
    if (!kube_meta_has_finalizer(meta, PODIDENTITYBINDING_FINALIZER))
        return NULL;
    reconcile->result.plan = "teardown";
    return teardown_plan;
}

static struct reconcile *reconcile_create(struct scene *scene, struct transport *transport,
                                          const struct podidentitybinding *binding, int64_t now_ms,
                                          reconcile_done_fn done, void *context)
{
    struct reconcile *reconcile = memory_alloc(sizeof(*reconcile));

    reconcile->done = done;
    reconcile->context = context;
    reconcile->result.error = &reconcile->error;
    reconcile->work = (struct work){
        .transport = transport,
        .done = planned,
        .arena = arena_create(ARENA_MAX),
        .scene = scene,
        .binding = record_ref(binding),
        .ledger = ledger_entry(scene->ledger, binding->record.key, binding->record.uid),
        .now_ms = now_ms,
    };
    return reconcile;
}

/* There is no such binding (any more): nothing to do, nothing to remember. */
static void reconcile_nothing(struct scene *scene, const char *key, reconcile_done_fn done,
                              void *context)
{
    struct error no_error = {0};
    struct reconcile_result nothing = {.plan = "none", .error = &no_error};

    ledger_forget(scene->ledger, key);
    done(context, &nothing);
}

void reconcile_start(struct scene *scene, struct transport *transport, struct events *events,
                     const char *key, int64_t now_ms, reconcile_done_fn done, void *context)
{
    const struct podidentitybinding *binding = store_get(scene->bindings, key);
    struct reconcile *reconcile;
    const struct step *plan;

    if (!binding) {
        reconcile_nothing(scene, key, done, context);
        return;
    }
    reconcile = reconcile_create(scene, transport, binding, now_ms, done, context);
    reconcile->work.events = events;
    plan = choose_plan(reconcile);
    if (plan)
        plan_start(&reconcile->work, plan);
    else
        reconcile_finish(reconcile);
}

static void released(struct work *work)
{
    struct reconcile *reconcile = container_of(work, struct reconcile, work);

    if (work->failed) {
        reconcile->error = work->error;
        reconcile->failed = work->failed;
        reconcile->result.failed_step = work->failed->name;
    }
    reported(work);
}

void reconcile_release_start(struct scene *scene, struct transport *transport, const char *key,
                             enum release release, int64_t now_ms, reconcile_done_fn done,
                             void *context)
{
    const struct podidentitybinding *binding = store_get(scene->bindings, key);
    struct reconcile *reconcile;

    if (!binding) {
        reconcile_nothing(scene, key, done, context);
        return;
    }
    reconcile = reconcile_create(scene, transport, binding, now_ms, done, context);
    reconcile->result.plan = "release";
    reconcile->work.done = released;
    reconcile->work.purge = release == RELEASE_PURGE;
    reconcile->work.keep_roles = release == RELEASE_ASSOCIATION;
    plan_start(&reconcile->work, release == RELEASE_LET_GO ? let_go_plan : teardown_plan);
}

bool reconcile_is_own_write(const struct scene *scene, const char *key, const char *uid,
                            const char *resource_version)
{
    const struct ledger_entry *entry = ledger_entry(scene->ledger, key, uid);
    bool comparable = false;
    int order = kube_version_compare(resource_version, entry->written_version, &comparable);

    return entry->written_version[0] && comparable && order <= 0;
}

static const char *why_ready(const struct podidentitybinding *binding)
{
    const struct condition *ready = podidentitybinding_condition(&binding->status, "Ready");

    return ready ? ready->reason : NULL;
}

bool reconcile_moved_things(const struct podidentitybinding *before,
                            const struct podidentitybinding *after)
{
    if ((after ? after : before)->spec.observe)
        return before && !before->spec.observe;
    return !before || !after || !text_equal(before->status.role_arn, after->status.role_arn) ||
           !text_equal(before->status.association_id, after->status.association_id) ||
           !text_equal(why_ready(before), why_ready(after));
}

void reconcile_doubt_observer(const struct scene *scene, const struct podidentitybinding *binding)
{
    if (binding->spec.observe)
        ledger_doubt(ledger_entry(scene->ledger, binding->record.key, binding->record.uid));
}

bool reconcile_looks_at_pods(const struct scene *scene, const struct podidentitybinding *binding)
{
    const struct ledger_entry *entry =
        ledger_entry(scene->ledger, binding->record.key, binding->record.uid);
    const struct condition *associated =
        podidentitybinding_condition(&binding->status, "Associated");

    return binding->meta.deleted_ms != 0 || entry->failed_ms == 0 || entry->drain_until_ms != 0 ||
           (associated && text_equal(associated->reason, "ComputeWithoutAgent"));
}
