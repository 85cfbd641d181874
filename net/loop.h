#pragma once

/*
 * The one loop of the program: timers, signals, and "run this next turn". One thread.
 * Timers and tasks are embedded in the structs they serve (init once per life).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/memory.h"

struct loop;
struct uv_loop_s;

struct loop *loop_create(void);
/* Calls the closers, closes the loop's own handles and runs it until all handles are gone. No
 * timer and no task fires any more; what lives on the loop (http, serve) is destroyed before. */
void loop_destroy(struct loop *loop);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* libuv's loop, for the other files of net/. */
struct uv_loop_s *loop_uv(struct loop *loop);

struct timer;
typedef void (*timer_fn)(struct timer *timer);
struct timer {
    struct heap_entry entry;
    timer_fn fire;
};

/* All timers share one libuv handle and a heap. init does not start. */
void timer_init(struct timer *timer, timer_fn fire);
/* (Re)starts: fire comes once, delay_ms (0 counts as 1: use a task) from now or later, never from
 * inside this call. */
void timer_start(struct loop *loop, struct timer *timer, uint64_t delay_ms);
/* Harmless when it does not run. */
void timer_stop(struct loop *loop, struct timer *timer);
bool timer_running(const struct timer *timer);

struct task;
typedef void (*task_fn)(struct task *task);
struct task {
    struct list link;
    task_fn run;
    const char *name; /* for the log of long turns; static */
};

#define task_init(task, run) task_init_named(task, run, __FILE__ " " #run)
void task_init_named(struct task *task, task_fn run, const char *name);
/* run comes in the next turn of the loop, or in one soon after it when others before this one took
 * long; once however often this was called. */
void task_schedule(struct loop *loop, struct task *task);
void task_cancel(struct task *task);

/* True when this turn has taken so long that whatever comes back by itself had better do so in the
 * next one: a socket that is left alone is reported again. */
bool loop_turn_is_spent(const struct loop *loop);

/* For what nobody else owns (a running child): close is called once by loop_destroy and starts
 * the closing of whatever it is about. list_remove(&closer->link) when it is gone before. */
struct loop_closer;
typedef void (*loop_close_fn)(struct loop_closer *closer);
struct loop_closer {
    struct list link;
    loop_close_fn close;
};
void loop_add_closer(struct loop *loop, struct loop_closer *closer, loop_close_fn close);

/* Calls stop(context) on SIGTERM and SIGINT. Also ignores SIGPIPE. */
typedef void (*loop_signal_fn)(void *context);
void loop_on_terminate(struct loop *loop, loop_signal_fn stop, void *context);

/* CPU time of the longest turn so far, microseconds (for metrics): from one wait to the next. What
 * took most of a turn over 10 ms is logged at debug level. */
uint64_t loop_longest_turn_us(const struct loop *loop);

DEFINE_AUTO(struct loop *, loop_destroy);
