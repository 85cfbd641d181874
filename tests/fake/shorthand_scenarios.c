/* The annotation of a ServiceAccount in the place of a binding, and handing over. */

#include "base/memory.h"
#include "tests/fake/situations.h"

#define OTHER "arn:aws:iam::" FAKE_ACCOUNT ":role/app/other"

static void annotate(struct fake_world *world)
{
    fake_world_annotate(world, EXISTING);
}

static void have_annotated(struct fake_world *world)
{
    make_role(world);
    fake_aws_add_role(&world->aws, "/app/", "other", TRUST);
    annotate(world);
}

static void annotate_other(struct fake_world *world)
{
    fake_world_annotate(world, OTHER);
}

static void remove_annotation(struct fake_world *world)
{
    fake_world_annotate(world, NULL);
}

static void delete_service_account(struct fake_world *world)
{
    fake_kubernetes_delete(&world->kubernetes, "serviceaccounts", "shop", "cart");
}

static void make_service_account_anew(struct fake_world *world)
{
    delete_service_account(world);
    annotate(world);
}

static void bind_as_a_person(struct fake_world *world)
{
    fake_world_bind(world, "mine", existing);
}

static void bind_other_as_a_person(struct fake_world *world)
{
    fake_world_bind(world, "mine", managed);
}

static void observe_as_a_person(struct fake_world *world)
{
    fake_world_bind(world, "mine",
                    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING
                    "\",\"mode\":\"Observe\"}");
}

static void have_annotated_and_a_persons(struct fake_world *world)
{
    have_annotated(world);
    fake_world_settle(world);
    bind_other_as_a_person(world);
}

static void have_annotated_and_observed(struct fake_world *world)
{
    have_annotated(world);
    fake_world_settle(world);
    observe_as_a_person(world);
}

/* The elder of two bindings goes, and the younger, which waited, has its association. */
static void have_elder(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    world->wire.now_ms += 5000;
    bind_as_a_person(world);
}

static void have_elder_of_the_same_role(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    world->wire.now_ms += 5000;
    fake_world_bind(world, "mine", changed);
}

static const struct scenario scenarios[] = {
    {"annotate a ServiceAccount", make_role, annotate, 0, "True Ready", true},
    {"annotate it with another role", have_annotated, annotate_other, 0, "True Ready", false},
    {"remove the annotation", have_annotated, remove_annotation, 0, "", true},
    {"delete the ServiceAccount", have_annotated, delete_service_account, 0, "", false},
    {"make the ServiceAccount anew", have_annotated, make_service_account_anew, 0, "True Ready",
     false},
    {"hand over from the annotation to a person", have_annotated, bind_as_a_person, 0,
     "False Conflict", false},
    {"hand over to a person with a role of ours", have_annotated, bind_other_as_a_person, 0,
     "False Conflict", false},
    {"observe beside the annotation", have_annotated, observe_as_a_person, 0, "True Ready", false},
    {"hand over to a person who only observed", have_annotated_and_observed, bind_other_as_a_person,
     0, "False Conflict", false},
    {"hand over from a person who only observes", have_annotated_and_a_persons, observe_as_a_person,
     0, "True Ready", false},
    {"hand over to a younger binding", have_elder, unbind, 0, "", false},
    {"hand over to a younger binding with the same role", have_elder_of_the_same_role, unbind, 0,
     "", false},
};
const struct scenario_table shorthand_scenarios = {scenarios, COUNT(scenarios)};
