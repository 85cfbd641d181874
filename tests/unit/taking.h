#pragma once

/* Taking keys from a queue, as words. */

#include "controller/queue.h"

/* Takes what is ready and says which it was; "-" for nothing. */
static inline const char *take(struct queue *queue, uint64_t now_ms)
{
    const char *key = queue_take(queue, QUEUE_LATER, now_ms);

    return key ? key : "-";
}

static inline struct queue_figures figures_of(const struct queue *queue)
{
    struct queue_figures figures;

    queue_figures(queue, &figures);
    return figures;
}
