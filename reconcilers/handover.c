/*
 * Two bindings of one ServiceAccount, one of which goes: what it has in AWS passes to the other,
 * and pods are never without credentials between the two. The one that stays retags association
 * and role (rows of provision.c); the one that goes only waits for it here, for so long.
 */

#include "base/arena.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/store.h"
#include "reconcilers/grants.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/namespaces.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* A young role takes some 15 s to be seen, an edited trust 30 s; who is not ready after two minutes
 * waits for a person, and the binding that was deleted must not. */
enum { HANDOVER_MS = 2 * 60 * 1000, HANDOVER_LOOK_MS = 1000 };

struct succession {
    const struct scene *scene;
    const struct podidentitybinding *heir;
};

static void find_heir(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    struct succession *succession = context;

    if (binding->meta.deleted_ms == 0 && !binding->spec.observe &&
        !grants_rival(binding, succession->scene))
        succession->heir = binding;
}

/* The living binding that has the ServiceAccount from now on, and may; NULL. */
static const struct podidentitybinding *heir_of(struct work *work)
{
    struct succession succession = {.scene = work->scene};

    indices_each_of_account(work->scene->bindings, work->binding, find_heir, &succession);
    if (!succession.heir || namespace_ends(work->scene, work->binding->record.namespace_name) ||
        grants_unsupported(work->arena, succession.heir) ||
        !grants_decide(work->arena, succession.heir, work->scene).granted)
        return NULL;
    return succession.heir;
}

/* Its own role has passed on: there is none to drain or to delete under that name. */
static void forget_role(struct work *work)
{
    const struct picture_role *role = work->wanted && work->want.managed && !work->purge
                                          ? picture_role(work->scene->picture, work->want.role_name)
                                          : NULL;

    if (role && !text_equal(role->binding_uid, work->binding->record.uid))
        work->wanted = false;
}

enum verdict handover_wait(struct work *work, struct request *request)
{
    const struct podidentitybinding *heir;

    (void)request;
    forget_role(work);
    if (work->have.association != PRESENCE_PRESENT || work->have.found.owner_arn ||
        work->have.association_owner != OWNER_OURS || work->binding->meta.deleted_ms == 0 ||
        work->purge || work->keep_roles)
        return VERDICT_NEXT;
    heir = heir_of(work);
    if (!heir)
        return VERDICT_NEXT;
    if (work->ledger->handover_until_ms == 0)
        work->ledger->handover_until_ms = work->now_ms + HANDOVER_MS;
    if (work->now_ms >= work->ledger->handover_until_ms)
        return VERDICT_NEXT;
    work->outcome.reconciling = "HandingOver";
    work->outcome.waiting =
        arena_printf(work->arena,
                     "PodIdentityBinding %s takes over association %s; this one goes when it has, "
                     "2 minutes later at the latest",
                     heir->record.key, work->have.found.id);
    work->outcome.again_ms = HANDOVER_LOOK_MS;
    return VERDICT_STOP;
}
