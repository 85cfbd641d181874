#include "reconcilers/audit.h"

#include <stdio.h>
#include <string.h>

#include "aws/eks.h"
#include "aws/faults.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "kube/events.h"
#include "reconcilers/brake.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/namespaces.h"
#include "reconcilers/ownership.h"
#include "reconcilers/picture.h"
#include "reconcilers/report.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

enum { ARENA_MAX = 16 << 20 };

/* What is gone in one sweep may be on its way to come again. */
enum { SWEEPS_BEFORE_REMOVAL = 2 };

enum suspicion {
    SUSPICION_NONE,
    SUSPICION_ORPHAN,    /* its namespace or ServiceAccount is gone, and no binding wants it */
    SUSPICION_LEFT_OVER, /* a binding for its ServiceAccount did not come to this association */
};

enum belonging { BELONGS_UNKNOWN, BELONGS_TO_US, BELONGS_TO_OTHERS, BELONGS_TO_ADDON };

struct suspect {
    enum suspicion suspicion;
    enum belonging belonging; /* as the last Describe showed */
    unsigned sweep;           /* the last one that saw it so */
    unsigned sweeps;          /* how many in a row */
    bool told;
    char id[64];
};

struct audit {
    struct scene *scene;
    struct transport *transport;
    struct events *events;
    audit_told_fn told;
    void *context;
    struct map *suspects; /* "namespace/serviceaccount" → suspect */
    unsigned sweep;
    char **keys; /* of this round: associations, then those of them to ask about */
    size_t count, next, ask_count, ask_next;
    size_t associations, removed;
    struct work work; /* the question on its way */
    const char *key;  /* what it is about; borrowed from keys */
    struct eks_association found;
    int64_t now_ms;
    bool asking, starting;
};

struct audit *audit_create(struct scene *scene, struct transport *transport, struct events *events,
                           audit_told_fn told, void *context)
{
    struct audit *audit = memory_alloc(sizeof(*audit));

    audit->scene = scene;
    audit->transport = transport;
    audit->events = events;
    audit->told = told;
    audit->context = context;
    audit->suspects = map_create();
    return audit;
}

static void forget_keys(struct audit *audit)
{
    for (size_t i = 0; i < audit->count; i++)
        free(audit->keys[i]);
    free(audit->keys);
    audit->keys = NULL;
    audit->count = audit->next = audit->ask_count = audit->ask_next = 0;
}

void audit_destroy(struct audit *audit)
{
    if (!audit)
        return;
    if (audit->asking)
        arena_destroy(audit->work.arena);
    forget_keys(audit);
    map_clear(audit->suspects, free);
    map_destroy(audit->suspects);
    free(audit);
}

/* Suspecting ----------------------------------------------------------------------------------- */

static char *namespace_of(struct arena *arena, const char *key)
{
    return arena_text(arena, key, strcspn(key, "/"));
}

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

static enum suspicion suspect_of(const struct audit *audit, const char *key, const char *id)
{
    const struct scene *scene = audit->scene;
    struct claim claim = claim_of(scene, key, id);

    if (claim.claimed)
        return claim.settled ? SUSPICION_NONE : SUSPICION_LEFT_OVER;
    return store_get(scene->service_accounts, key) ? SUSPICION_NONE : SUSPICION_ORPHAN;
}

/* Nothing new would come of asking again about what is known to be others'. */
static bool is_to_be_asked(const struct suspect *suspect)
{
    if (suspect->belonging == BELONGS_UNKNOWN)
        return true;
    return suspect->belonging == BELONGS_TO_US &&
           (suspect->suspicion == SUSPICION_LEFT_OVER || suspect->sweeps >= SWEEPS_BEFORE_REMOVAL);
}

static const struct picture_association *pictured(const struct audit *audit, const char *key)
{
    return picture_association_by_key(audit->scene->picture, key);
}

/* True when AWS has to be asked about it. */
static bool look_at(struct audit *audit, const char *key)
{
    const struct picture_association *known = pictured(audit, key);
    enum suspicion suspicion = known ? suspect_of(audit, key, known->id) : SUSPICION_NONE;
    struct suspect *suspect = map_get(audit->suspects, key);

    if (suspicion == SUSPICION_NONE)
        return false;
    if (!suspect) {
        suspect = memory_alloc(sizeof(*suspect));
        map_put(audit->suspects, key, suspect);
    }
    if (suspect->suspicion != suspicion || strcmp(suspect->id, known->id) != 0)
        *suspect = (struct suspect){.suspicion = suspicion};
    snprintf(suspect->id, sizeof(suspect->id), "%s", known->id);
    suspect->sweep = audit->sweep;
    suspect->sweeps++;
    if (known->has_owner)
        suspect->belonging = BELONGS_TO_ADDON;
    return is_to_be_asked(suspect) || (suspicion == SUSPICION_ORPHAN && !suspect->told);
}

static bool is_suspected_still(const void *value, const void *context)
{
    return ((const struct suspect *)value)->sweep == ((const struct audit *)context)->sweep;
}

/* Asking --------------------------------------------------------------------------------------- */

static struct audit *audit_of(struct work *work)
{
    return container_of(work, struct audit, work);
}

static struct suspect *suspect_asked(struct work *work)
{
    return map_get(audit_of(work)->suspects, audit_of(work)->key);
}

static enum verdict describe_ask(struct work *work, struct request *request)
{
    if (!is_to_be_asked(suspect_asked(work)))
        return VERDICT_NEXT;
    eks_describe_association(work->arena, request, work->scene->settings.cluster_name,
                             suspect_asked(work)->id);
    return VERDICT_SEND;
}

static enum verdict describe_answer(struct work *work, const struct reply *reply)
{
    struct audit *audit = audit_of(work);
    struct suspect *suspect = suspect_asked(work);
    const char *name = strchr(audit->key, '/') + 1;
    const char *space = namespace_of(work->arena, audit->key);

    if (!row_good(work, reply) ||
        !eks_read_association(work->arena, reply, &audit->found, &work->error))
        return VERDICT_FAIL;
    if (!text_equal(audit->found.namespace_name, space) ||
        !text_equal(audit->found.service_account, name))
        return VERDICT_STOP;
    suspect->belonging = audit->found.owner_arn ? BELONGS_TO_ADDON : BELONGS_TO_OTHERS;
    if (!audit->found.owner_arn &&
        ownership_left_over(&audit->found.tags, space, name, work->scene))
        suspect->belonging = BELONGS_TO_US;
    return VERDICT_NEXT;
}

static bool is_suspended(struct work *work)
{
    const char *key = audit_of(work)->key;

    return namespace_suspended(work->scene, namespace_of(work->arena, key)) ||
           claim_of(work->scene, key, "").suspended;
}

/* Of what is to be removed this very moment, after the Describe. */
static bool is_due(struct work *work)
{
    const struct suspect *suspect = suspect_asked(work);
    uint64_t retry_ms; /* the next sweep is soon enough */

    return is_to_be_asked(suspect) && suspect->belonging == BELONGS_TO_US &&
           suspect_of(audit_of(work), audit_of(work)->key, suspect->id) == suspect->suspicion &&
           !is_suspended(work) &&
           brake_pass(&work->scene->brake, work->scene->settings.deletion_limit, work->now_ms,
                      &retry_ms);
}

static enum verdict delete_ask(struct work *work, struct request *request)
{
    if (!is_due(work))
        return VERDICT_NEXT;
    eks_delete_association(work->arena, request, work->scene->settings.cluster_name,
                           suspect_asked(work)->id);
    return VERDICT_SEND;
}

static enum verdict delete_answer(struct work *work, const struct reply *reply)
{
    struct audit *audit = audit_of(work);

    if (!row_good(work, reply)) {
        if (!aws_not_found(&work->error))
            return VERDICT_FAIL;
        error_clear(&work->error);
    }
    picture_remove_association(work->scene->picture, audit->found.namespace_name,
                               audit->found.service_account);
    audit->removed++;
    work_tell(work, false, "AssociationDeleted", "DeletePodIdentityAssociation",
              "Deleted association %s of ServiceAccount %s (role %s): it was made for a binding "
              "that is gone, and %s",
              audit->found.id, audit->key, audit->found.role_arn,
              suspect_asked(work)->suspicion == SUSPICION_ORPHAN
                  ? "the ServiceAccount is gone, too"
                  : "the binding of today has not come to it");
    return VERDICT_NEXT;
}

static const char *what_becomes_of_it(struct work *work, const struct suspect *suspect)
{
    switch (suspect->belonging) {
    case BELONGS_TO_US:
        return "It was made for a binding that is gone and is deleted after one more look";
    case BELONGS_TO_ADDON:
        return "It belongs to an EKS add-on and goes with it";
    default:
        return arena_printf(work->arena,
                            "It was not made by podidentity and is left alone. If nobody needs it: "
                            "aws eks delete-pod-identity-association --cluster-name %s "
                            "--association-id %s",
                            work->scene->settings.cluster_name, suspect->id);
    }
}

/* A namesake that somebody makes later would get the role. */
static enum verdict word(struct work *work, struct request *request)
{
    struct suspect *suspect = suspect_asked(work);
    bool of_namespace =
        !store_get(work->scene->namespaces, namespace_of(work->arena, audit_of(work)->key));

    (void)request;
    if (suspect->suspicion != SUSPICION_ORPHAN || suspect->told || work->outcome.told_count > 0)
        return VERDICT_NEXT;
    suspect->told = true;
    work_tell(work, true, "OrphanedAssociation", "Audit",
              "Association %s is for ServiceAccount %s, which does not exist%s: whoever makes it "
              "gets the role. %s",
              suspect->id, audit_of(work)->key, of_namespace ? ", nor does its namespace" : "",
              what_becomes_of_it(work, suspect));
    return VERDICT_NEXT;
}

/* On the namespace, or where there is none (any more) on that of the controller. */
static struct event_subject subject_of(struct work *work)
{
    const char *name = namespace_of(work->arena, audit_of(work)->key);
    const struct metadata *namespace = store_get(work->scene->namespaces, name);

    if (!namespace || namespace->terminating) {
        name = work->scene->settings.controller_namespace;
        namespace = store_get(work->scene->namespaces, name);
    }
    return (struct event_subject){
        .api_version = "v1",
        .kind = "Namespace",
        .namespace_name = name,
        .name = name,
        .uid = namespace ? namespace->record.uid : "",
    };
}

static void say(const struct audit *audit, bool warning, const char *reason, const char *note)
{
    if (audit->told)
        audit->told(audit->context, warning, reason, note);
}

/* The log and the metric say what an Event says, which may be refused. */
static enum verdict tell_ask(struct work *work, struct request *request)
{
    struct event_subject subject = subject_of(work);
    const struct told *told = &work->outcome.told[work->outcome.told_next];
    enum verdict verdict = report_tell_ask(work, request, &subject);

    if (verdict == VERDICT_SEND)
        say(audit_of(work), told->warning, told->reason, told->note);
    return verdict;
}

/* Each is told once, by an Event of its own: a series would keep the first one's note. */
static enum verdict tell_answer(struct work *work, const struct reply *reply)
{
    const struct told *told = &work->outcome.told[work->outcome.told_next];
    struct event_subject subject = subject_of(work);

    events_forget(work->events, &subject, told->warning, told->reason, told->action);
    return report_tell_answer(work, reply, &subject);
}

static const struct step ask_plan[] = {
    {"DescribePodIdentityAssociation", describe_ask, describe_answer, FACET_ASSOCIATION},
    {"DeletePodIdentityAssociation", delete_ask, delete_answer, FACET_ASSOCIATION},
    {"Word", word, NULL, FACET_ASSOCIATION},
    {"TellEvents", tell_ask, tell_answer, FACET_ASSOCIATION},
    {0},
};

static void ask_next(struct audit *audit);

/* Trouble with AWS is met again by the next sweep. */
static void asked(struct work *work)
{
    struct audit *audit = audit_of(work);

    if (work->failed && !aws_not_found(&work->error))
        say(audit, true, "", work->error.text);
    arena_destroy(work->arena);
    audit->work = (struct work){0};
    audit->asking = false;
    if (!audit->starting)
        ask_next(audit);
}

static void ask(struct audit *audit, const char *key)
{
    if (!map_get(audit->suspects, key))
        return;
    audit->key = key;
    audit->asking = true;
    audit->work = (struct work){
        .transport = audit->transport,
        .done = asked,
        .arena = arena_create(ARENA_MAX),
        .scene = audit->scene,
        .events = audit->events,
        .now_ms = audit->now_ms,
    };
    plan_start(&audit->work, ask_plan);
}

/* One after the other: what has nothing to ask ends before ask returns. */
static void ask_next(struct audit *audit)
{
    audit->starting = true;
    while (!audit->asking && audit->ask_next < audit->ask_count)
        ask(audit, audit->keys[audit->ask_next++]);
    audit->starting = false;
}

/* Rounds --------------------------------------------------------------------------------------- */

static void add_key(void *context, const char *key)
{
    struct audit *audit = context;

    audit->keys[audit->count++] = memory_string(key);
}

void audit_begin(struct audit *audit)
{
    if (audit->asking)
        return; /* the round before is not through: the next sweep comes soon */
    forget_keys(audit);
    audit->sweep++;
    audit->associations = picture_association_count(audit->scene->picture);
    audit->keys = memory_array(audit->associations + 1, sizeof(*audit->keys));
    picture_each_association(audit->scene->picture, add_key, audit);
}

bool audit_on(struct audit *audit, size_t count, int64_t now_ms)
{
    if (audit->asking)
        return false;
    audit->now_ms = now_ms;
    for (; count > 0 && audit->next < audit->count; count--) {
        char *key = audit->keys[audit->next];

        if (look_at(audit, key)) { /* those to ask about move to the front */
            audit->keys[audit->next] = audit->keys[audit->ask_count];
            audit->keys[audit->ask_count++] = key;
        }
        audit->next++;
    }
    if (audit->next < audit->count)
        return true;
    map_filter(audit->suspects, is_suspected_still, audit, free);
    ask_next(audit);
    return false;
}

static void count_suspect(const char *key, void *value, void *context)
{
    const struct suspect *suspect = value;
    struct audit_figures *figures = context;

    (void)key;
    if (suspect->suspicion != SUSPICION_ORPHAN)
        return;
    figures->ours += suspect->belonging == BELONGS_TO_US;
    figures->foreign += suspect->belonging == BELONGS_TO_OTHERS;
    figures->addons += suspect->belonging == BELONGS_TO_ADDON;
}

void audit_figures(const struct audit *audit, struct audit_figures *figures)
{
    *figures =
        (struct audit_figures){.associations = audit->associations, .removed = audit->removed};
    map_each(audit->suspects, count_suspect, figures);
}
