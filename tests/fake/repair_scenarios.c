/* What others did, and what an administrator takes back: roles, associations, grants. */

#include "base/memory.h"
#include "tests/fake/situations.h"

static void left_over_existing(struct fake_world *world)
{
    have_left_over(world, bind_existing);
}

static void have_deletion_on_withdrawal(struct fake_world *world)
{
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = 5000;
    have_managed(world);
}

/* Somebody hung a policy on the role and took the boundary away, and the process is new. */
static void have_more_than_granted(struct fake_world *world)
{
    somebody_took_boundary(world);
    for (size_t i = 0; i < world->aws.role_count; i++)
        if (!world->aws.roles[i]->foreign)
            fake_pairs_put(&world->aws.roles[i]->attached, "arn:aws:iam::aws:policy/Extra", "");
    fake_world_restart(world);
}

static void have_pod_and_withdrawal(struct fake_world *world)
{
    have_deletion_on_withdrawal(world);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
}

static struct fake_role *our_role(struct fake_world *world)
{
    for (size_t i = 0; i < world->aws.role_count; i++)
        if (!world->aws.roles[i]->foreign)
            return world->aws.roles[i];
    return NULL;
}

/* Later, when the sweep's pages stand in the place of what we wrote ourselves. */
static void have_watched(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    world->wire.now_ms += 600000;
    fake_world_look(world);
}

/* Somebody edits all that hangs on our role, and a sweep shows it. */
static void edit_role(struct fake_world *world)
{
    struct fake_role *role = our_role(world);

    fake_pairs_put(&role->attached, "arn:aws:iam::aws:policy/AdministratorAccess", "");
    fake_pairs_put(&role->tags, "theirs", "yes");
    fake_pairs_remove(&role->policies, "Policy1");
    fake_text_set(&role->trust, TRUST);
    fake_text_set(&role->boundary, NULL);
    world->aws.boundary_required = true;
    world->wire.now_ms += 600000;
    fake_world_look(world);
}

/* Two sweeps miss it. */
static void look_twice(struct fake_world *world)
{
    for (int i = 0; i < 2; i++) {
        world->wire.now_ms += 600000;
        fake_world_look(world);
    }
}

static void delete_association(struct fake_world *world)
{
    fake_aws_drop_association(&world->aws, "shop", "cart");
    look_twice(world);
}

static void delete_role(struct fake_world *world)
{
    fake_aws_drop_role(&world->aws, our_role(world)->name);
    look_twice(world);
}

static const struct scenario scenarios[] = {
    {"repair what somebody did to a role", have_watched, edit_role, 0, "True Ready", false},
    {"repair a deleted association", have_watched, delete_association, 0, "True Ready", true},
    {"repair a deleted role", have_watched, delete_role, 0, "True Ready", false},
    {"association of a former binding", left_over_existing, bind_existing, 0, "True Ready", true},
    {"withdrawal under a pod", have_pod_and_withdrawal, fake_world_withdraw, 0, "False NotGranted",
     false},
    {"withdrawal that deletes after the grace", have_deletion_on_withdrawal, fake_world_withdraw, 0,
     "False NotGranted", false},
    {"withdrawal that narrows", have_more_than_granted, fake_world_withdraw, 0, "False NotGranted",
     false},
    {"association and role of a former binding", left_over_managed, bind_managed, 0,
     "False RoleOfFormerBinding", false},
};
const struct scenario_table repair_scenarios = {scenarios, COUNT(scenarios)};
