#include "tests/property/cases.h"

#include <stdlib.h>

#include "base/arena.h"
#include "tests/property/generator.h"

enum { ARENA_MAX = 16 << 20 };

unsigned long documents_count = 30000;
uint64_t cases_seed = 20260301;
struct arena *arena;

struct random random_for(unsigned property, unsigned long nth)
{
    return (struct random){cases_seed + ((uint64_t)property << 56) + ((uint64_t)nth << 20)};
}

struct trust_subject subject_in(const struct world *world)
{
    return (struct trust_subject){.partition = world->partition,
                                  .account_id = world->account,
                                  .cluster_arn = world->cluster_arn,
                                  .cluster_name = world->cluster_name,
                                  .namespace_name = world->namespace_name,
                                  .service_account = world->service_account,
                                  .session_tags = world->session_tags};
}

int cases_begin(void **state)
{
    const char *count = getenv("PROPERTY_DOCUMENTS"), *start = getenv("PROPERTY_SEED");

    (void)state;
    if (count)
        documents_count = strtoul(count, NULL, 10);
    if (start)
        cases_seed = strtoull(start, NULL, 10);
    arena = arena_create(ARENA_MAX);
    return 0;
}

int cases_end(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}
