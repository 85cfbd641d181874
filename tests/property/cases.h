#pragma once

/*
 * How many cases a property is asked about, and where their numbers come from. PROPERTY_DOCUMENTS
 * and PROPERTY_SEED, from the environment, choose another number of documents for each of the large
 * properties (over 100,000 in all by default) and another run. The nth that a failure prints stands
 * for the same case whenever the seed is the same.
 */

#include <stdint.h>

#include "reconcilers/trust.h"
#include "tests/property/random.h"

struct arena;
struct world;

extern unsigned long documents_count; /* for a large property; others take a part of it */
extern uint64_t cases_seed;
extern struct arena *arena; /* what one case needs; the properties reset it */

/* The numbers of one case of one property. */
struct random random_for(unsigned property, unsigned long nth);

/* The ServiceAccount of a generated world, as reconcilers/ are told of it. Borrows from world. */
struct trust_subject subject_in(const struct world *world);

/* Setup and teardown of a group of cmocka's tests. */
int cases_begin(void **state);
int cases_end(void **state);
