#include "aws/budget.h"

#include <assert.h>

/* The slowest we go, as the SDKs' adaptive mode does: slower than this nothing ever recovers. */
static const double rate_min = 0.5;
static const double growth_per_s = 0.05; /* of rate_max */

enum { CHANGE_MS = 1000 };

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static uint64_t elapsed_ms(uint64_t since_ms, uint64_t now_ms)
{
    return now_ms > since_ms ? now_ms - since_ms : 0;
}

static void refill(struct budget *budget, uint64_t now_ms)
{
    double seconds = (double)elapsed_ms(budget->updated_ms, now_ms) / 1000;

    budget->tokens = smaller(budget->burst, budget->tokens + seconds * budget->rate);
    if (now_ms > budget->updated_ms)
        budget->updated_ms = now_ms;
}

void budget_init(struct budget *budget, double rate, uint64_t now_ms)
{
    assert(rate > 0);
    *budget = (struct budget){
        .rate = rate,
        .rate_max = rate,
        .burst = larger(1, rate),
        .tokens = larger(1, rate),
        .updated_ms = now_ms,
        .rate_changed_ms = now_ms,
    };
}

uint64_t budget_take(struct budget *budget, uint64_t now_ms)
{
    /* Ten refills of a tenth do not add up to a whole token in binary. */
    static const double whole = 1 - 1e-9;

    refill(budget, now_ms);
    if (budget->tokens >= whole) {
        budget->tokens = larger(0, budget->tokens - 1);
        return 0;
    }
    return (uint64_t)((whole - budget->tokens) / budget->rate * 1000) + 1;
}

void budget_throttled(struct budget *budget, uint64_t now_ms)
{
    refill(budget, now_ms);
    budget->tokens = 0;
    if (budget->rate < budget->rate_max && elapsed_ms(budget->rate_changed_ms, now_ms) < CHANGE_MS)
        return;
    budget->rate = larger(smaller(rate_min, budget->rate_max), budget->rate / 2);
    budget->rate_changed_ms = now_ms;
}

void budget_answered(struct budget *budget, uint64_t now_ms)
{
    uint64_t since_ms = elapsed_ms(budget->rate_changed_ms, now_ms);
    double seconds = (double)(since_ms < CHANGE_MS ? since_ms : CHANGE_MS) / 1000;

    if (budget->rate >= budget->rate_max)
        return;
    refill(budget, now_ms);
    budget->rate =
        smaller(budget->rate_max, budget->rate + growth_per_s * budget->rate_max * seconds);
    budget->rate_changed_ms = now_ms;
}
