#include "controller/jobs.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/map.h"
#include "controller/job_requests.h"
#include "controller/job_result.h"
#include "controller/metrics.h"
#include "controller/world.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "net/http.h"
#include "net/loop.h"
#include "reconcilers/podidentitybinding.h"
#include "reconcilers/podidentitygrant.h"
#include "reconcilers/scene.h"
#include "reconcilers/serviceaccount.h"

/* One place in so many is for people's changes alone: none of seven, two of sixteen. */
enum { KEPT_SHARE = 8 };

/* Jobs begin for so long before sockets get their turn. */
enum { TURN_US = 3000 };

/* So many jobs leave a few hundred kB of free pieces; fewer are not worth the page faults. */
enum { BURST = 32 };

static const char *const kind_names[] = {"podidentitybinding", "podidentitygrant",
                                         "serviceaccount"};
static const char kind_letters[] = "bgs"; /* what keys of the queue begin with */

/* controller-runtime's are 0 for what changed and -100 for the first list. */
static const char *const priority_names[QUEUE_PRIORITIES] = {
    [QUEUE_FIRST] = "0", [QUEUE_AGAIN] = "-10", [QUEUE_NEW] = "-20", [QUEUE_LATER] = "-100"};

struct jobs {
    struct world *world;
    struct scene *scene;
    struct events *events;
    struct queue *queue;      /* of keys with their kind's letter before them */
    struct map *changes;      /* key → uint64_t: when its change came */
    struct map *on_their_way; /* key → struct job */
    unsigned concurrent_max, running;
    unsigned ended; /* since they were at rest last */
    bool open, stopping;
    struct task pump;
    struct timer wake;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* One key on its way. */
struct job {
    struct jobs *jobs;
    struct job_requests requests;
    enum job_kind kind;
    char *key; /* with its kind's letter */
    char id[17];
    uint64_t started_us;
    /* a line told of its binding meanwhile: jobs_hear */
    bool heard;
    enum queue_priority heard_priority;
    uint64_t heard_us;
};

static void pump(struct task *task);

static void wake(struct timer *timer)
{
    struct jobs *jobs = container_of(timer, struct jobs, wake);

    task_schedule(jobs->world->loop, &jobs->pump);
}

/* As controller-runtime does: a rate over a counter that is not there yet is no alert. */
static void count_from_zero(struct metrics *metrics)
{
    for (size_t i = 0; i < COUNT(kind_names); i++) {
        metrics_add(metrics, METRIC_RECONCILE_ERRORS, 0, kind_names[i]);
        metrics_add(metrics, METRIC_TERMINAL_ERRORS, 0, kind_names[i]);
        metrics_add(metrics, METRIC_QUEUE_RETRIES, 0, kind_names[i], kind_names[i]);
    }
}

struct jobs *jobs_create(struct world *world, struct scene *scene, struct events *events,
                         unsigned concurrent_max)
{
    struct jobs *jobs = memory_alloc(sizeof(*jobs));

    jobs->world = world;
    jobs->scene = scene;
    jobs->events = events;
    jobs->queue = queue_create();
    jobs->changes = map_create();
    jobs->on_their_way = map_create();
    jobs->concurrent_max = concurrent_max;
    task_init(&jobs->pump, pump);
    timer_init(&jobs->wake, wake);
    metrics_set(world->metrics, METRIC_MAX_CONCURRENT, concurrent_max, kind_names[JOB_BINDING]);
    count_from_zero(world->metrics);
    return jobs;
}

void jobs_destroy(struct jobs *jobs)
{
    if (!jobs)
        return;
    task_cancel(&jobs->pump);
    timer_stop(jobs->world->loop, &jobs->wake);
    map_clear(jobs->changes, free);
    map_destroy(jobs->changes);
    map_destroy(jobs->on_their_way);
    queue_destroy(jobs->queue);
    free(jobs);
}

static char *queue_key(enum job_kind kind, const char *key)
{
    size_t length = strlen(key);
    char *full = memory_alloc(length + 2);

    full[0] = kind_letters[kind];
    memcpy(full + 1, key, length);
    return full;
}

static enum job_kind kind_of(const char *full)
{
    const char *letter = strchr(kind_letters, full[0]);

    assert(letter && *letter);
    return (enum job_kind)(letter - kind_letters);
}

static void note_change(struct jobs *jobs, const char *key, uint64_t changed_us)
{
    uint64_t *kept;

    if (changed_us == 0 || map_get(jobs->changes, key))
        return;
    kept = memory_alloc(sizeof(*kept));
    *kept = changed_us;
    map_put(jobs->changes, key, kept);
}

void jobs_add(struct jobs *jobs, enum job_kind kind, const char *key, enum queue_priority priority,
              uint64_t changed_us)
{
    AUTO_FREE char *full = queue_key(kind, key);

    note_change(jobs, full, changed_us);
    metrics_add(jobs->world->metrics, METRIC_QUEUE_ADDS, 1, kind_names[kind], kind_names[kind]);
    queue_add(jobs->queue, full, priority, clock_now_ms());
    task_schedule(jobs->world->loop, &jobs->pump);
}

void jobs_hear(struct jobs *jobs, const char *key, enum queue_priority priority, uint64_t heard_us)
{
    AUTO_FREE char *full = queue_key(JOB_BINDING, key);
    struct job *job = map_get(jobs->on_their_way, full);

    if (!job) {
        jobs_add(jobs, JOB_BINDING, key, priority, heard_us);
        return;
    }
    job->heard_priority = priority;
    job->heard_us = job->heard ? job->heard_us : heard_us;
    job->heard = true;
}

void jobs_add_after(struct jobs *jobs, enum job_kind kind, const char *key, uint64_t delay_ms)
{
    AUTO_FREE char *full = queue_key(kind, key);

    queue_add_after(jobs->queue, full, delay_ms, clock_now_ms());
    task_schedule(jobs->world->loop, &jobs->pump);
}

void jobs_open(struct jobs *jobs)
{
    if (jobs->stopping)
        return;
    jobs->open = true;
    task_schedule(jobs->world->loop, &jobs->pump);
}

/* Results -------------------------------------------------------------------------------------- */

/* The watch is often faster than the answer to what we wrote. */
static void judge_what_was_heard(const struct job *job)
{
    const struct scene *scene = job->jobs->scene;
    const struct podidentitybinding *binding =
        job->heard ? store_get(scene->bindings, job->key + 1) : NULL;

    if (job->heard && (!binding || !reconcile_is_own_write(scene, job->key + 1, binding->record.uid,
                                                           binding->record.resource_version)))
        jobs_add(job->jobs, JOB_BINDING, job->key + 1, job->heard_priority, job->heard_us);
}

static void job_done(void *context, const struct reconcile_result *result)
{
    struct job *job = context;
    struct jobs *jobs = job->jobs;

    job_result_log(result, kind_names[job->kind], job->key + 1, job->id);
    job_result_count(result, kind_names[job->kind], clock_now_us() - job->started_us,
                     jobs->world->metrics);
    job_result_requeue(result, jobs->queue, job->key, clock_now_ms());
    judge_what_was_heard(job);
    map_remove(jobs->on_their_way, job->key);
    queue_done(jobs->queue, job->key, clock_now_ms());
    jobs->running--;
    jobs->ended++;
    metrics_set(jobs->world->metrics, METRIC_ACTIVE_WORKERS, jobs->running,
                kind_names[JOB_BINDING]);
    free(job->key);
    free(job);
    task_schedule(jobs->world->loop, &jobs->pump);
}

static void job_start(struct job *job)
{
    struct jobs *jobs = job->jobs;
    const char *key = job->key + 1;
    int64_t now_ms = clock_wall_ms();

    switch (job->kind) {
    case JOB_BINDING:
        reconcile_start(jobs->scene, &job->requests.transport, jobs->events, key, now_ms, job_done,
                        job);
        break;
    case JOB_GRANT:
        reconcile_grant_start(jobs->scene, &job->requests.transport, key, now_ms, job_done, job);
        break;
    case JOB_SERVICE_ACCOUNT:
        reconcile_service_account_start(jobs->scene, &job->requests.transport, jobs->events, key,
                                        now_ms, job_done, job);
        break;
    }
}

static void job_begin(struct jobs *jobs, const char *key, bool urgent)
{
    struct job *job = memory_alloc(sizeof(*job));
    uint64_t *changed_us = map_remove(jobs->changes, key);

    jobs->running++;
    job->jobs = jobs;
    job->kind = kind_of(key);
    job->key = memory_string(key);
    job->started_us = clock_now_us();
    job_requests_init(&job->requests, &jobs->world->transport, jobs->world->metrics, urgent,
                      changed_us ? *changed_us : 0);
    free(changed_us);
    encode_random_hex(job->id, sizeof(job->id) - 1);
    map_put(jobs->on_their_way, job->key, job);
    job_start(job);
}

/* The key was taken right now. */
static void begin_taken(struct jobs *jobs, const char *key)
{
    const char *controller = kind_names[kind_of(key)];
    struct queue_figures figures;

    queue_figures(jobs->queue, &figures);
    metrics_observe(jobs->world->metrics, METRIC_QUEUE_SECONDS,
                    (double)figures.taken_waited_ms / 1e3, controller, controller);
    job_begin(jobs, key, figures.taken_priority == QUEUE_FIRST);
}

/* What may begin beside what runs; NULL: nothing. */
static const char *take(struct jobs *jobs, uint64_t now_ms)
{
    unsigned kept = jobs->concurrent_max / KEPT_SHARE;

    if (jobs->running >= jobs->concurrent_max)
        return NULL;
    return queue_take(jobs->queue,
                      jobs->running < jobs->concurrent_max - kept ? QUEUE_LATER : QUEUE_FIRST,
                      now_ms);
}

static void tell_stopped(struct jobs *jobs)
{
    void (*stopped)(void *context) = jobs->stopped;

    if (!stopped || jobs->running > 0)
        return;
    jobs->stopped = NULL;
    stopped(jobs->stopped_context);
}

/* What asks nobody is over when job_begin returns: thousands of such would fill one turn. False
 * when the turn's time is over first. */
static bool begin_some(struct jobs *jobs, uint64_t now_ms)
{
    uint64_t end_us = clock_now_us() + TURN_US;
    const char *key;

    while ((key = take(jobs, now_ms))) {
        begin_taken(jobs, key);
        if (clock_now_us() >= end_us)
            return false;
    }
    return true;
}

/* A burst is over: what plans and answers took is mostly free, in between what stays. */
static void rest(struct jobs *jobs)
{
    if (jobs->running > 0 || jobs->ended < BURST)
        return;
    jobs->ended = 0;
    http_rest(jobs->world->http);
    memory_give_back();
}

static void pump(struct task *task)
{
    struct jobs *jobs = container_of(task, struct jobs, pump);
    uint64_t now_ms = clock_now_ms(), wait_ms;

    if (!jobs->open) {
        tell_stopped(jobs);
        return;
    }
    if (!begin_some(jobs, now_ms)) {
        task_schedule(jobs->world->loop, task);
        return;
    }
    if (jobs->running >= jobs->concurrent_max)
        return; /* whichever ends first pumps; the clock would ring each millisecond till then */
    rest(jobs);
    wait_ms = queue_wait_ms(jobs->queue, now_ms);
    if (wait_ms != UINT64_MAX)
        timer_start(jobs->world->loop, &jobs->wake, wait_ms);
}

void jobs_stop(struct jobs *jobs, void (*stopped)(void *context), void *context)
{
    jobs->open = false;
    jobs->stopping = true;
    jobs->stopped = stopped;
    jobs->stopped_context = context;
    task_schedule(jobs->world->loop, &jobs->pump);
}

void jobs_measure(struct jobs *jobs)
{
    struct queue_figures figures;

    queue_figures(jobs->queue, &figures);
    for (int priority = 0; priority < QUEUE_PRIORITIES; priority++)
        metrics_set(jobs->world->metrics, METRIC_QUEUE_DEPTH, (double)figures.depth[priority],
                    "podidentity", "podidentity", priority_names[priority]);
}
