#include "controller/watched.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "controller/informer_link.h"
#include "controller/jobs.h"
#include "controller/metrics.h"
#include "controller/world.h"
#include "crds/metadata.h"
#include "crds/pod.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "informers/pods.h"
#include "net/loop.h"
#include "reconcilers/grants.h"
#include "reconcilers/indices.h"
#include "reconcilers/podidentitybinding.h"
#include "reconcilers/scene.h"
#include "reconcilers/serviceaccount.h"

/* Counts in a grant's status follow bindings in bursts: one write for all of a second. */
enum { GRANT_DELAY_MS = 1000 };

/* Pods are the last: without --watch-pods there is one kind less. */
enum watched_kind { BINDINGS, GRANTS, SERVICE_ACCOUNTS, NAMESPACES, PODS, KINDS };

/* A rollout makes and ends pods by the dozen: one look for all of a second. */
enum { PODS_DELAY_MS = 1000 };

/* Whole pods are 5 to 20 kB each, and as a tree ten times that for the length of a page. */
enum { PODS_PAGE_MAX = 50 };

struct watched {
    struct world *world;
    struct scene *scene;
    struct jobs *jobs;
    struct informer_link *links[KINDS];
    int kind_count; /* of links */
    struct pods *pods;
    struct informer_kind pods_kind;
    void (*synced)(void *context);
    void *context;
    struct task check;
    bool told; /* synced was told */
};

static uint64_t line_us(const struct watched *watched, enum watched_kind kind)
{
    struct informer_figures figures;

    informer_figures(informer_link_informer(watched->links[kind]), &figures);
    return figures.last_line_us;
}

/* Bindings ------------------------------------------------------------------------------------- */

static void add_binding(void *context, const void *record)
{
    const struct watched *watched = context;

    jobs_add(watched->jobs, JOB_BINDING, ((const struct record *)record)->key, QUEUE_LATER, 0);
}

static void add_account(void *context, const void *record)
{
    const struct watched *watched = context;

    jobs_add(watched->jobs, JOB_SERVICE_ACCOUNT, ((const struct record *)record)->key, QUEUE_LATER,
             0);
}

static void add_grant(void *context, const void *record)
{
    const struct watched *watched = context;

    jobs_add_after(watched->jobs, JOB_GRANT, ((const struct record *)record)->key, GRANT_DELAY_MS);
}

static void add_grants(struct watched *watched)
{
    store_each(watched->scene->grants, add_grant, watched);
}

/* Others of the same ServiceAccount: one may have to give way, or may go on. */
static void add_rivals(struct watched *watched, const struct podidentitybinding *binding)
{
    char key[2 * 253 + 2];

    snprintf(key, sizeof(key), "%s/%s", binding->record.namespace_name,
             binding->spec.service_account);
    store_each_with(watched->scene->bindings, INDEX_SERVICE_ACCOUNT, key, add_binding, watched);
}

static bool has_managed_role(const struct podidentitybinding *binding)
{
    return binding && !binding->spec.role_arn;
}

struct succession {
    struct watched *watched;
    const struct podidentitybinding *other; /* that came, went or changed */
    bool makes_room;                        /* it wants no role of ours any more */
};

static bool is_allowed(const struct podidentitybinding *binding)
{
    const struct condition *allowed = podidentitybinding_condition(&binding->status, "Allowed");

    return allowed && allowed->status == CONDITION_TRUE;
}

static void add_if_younger(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    const struct succession *succession = context;

    if (binding->spec.role_arn || !grants_is_older(succession->other, binding) ||
        (succession->makes_room && is_allowed(binding)))
        return;
    add_binding(succession->watched, binding);
}

static void find_limit(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;

    if (grant->max_bindings >= 0)
        *(bool *)context = true;
}

/* Its status counts the bindings it serves. */
static void add_if_selecting(void *context, const void *record)
{
    const struct succession *succession = context;
    const char *name = succession->other->record.namespace_name;
    const struct namespace_metadata *namespace =
        store_get(succession->watched->scene->namespaces, name);

    if (grant_selects(record, name, namespace ? &namespace->labels : NULL,
                      &succession->watched->scene->settings))
        add_grant(succession->watched, record);
}

/* Under maxBindings those that are younger move up or down. */
static void add_waiting(struct watched *watched, const struct podidentitybinding *binding,
                        bool makes_room)
{
    struct succession succession = {.watched = watched, .other = binding, .makes_room = makes_room};
    bool limited = false;

    store_each(watched->scene->grants, find_limit, &limited);
    if (limited)
        store_each_with(watched->scene->bindings, INDEX_NAMESPACE, binding->record.namespace_name,
                        add_if_younger, &succession);
}

static bool same_generation(const struct podidentitybinding *before,
                            const struct podidentitybinding *after)
{
    return before && after && before->meta.generation == after->meta.generation;
}

/* Who makes thousands at once waits for AWS; who changes one that was made does not wait for them.
 */
static enum queue_priority priority_of(const struct podidentitybinding *after)
{
    return after && after->status.observed_generation < 0 ? QUEUE_NEW : QUEUE_FIRST;
}

static bool keeps(const struct podidentitybinding *binding)
{
    return binding && serviceaccount_keeps(binding);
}

/* The ServiceAccount that a binding is kept for, and one whose annotation wants the name. */
static void add_namesake(struct watched *watched, const struct podidentitybinding *before,
                         const struct podidentitybinding *after)
{
    const char *key = (after ? after : before)->record.key;
    const struct serviceaccount_metadata *account =
        store_get(watched->scene->service_accounts, key);

    if (keeps(before) || keeps(after) || (account && account->role_arn))
        jobs_add(watched->jobs, JOB_SERVICE_ACCOUNT, key, QUEUE_LATER, 0);
}

static void binding_changed(void *context, const void *before, const void *after, bool initial)
{
    struct watched *watched = context;
    const struct podidentitybinding *binding = after ? after : before;
    const struct record *record = &binding->record;
    bool came_or_went = !before || !after || binding->meta.deleted_ms != 0;

    assert(before || after);
    if (initial) {
        add_namesake(watched, before, after);
        jobs_add(watched->jobs, JOB_BINDING, record->key, QUEUE_LATER, 0);
        return;
    }
    if (after &&
        reconcile_is_own_write(watched->scene, record->key, record->uid, record->resource_version))
        return;
    jobs_add(watched->jobs, JOB_BINDING, record->key, priority_of(after),
             line_us(watched, BINDINGS));
    if (came_or_went)
        add_rivals(watched, binding);
    if (came_or_went || keeps(before) != keeps(after) || !same_generation(before, after))
        add_namesake(watched, before, after);
    if (has_managed_role(before) != has_managed_role(after))
        add_waiting(watched, binding, !has_managed_role(after));
    if (same_generation(before, after))
        return; /* nothing that grants are asked about */
    store_each(watched->scene->grants, add_if_selecting,
               &(struct succession){.watched = watched, .other = binding});
}

/* Grants --------------------------------------------------------------------------------------- */

/* And ServiceAccounts whose annotation may make a binding now. */
static void add_bindings_in(struct watched *watched, const char *namespace_name)
{
    store_each_with(watched->scene->bindings, INDEX_NAMESPACE, namespace_name, add_binding,
                    watched);
    store_each_with(watched->scene->service_accounts, INDEX_NAMESPACE, namespace_name, add_account,
                    watched);
}

struct selection {
    struct watched *watched;
    const struct podidentitygrant *grant;
};

static void add_if_selected(void *context, const void *record)
{
    const struct namespace_metadata *namespace = record;
    const struct selection *selection = context;
    const char *name = namespace->metadata.record.name;

    if (grant_selects(selection->grant, name, &namespace->labels,
                      &selection->watched->scene->settings))
        add_bindings_in(selection->watched, name);
}

/* Named namespaces are looked up, not searched: most grants have no labels. */
static void add_bindings_of(struct watched *watched, const struct podidentitygrant *grant)
{
    struct selection selection = {.watched = watched, .grant = grant};

    if (!grant)
        return;
    for (const char *const *name = grant->namespace_names; *name; name++)
        add_bindings_in(watched, *name);
    if (grant->match_labels.count > 0)
        store_each(watched->scene->namespaces, add_if_selected, &selection);
}

static void grant_changed(void *context, const void *before, const void *after, bool initial)
{
    struct watched *watched = context;
    const struct podidentitygrant *old = before, *new = after;

    assert(old || new);
    if (old && new && old->meta.generation == new->meta.generation)
        return; /* its status, which we wrote */
    jobs_add(watched->jobs, JOB_GRANT, (new ? new : old)->record.key, QUEUE_FIRST, 0);
    if (initial)
        return; /* all bindings come anyway */
    add_bindings_of(watched, old);
    add_bindings_of(watched, new);
}

/* ServiceAccounts and namespaces --------------------------------------------------------------- */

static bool is_annotated(const struct serviceaccount_metadata *account)
{
    return account && account->role_arn;
}

/* Somebody may have taken over or removed what we applied. */
static bool annotations_differ(const struct serviceaccount_metadata *before,
                               const struct serviceaccount_metadata *after)
{
    return memcmp(before->hashes, after->hashes, sizeof(before->hashes)) != 0;
}

static void service_account_changed(void *context, const void *before, const void *after,
                                    bool initial)
{
    struct watched *watched = context;
    const struct record *record = after ? after : before;

    assert(record);
    if (is_annotated(before) || is_annotated(after) ||
        keeps(store_get(watched->scene->bindings, record->key)))
        jobs_add(watched->jobs, JOB_SERVICE_ACCOUNT, record->key,
                 initial ? QUEUE_LATER : QUEUE_FIRST, 0);
    if (!initial && (!before || !after || annotations_differ(before, after)))
        store_each_with(watched->scene->bindings, INDEX_SERVICE_ACCOUNT, record->key, add_binding,
                        watched);
}

struct relabelling {
    struct watched *watched;
    const struct namespace_metadata *before, *after; /* NULL: it did not exist, or is gone */
    bool matters;                                    /* for what bindings may do */
};

static bool selects(const struct relabelling *relabelling, const struct podidentitygrant *grant,
                    const struct namespace_metadata *namespace)
{
    return namespace && grant_selects(grant, namespace->metadata.record.name, &namespace->labels,
                                      &relabelling->watched->scene->settings);
}

static void compare_selection(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;
    struct relabelling *relabelling = context;

    if (selects(relabelling, grant, relabelling->before) ==
        selects(relabelling, grant, relabelling->after))
        return;
    add_grant(relabelling->watched, grant);
    if (grant->match_labels.count > 0)
        relabelling->matters = true;
}

static const char *suspension(const struct namespace_metadata *namespace)
{
    return namespace ? namespace->suspended : NULL;
}

/* Of all bindings only those in this namespace, and only when a grant reaches it or no longer, or
 * a person suspends it or no longer. */
static void namespace_changed(void *context, const void *before, const void *after, bool initial)
{
    struct relabelling relabelling = {.watched = context, .before = before, .after = after};
    const struct record *record = after ? after : before;

    assert(record);
    if (initial)
        return;
    store_each(relabelling.watched->scene->grants, compare_selection, &relabelling);
    if (relabelling.matters || !text_equal(suspension(before), suspension(after)))
        add_bindings_in(context, record->name);
}

/* Pods ----------------------------------------------------------------------------------------- */

/* A binding that waits for AWS or for a person comes back in its own time, whatever its pods do. */
static void add_if_pods_matter(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    const struct watched *watched = context;

    if (reconcile_looks_at_pods(watched->scene, binding))
        jobs_add_after(watched->jobs, JOB_BINDING, binding->record.key, PODS_DELAY_MS);
}

static void pods_changed(void *context, const char *account)
{
    const struct watched *watched = context;

    store_each_with(watched->scene->bindings, INDEX_SERVICE_ACCOUNT, account, add_if_pods_matter,
                    context);
}

/* All together --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct informer_kind kind;
    informer_changed_fn changed;
} kinds[KINDS] = {
    [BINDINGS] = {"podidentitybindings",
                  {.resource = &podidentitybinding_resource,
                   .read = podidentitybinding_read,
                   .indices = binding_indices},
                  binding_changed},
    [GRANTS] = {"podidentitygrants",
                {.resource = &podidentitygrant_resource, .read = podidentitygrant_read},
                grant_changed},
    [SERVICE_ACCOUNTS] = {"serviceaccounts",
                          {.resource = &serviceaccount_resource,
                           .read = serviceaccount_read,
                           .indices = service_account_indices},
                          service_account_changed},
    [NAMESPACES] = {"namespaces",
                    {.resource = &namespace_resource, .read = namespace_read},
                    namespace_changed},
    [PODS] = {"pods", {0}, NULL}, /* pods_kind of each struct watched */
};

bool watched_synced(const struct watched *watched)
{
    for (int i = 0; i < watched->kind_count; i++)
        if (!informer_synced(informer_link_informer(watched->links[i])))
            return false;
    return true;
}

/* In the next turn: the informer that was the last is still in the middle of a line. */
static void check(struct task *task)
{
    struct watched *watched = container_of(task, struct watched, check);

    if (watched->told || !watched_synced(watched))
        return;
    watched->told = true;
    watched->synced(watched->context);
}

static void one_synced(void *context)
{
    struct watched *watched = context;

    task_schedule(watched->world->loop, &watched->check);
}

/* The scene knows of pods only where they are watched. */
static void create_pods(struct watched *watched)
{
    watched->pods = pods_create(pods_changed, watched);
    watched->pods_kind = (struct informer_kind){.resource = &pod_resource,
                                                .sink = &pods_sink,
                                                .sink_context = watched->pods,
                                                .page_max = PODS_PAGE_MAX};
    watched->links[PODS] = informer_link_create(watched->world->loop, watched->world->kube,
                                                &watched->pods_kind, NULL, one_synced, watched);
    pods_follow(watched->pods, informer_link_informer(watched->links[PODS]));
    watched->scene->pods = watched->pods;
    watched->kind_count = KINDS;
}

struct watched *watched_create(struct world *world, struct scene *scene, struct jobs *jobs,
                               bool watch_pods, void (*synced)(void *context), void *context)
{
    struct watched *watched = memory_alloc(sizeof(*watched));
    const struct store **stores[PODS] = {&scene->bindings, &scene->grants, &scene->service_accounts,
                                         &scene->namespaces};

    watched->world = world;
    watched->scene = scene;
    watched->jobs = jobs;
    watched->synced = synced;
    watched->context = context;
    task_init(&watched->check, check);
    watched->kind_count = PODS;
    for (int i = 0; i < PODS; i++) {
        watched->links[i] = informer_link_create(world->loop, world->kube, &kinds[i].kind,
                                                 kinds[i].changed, one_synced, watched);
        *stores[i] = informer_store(informer_link_informer(watched->links[i]));
    }
    if (watch_pods)
        create_pods(watched);
    return watched;
}

void watched_destroy(struct watched *watched)
{
    if (!watched)
        return;
    task_cancel(&watched->check);
    for (int i = 0; i < watched->kind_count; i++)
        informer_link_destroy(watched->links[i]);
    pods_destroy(watched->pods);
    free(watched);
}

void watched_start(struct watched *watched)
{
    for (int i = 0; i < watched->kind_count; i++)
        informer_link_start(watched->links[i]);
}

void watched_stop(struct watched *watched)
{
    for (int i = 0; i < watched->kind_count; i++)
        informer_link_stop(watched->links[i]);
}

void watched_enqueue(struct watched *watched, const char *key)
{
    jobs_add(watched->jobs, JOB_BINDING, key, QUEUE_LATER, 0);
}

void watched_enqueue_all(struct watched *watched)
{
    store_each(watched->scene->bindings, add_binding, watched);
    add_grants(watched);
}

void watched_describe(const struct watched *watched, struct text *text)
{
    for (int i = 0; i < watched->kind_count; i++) {
        struct informer_figures figures;

        informer_figures(informer_link_informer(watched->links[i]), &figures);
        text_printf(text, "[%c]%s %s\n", figures.trouble[0] ? '-' : '+', kinds[i].name,
                    figures.trouble[0] ? figures.trouble : "ok");
    }
}

static void measure_pods(const struct watched *watched)
{
    static const char *const mechanisms[] = {"none", "PodIdentity", "IRSA"};
    struct metrics *metrics = watched->world->metrics;
    size_t by_credentials[COUNT(mechanisms)];

    if (!watched->pods)
        return;
    metrics_set(metrics, METRIC_STORE_OBJECTS, (double)pods_count(watched->pods, by_credentials),
                kinds[PODS].name);
    for (size_t i = 0; i < COUNT(mechanisms); i++)
        metrics_set(metrics, METRIC_PODS, (double)by_credentials[i], mechanisms[i]);
}

void watched_measure(struct watched *watched)
{
    struct metrics *metrics = watched->world->metrics;

    for (int i = 0; i < watched->kind_count; i++) {
        const struct informer *informer = informer_link_informer(watched->links[i]);
        struct informer_figures figures;

        informer_figures(informer, &figures);
        metrics_set(metrics, METRIC_REFLECTOR_LISTS, (double)figures.lists, kinds[i].name);
        metrics_set(metrics, METRIC_REFLECTOR_WATCHES, (double)figures.watches, kinds[i].name);
        metrics_set(metrics, METRIC_REFLECTOR_SKIPPED, (double)figures.skipped_objects,
                    kinds[i].name);
        if (i != PODS)
            metrics_set(metrics, METRIC_STORE_OBJECTS,
                        (double)store_count(informer_store(informer)), kinds[i].name);
    }
    measure_pods(watched);
}
