#include "reconcilers/podidentitygrant.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/grants.h"
#include "reconcilers/indices.h"
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

struct matching {
    const struct podidentitygrant *grant;
    int64_t bindings;
};

static void count_binding(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    struct matching *matching = context;

    if (grant_matches(matching->grant, binding->record.namespace_name,
                      binding->spec.service_account))
        matching->bindings++;
}

/* Namespaces that exist and are named, and the bindings in them that it matches. */
static void count_matches(struct podidentitygrant_status *status,
                          const struct podidentitygrant *grant, const struct scene *scene)
{
    struct matching matching = {.grant = grant};

    for (const char *const *name = grant->namespace_names; *name && !grant->unsupported; name++) {
        if (store_get(scene->namespaces, *name))
            status->matched_namespaces++;
        store_each_with(scene->bindings, INDEX_NAMESPACE, *name, count_binding, &matching);
    }
    status->bindings = matching.bindings;
}

static const char *first_bad_glob(const char *const *globs)
{
    for (; *globs; globs++)
        if (!**globs || strstr(*globs, "**"))
            return *globs;
    return NULL;
}

static const char *bad_glob(const struct podidentitygrant *grant)
{
    const char *const *const lists[] = {grant->service_accounts, grant->existing_role_arns,
                                        grant->permission_policy_arns, grant->role_names};

    for (size_t i = 0; i < COUNT(lists); i++)
        if (first_bad_glob(lists[i]))
            return first_bad_glob(lists[i]);
    return NULL;
}

static void judge(struct condition *ready, struct arena *arena,
                  const struct podidentitygrant *grant)
{
    ready->status = CONDITION_FALSE;
    if (grant->unsupported) {
        ready->reason = "NotYetSupported";
        ready->message = arena_printf(arena,
                                      "PODIDENTITY-D03-UNSUPPORTED: %s is not supported by this "
                                      "version, so this grant matches nothing. Remove it",
                                      grant->unsupported);
    } else if (!grant->namespace_names[0] || !grant->service_accounts[0]) {
        ready->reason = "EmptySelector";
        ready->message = "An empty list matches nothing: name namespaces in spec.namespaces.names "
                         "and ServiceAccounts in spec.serviceAccounts ([\"*\"] for all)";
    } else if (bad_glob(grant)) {
        ready->reason = "InvalidGlob";
        ready->message = arena_printf(arena,
                                      "\"%s\" is not a glob: write one '*' where any run of "
                                      "characters but '/' may stand",
                                      bad_glob(grant));
    } else {
        ready->status = CONDITION_TRUE;
        ready->reason = "Ready";
        ready->message = "The grant is in force";
    }
}

static int64_t transition_of(const struct podidentitygrant *grant, enum condition_status status,
                             int64_t now_ms)
{
    for (size_t i = 0; i < grant->condition_count; i++)
        if (text_equal(grant->conditions[i].type, "Ready") && grant->conditions[i].status == status)
            return grant->conditions[i].transition_ms;
    return now_ms / 1000 * 1000;
}

static enum verdict status_ask(struct work *work, struct request *request)
{
    struct grant_work *grant_work = container_of(work, struct grant_work, work);
    const struct podidentitygrant *grant = grant_work->grant;
    struct podidentitygrant_status status = {.observed_generation = grant->meta.generation};
    json_t *patch;

    judge(&status.ready, work->arena, grant);
    status.ready.type = "Ready";
    status.ready.observed_generation = grant->meta.generation;
    status.ready.transition_ms = transition_of(grant, status.ready.status, work->now_ms);
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
    if (!text_equal(work->error.code, "NotFound"))
        return VERDICT_FAIL;
    error_clear(&work->error); /* deleted meanwhile: there is nothing to write */
    return VERDICT_STOP;
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
