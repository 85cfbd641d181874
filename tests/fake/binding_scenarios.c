/* Bindings with a role of ours or an existing one: made, changed and deleted. */

#include "base/memory.h"
#include "tests/fake/situations.h"

/* Two inline policies and one that is attached; the narrower one afterwards. */
static const char well_known[] =
    "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":{\"Version\":\"2012-10-17\","
    "\"Statement\":[{"
    "\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}]},\"wellKnownPolicies\":{"
    "\"externalDNS\":true,\"imageBuilder\":true}}";
static const char well_known_narrowed[] =
    "{\"serviceAccountName\":\"cart\",\"wellKnownPolicies\":{\"externalDNS\":true},"
    "\"wellKnownPolicyScopes\":{\"externalDNS\":{\"hostedZoneARNs\":["
    "\"arn:aws:route53:::hostedzone/Z0123\"]}}}";
static const char with_account[] = "{\"serviceAccountName\":\"till\",\"createServiceAccount\":true,"
                                   "\"roleName\":\"till\"}";
static const char retained[] = "{\"serviceAccountName\":\"cart\",\"deletionPolicy\":\"Retain\"}";

static void bind_well_known(struct fake_world *world)
{
    fake_world_bind(world, "cart", well_known);
}

static void bind_well_known_narrowed(struct fake_world *world)
{
    fake_world_bind(world, "cart", well_known_narrowed);
}

static void bind_with_account(struct fake_world *world)
{
    fake_world_watch_pods(world);
    fake_world_bind(world, "cart", with_account);
}

static void bind_retained(struct fake_world *world)
{
    fake_world_bind(world, "cart", retained);
}

/* Two roles of ours at once: the retired one goes with the binding. */
static void have_retired(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    bind_existing(world);
}

static void make_young(struct fake_world *world)
{
    world->aws.iam_settles_ms = 4000;
    world->aws.eks_settles_ms = 9000;
}

/* A pod works with the role and does not end. */
static void have_pod(struct fake_world *world)
{
    have_managed(world);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
}

/* Pods are watched, and none works with the role. */
static void have_no_pod(struct fake_world *world)
{
    have_managed(world);
    fake_world_watch_pods(world);
}

/* They do not work where these run. */
static void have_fargate_pod(struct fake_world *world)
{
    make_role(world);
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, POD_FARGATE);
}

static const struct scenario scenarios[] = {
    {"create a managed role with two policies", make_role, bind_managed, 0, "True Ready", true},
    {"create on a slow IAM and a slower EKS", make_young, bind_managed, 0, "True Ready", false},
    {"create on an existing role", make_role, bind_existing, 0, "True Ready", true},
    {"update every field that may change", have_managed, bind_changed, 0, "True Ready", false},
    {"create with well-known policies", make_role, bind_well_known, 0, "True Ready", false},
    {"narrow well-known policies", bind_well_known, bind_well_known_narrowed, 0, "True Ready",
     false},
    {"create with a ServiceAccount", make_role, bind_with_account, 0, "True Ready", false},
    {"delete with a ServiceAccount", bind_with_account, unbind, 0, "", false},
    {"delete and retain the role", bind_retained, unbind, 0, "", false},
    {"update a role whose boundary is gone", somebody_took_boundary, bind_changed, 0, "True Ready",
     false},
    {"roleARN to managed", have_existing, bind_managed, 0, "True Ready", false},
    {"managed to roleARN", have_managed, bind_existing, 0, "True Ready", false},
    {"managed to roleARN and 7 hours on", have_managed, bind_existing, 7 * 60 * 60 * 1000,
     "True Ready", false},
    {"and back to managed", have_retired, bind_managed, 0, "True Ready", false},
    {"delete a managed role", have_managed, unbind, 0, "", true},
    {"delete a role whose boundary is gone", somebody_took_boundary, unbind, 0, "", false},
    {"delete with a retired role", have_retired, unbind, 0, "", false},
    {"delete a role that a pod works with", have_pod, unbind, 0, "", false},
    {"leave a role that no pod works with", have_no_pod, bind_existing, 0, "True Ready", false},
    {"create for pods on Fargate", have_fargate_pod, bind_managed, 0, "False ComputeWithoutAgent",
     false},
    {"delete on an existing role", have_existing, unbind, 0, "", true},
};
const struct scenario_table binding_scenarios = {scenarios, COUNT(scenarios)};
