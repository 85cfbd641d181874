#pragma once

/*
 * How long to wait before trying again, and every other random choice of a reflector. Numbers of
 * client-go and kube-rs: 0.8 s doubling to 30 s, each wait prolonged by up to its own length at
 * random; from the start again when the last such start is more than 2 min ago, even in the middle
 * of an outage.
 */

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 800, BACKOFF_MAX_MS = 30000, BACKOFF_RESET_MS = 120000 };

/* Zeroed but for random, the seed. */
struct backoff {
    uint64_t delay_ms, reset_ms;
    uint64_t random;
};

/* The wait that follows, in BACKOFF_FIRST_MS … 2 * BACKOFF_MAX_MS. */
uint64_t backoff_next_ms(struct backoff *backoff, uint64_t now_ms);

/* Uniform in 0 … most. */
uint64_t backoff_random(struct backoff *backoff, uint64_t most);
