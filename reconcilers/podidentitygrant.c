#include "reconcilers/podidentitygrant.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/grants.h"
#include "reconcilers/indices.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

enum { ARENA_MAX = 8 << 20 };

struct grant_work {
    struct work work;
    const struct podidentitygrant *grant;
    struct reconcile_result result;
    reconcile_done_fn done;
    void *context;
};

/* Counting ------------------------------------------------------------------------------------- */

/* A binding has at most 256 ARNs; its items are dropped after each. */
enum { ITEMS_ARENA_MAX = 1 << 20 };

struct matching {
    const struct podidentitygrant *grant;
    const struct scene *scene;
    struct arena *items;
    int64_t namespaces, bindings;
};

static void count_binding(void *context, const void *record)
{
    struct matching *matching = context;

    arena_reset(matching->items);
    if (grant_serves(matching->items, matching->grant, record, matching->scene))
        matching->bindings++;
}

static void count_namespace(void *context, const void *record)
{
    const struct namespace_metadata *namespace = record;
    struct matching *matching = context;

    if (!grant_selects(matching->grant, namespace->metadata.record.name, &namespace->labels,
                       &matching->scene->settings))
        return;
    matching->namespaces++;
    store_each_with(matching->scene->bindings, INDEX_NAMESPACE, namespace->metadata.record.name,
                    count_binding, matching);
}

/* Named namespaces are looked up, not searched: most grants have no labels. */
static void count_matches(struct podidentitygrant_status *status,
                          const struct podidentitygrant *grant, const struct scene *scene)
{
    AUTO(arena_destroy) struct arena *items = arena_create(ITEMS_ARENA_MAX);
    struct matching matching = {.grant = grant, .scene = scene, .items = items};

    if (grant->match_labels.count > 0)
        store_each(scene->namespaces, count_namespace, &matching);
    else
        for (const char *const *name = grant->namespace_names; *name; name++)
            if (store_get(scene->namespaces, *name))
                count_namespace(&matching, store_get(scene->namespaces, *name));
    status->matched_namespaces = grant->unreadable || grant->bad_glob ? 0 : matching.namespaces;
    status->bindings = matching.bindings;
}

/* Judging -------------------------------------------------------------------------------------- */

static void refuse(struct condition *ready, const char *reason, const char *message)
{
    ready->status = CONDITION_FALSE;
    ready->reason = reason;
    ready->message = message;
}

static void judge_selector(struct condition *ready, struct arena *arena,
                           const struct podidentitygrant *grant, const struct settings *settings)
{
    const char *forbidden = grant_forbidden_label(grant, settings);

    if (forbidden)
        refuse(ready, "EmptySelector",
               arena_printf(arena,
                            "spec.namespaces.matchLabels matches nothing, because %s is not among "
                            "--grant-label-keys of the controller: add it there, once tenants "
                            "cannot set it, or write spec.namespaces.names%s",
                            forbidden,
                            grant->namespace_names[0] ? ", which are matched as before" : ""));
    else if (!grant->namespace_names[0] && grant->match_labels.count == 0)
        refuse(ready, "EmptySelector",
               "An empty selector matches nothing: name namespaces in spec.namespaces.names, or "
               "their labels in spec.namespaces.matchLabels");
    else if (!grant->service_accounts[0])
        refuse(ready, "EmptySelector",
               "An empty list matches nothing: name ServiceAccounts in spec.serviceAccounts "
               "([\"*\"] for all)");
}

static void judge(struct condition *ready, struct arena *arena,
                  const struct podidentitygrant *grant, const struct settings *settings)
{
    ready->status = CONDITION_TRUE;
    ready->reason = "Ready";
    ready->message = "The grant is in force";
    if (grant->unreadable)
        refuse(ready, "NotYetSupported",
               arena_printf(arena,
                            "PODIDENTITY-D03-UNSUPPORTED: this version cannot read the grant, so "
                            "it matches nothing: %s. Correct or remove that field",
                            grant->unreadable));
    else if (grant->bad_glob)
        refuse(ready, "InvalidGlob",
               arena_printf(arena,
                            "\"%s\" is not a glob, so this grant matches nothing: write one '*' "
                            "where any run of characters but '/' may stand",
                            grant->bad_glob));
    else
        judge_selector(ready, arena, grant, settings);
}

static int64_t transition_of(const struct podidentitygrant *grant, enum condition_status status,
                             int64_t now_ms)
{
    for (size_t i = 0; i < grant->condition_count; i++)
        if (text_equal(grant->conditions[i].type, "Ready") && grant->conditions[i].status == status)
            return grant->conditions[i].transition_ms;
    return now_ms / 1000 * 1000;
}

/* To kstatus Ready=False is on the way; only Stalled says that nothing goes on by itself. */
static void fill_conditions(struct podidentitygrant_status *status, struct work *work,
                            const struct podidentitygrant *grant)
{
    struct condition *ready = &status->conditions[0], *stalled = &status->conditions[1];

    judge(ready, work->arena, grant, &work->scene->settings);
    ready->type = "Ready";
    ready->observed_generation = grant->meta.generation;
    ready->transition_ms = transition_of(grant, ready->status, work->now_ms);
    status->condition_count = 1;
    if (ready->status != CONDITION_FALSE)
        return;
    *stalled = *ready;
    stalled->type = "Stalled";
    stalled->status = CONDITION_TRUE;
    status->condition_count = 2;
}

static enum verdict status_ask(struct work *work, struct request *request)
{
    struct grant_work *grant_work = container_of(work, struct grant_work, work);
    const struct podidentitygrant *grant = grant_work->grant;
    struct podidentitygrant_status status = {.observed_generation = grant->meta.generation};
    json_t *patch;

    fill_conditions(&status, work, grant);
    count_matches(&status, grant, work->scene);
    patch = podidentitygrant_status_patch(grant, &status);
    if (!patch)
        return VERDICT_NEXT;
    kube_patch(work->arena, request, &podidentitygrant_resource, NULL, grant->meta.name, "status",
               grant->meta.resource_version, patch);
    json_decref(patch);
    return VERDICT_SEND;
}

static enum verdict status_answer(struct work *work, const struct reply *reply)
{
    if (kube_reply_good(&work->request, reply, &work->error))
        return VERDICT_NEXT;
    return row_gone(work) ? VERDICT_STOP /* nothing is left to write to */ : VERDICT_FAIL;
}

static const struct step grant_plan[] = {
    {"PatchGrantStatus", status_ask, status_answer, FACET_ALLOWED},
    {0},
};

static void finished(struct work *work)
{
    struct grant_work *grant_work = container_of(work, struct grant_work, work);
    struct reconcile_result *result = &grant_work->result;

    result->requests = work->requests;
    result->error = &work->error;
    if (work->failed) {
        result->failed_step = work->failed->name;
        result->end = RECONCILE_RETRY;
    }
    grant_work->done(grant_work->context, result);
    record_unref(grant_work->grant);
    arena_destroy(work->arena);
    free(grant_work);
}

void reconcile_grant_start(struct scene *scene, struct transport *transport, const char *key,
                           int64_t now_ms, reconcile_done_fn done, void *context)
{
    const struct podidentitygrant *grant = store_get(scene->grants, key);
    struct error no_error = {0};
    struct reconcile_result nothing = {.plan = "none", .error = &no_error};
    struct grant_work *grant_work;

    if (!grant || grant->meta.deleted_ms != 0) {
        done(context, &nothing);
        return;
    }
    grant_work = memory_alloc(sizeof(*grant_work));
    grant_work->grant = record_ref(grant);
    grant_work->done = done;
    grant_work->context = context;
    grant_work->result.plan = "grant";
    grant_work->work = (struct work){
        .transport = transport,
        .done = finished,
        .arena = arena_create(ARENA_MAX),
        .scene = scene,
        .now_ms = now_ms,
    };
    plan_start(&grant_work->work, grant_plan);
}
