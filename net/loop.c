#include "net/loop.h"

#include <assert.h>
#include <signal.h>
#include <time.h>

#include <uv.h>

struct loop {
    uv_loop_t uv;
    uv_timer_t alarm;  /* set to the first of `timers` */
    uv_idle_t idle;    /* runs while tasks wait: it also keeps the poll from sleeping */
    uv_prepare_t turn; /* the last thing before the loop waits */
    uv_signal_t signals[2];
    struct heap timers;
    struct list tasks; /* for the next turn */
    struct list due;   /* those of this turn that have not run yet */
    struct list closers;
    loop_signal_fn terminate;
    void *terminate_context;
    uint64_t cpu_before_us, longest_turn_us;
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

/* What a turn takes is CPU: waiting for events, or for the machine, is no work of ours. */
static void turn_ends(uv_prepare_t *prepare)
{
    struct loop *loop = container_of(prepare, struct loop, turn);
    uint64_t now_us = thread_cpu_us();

    if (now_us - loop->cpu_before_us > loop->longest_turn_us)
        loop->longest_turn_us = now_us - loop->cpu_before_us;
    loop->cpu_before_us = now_us;
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

/* Tasks that tasks schedule wait for the next turn: sockets get theirs in between. */
static void tasks_run(uv_idle_t *idle)
{
    struct loop *loop = container_of(idle, struct loop, idle);
    struct list *link;

    while ((link = list_take_first(&loop->tasks)))
        list_append(&loop->due, link);
    while ((link = list_take_first(&loop->due))) {
        struct task *task = container_of(link, struct task, link);

        task->run(task);
    }
    if (list_empty(&loop->tasks))
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

void task_init(struct task *task, task_fn run)
{
    list_init(&task->link);
    task->run = run;
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

uint64_t loop_longest_turn_us(const struct loop *loop)
{
    return loop->longest_turn_us;
}
