#include "reconcilers/patrol.h"

#include <stdio.h>

#include "aws/eks.h"
#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* One association and the wish for it. */
enum { ARENA_MAX = 64 << 20 };
enum { KEY_SIZE = OBJECT_NAMESPACE_MAX + 1 + OBJECT_NAME_MAX + 1 };

struct patrol {
    struct scene *scene;
    struct transport *transport;
    drift_found_fn found;
    void *context;
    char passed[KEY_SIZE]; /* in the order of keys all up to this one; "": a round begins. Each
                              stays in its place from round to round, so that an interval lies
                              between two looks at it */
    struct work work;      /* the look that is on its way */
    bool looking;
};

struct patrol *patrol_create(struct scene *scene, struct transport *transport, drift_found_fn found,
                             void *context)
{
    struct patrol *patrol = memory_alloc(sizeof(*patrol));

    patrol->scene = scene;
    patrol->transport = transport;
    patrol->found = found;
    patrol->context = context;
    return patrol;
}

static void look_end(struct patrol *patrol)
{
    record_unref(patrol->work.binding);
    arena_destroy(patrol->work.arena);
    patrol->work = (struct work){0};
    patrol->looking = false;
}

void patrol_destroy(struct patrol *patrol)
{
    if (!patrol)
        return;
    if (patrol->looking)
        look_end(patrol);
    free(patrol);
}

/* Rounds --------------------------------------------------------------------------------------- */

static void pass(struct patrol *patrol, const struct podidentitybinding *binding)
{
    snprintf(patrol->passed, sizeof(patrol->passed), "%s", binding->record.key);
}

static const struct podidentitybinding *next(const struct patrol *patrol)
{
    return store_after(patrol->scene->bindings, patrol->passed);
}

/* Evenly over the interval, and never more often than the budget allows. */
static uint64_t pace_ms(const struct patrol *patrol)
{
    const struct settings *settings = &patrol->scene->settings;
    size_t count = store_count(patrol->scene->bindings);
    uint64_t even_ms = settings->describe_interval_ms / (count > 0 ? count : 1);
    uint64_t least_ms = (uint64_t)(1000.0 * PATROL_SHARE / settings->eks_rate);

    return even_ms > least_ms ? even_ms : least_ms;
}

/* A look --------------------------------------------------------------------------------------- */

static enum verdict describe_ask(struct work *work, struct request *request)
{
    eks_describe_association(work->arena, request, work->scene->settings.cluster_name,
                             work->ledger->association_id);
    return VERDICT_SEND;
}

static enum verdict describe_answer(struct work *work, const struct reply *reply)
{
    struct error refused = {0};

    if (!row_good(work, reply) ||
        !eks_read_association(work->arena, reply, &work->have.found, &work->error))
        return VERDICT_FAIL;
    /* A wish that cannot be computed any more is the plan's to tell. */
    work->wanted = want_compute(&work->want, work->arena, work->binding, work->scene, &refused);
    return VERDICT_NEXT;
}

static const struct step look_plan[] = {
    {"DescribePodIdentityAssociation", describe_ask, describe_answer, FACET_ASSOCIATION},
    {0},
};

/* Nothing is known that speaks against a look: neither a change on its way nor a newer binding. */
static bool is_settled(const struct podidentitybinding *binding, const struct ledger_entry *entry)
{
    return binding->meta.deleted_ms == 0 && entry->verified && entry->association_id &&
           entry->generation == binding->meta.generation;
}

/* One that was told already and kept as it is (adopted, or only observed) may be as wanted again,
 * or changed once more. */
static bool is_news(struct work *work, const struct ledger_entry *entry)
{
    return association_differs(work) || entry->kept[DRIFT_ASSOCIATION] ||
           (work->binding->spec.observe &&
            entry->observed[DRIFT_ASSOCIATION].sighting == SIGHTING_DIFFERENT);
}

/* Does what was read speak against the binding as it is now? */
static bool look_found(struct work *work)
{
    const struct podidentitybinding *now =
        store_get(work->scene->bindings, work->binding->record.key);
    struct ledger_entry *entry;

    if (!work->wanted || !now || !text_equal(now->record.uid, work->binding->record.uid) ||
        now->meta.generation != work->binding->meta.generation)
        return false;
    entry = ledger_entry(work->scene->ledger, now->record.key, now->record.uid);
    return is_settled(now, entry) && text_equal(entry->association_id, work->have.found.id) &&
           is_news(work, entry) && drift_suspect(entry, DRIFT_ASSOCIATION, work->now_ms);
}

static void looked(struct work *work)
{
    struct patrol *patrol = container_of(work, struct patrol, work);

    if (look_found(work))
        patrol->found(patrol->context, work->binding->record.key);
    /* An association that is gone is the sweep's to find; trouble with AWS is met again later. */
    if (work->error.kind == ERROR_NONE || work->error.kind == ERROR_REFUSED)
        pass(patrol, work->binding);
    look_end(patrol);
}

static bool look_start(struct patrol *patrol, const struct podidentitybinding *binding,
                       int64_t now_ms)
{
    struct ledger_entry *entry =
        ledger_entry(patrol->scene->ledger, binding->record.key, binding->record.uid);

    if (!is_settled(binding, entry))
        return false;
    patrol->looking = true;
    patrol->work = (struct work){
        .transport = patrol->transport,
        .done = looked,
        .arena = arena_create(ARENA_MAX),
        .scene = patrol->scene,
        .binding = record_ref(binding),
        .ledger = entry,
        .now_ms = now_ms,
    };
    plan_start(&patrol->work, look_plan);
    return true;
}

uint64_t patrol_step(struct patrol *patrol, int64_t now_ms)
{
    const struct podidentitybinding *binding;

    if (patrol->looking)
        return pace_ms(patrol);
    if (!next(patrol))
        patrol->passed[0] = '\0';
    while ((binding = next(patrol)) && !look_start(patrol, binding, now_ms))
        pass(patrol, binding);
    return pace_ms(patrol);
}
