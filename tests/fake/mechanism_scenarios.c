/* Web identity, and the way from one mechanism to another. */

#include "base/memory.h"
#include "tests/fake/situations.h"

static const char plain[] = "{\"serviceAccountName\":\"cart\"}";
static const char irsa[] = "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"}";
static const char both[] = "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\"}";
static const char irsa_elsewhere[] =
    "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\",\"roleARN\":"
    "\"arn:aws:iam::210987654321:role/there\",\"irsa\":{\"tokenExpiration\":600}}";

static void bind_plain(struct fake_world *world)
{
    fake_world_bind(world, "cart", plain);
}

static void bind_irsa(struct fake_world *world)
{
    fake_world_bind(world, "cart", irsa);
}

static void bind_both(struct fake_world *world)
{
    fake_world_bind(world, "cart", both);
}

static void bind_irsa_elsewhere(struct fake_world *world)
{
    fake_world_bind(world, "cart", irsa_elsewhere);
}

static void allow_provider(struct fake_world *world)
{
    world->scene.settings.manage_oidc_provider = true;
}

static void have_irsa(struct fake_world *world)
{
    allow_provider(world);
    bind_irsa(world);
}

static void have_both(struct fake_world *world)
{
    allow_provider(world);
    bind_both(world);
}

/* Pods are watched, and none needs web identity. */
static void have_irsa_and_pods(struct fake_world *world)
{
    have_irsa(world);
    fake_world_watch_pods(world);
}

static void have_both_and_pods(struct fake_world *world)
{
    have_both(world);
    fake_world_watch_pods(world);
}

static void have_plain_and_provider(struct fake_world *world)
{
    allow_provider(world);
    bind_plain(world);
}

static void observe_bare(struct fake_world *world)
{
    fake_world_bind(world, "cart", "{\"serviceAccountName\":\"cart\",\"mode\":\"Observe\"}");
}

static const struct scenario scenarios[] = {
    {"create for web identity, with its provider", allow_provider, bind_irsa, 0, "True Ready",
     true},
    {"create for both", allow_provider, bind_both, 0, "True Ready", true},
    {"create for a role of another account", NULL, bind_irsa_elsewhere, 0, "Unknown TrustUnknown",
     true},
    {"Pod Identity to IRSA", have_plain_and_provider, bind_irsa, 0, "True Ready", false},
    {"Pod Identity to both", have_plain_and_provider, bind_both, 0, "True Ready", false},
    {"IRSA to Pod Identity", have_irsa_and_pods, bind_plain, 0, "True Ready", false},
    {"IRSA to Pod Identity, pods not watched", have_irsa, bind_plain, 0, "True Ready", false},
    {"IRSA to Pod Identity, pods not watched, and 7 hours on", have_irsa, bind_plain,
     7 * 60 * 60 * 1000, "True Ready", false},
    {"IRSA to both", have_irsa, bind_both, 0, "True Ready", false},
    {"both to IRSA", have_both, bind_irsa, 0, "True Ready", false},
    {"both to Pod Identity", have_both_and_pods, bind_plain, 0, "True Ready", false},
    {"delete with web identity", have_irsa, unbind, 0, "", true},
    {"delete with both", have_both, unbind, 0, "", false},
    {"observe another mechanism", have_both, observe_bare, 0, "False ChangesPending", true},
};
const struct scenario_table mechanism_scenarios = {scenarios, COUNT(scenarios)};
