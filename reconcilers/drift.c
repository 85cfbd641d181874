#include "reconcilers/drift.h"

#include <string.h>

#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/picture.h"
#include "reconcilers/scene.h"

struct drift_look {
    struct scene *scene;
    drift_found_fn found;
    void *context;
    int64_t now_ms;
    const struct podidentitybinding **bindings; /* references */
    size_t count, next;
};

enum sight {
    SIGHT_SAME,
    SIGHT_UNSEEN, /* nothing newer than our own write is known */
    SIGHT_OTHER,
    SIGHT_GONE,
};

/* Repairs -------------------------------------------------------------------------------------- */

void drift_repaired(struct ledger_drift *drift, int64_t now_ms)
{
    drift->repaired_s[drift->repairs] = (uint32_t)((now_ms + 999) / 1000);
    drift->repairs = (unsigned char)((drift->repairs + 1) % DRIFT_REPAIRS_MAX);
}

int64_t drift_slowed_until_ms(const struct ledger_drift *drift, int64_t now_ms)
{
    int64_t oldest_ms = (int64_t)drift->repaired_s[drift->repairs] * 1000;

    return oldest_ms != 0 && oldest_ms + DRIFT_REPAIRS_MS > now_ms ? oldest_ms + DRIFT_REPAIRS_MS
                                                                   : 0;
}

bool drift_suspect(struct ledger_entry *entry, enum drift_part part, int64_t now_ms)
{
    struct ledger_drift *drift = &entry->drift[part];
    int64_t until_ms = drift_slowed_until_ms(drift, now_ms);

    if (until_ms != 0) {
        bool news = drift->slowed_until_ms != until_ms;

        drift->slowed_until_ms = until_ms;
        return news;
    }
    drift->slowed_until_ms = 0;
    drift->suspected = true;
    ledger_doubt(entry);
    return true;
}

/* Seeing --------------------------------------------------------------------------------------- */

uint64_t drift_existing_print(const char *trust, const char *tagged_namespace)
{
    /* FNV-1a: whoever can edit the trust gains nothing by two texts with one number. */
    uint64_t print = UINT64_C(14695981039346656037);
    const char *const texts[] = {trust, tagged_namespace ? tagged_namespace : ""};

    for (size_t i = 0; i < COUNT(texts); i++)
        for (const char *byte = texts[i];; byte++) {
            print = (print ^ (unsigned char)*byte) * UINT64_C(1099511628211);
            if (!*byte)
                break;
        }
    return print | 1;
}

static enum sight see_association(const struct drift_look *look,
                                  const struct podidentitybinding *binding,
                                  const struct ledger_entry *entry)
{
    const struct picture_association *known = picture_association(
        look->scene->picture, binding->record.namespace_name, binding->spec.service_account);

    /* With web identity alone there is none; somebody's would take the pods from it. And who only
     * observes may have seen none. */
    if (!entry->association_id)
        return known && (binding->spec.mechanism == MECHANISM_IRSA || binding->spec.observe)
                   ? SIGHT_OTHER
                   : SIGHT_UNSEEN;
    if (!known)
        return SIGHT_GONE;
    return text_equal(known->id, entry->association_id) && !known->has_owner ? SIGHT_SAME
                                                                             : SIGHT_OTHER;
}

static enum sight see_existing(const struct drift_look *look, const struct ledger_entry *entry)
{
    const struct picture_existing *known = picture_existing(look->scene->picture, entry->role_arn);

    if (entry->existing_print == 0)
        return SIGHT_UNSEEN;
    if (!known)
        return SIGHT_OTHER; /* not ours to make again: it is told */
    return drift_existing_print(known->trust, known->tagged_namespace) == entry->existing_print
               ? SIGHT_SAME
               : SIGHT_OTHER;
}

/* With mode Observe it is not as it was left, but as it was seen. */
static enum sight see_observed(const struct ledger_entry *entry, const struct picture_role *known)
{
    if (entry->observed[DRIFT_ROLE].sighting == SIGHTING_ABSENT)
        return known ? SIGHT_OTHER : SIGHT_SAME;
    if (!known)
        return SIGHT_GONE;
    if (!known->digest[0])
        return SIGHT_UNSEEN;
    return text_equal(known->digest, entry->wish_digest) ? SIGHT_SAME : SIGHT_OTHER;
}

static enum sight see_role(const struct drift_look *look, const struct podidentitybinding *binding,
                           const struct ledger_entry *entry)
{
    const struct picture_role *known;

    if (!entry->wish_digest[0])
        return see_existing(look, entry);
    known = picture_role(look->scene->picture, strrchr(entry->role_arn, '/') + 1);
    if (binding->spec.observe)
        return see_observed(entry, known);
    if (!known)
        return SIGHT_GONE;
    if (!text_equal(known->binding_uid, binding->record.uid))
        return SIGHT_OTHER;
    if (!known->digest[0])
        return SIGHT_UNSEEN;
    return text_equal(known->digest, entry->wish_digest) ||
                   text_equal(known->digest, entry->accepted_digest)
               ? SIGHT_SAME
               : SIGHT_OTHER;
}

/* Deciding ------------------------------------------------------------------------------------- */

/* Gone in one sweep may be a list that lags, or somebody who takes the whole cluster down. */
static bool note_gone(struct ledger_entry *entry, enum drift_part part, int64_t now_ms)
{
    struct ledger_drift *drift = &entry->drift[part];

    if (!drift->missing) {
        drift->missing = true;
        ledger_doubt(entry);
        return true;
    }
    if (!drift_suspect(entry, part, now_ms))
        return false;
    drift->missing = drift->slowed_until_ms != 0;
    return true;
}

/* True when the binding has to be looked at. */
static bool note(struct ledger_entry *entry, enum drift_part part, enum sight sight, int64_t now_ms)
{
    struct ledger_drift *drift = &entry->drift[part];
    bool waited = drift->missing || drift->slowed_until_ms != 0;

    switch (sight) {
    case SIGHT_UNSEEN:
        return false;
    case SIGHT_GONE:
        return note_gone(entry, part, now_ms);
    case SIGHT_OTHER:
        drift->missing = false;
        return drift_suspect(entry, part, now_ms);
    case SIGHT_SAME:
        break;
    }
    drift->missing = false;
    drift->slowed_until_ms = 0;
    return waited; /* it came back by itself */
}

/* A person's change, a deletion and what failed take their own way to AWS. What we wrote ourselves
 * may not be in every page yet. */
static bool is_watched(const struct drift_look *look, const struct podidentitybinding *binding,
                       const struct ledger_entry *entry)
{
    bool waits = entry->drift[DRIFT_ROLE].missing || entry->drift[DRIFT_ASSOCIATION].missing;

    return binding->meta.deleted_ms == 0 && (entry->verified || waits) && entry->role_arn &&
           entry->generation == binding->meta.generation &&
           entry->written_ms + (int64_t)look->scene->settings.settle_ms <=
               picture_swept_since_ms(look->scene->picture);
}

/* What was left as it is because it only narrowed is gone: its warning goes, too. */
static bool what_stayed_is_gone(struct ledger_entry *entry, const struct drift_look *look,
                                const struct podidentitybinding *binding)
{
    const struct picture_role *known;

    if ((!entry->foreign_denies && !entry->foreign_boundary) || !entry->wish_digest[0] ||
        binding->spec.observe)
        return false;
    known = picture_role(look->scene->picture, strrchr(entry->role_arn, '/') + 1);
    if (!known || !text_equal(known->digest, entry->wish_digest))
        return false;
    ledger_keep(&entry->foreign_denies, NULL);
    ledger_keep(&entry->foreign_boundary, NULL);
    return true;
}

/* What no page shows is read again after each sweep, for as long as it is pending; of a role that
 * waits to be adopted only now and then. */
static bool is_unpaged(const struct drift_look *look, struct ledger_entry *entry,
                       const struct podidentitybinding *binding)
{
    if (!binding->spec.observe || !entry->unpaged || look->now_ms < entry->unpaged_ms)
        return false;
    ledger_doubt(entry);
    return true;
}

struct others {
    const char *wanted;
    bool found;
};

static void find_other(void *context, const struct picture_role *role)
{
    struct others *others = context;

    others->found |= !text_equal(role->name, others->wanted);
}

/* Roles of a binding besides the wanted one are told from the picture: its plan looks again, and
 * asks nothing. */
static bool has_others(const struct drift_look *look, const struct podidentitybinding *binding,
                       const struct ledger_entry *entry)
{
    struct others others = {0};

    if (!binding->spec.observe)
        return false;
    others.wanted = strrchr(entry->role_arn, '/') + 1;
    picture_each_role_of(look->scene->picture, binding->record.uid, find_other, &others);
    return others.found || entry->retired_pending;
}

static void look_at(const struct drift_look *look, const struct podidentitybinding *binding)
{
    struct ledger_entry *entry =
        ledger_entry(look->scene->ledger, binding->record.key, binding->record.uid);
    bool found;

    if (!is_watched(look, binding, entry))
        return;
    found = note(entry, DRIFT_ROLE, see_role(look, binding, entry), look->now_ms);
    found |= note(entry, DRIFT_ASSOCIATION, see_association(look, binding, entry), look->now_ms);
    found |= what_stayed_is_gone(entry, look, binding);
    found |= is_unpaged(look, entry, binding);
    found |= has_others(look, binding, entry);
    if (found)
        look->found(look->context, binding->record.key);
}

static void add_binding(void *context, const void *record)
{
    struct drift_look *look = context;

    look->bindings[look->count++] = record_ref(record);
}

struct drift_look *drift_look_begin(struct scene *scene, drift_found_fn found, void *context)
{
    struct drift_look *look = memory_alloc(sizeof(*look));

    look->scene = scene;
    look->found = found;
    look->context = context;
    look->bindings = memory_array(store_count(scene->bindings) + 1, sizeof(const void *));
    store_each(scene->bindings, add_binding, look);
    return look;
}

bool drift_look_on(struct drift_look *look, size_t count, int64_t now_ms)
{
    look->now_ms = now_ms;
    for (; count > 0 && look->next < look->count; count--) {
        const struct podidentitybinding *binding = look->bindings[look->next++];

        /* One that changed or went since is on its own way to AWS. */
        if (store_get(look->scene->bindings, binding->record.key) == binding)
            look_at(look, binding);
    }
    return look->next < look->count;
}

void drift_look_end(struct drift_look *look)
{
    if (!look)
        return;
    for (size_t i = 0; i < look->count; i++)
        record_unref(look->bindings[i]);
    free(look->bindings);
    free(look);
}
