/* What the association says besides its role: target role, session tags and session policy. */

#include "base/memory.h"
#include "tests/fake/situations.h"

#define TARGET(account) "\"targetRoleARN\":\"arn:aws:iam::" account ":role/there\""
#define NARROW_SESSION                                                                             \
    "\"disableSessionTags\":true,\"policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\","                \
    "\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"s3:GetObject\\\","         \
    "\\\"Resource\\\":\\\"*\\\"}}\""
static const char bare[] = "{\"serviceAccountName\":\"cart\"}";
static const char far[] = "{\"serviceAccountName\":\"cart\"," TARGET("210987654321") "}";
static const char far_narrow[] =
    "{\"serviceAccountName\":\"cart\"," TARGET("210987654321") "," NARROW_SESSION "}";
static const char farther[] = "{\"serviceAccountName\":\"cart\"," TARGET("310987654321") "}";
static const char existing_far[] = "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING
                                   "\"," TARGET("210987654321") "," NARROW_SESSION "}";

static void bind_bare(struct fake_world *world)
{
    fake_world_bind(world, "cart", bare);
}

static void bind_far(struct fake_world *world)
{
    fake_world_bind(world, "cart", far);
}

static void bind_far_narrow(struct fake_world *world)
{
    fake_world_bind(world, "cart", far_narrow);
}

static void bind_farther(struct fake_world *world)
{
    fake_world_bind(world, "cart", farther);
}

static void bind_existing_far(struct fake_world *world)
{
    fake_world_bind(world, "cart", existing_far);
}

static void have_existing_far(struct fake_world *world)
{
    make_role(world);
    bind_existing_far(world);
}

static const struct scenario scenarios[] = {
    {"create with a target role and a session policy", make_role, bind_far_narrow, 0, "True Ready",
     false},
    {"session tags off", bind_far, bind_far_narrow, 0, "True Ready", false},
    {"session tags on again", bind_far_narrow, bind_far, 0, "True Ready", false},
    {"another target role", bind_far, bind_farther, 0, "True Ready", false},
    {"no target role any more", bind_far_narrow, bind_bare, 0, "True Ready", false},
    {"a target role on an existing role", have_existing, bind_existing_far, 0, "True Ready", false},
    {"from an existing role to one with session tags", have_existing_far, bind_far, 0, "True Ready",
     false},
};
const struct scenario_table session_scenarios = {scenarios, COUNT(scenarios)};
