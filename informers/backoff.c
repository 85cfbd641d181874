#include "informers/backoff.h"

/* splitmix64 (Vigna): any seed will do, 0 too. */
uint64_t backoff_random(struct backoff *backoff, uint64_t most)
{
    uint64_t word = backoff->random += 0x9e3779b97f4a7c15;

    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return (word ^ (word >> 31)) % (most + 1);
}

uint64_t backoff_next_ms(struct backoff *backoff, uint64_t now_ms)
{
    uint64_t wait_ms;

    if (!backoff->delay_ms || now_ms - backoff->reset_ms > BACKOFF_RESET_MS) {
        backoff->delay_ms = BACKOFF_FIRST_MS;
        backoff->reset_ms = now_ms;
    }
    wait_ms = backoff->delay_ms + backoff_random(backoff, backoff->delay_ms);
    backoff->delay_ms *= 2;
    if (backoff->delay_ms > BACKOFF_MAX_MS)
        backoff->delay_ms = BACKOFF_MAX_MS;
    return wait_ms;
}
