/*
 * Rows that look at the pods of a ServiceAccount before something is made for them or taken from
 * them: no association where nobody would serve it, and no role deleted under a pod that still
 * works with it.
 */

#include "base/arena.h"
#include "informers/pods.h"
#include "reconcilers/grants.h"
#include "reconcilers/injection.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Pods may take their time to end, but one that never does must not keep a binding for ever. */
enum { DRAIN_MS = 15 * 60 * 1000 };

/* How soon to look again when the watch of pods has trouble: nobody tells of its end. */
enum { UNKNOWN_MS = 60 * 1000 };

/*
 * Once an association exists every new pod of the ServiceAccount gets container credentials, and
 * on Fargate and Windows there is no agent that would serve them. Refused before it is made; where
 * it exists already, only told.
 */
enum verdict pods_compute(struct work *work, struct request *request)
{
    const char *account = work->binding->spec.service_account;
    bool exists = work->have.association != PRESENCE_ABSENT; /* or nothing was asked */

    (void)request;
    if (work->binding->spec.mechanism == MECHANISM_IRSA || work->progress.compute_looked ||
        injection_count_with(work, POD_FARGATE | POD_WINDOWS) == 0)
        return VERDICT_NEXT;
    work->progress.compute_looked = true;
    if (!exists)
        return work_refuse(work, FACET_ASSOCIATION, "ComputeWithoutAgent",
                           "ServiceAccount %s has pods on Fargate or Windows, where Pod Identity "
                           "does not work, and an association would leave new ones without "
                           "credentials. Give those pods a ServiceAccount of their own, with "
                           "a binding of mechanism: IRSA",
                           account);
    work_warn(work,
              "ServiceAccount %s has pods on Fargate or Windows, where Pod Identity does not work: "
              "give them a ServiceAccount of their own, with a binding of mechanism: IRSA",
              account);
    return VERDICT_NEXT;
}

struct going {
    const struct work *work;
    bool found;
};

static void find_role(void *context, const struct picture_role *role)
{
    struct going *going = context;

    going->found |= !removal_is_in_use(going->work, role->name);
}

/* A role that an heir has taken over is not deleted (handover.c), and one that is in no sweep and
 * was not made by this process has no association that would give it to pods. */
static bool deletes_a_role(const struct work *work)
{
    struct going going = {.work = work};

    if (work->binding->spec.observe || grants_retain(work->binding, work->scene) ||
        work->keep_roles)
        return false;
    picture_each_role_of(work->scene->picture, work->binding->record.uid, find_role, &going);
    return going.found;
}

/* When the role goes whatever its pods do. After a restart it is not known when the association
 * went: at the earliest when the binding was deleted. */
static int64_t drained_until_ms(struct work *work)
{
    struct ledger_entry *ledger = work->ledger;

    if (ledger->drain_until_ms == 0) {
        int64_t since_ms = work->progress.association_deleted || work->binding->meta.deleted_ms == 0
                               ? work->now_ms
                               : work->binding->meta.deleted_ms;

        ledger->drain_until_ms = since_ms + DRAIN_MS;
    }
    return ledger->drain_until_ms;
}

enum verdict pods_drain(struct work *work, struct request *request)
{
    int64_t until_ms;

    (void)request;
    if (work->doomed.listed || !work->scene->pods || !deletes_a_role(work) ||
        injection_is_over(work, work->now_ms))
        return VERDICT_NEXT;
    until_ms = drained_until_ms(work);
    if (work->now_ms >= until_ms)
        return VERDICT_NEXT;
    if (!pods_known(work->scene->pods) && until_ms > work->now_ms + UNKNOWN_MS)
        until_ms = work->now_ms + UNKNOWN_MS;
    work->draining = true;
    work->outcome.reconciling = "Draining";
    work->outcome.waiting =
        "New pods get no credentials any more; the role goes when the last pod that has them is "
        "gone, 15 minutes later at the latest";
    work->outcome.again_ms = (uint64_t)(until_ms - work->now_ms) + 1;
    return VERDICT_STOP;
}
