#include "controller/watched.h"

#include "base/text.h"
#include "controller/consequences.h"
#include "controller/informer_link.h"
#include "controller/metrics.h"
#include "controller/world.h"
#include "crds/metadata.h"
#include "crds/pod.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "informers/pods.h"
#include "net/loop.h"
#include "reconcilers/indices.h"
#include "reconcilers/scene.h"

/* Pods are the last: without --watch-pods there is one kind less. */
enum watched_kind { BINDINGS, GRANTS, SERVICE_ACCOUNTS, NAMESPACES, PODS, KINDS };

/* Whole pods are 5 to 20 kB each, and as a tree ten times that for the length of a page. */
enum { PODS_PAGE_MAX = 50 };
/* Bindings and grants are kept whole: what their authors write in them may be as wide as a page of
 * pods. A hundred of those that hold most as a tree take 50 MB, five hundred 235 (measured). */
enum { OBJECTS_PAGE_MAX = 100 };

struct watched {
    struct world *world;
    struct consequences consequences; /* what the informers tell */
    struct informer_link *links[KINDS];
    int kind_count; /* of links */
    struct pods *pods;
    struct informer_kind pods_kind;
    void (*synced)(void *context);
    void *context;
    struct task check;
    bool told; /* synced was told */
};

static const struct {
    const char *name;
    struct informer_kind kind;
    informer_changed_fn changed;
} kinds[KINDS] = {
    [BINDINGS] = {"podidentitybindings",
                  {.resource = &podidentitybinding_resource,
                   .read = podidentitybinding_read,
                   .indices = binding_indices,
                   .page_max = OBJECTS_PAGE_MAX},
                  consequences_of_binding},
    [GRANTS] = {"podidentitygrants",
                {.resource = &podidentitygrant_resource,
                 .read = podidentitygrant_read,
                 .page_max = OBJECTS_PAGE_MAX},
                consequences_of_grant},
    [SERVICE_ACCOUNTS] = {"serviceaccounts",
                          {.resource = &serviceaccount_resource,
                           .read = serviceaccount_read,
                           .indices = service_account_indices},
                          consequences_of_service_account},
    [NAMESPACES] = {"namespaces",
                    {.resource = &namespace_resource, .read = namespace_read},
                    consequences_of_namespace},
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
    struct watched *watched = container_of(context, struct watched, consequences);

    task_schedule(watched->world->loop, &watched->check);
}

/* The scene knows of pods only where they are watched. */
static void create_pods(struct watched *watched)
{
    watched->pods = pods_create(consequences_of_pods, &watched->consequences);
    watched->pods_kind = (struct informer_kind){.resource = &pod_resource,
                                                .sink = &pods_sink,
                                                .sink_context = watched->pods,
                                                .page_max = PODS_PAGE_MAX};
    watched->links[PODS] =
        informer_link_create(watched->world->loop, watched->world->kube, &watched->pods_kind, NULL,
                             one_synced, &watched->consequences);
    pods_follow(watched->pods, informer_link_informer(watched->links[PODS]));
    watched->consequences.scene->pods = watched->pods;
    watched->kind_count = KINDS;
}

struct watched *watched_create(struct world *world, struct scene *scene, struct jobs *jobs,
                               bool watch_pods, void (*synced)(void *context), void *context)
{
    struct watched *watched = memory_alloc(sizeof(*watched));
    const struct store **stores[PODS] = {&scene->bindings, &scene->grants, &scene->service_accounts,
                                         &scene->namespaces};

    watched->world = world;
    watched->consequences = (struct consequences){.scene = scene, .jobs = jobs};
    watched->synced = synced;
    watched->context = context;
    task_init(&watched->check, check);
    watched->kind_count = PODS;
    for (int i = 0; i < PODS; i++) {
        watched->links[i] =
            informer_link_create(world->loop, world->kube, &kinds[i].kind, kinds[i].changed,
                                 one_synced, &watched->consequences);
        *stores[i] = informer_store(informer_link_informer(watched->links[i]));
    }
    watched->consequences.bindings = informer_link_informer(watched->links[BINDINGS]);
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
    consequences_for_binding(&watched->consequences, key);
}

void watched_enqueue_all(struct watched *watched)
{
    consequences_for_all(&watched->consequences);
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
