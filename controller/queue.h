#pragma once

/*
 * The work queue: one place per key however often it is added, delays, back-off per key, and
 * priorities. Pure: time is given, nothing waits.
 * Semantics: client-go's workqueue; a key that is being worked on and is added again comes back
 * once, after queue_done.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct queue;

/*
 * Of thousands that are made at once each waits for AWS's budget: whoever changes what works
 * already does not wait behind them, and what was begun is ended before more is begun.
 */
enum queue_priority {
    QUEUE_FIRST, /* a person's change of what was looked at before */
    QUEUE_AGAIN, /* begun: its delay is over (it settled, or is tried again), or it is added again
                    while it has one or is worked on */
    QUEUE_NEW,   /* what a person has just made */
    QUEUE_LATER, /* start-up, drift, what follows from changes of others */
    QUEUE_PRIORITIES
};

struct queue *queue_create(void);
void queue_destroy(struct queue *queue);

/* Ready now. The higher of two priorities counts; a delay that the key had is over. After a
 * person's change (QUEUE_FIRST, QUEUE_NEW) the back-off begins anew. */
void queue_add(struct queue *queue, const char *key, enum queue_priority priority, uint64_t now_ms);

/* Ready after delay_ms as QUEUE_AGAIN, unless it is ready earlier anyway. */
void queue_add_after(struct queue *queue, const char *key, uint64_t delay_ms, uint64_t now_ms);

/* The same with a delay that doubles from base_ms to most_ms with each call (±20 %). */
void queue_retry(struct queue *queue, const char *key, uint64_t base_ms, uint64_t most_ms,
                 uint64_t now_ms);

/* As queue_retry, but ready as QUEUE_LATER: thousands that wait for a person to mend them must not
 * come before what others make. */
void queue_retry_later(struct queue *queue, const char *key, uint64_t base_ms, uint64_t most_ms,
                       uint64_t now_ms);

/* As queue_retry for a time before which there is nothing to be had: 0 to 40 % later, never
 * earlier. */
void queue_retry_not_before(struct queue *queue, const char *key, uint64_t base_ms,
                            uint64_t most_ms, uint64_t now_ms);

/* The key's back-off begins anew. */
void queue_forget(struct queue *queue, const char *key);

/* The next ready key, now being worked on; NULL when there is none of this priority or a higher
 * one. Borrowed until queue_done. */
const char *queue_take(struct queue *queue, enum queue_priority least, uint64_t now_ms);

/* The key is not worked on any more; comes back at once when it was added meanwhile. */
void queue_done(struct queue *queue, const char *key, uint64_t now_ms);

/* Milliseconds until a delayed key is ready; UINT64_MAX when none is delayed. */
uint64_t queue_wait_ms(const struct queue *queue, uint64_t now_ms);

struct queue_figures {
    size_t depth[QUEUE_PRIORITIES]; /* ready */
    size_t delayed, working;
    uint64_t adds, retries;
    uint64_t taken_waited_ms; /* how long the key taken last was ready */
    enum queue_priority taken_priority;
};
void queue_figures(const struct queue *queue, struct queue_figures *figures);

DEFINE_AUTO(struct queue *, queue_destroy);
