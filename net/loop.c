#include "net/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include <uv.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    SOCKETS_US = 3000,    /* sockets that are ready after so long wait for the next turn */
    TASKS_US = 3000,      /* and so do tasks after so long of others */
    LONG_TURN_US = 10000, /* worth a line in the log: whoever else has an answer waits for it */
};

struct loop {
    uv_loop_t uv;
    uv_timer_t alarm;  /* set to the first of `timers` */
    uv_idle_t idle;    /* runs while tasks wait: it also keeps the poll from sleeping */
    uv_prepare_t turn; /* the last thing before the loop waits */
    uv_signal_t signals[2];
    struct heap timers;
    struct list tasks; /* for the next turn */
    struct list due;   /* those of this turn that have not run yet, and what former ones left */
    struct list closers;
    loop_signal_fn terminate;
    void *terminate_context;
    uint64_t cpu_before_us, longest_turn_us;
    const char *longest_part; /* of this turn */
    uint64_t longest_part_us;
};

static void must(int result)
{
    /* libuv's set-up calls fail only for want of memory or descriptors at the start. */
    assert(result == 0);
    (void)result;
}

static uint64_t loop_now_ms(struct loop *loop)
{
    uv_update_time(&loop->uv);
    return uv_now(&loop->uv);
}

static uint64_t thread_cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void log_long_turn(const struct loop *loop, uint64_t turn_us)
{
    char turn[24], part[24];

    snprintf(turn, sizeof(turn), "%llu", (unsigned long long)turn_us);
    snprintf(part, sizeof(part), "%llu", (unsigned long long)loop->longest_part_us);
    log_event(LOG_DEBUG, "a long turn of the loop", "us", turn, "mostly", loop->longest_part,
              "for_us", part, NULL);
}

/* What a turn takes is CPU: waiting for events, or for the machine, is no work of ours. */
static void turn_ends(uv_prepare_t *prepare)
{
    struct loop *loop = container_of(prepare, struct loop, turn);
    uint64_t now_us = thread_cpu_us(), turn_us = now_us - loop->cpu_before_us;

    if (turn_us > loop->longest_turn_us)
        loop->longest_turn_us = turn_us;
    if (turn_us > LONG_TURN_US && log_enabled(LOG_DEBUG))
        log_long_turn(loop, turn_us);
    loop->cpu_before_us = now_us;
    loop->longest_part = "sockets and timers";
    loop->longest_part_us = 0;
}

static void part_ends(struct loop *loop, const char *what, uint64_t part_us)
{
    if (part_us <= loop->longest_part_us)
        return;
    loop->longest_part = what;
    loop->longest_part_us = part_us;
}

static void alarm_rings(uv_timer_t *alarm);

static void alarm_set(struct loop *loop, uint64_t now_ms)
{
    struct heap_entry *first = heap_first(&loop->timers);

    if (!first)
        must(uv_timer_stop(&loop->alarm));
    else
        must(uv_timer_start(&loop->alarm, alarm_rings,
                            first->when > now_ms ? first->when - now_ms : 0, 0));
}

/* Timers started by a timer are at least 1 ms away from `now_ms`, so this ends. */
static void alarm_rings(uv_timer_t *alarm)
{
    struct loop *loop = container_of(alarm, struct loop, alarm);
    uint64_t now_ms = loop_now_ms(loop);
    struct heap_entry *first;

    while ((first = heap_first(&loop->timers)) && first->when <= now_ms) {
        struct timer *timer = container_of(first, struct timer, entry);

        heap_remove(&loop->timers, first);
        timer->fire(timer);
    }
    alarm_set(loop, loop_now_ms(loop));
}

/* Those that are due, one at least, for as long as a turn's tasks may take. By the clock: to ask
 * for CPU time after each task is a system call. */
static void due_run(struct loop *loop)
{
    uint64_t now_us = clock_now_us(), end_us = now_us + TASKS_US;
    struct list *link;

    if (log_enabled(LOG_DEBUG))
        part_ends(loop, "sockets and timers", thread_cpu_us() - loop->cpu_before_us);
    while ((link = list_take_first(&loop->due))) {
        struct task *task = container_of(link, struct task, link);
        const char *name = task->name; /* task may be gone after run */
        uint64_t before_us = now_us;

        task->run(task);
        now_us = clock_now_us();
        part_ends(loop, name, now_us - before_us);
        if (now_us > end_us)
            return;
    }
}

/*
 * Tasks that tasks schedule wait for the next turn: sockets get theirs in between. Each task keeps
 * to a limit of its own; this one keeps several of them from adding up.
 */
static void tasks_run(uv_idle_t *idle)
{
    struct loop *loop = container_of(idle, struct loop, idle);
    struct list *link;

    while ((link = list_take_first(&loop->tasks)))
        list_append(&loop->due, link);
    due_run(loop);
    if (list_empty(&loop->tasks) && list_empty(&loop->due))
        must(uv_idle_stop(&loop->idle));
}

struct loop *loop_create(void)
{
    struct loop *loop = memory_alloc(sizeof(*loop));

    must(uv_loop_init(&loop->uv));
    must(uv_timer_init(&loop->uv, &loop->alarm));
    must(uv_idle_init(&loop->uv, &loop->idle));
    must(uv_prepare_init(&loop->uv, &loop->turn));
    /* This one handle keeps the loop running while nothing else is open. */
    must(uv_prepare_start(&loop->turn, turn_ends));
    for (size_t i = 0; i < COUNT(loop->signals); i++)
        must(uv_signal_init(&loop->uv, &loop->signals[i]));
    heap_init(&loop->timers);
    list_init(&loop->tasks);
    list_init(&loop->due);
    list_init(&loop->closers);
    signal(SIGPIPE, SIG_IGN);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    struct list *link;

    if (!loop)
        return;
    while ((link = list_take_first(&loop->closers))) {
        struct loop_closer *closer = container_of(link, struct loop_closer, link);

        closer->close(closer);
    }
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->turn, NULL);
    for (size_t i = 0; i < COUNT(loop->signals); i++)
        uv_close((uv_handle_t *)&loop->signals[i], NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    must(uv_loop_close(&loop->uv));
    heap_finish(&loop->timers);
    free(loop);
}

void loop_run(struct loop *loop)
{
    loop->longest_part = "start";
    loop->cpu_before_us = thread_cpu_us();
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

void timer_init(struct timer *timer, timer_fn fire)
{
    *timer = (struct timer){.fire = fire};
}

void timer_start(struct loop *loop, struct timer *timer, uint64_t delay_ms)
{
    uint64_t now_ms = loop_now_ms(loop);

    heap_put(&loop->timers, &timer->entry, now_ms + (delay_ms ? delay_ms : 1));
    alarm_set(loop, now_ms);
}

void timer_stop(struct loop *loop, struct timer *timer)
{
    /* The alarm may ring for nothing; that is cheaper than setting it anew each time. */
    heap_remove(&loop->timers, &timer->entry);
}

bool timer_running(const struct timer *timer)
{
    return timer->entry.place != 0;
}

void task_init_named(struct task *task, task_fn run, const char *name)
{
    list_init(&task->link);
    task->run = run;
    task->name = name;
}

void task_schedule(struct loop *loop, struct task *task)
{
    if (!list_empty(&task->link))
        return;
    list_append(&loop->tasks, &task->link);
    must(uv_idle_start(&loop->idle, tasks_run));
}

void task_cancel(struct task *task)
{
    list_remove(&task->link);
}

void loop_add_closer(struct loop *loop, struct loop_closer *closer, loop_close_fn close)
{
    closer->close = close;
    list_append(&loop->closers, &closer->link);
}

static void signal_arrives(uv_signal_t *handle, int number)
{
    struct loop *loop = handle->data;

    (void)number;
    loop->terminate(loop->terminate_context);
}

void loop_on_terminate(struct loop *loop, loop_signal_fn stop, void *context)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    _Static_assert(COUNT(numbers) == 2, "one handle of struct loop each");
    loop->terminate = stop;
    loop->terminate_context = context;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        loop->signals[i].data = loop;
        must(uv_signal_start(&loop->signals[i], signal_arrives, numbers[i]));
        uv_unref((uv_handle_t *)&loop->signals[i]);
    }
}

bool loop_turn_is_spent(const struct loop *loop)
{
    return thread_cpu_us() - loop->cpu_before_us > SOCKETS_US;
}

uint64_t loop_longest_turn_us(const struct loop *loop)
{
    return loop->longest_turn_us;
}
