#include "base/clock.h"

#include <stdbool.h>
#include <time.h>

static struct {
    bool frozen;
    uint64_t now_ms;
    int64_t wall_ms;
} fake;

uint64_t clock_now_us(void)
{
    struct timespec now;

    if (fake.frozen)
        return fake.now_ms * 1000;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_now_ms(void)
{
    return clock_now_us() / 1000;
}

int64_t clock_wall_ms(void)
{
    struct timespec now;

    if (fake.frozen)
        return fake.wall_ms;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_fake(uint64_t now_ms, int64_t wall_ms)
{
    fake.frozen = true;
    fake.now_ms = now_ms;
    fake.wall_ms = wall_ms;
}

void clock_real(void)
{
    fake.frozen = false;
}
