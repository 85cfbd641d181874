#include "controller/health.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "controller/jobs.h"
#include "controller/lookout.h"
#include "controller/metrics.h"
#include "controller/watched.h"
#include "controller/world.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "net/loop.h"
#include "net/serve.h"
#include "reconcilers/scene.h"

struct health {
    struct world *world;
    const struct scene *scene;
    struct jobs *jobs;
    struct watched *watched;
    const struct lookout *lookout;
    struct serve_route probe_routes[3], metric_routes[2];
    struct serve *probes, *metrics;
};

static int healthz(void *context, const char *query, struct text *body)
{
    (void)context;
    (void)query;
    text_add_string(body, "ok");
    return 200;
}

static int readyz(void *context, const char *query, struct text *body)
{
    const struct health *health = context;
    bool synced = watched_synced(health->watched), known = health->scene->account.known;
    const char *trouble = health->scene->account.trouble.text;

    if (synced && known && !strstr(query, "verbose")) {
        text_add_string(body, "ok");
        return 200;
    }
    watched_describe(health->watched, body);
    text_printf(body, "[%c]aws %s\n", known ? '+' : '-',
                known        ? "ok"
                : trouble[0] ? trouble
                             : "has not answered yet");
    return synced && known ? 200 : 503;
}

/* Bindings by condition and status ------------------------------------------------------------- */

static const char *const counted_types[] = {"Allowed", "RoleReady", "Associated", "Ready"};

struct tally {
    double counts[COUNT(counted_types)][3]; /* by enum condition_status */
};

static void tally_binding(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    struct tally *tally = context;

    for (size_t i = 0; i < COUNT(counted_types); i++) {
        const struct condition *condition =
            podidentitybinding_condition(&binding->status, counted_types[i]);

        tally->counts[i][condition ? condition->status : CONDITION_UNKNOWN]++;
    }
}

static void measure_bindings(const struct health *health)
{
    static const char *const words[] = {"Unknown", "True", "False"};
    struct tally tally = {0};

    store_each(health->scene->bindings, tally_binding, &tally);
    for (size_t i = 0; i < COUNT(counted_types); i++)
        for (int status = 0; status < 3; status++)
            metrics_set(health->world->metrics, METRIC_BINDINGS, tally.counts[i][status],
                        counted_types[i], words[status]);
}

/* Second field of /proc/self/statm: resident pages. */
static double resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void measure_process(const struct health *health)
{
    struct rusage usage;

    metrics_set(health->world->metrics, METRIC_RESIDENT_BYTES, resident_bytes());
    metrics_set(health->world->metrics, METRIC_LOOP_TURN,
                (double)loop_longest_turn_us(health->world->loop) / 1e6);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metrics_set(health->world->metrics, METRIC_CPU_SECONDS,
                    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static int metrics_page(void *context, const char *query, struct text *body)
{
    const struct health *health = context;

    (void)query;
    jobs_measure(health->jobs);
    watched_measure(health->watched);
    lookout_measure(health->lookout);
    measure_bindings(health);
    measure_process(health);
    metrics_write(health->world->metrics, body);
    return 200;
}

static bool served(const char *address)
{
    return address[0] && !text_equal(address, "0");
}

struct health *health_start(struct world *world, const struct scene *scene, struct jobs *jobs,
                            struct watched *watched, const struct lookout *lookout,
                            const char *probe_address, const char *metrics_address,
                            struct error *error)
{
    static const char plain[] = "text/plain; charset=utf-8";
    static const char exposition[] = "text/plain; version=0.0.4; charset=utf-8";
    AUTO(health_stop) struct health *health = memory_alloc(sizeof(*health));

    health->world = world;
    health->scene = scene;
    health->jobs = jobs;
    health->watched = watched;
    health->lookout = lookout;
    health->probe_routes[0] = (struct serve_route){"/healthz", plain, healthz, health};
    health->probe_routes[1] = (struct serve_route){"/readyz", plain, readyz, health};
    health->metric_routes[0] = (struct serve_route){"/metrics", exposition, metrics_page, health};
    if (served(probe_address)) {
        health->probes = serve_start(world->loop, probe_address, health->probe_routes, error);
        if (!health->probes && !error_wrap(error, "--health-probe-bind-address"))
            return NULL;
    }
    if (served(metrics_address)) {
        health->metrics = serve_start(world->loop, metrics_address, health->metric_routes, error);
        if (!health->metrics && !error_wrap(error, "--metrics-bind-address"))
            return NULL;
    }
    return TAKE(health);
}

void health_stop(struct health *health)
{
    if (!health)
        return;
    if (health->probes)
        serve_stop(health->probes);
    if (health->metrics)
        serve_stop(health->metrics);
    free(health);
}
