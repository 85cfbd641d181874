#include "controller/controller.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "controller/aws_link.h"
#include "controller/health.h"
#include "controller/informer_link.h"
#include "controller/jobs.h"
#include "controller/lookout.h"
#include "controller/metrics.h"
#include "controller/version.h"
#include "controller/watched.h"
#include "controller/world.h"
#include "kube/events.h"
#include "net/loop.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/scene.h"
#include "reconcilers/sweep.h"

enum { RETIRED_ROLE_MS = 6 * 3600 * 1000 };

struct controller {
    struct world world;
    struct scene scene;
    struct events *events;
    struct jobs *jobs;
    struct watched *watched;
    struct health *health;
    struct lookout *lookout;
    bool stopping;
    struct timer grace;
};

/* The first lists are in: what AWS has can be held against them. */
static void synced(void *context)
{
    log_event(LOG_INFO, "caches are synced", NULL);
    lookout_start(((struct controller *)context)->lookout);
}

/* Who was refused for want of our own credentials need not wait as long as for a person. */
static void recovered(void *context)
{
    struct controller *controller = context;

    if (controller->watched)
        watched_enqueue_all(controller->watched);
}

/* Shutdown ------------------------------------------------------------------------------------- */

static void stop_loop(void *context)
{
    loop_stop(((struct controller *)context)->world.loop);
}

static void grace_over(struct timer *timer)
{
    struct controller *controller = container_of(timer, struct controller, grace);

    log_event(LOG_WARN, "work on its way is dropped; the next start takes it up again", NULL);
    stop_loop(controller);
}

static void terminate(void *context)
{
    struct controller *controller = context;

    if (controller->stopping)
        return;
    controller->stopping = true;
    log_event(LOG_INFO, "stopping", NULL);
    watched_stop(controller->watched);
    lookout_stop(controller->lookout);
    timer_start(controller->world.loop, &controller->grace, CONTROLLER_GRACE_MS);
    jobs_stop(controller->jobs, stop_loop, controller);
}

/* Start ---------------------------------------------------------------------------------------- */

static struct settings settings_from(const struct config *config, const char *namespace_name)
{
    return (struct settings){
        .cluster_name = config->cluster_name,
        .region = config->region,
        .role_path = config->role_path,
        .boundary_arn = config->permissions_boundary[0] ? config->permissions_boundary : NULL,
        .trust_conditions = config->trust_conditions,
        .controller_namespace = namespace_name,
        .settle_ms = config->settle_ms,
        .drift_interval_ms = config->drift_interval_ms,
        .describe_interval_ms = config->describe_interval_ms,
        .eks_rate = config->eks_rate,
        .retired_role_ms = RETIRED_ROLE_MS,
        .deletion_limit = config->deletion_limit,
        .grant_label_keys = config->grant_label_keys,
        .delete_on_withdrawal = text_equal(config->on_withdrawal, "Delete"),
        .withdrawal_grace_ms = config->withdrawal_grace_ms,
        .manage_oidc_provider = config->manage_oidc_provider,
    };
}

/* "host_pid": who tells an Event, when several controllers run. */
static struct events *events_open(void)
{
    char host[64] = "unknown", instance[96];

    gethostname(host, sizeof(host) - 1);
    snprintf(instance, sizeof(instance), "%s_%d", host, (int)getpid());
    return events_create("podidentity.io/controller", instance);
}

static bool controller_open(struct controller *controller, const struct config *config,
                            const char *namespace_name, struct error *error)
{
    struct aws_link_options aws = {.region = config->region,
                                   .iam_rate = config->iam_rate,
                                   .eks_rate = config->eks_rate,
                                   .recovered = recovered,
                                   .context = controller};

    controller->scene.settings = settings_from(config, namespace_name);
    controller->scene.picture = picture_create();
    controller->scene.ledger = ledger_create();
    controller->events = events_open();
    timer_init(&controller->grace, grace_over);
    if (!world_open(&controller->world, config->kubeconfig[0] ? config->kubeconfig : NULL, NULL,
                    error) ||
        !world_open_aws(&controller->world, &aws, error))
        return false;
    controller->jobs = jobs_create(&controller->world, &controller->scene, controller->events,
                                   config->max_concurrent);
    controller->watched = watched_create(&controller->world, &controller->scene, controller->jobs,
                                         config->watch_pods, synced, controller);
    controller->lookout =
        lookout_create(&controller->world, &controller->scene, controller->jobs,
                       controller->watched, controller->events, config->manage_agent_addon);
    controller->health =
        health_start(&controller->world, &controller->scene, controller->jobs, controller->watched,
                     controller->lookout, config->health_probe_bind_address,
                     config->metrics_bind_address, error);
    return controller->health != NULL;
}

static void controller_close(struct controller *controller)
{
    health_stop(controller->health);
    if (controller->world.loop)
        timer_stop(controller->world.loop, &controller->grace);
    /* The pool answers what is on its way while its askers still live. */
    world_drain(&controller->world);
    lookout_destroy(controller->lookout);
    watched_destroy(controller->watched);
    jobs_destroy(controller->jobs);
    world_close(&controller->world);
    events_destroy(controller->events);
    ledger_destroy(controller->scene.ledger);
    picture_destroy(controller->scene.picture);
    account_finish(&controller->scene.account);
}

bool controller_run(const struct config *config, const char *namespace_name, struct error *error)
{
    struct controller *controller = memory_alloc(sizeof(*controller));
    bool opened = controller_open(controller, config, namespace_name, error);

    if (opened) {
        log_event(LOG_INFO, "starting", "version", PODIDENTITY_VERSION, "cluster",
                  config->cluster_name, "region", config->region, NULL);
        metrics_set(controller->world.metrics, METRIC_BUILD_INFO, 1, PODIDENTITY_VERSION);
        loop_on_terminate(controller->world.loop, terminate, controller);
        watched_start(controller->watched);
        loop_run(controller->world.loop);
        log_event(LOG_INFO, "stopped", NULL);
    }
    controller_close(controller);
    free(controller);
    return opened;
}
