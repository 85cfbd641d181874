#pragma once

/*
 * What a person does to a binding, from a quiet world to a quiet world. Torture runs each of them
 * once untouched, for reference, and then once for every way in which it can be disturbed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tests/fake/fake_world.h"

struct scenario {
    const char *name;
    void (*prepare)(struct fake_world *world); /* NULL: nothing is there before */
    void (*change)(struct fake_world *world);
    int64_t pass_ms; /* what follows by itself within that time belongs to it */
    const char *end; /* the binding's condition Ready; "": it is gone */
    bool quick;      /* disturbed twice in a row, too */
};

/* A subject's scenarios; each stands in the file of its name. */
struct scenario_table {
    const struct scenario *scenarios;
    size_t count;
};
extern const struct scenario_table binding_scenarios, session_scenarios, repair_scenarios,
    adoption_scenarios, shorthand_scenarios, mechanism_scenarios, observe_scenarios;

/* side_scenarios.c: plans beside those of bindings and ServiceAccounts, which do not follow by
 * themselves. act is done as often as it takes; once too often it changes nothing. */
struct side_scenario {
    struct scenario scenario;
    void (*act)(struct fake_world *world);
};
extern const struct side_scenario side_scenarios[];
extern const size_t side_scenario_count;

/* All of them, one table after the other; those aside come last. */
size_t scenario_count(void);
const struct scenario *scenario_at(size_t i);
bool scenario_is_aside(const struct scenario *scenario);
