/* Bindings that are only observed. */

#include "base/memory.h"
#include "tests/fake/situations.h"

static const char observed[] = MANAGED("\"mode\":\"Observe\",");

static void observe(struct fake_world *world)
{
    fake_world_bind(world, "cart", observed);
}

static void have_observed(struct fake_world *world)
{
    make_role(world);
    observe(world);
}

static void have_managed_and_observed(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    observe(world);
}

static void have_changed(struct fake_world *world)
{
    make_role(world);
    bind_changed(world);
}

static const struct scenario scenarios[] = {
    {"observe what is not there", make_role, observe, 0, "False ChangesPending", true},
    {"observe what is there", have_managed, observe, 0, "True Observed", false},
    {"observe what is otherwise", have_changed, observe, 0, "False ChangesPending", false},
    {"observe, and enforce", have_observed, bind_managed, 0, "True Ready", false},
    {"enforce, observe, and enforce", have_managed_and_observed, bind_changed, 0, "True Ready",
     false},
    {"delete what is only observed", have_managed_and_observed, unbind, 0, "", true},
};
const struct scenario_table observe_scenarios = {scenarios, COUNT(scenarios)};
