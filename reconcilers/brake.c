#include "reconcilers/brake.h"

#include <assert.h>

static void forget_old(struct brake *brake, int64_t now_ms)
{
    while (brake->count > 0) {
        size_t oldest = (brake->next + BRAKE_LIMIT_MAX - brake->count) % BRAKE_LIMIT_MAX;

        if (brake->passed_ms[oldest] > now_ms - BRAKE_WINDOW_MS)
            return;
        brake->count--;
    }
}

bool brake_pass(struct brake *brake, unsigned limit, int64_t now_ms, uint64_t *retry_ms)
{
    assert(limit <= BRAKE_LIMIT_MAX);
    if (limit == 0)
        return true;
    forget_old(brake, now_ms);
    if (brake->count >= limit) {
        size_t oldest = (brake->next + BRAKE_LIMIT_MAX - brake->count) % BRAKE_LIMIT_MAX;

        *retry_ms = (uint64_t)(brake->passed_ms[oldest] + BRAKE_WINDOW_MS - now_ms) + 1;
        return false;
    }
    brake->passed_ms[brake->next] = now_ms;
    brake->next = (brake->next + 1) % BRAKE_LIMIT_MAX;
    brake->count++;
    return true;
}
