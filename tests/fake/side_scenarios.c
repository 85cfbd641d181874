/*
 * Plans that no key of a binding or ServiceAccount brings: what a person runs on the command line,
 * and what the controller does for the cluster as a whole. Their part is done by `act`, again and
 * again as a person or the clock would, until it came through.
 */

#include "aws/addons.h"
#include "base/memory.h"
#include "reconcilers/audit.h"
#include "reconcilers/patrol.h"
#include "reconcilers/podidentitygrant.h"
#include "reconcilers/survey.h"
#include "tests/fake/scenarios.h"

enum { MINUTE_MS = 60 * 1000, KEY_SIZE = 300 };

#define OTHER "arn:aws:iam::" FAKE_ACCOUNT ":role/app/other"

static const char managed[] =
    "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":[\"arn:aws:iam::aws:policy/"
    "ReadOnlyAccess\"]}";

static void nothing(struct fake_world *world)
{
    (void)world;
}

/* A stranger's association stands beside: it may not be written to. */
static void have_managed(struct fake_world *world)
{
    fake_aws_add_association(&world->aws, "shop", "till", OTHER);
    fake_world_bind(world, "cart", managed);
}

/* Its finalizer was taken away by hand: what it made is still there, and so are its tags. */
static void have_left_over(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    fake_world_lose(world, "cart");
}

/* Release -------------------------------------------------------------------------------------- */

static void have_namesake_of_left_over(struct fake_world *world)
{
    have_left_over(world);
    fake_world_settle(world);
    fake_world_bind(world, "cart", managed);
}

static void unbind(struct fake_world *world)
{
    fake_world_unbind(world, "cart");
}

static void release(struct fake_world *world, enum release release)
{
    fake_world_watch(world);
    if (fake_world_binding(world, "cart"))
        fake_world_release(world, "cart", release);
    fake_world_watch(world);
}

static void let_go(struct fake_world *world)
{
    release(world, RELEASE_LET_GO);
}

static void release_association(struct fake_world *world)
{
    release(world, RELEASE_ASSOCIATION);
}

static void purge(struct fake_world *world)
{
    release(world, RELEASE_PURGE);
}

/* Then its own plan looks again, as it does every few minutes. */
static void purge_and_look(struct fake_world *world)
{
    release(world, RELEASE_PURGE);
    fake_world_reconcile(world, "cart");
}

/* The cluster as a whole ----------------------------------------------------------------------- */

static void surveyed(void *context, bool changed, const struct error *error)
{
    (void)context;
    (void)changed;
    (void)error;
}

static void survey_and_make_agent(struct fake_world *world)
{
    struct survey *survey = survey_create(&world->scene, &world->wire.transport, true);

    world->wire.now_ms += MINUTE_MS;
    survey_start(survey, world->wire.now_ms, surveyed, NULL);
    fake_run(&world->wire);
    survey_destroy(survey);
}

static void audit(struct fake_world *world)
{
    world->wire.now_ms += 10 * MINUTE_MS;
    fake_world_look(world);
}

static void have_orphan(struct fake_world *world)
{
    have_left_over(world);
    fake_world_settle(world);
    fake_kubernetes_delete(&world->kubernetes, "serviceaccounts", "shop", "cart");
}

static void told(void *context, const struct reconcile_result *result)
{
    (void)context;
    (void)result;
}

static void tell_of_grant(struct fake_world *world)
{
    fake_world_watch(world);
    reconcile_grant_start(&world->scene, &world->wire.transport, "shop", world->wire.now_ms, told,
                          NULL);
    fake_run(&world->wire);
    fake_world_watch(world);
}

static void found(void *context, const char *key)
{
    snprintf(context, KEY_SIZE, "%s", key);
}

static void repoint(struct fake_world *world)
{
    fake_text_set(&fake_aws_association(&world->aws, "shop", "cart")->role_arn, OTHER);
}

/* The round is a new one each time, and cart's the only binding; a new process has looked at it. */
static void patrol(struct fake_world *world)
{
    char key[KEY_SIZE] = "";
    struct patrol *patrol = patrol_create(&world->scene, &world->wire.transport, found, key);

    fake_world_settle(world);
    patrol_step(patrol, world->wire.now_ms);
    fake_run(&world->wire);
    if (key[0])
        fake_world_reconcile(world, "cart");
    patrol_destroy(patrol);
}

const struct side_scenario side_scenarios[] = {
    {{"release --purge of what a former binding left", have_namesake_of_left_over, nothing, 0,
      "True Ready", false},
     purge_and_look},
    {{"release of a binding that goes", have_managed, unbind, 0, "", false}, release_association},
    {{"release --purge of a binding that goes", have_managed, unbind, 0, "", false}, purge},
    {{"release that lets go", have_managed, unbind, 0, "", true}, let_go},
    {{"make the agent that is missing", have_managed, nothing, 0, "True Ready", true},
     survey_and_make_agent},
    {{"remove an orphan of ours", have_orphan, nothing, 0, "", false}, audit},
    {{"tell what a grant matches", have_managed, nothing, 0, "True Ready", true}, tell_of_grant},
    {{"find an association that somebody re-pointed", have_managed, repoint, 0, "True Ready",
      false},
     patrol},
};
const size_t side_scenario_count = COUNT(side_scenarios);
