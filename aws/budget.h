#pragma once

/*
 * Token buckets: how often each API may be asked. AWS throttles whole accounts, so we ask less
 * than allowed and slow down when told to. Pure functions of the time given (monotonic ms; a
 * time before the last one counts as the last one).
 */

#include <stdbool.h>
#include <stdint.h>

struct budget {
    double rate;     /* tokens per second now */
    double rate_max; /* as configured */
    double burst;    /* most tokens that can be saved up */
    double tokens;
    uint64_t updated_ms;
    uint64_t rate_changed_ms; /* when the rate last fell or grew */
};

/* rate > 0; the bucket starts full. burst is max(1, rate). */
void budget_init(struct budget *budget, double rate, uint64_t now_ms);

/* Takes a token if there is one: 0. Else how many ms to wait before asking again (≥ 1). */
uint64_t budget_take(struct budget *budget, uint64_t now_ms);

/* AWS said "slow down": halves the rate (not under 0.5/s, nor under a smaller rate_max) and
 * empties the bucket. At most once a second: requests that were on their way already when we
 * slowed down say nothing about the new rate. */
void budget_throttled(struct budget *budget, uint64_t now_ms);

/* An answer that was no throttle: the rate grows back, ~5 % of rate_max a second at most. */
void budget_answered(struct budget *budget, uint64_t now_ms);
