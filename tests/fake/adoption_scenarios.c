/* Roles and associations of others, adopted and let go. */

#include "base/memory.h"
#include "tests/fake/situations.h"

static const char adopting[] = "{\"serviceAccountName\":\"cart\",\"tags\":{\"team\":\"blue\","
                               "\"stage\":\"live\"},\"adoptionPolicy\":\"Adopt\"}";
static const char adopting_existing[] =
    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\",\"adoptionPolicy\":\"Adopt\"}";
#define MANAGED_POLICY                                                                             \
    "\"permissionPolicy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","       \
    "\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}]},\"permissionPolicyARNs\":["                 \
    "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]"
#define ADOPTING_ROLE(more)                                                                        \
    "{\"serviceAccountName\":\"cart\",\"roleName\":\"till\",\"tags\":{\"stage\":\"live\"}"         \
    "," MANAGED_POLICY more ",\"adoptionPolicy\":\"Adopt\"}"
static const char adopting_role[] = ADOPTING_ROLE("");
static const char adopting_role_bare[] =
    "{\"serviceAccountName\":\"cart\",\"roleName\":\"till\",\"roleDescription\":\"ours\","
    "\"disableSessionTags\":true,\"adoptionPolicy\":\"Adopt\"}";
static const char adopting_former[] =
    "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":["
    "\"arn:aws:iam::aws:policy/PowerUserAccess\"],\"adoptionPolicy\":\"Adopt\"}";

static void bind_adopting(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting);
}

static void bind_adopting_existing(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_existing);
}

/* Somebody else's association for cart, which may be written to once it is adopted. */
static void have_theirs(struct fake_world *world)
{
    struct fake_association *theirs;

    fake_aws_add_role(&world->aws, "/app/", "cart-reader", TRUST);
    fake_aws_add_role(&world->aws, "/app/", "theirs", TRUST);
    theirs = fake_aws_add_association(&world->aws, "shop", "cart",
                                      "arn:aws:iam::" FAKE_ACCOUNT ":role/app/theirs");
    theirs->foreign = false;
    fake_pairs_put(&theirs->tags, "team", "theirs");
    fake_world_sweep(world);
}

static void have_adopted(struct fake_world *world)
{
    have_theirs(world);
    bind_adopting(world);
}

static void bind_adopting_role(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_role);
}

static void bind_adopting_role_bare(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_role_bare);
}

static void bind_adopting_former(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_former);
}

/* Somebody else's role under our path, which may be written to once it is adopted. */
static void have_their_role(struct fake_world *world)
{
    struct fake_role *theirs = fake_aws_add_role(
        &world->aws, FAKE_ROLE_PATH, "till",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"Them\",\"Effect\":\"Allow\","
        "\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"},\"Action\":\"sts:AssumeRole\"}}");

    theirs->foreign = false;
    fake_pairs_put(&theirs->tags, "team", "theirs");
    fake_pairs_put(&theirs->attached, "arn:aws:iam::aws:policy/Theirs", "");
    world->aws.boundary_required = true;
}

static void have_their_role_and_association(struct fake_world *world)
{
    have_their_role(world);
    have_theirs(world);
}

static void have_adopted_role(struct fake_world *world)
{
    have_their_role(world);
    bind_adopting_role(world);
}

static void have_adopted_role_and_pod(struct fake_world *world)
{
    have_adopted_role(world);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
}

static void have_adopted_role_and_reader(struct fake_world *world)
{
    fake_aws_add_role(&world->aws, "/app/", "cart-reader", TRUST);
    have_adopted_role(world);
}

static void observe_adopting_role(struct fake_world *world)
{
    fake_world_bind(world, "cart", ADOPTING_ROLE(",\"mode\":\"Observe\""));
}

static const struct scenario scenarios[] = {
    {"adopt an association, with a role of ours", have_theirs, bind_adopting, 0, "True Ready",
     false},
    {"adopt an association, with an existing role", have_theirs, bind_adopting_existing, 0,
     "True Ready", true},
    {"another spec for an adopted association", have_adopted, bind_adopting_existing, 0,
     "True Ready", false},
    {"let an adopted association go", have_adopted, unbind, 0, "", true},
    {"adopt a role", have_their_role, bind_adopting_role, 0, "True Ready", false},
    {"adopt a role and an association", have_their_role_and_association, bind_adopting_role, 0,
     "True Ready", false},
    {"adopt the role of a former binding", left_over_managed, bind_adopting_former, 0, "True Ready",
     false},
    {"another spec for an adopted role", have_adopted_role, bind_adopting_role_bare, 0,
     "True Ready", false},
    {"leave an adopted role", have_adopted_role_and_reader, bind_existing, 0, "True Ready", false},
    {"let an adopted role go", have_adopted_role, unbind, 0, "", true},
    {"let an adopted role go under a pod", have_adopted_role_and_pod, unbind, 0, "", false},
    {"observe what would be adopted", have_their_role_and_association, observe_adopting_role, 0,
     "False ChangesPending", false},
    {"observe what was adopted", have_adopted_role, observe_adopting_role, 0, "True Observed",
     false},
};
const struct scenario_table adoption_scenarios = {scenarios, COUNT(scenarios)};
