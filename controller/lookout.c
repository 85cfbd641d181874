#include "controller/lookout.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "controller/jobs.h"
#include "controller/metrics.h"
#include "controller/watched.h"
#include "controller/world.h"
#include "net/loop.h"
#include "reconcilers/audit.h"
#include "reconcilers/drift.h"
#include "reconcilers/patrol.h"
#include "reconcilers/scene.h"
#include "reconcilers/survey.h"
#include "reconcilers/sweep.h"

/* A sweep that failed is tried again at this pace, doubling to the ceiling. */
enum { RETRY_MS = 2000, RETRY_MOST_MS = 60 * 1000 };

/* Bindings compared in one turn of the loop: some two microseconds each. */
enum { COMPARED_PER_TURN = 1000 };

struct lookout {
    struct world *world;
    struct scene *scene;
    struct jobs *jobs;
    struct watched *watched;
    struct patrol *patrol;
    struct audit *audit;
    struct survey *survey;
    struct timer next_sweep, next_look, next_survey;
    struct drift_look *look; /* what is still to be compared with the last sweep; NULL: nothing */
    struct task compare;
    struct sweep *paused; /* the sweep that is on its way, while it has roles to judge */
    struct task judge;
    uint64_t retry_ms, began_ms;
    bool sweeping, stopping;
};

static void look_on(struct timer *timer)
{
    struct lookout *lookout = container_of(timer, struct lookout, next_look);

    if (!lookout->stopping)
        timer_start(lookout->world->loop, timer, patrol_step(lookout->patrol, clock_wall_ms()));
}

static void found(void *context, const char *key)
{
    const struct lookout *lookout = context;

    log_event(LOG_INFO, "AWS is not as it was left", "binding", key, NULL);
    watched_enqueue(lookout->watched, key);
}

static void audited(void *context, bool warning, const char *reason, const char *note)
{
    (void)context;
    log_event(warning ? LOG_WARN : LOG_INFO, "audit", "reason", reason, "note", note, NULL);
}

/* Sweeps --------------------------------------------------------------------------------------- */

static void pause_sweep(struct lookout *lookout, uint64_t delay_ms)
{
    if (!lookout->stopping)
        timer_start(lookout->world->loop, &lookout->next_sweep, delay_ms);
}

static void sweep_failed(struct lookout *lookout, const struct error *error, const char *requests)
{
    log_event(LOG_ERROR, "AWS could not be read", "error", error->text, "requests", requests, NULL);
    pause_sweep(lookout, lookout->retry_ms);
    if (lookout->retry_ms < RETRY_MOST_MS)
        lookout->retry_ms *= 2;
}

static void sweep_went_well(struct lookout *lookout, const char *requests)
{
    double seconds = (double)(clock_now_ms() - lookout->began_ms) / 1e3;

    log_event(LOG_INFO, "read what AWS has", "account", lookout->scene->account.id, "cluster",
              lookout->scene->account.cluster_arn, "requests", requests, NULL);
    metrics_observe(lookout->world->metrics, METRIC_SWEEP_SECONDS, seconds);
    lookout->retry_ms = RETRY_MS;
    pause_sweep(lookout, lookout->scene->settings.drift_interval_ms);
}

static void judge_roles(struct task *task)
{
    struct lookout *lookout = container_of(task, struct lookout, judge);
    struct sweep *sweep = lookout->paused;

    lookout->paused = NULL;
    sweep_on(sweep);
}

static void sweep_pauses(void *context, struct sweep *sweep)
{
    struct lookout *lookout = context;

    lookout->paused = sweep;
    task_schedule(lookout->world->loop, &lookout->judge);
}

static void sweep_begin(struct lookout *lookout, sweep_done_fn done)
{
    if (lookout->sweeping || lookout->stopping)
        return;
    lookout->sweeping = true;
    lookout->began_ms = clock_now_ms();
    sweep_start_paced(lookout->scene, &lookout->world->transport, clock_wall_ms(), sweep_pauses,
                      done, lookout);
}

static void compare_some(struct task *task)
{
    struct lookout *lookout = container_of(task, struct lookout, compare);
    int64_t now_ms = clock_wall_ms();

    if (lookout->look && !drift_look_on(lookout->look, COMPARED_PER_TURN, now_ms)) {
        drift_look_end(lookout->look);
        lookout->look = NULL;
    } else if (!lookout->look && !audit_on(lookout->audit, COMPARED_PER_TURN, now_ms)) {
        memory_give_back(); /* of the sweep's pages */
        return;
    }
    task_schedule(lookout->world->loop, task);
}

static void compare(struct lookout *lookout)
{
    drift_look_end(lookout->look);
    lookout->look = drift_look_begin(lookout->scene, found, lookout);
    audit_begin(lookout->audit);
    if (!lookout->stopping)
        task_schedule(lookout->world->loop, &lookout->compare);
}

/* True when the picture is whole. */
static bool sweep_ended(struct lookout *lookout, const struct error *error, unsigned requests)
{
    char count[12];

    lookout->sweeping = false;
    snprintf(count, sizeof(count), "%u", requests);
    if (error)
        sweep_failed(lookout, error, count);
    else
        sweep_went_well(lookout, count);
    return !error;
}

static void swept_again(void *context, const struct error *error, unsigned requests)
{
    struct lookout *lookout = context;

    if (sweep_ended(lookout, error, requests))
        compare(lookout);
}

/* While pods get no credentials, who waits for the agent wants to hear of it soon. */
static uint64_t survey_pause_ms(const struct lookout *lookout)
{
    enum agent_state agent = survey_agent(lookout->survey);
    bool settled = agent == AGENT_PRESENT || agent == AGENT_AUTO_MODE;

    return settled ? lookout->scene->settings.describe_interval_ms
                   : lookout->scene->settings.drift_interval_ms;
}

static void surveyed(void *context, bool changed, const struct error *error)
{
    static const char *const words[] = {
        [AGENT_UNKNOWN] = "unknown", [AGENT_PRESENT] = "present", [AGENT_AUTO_MODE] = "Auto Mode",
        [AGENT_MISSING] = "missing", [AGENT_COMING] = "coming",   [AGENT_FAILING] = "failing"};
    struct lookout *lookout = context;

    if (error)
        log_event(LOG_WARN, "the cluster's add-ons could not be read or made", "error", error->text,
                  NULL);
    if (changed) {
        log_event(survey_agent(lookout->survey) == AGENT_MISSING ? LOG_WARN : LOG_INFO,
                  "read the cluster's add-ons", "agent", words[survey_agent(lookout->survey)],
                  NULL);
        watched_enqueue_all(lookout->watched);
    }
    if (!lookout->stopping)
        timer_start(lookout->world->loop, &lookout->next_survey, survey_pause_ms(lookout));
}

static void survey(struct lookout *lookout)
{
    if (!lookout->stopping)
        survey_start(lookout->survey, clock_wall_ms(), surveyed, lookout);
}

static void survey_again(struct timer *timer)
{
    survey(container_of(timer, struct lookout, next_survey));
}

static void swept_first(void *context, const struct error *error, unsigned requests)
{
    struct lookout *lookout = context;

    if (sweep_ended(lookout, error, requests)) {
        if (!lookout->stopping)
            timer_start(lookout->world->loop, &lookout->next_look, 0);
        survey(lookout);
        compare(lookout);
    }
    /* Also after a failure: each binding is told why it has to wait. */
    watched_enqueue_all(lookout->watched);
    jobs_open(lookout->jobs);
}

static void sweep_again(struct timer *timer)
{
    struct lookout *lookout = container_of(timer, struct lookout, next_sweep);

    sweep_begin(lookout, lookout->scene->account.known ? swept_again : swept_first);
}

/* Life ----------------------------------------------------------------------------------------- */

struct lookout *lookout_create(struct world *world, struct scene *scene, struct jobs *jobs,
                               struct watched *watched, struct events *events, bool manage_agent)
{
    struct lookout *lookout = memory_alloc(sizeof(*lookout));

    lookout->world = world;
    lookout->scene = scene;
    lookout->jobs = jobs;
    lookout->watched = watched;
    lookout->retry_ms = RETRY_MS;
    lookout->audit = audit_create(scene, &world->transport, events, audited, NULL);
    lookout->patrol = patrol_create(scene, &world->transport, found, lookout);
    timer_init(&lookout->next_sweep, sweep_again);
    lookout->survey = survey_create(scene, &world->transport, manage_agent);
    scene->survey = lookout->survey;
    timer_init(&lookout->next_look, look_on);
    timer_init(&lookout->next_survey, survey_again);
    task_init(&lookout->compare, compare_some);
    task_init(&lookout->judge, judge_roles);
    return lookout;
}

void lookout_destroy(struct lookout *lookout)
{
    if (!lookout)
        return;
    lookout_stop(lookout);
    task_cancel(&lookout->judge);
    if (lookout->paused)
        sweep_drop(lookout->paused);
    drift_look_end(lookout->look);
    lookout->scene->survey = NULL;
    survey_destroy(lookout->survey);
    audit_destroy(lookout->audit);
    patrol_destroy(lookout->patrol);
    free(lookout);
}

void lookout_start(struct lookout *lookout)
{
    sweep_begin(lookout, swept_first);
}

void lookout_stop(struct lookout *lookout)
{
    lookout->stopping = true;
    task_cancel(&lookout->compare);
    timer_stop(lookout->world->loop, &lookout->next_sweep);
    timer_stop(lookout->world->loop, &lookout->next_look);
    timer_stop(lookout->world->loop, &lookout->next_survey);
}

void lookout_measure(const struct lookout *lookout)
{
    struct metrics *metrics = lookout->world->metrics;
    struct audit_figures figures;

    audit_figures(lookout->audit, &figures);
    metrics_set(metrics, METRIC_ASSOCIATIONS, (double)figures.associations);
    metrics_set(metrics, METRIC_ORPHANS, (double)figures.ours, "ours");
    metrics_set(metrics, METRIC_ORPHANS, (double)figures.foreign, "foreign");
    metrics_set(metrics, METRIC_ORPHANS, (double)figures.addons, "addon");
    metrics_set(metrics, METRIC_ORPHANS_REMOVED, (double)figures.removed);
    metrics_set(metrics, METRIC_ADDONS, (double)survey_addons(lookout->survey));
    metrics_set(metrics, METRIC_AGENT_MISSING,
                survey_agent(lookout->survey) == AGENT_MISSING ||
                        survey_agent(lookout->survey) == AGENT_FAILING
                    ? 1
                    : 0);
}
