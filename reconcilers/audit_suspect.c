#include "reconcilers/audit_suspect.h"

#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/scene.h"

enum { SWEEPS_BEFORE_REMOVAL = 2 };

struct claim {
    const struct scene *scene;
    const char *id;
    bool claimed, suspended; /* by some binding */
    bool settled; /* one has just this association, is still to be tried, on its way from it, or
                     looks at it only (mode: Observe), for whose sake nothing is removed */
};

/* By this process: with a right binding that is when the ledger learns of its association. */
static bool was_tried(const struct ledger_entry *entry)
{
    return entry->generation != 0 || entry->failed_ms != 0;
}

static void look_at_claim(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    struct claim *claim = context;
    const struct ledger_entry *entry =
        ledger_entry(claim->scene->ledger, binding->record.key, binding->record.uid);

    claim->claimed = true;
    claim->suspended |= binding->meta.suspended != NULL;
    claim->settled |= text_equal(entry->association_id, claim->id) || !was_tried(entry) ||
                      binding->meta.deleted_ms != 0 || binding->spec.observe;
}

static struct claim claim_of(const struct scene *scene, const char *key, const char *id)
{
    struct claim claim = {.scene = scene, .id = id};

    store_each_with(scene->bindings, INDEX_SERVICE_ACCOUNT, key, look_at_claim, &claim);
    return claim;
}

enum suspicion suspicion_of(const struct scene *scene, const char *key, const char *id)
{
    struct claim claim = claim_of(scene, key, id);

    if (claim.claimed)
        return claim.settled ? SUSPICION_NONE : SUSPICION_LEFT_OVER;
    return store_get(scene->service_accounts, key) ? SUSPICION_NONE : SUSPICION_ORPHAN;
}

bool suspect_has_suspended_binding(const struct scene *scene, const char *key)
{
    return claim_of(scene, key, "").suspended;
}

bool suspect_is_to_be_asked(const struct suspect *suspect)
{
    if (suspect->belonging == BELONGS_UNKNOWN)
        return true;
    return suspect->belonging == BELONGS_TO_US &&
           (suspect->suspicion == SUSPICION_LEFT_OVER || suspect->sweeps >= SWEEPS_BEFORE_REMOVAL);
}
