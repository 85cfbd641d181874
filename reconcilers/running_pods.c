/*
 * Rows that look at the pods of a ServiceAccount before something is made for them or taken from
 * them: no association where nobody would serve it, and no role deleted under a pod that still
 * works with it.
 */

#include "base/text.h"
#include "informers/pods.h"
#include "reconcilers/injection.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/removal_parts.h"
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

/*
 * Is the chosen role one that goes? One that was adopted stays, and so do its pods' credentials:
 * the picture is believed until it is read. One that an heir has taken over is not deleted
 * (handover.c), and one that is in no sweep and was not made by this process has no association
 * that would give it to pods.
 */
static bool deletes_the_role(const struct work *work)
{
    const struct picture_role *role;

    if (!work->doomed.chosen)
        return false;
    role = picture_role(work->scene->picture, removal_name(work));
    return role && text_equal(role->binding_uid, work->binding->record.uid) &&
           (work->doomed.read || !role->adopted);
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

static bool is_drained(struct work *work)
{
    return injection_is_over(work, work->now_ms) || work->now_ms >= drained_until_ms(work);
}

/* Nobody tells when the watch of pods has no trouble any more. */
static int64_t look_again_ms(struct work *work)
{
    int64_t until_ms = drained_until_ms(work);

    return !pods_known(work->scene->pods) && until_ms > work->now_ms + UNKNOWN_MS
               ? work->now_ms + UNKNOWN_MS
               : until_ms;
}

enum verdict pods_drain(struct work *work, struct request *request)
{
    (void)request;
    if (work->doomed.drained || !work->scene->pods || !deletes_the_role(work))
        return VERDICT_NEXT;
    work->doomed.drained = is_drained(work);
    if (work->doomed.drained)
        return VERDICT_NEXT;
    work->draining = true;
    work->outcome.reconciling = "Draining";
    work->outcome.waiting =
        "New pods get no credentials any more; the role goes when the last pod that has them is "
        "gone, 15 minutes later at the latest";
    work->outcome.again_ms = (uint64_t)(look_again_ms(work) - work->now_ms) + 1;
    return VERDICT_STOP;
}
