#include "tests/fake/scenarios.h"

#include "base/memory.h"

static const struct scenario_table *const tables[] = {
    &binding_scenarios,   &session_scenarios,   &repair_scenarios,  &adoption_scenarios,
    &shorthand_scenarios, &mechanism_scenarios, &observe_scenarios,
};

size_t scenario_count(void)
{
    size_t count = side_scenario_count;

    for (size_t i = 0; i < COUNT(tables); i++)
        count += tables[i]->count;
    return count;
}

const struct scenario *scenario_at(size_t i)
{
    for (size_t t = 0; t < COUNT(tables); i -= tables[t++]->count)
        if (i < tables[t]->count)
            return &tables[t]->scenarios[i];
    return &side_scenarios[i].scenario;
}

bool scenario_is_aside(const struct scenario *scenario)
{
    for (size_t i = 0; i < side_scenario_count; i++)
        if (scenario == &side_scenarios[i].scenario)
            return true;
    return false;
}
