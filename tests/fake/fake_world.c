#include "tests/fake/fake_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "crds/metadata.h"
#include "crds/podidentitygrant.h"
#include "informers/pods.h"
#include "informers/store.h"
#include "kube/events.h"
#include "reconcilers/audit.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/sweep.h"
#include "tests/fake/fake_world_parts.h"

/* What every test may bind; tests that are about grants take it away first. */
static const char grant_spec[] =
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
    "\"existingRoles\":{\"arns\":[\"arn:aws:iam::*:role/*\",\"arn:aws:iam::*:role/*/*\"]},"
    "\"managedRoles\":{\"permissionPolicyARNs\":[\"arn:aws:iam::*:policy/*\"],"
    "\"inlinePolicies\":\"Allow\",\"roleNames\":[\"*\"],"
    "\"permissionsBoundaryARNs\":[\"arn:aws:iam::*:policy/*\"],"
    "\"trustScopes\":[\"Cluster\",\"Account\"],\"wellKnownPolicies\":["
    "{\"name\":\"externalDNS\",\"unscoped\":true},{\"name\":\"imageBuilder\",\"unscoped\":true}]},"
    "\"targetRoleARNs\":[\"arn:aws:iam::*:role/*\"],\"allowRetain\":true,"
    "\"allowServiceAccountAnnotation\":true,"
    "\"adoption\":{\"roles\":[\"arn:aws:iam::*:role/*/*/*/*\"],\"associations\":true}}";

static const struct settings settings = {
    .cluster_name = FAKE_CLUSTER,
    .region = "eu-west-1",
    .role_path = FAKE_ROLE_PATH,
    .boundary_arn = FAKE_BOUNDARY,
    .controller_namespace = "podidentity-system",
    .settle_ms = 10000,
    .drift_interval_ms = 10 * 60 * 1000,
    .describe_interval_ms = 6 * 60 * 60 * 1000,
    .eks_rate = 10,
    .retired_role_ms = 6 * 60 * 60 * 1000,
    .deletion_limit = 0,
};

static json_t *parse(const char *text)
{
    struct error error = {0};
    json_t *json = json_parse(text, strlen(text), &error);

    assert(json);
    return json;
}

/* Memory of the process, new and empty. */
static void begin_process(struct fake_world *world)
{
    world->scene = (struct scene){
        /* Flags of the program: the next process has those of the one before. */
        .settings = world->scene.settings.cluster_name ? world->scene.settings : settings,
        .bindings = world->bindings,
        .grants = world->grants,
        .service_accounts = world->service_accounts,
        .namespaces = world->namespaces,
        .pods = world->pods,
        .picture = picture_create(),
        .ledger = ledger_create(),
    };
    world->events = events_create("podidentity.io/controller", "test");
    world->audit = audit_create(&world->scene, &world->wire.transport, world->events, NULL, NULL);
}

static void end_process(struct fake_world *world)
{
    audit_destroy(world->audit);
    account_finish(&world->scene.account);
    picture_destroy(world->scene.picture);
    ledger_destroy(world->scene.ledger);
    events_destroy(world->events);
}

static void make_stores(struct fake_world *world)
{
    world->bindings = store_create(binding_indices);
    world->grants = store_create(NULL);
    world->service_accounts = store_create(service_account_indices);
    world->namespaces = store_create(NULL);
}

static void drop_stores(struct fake_world *world)
{
    store_destroy(world->bindings);
    store_destroy(world->grants);
    store_destroy(world->service_accounts);
    store_destroy(world->namespaces);
}

struct fake_world *fake_world_create(void)
{
    struct fake_world *world = memory_alloc(sizeof(*world));

    fake_wire_init(&world->wire, FAKE_START_MS);
    fake_aws_init(&world->aws, &world->wire.now_ms);
    fake_kubernetes_init(&world->kubernetes, &world->wire.now_ms);
    world->wire.servers[SERVICE_KUBERNETES] = &world->kubernetes.server;
    world->wire.servers[SERVICE_IAM] = world->wire.servers[SERVICE_STS] =
        world->wire.servers[SERVICE_EKS] = &world->aws.server;
    make_stores(world);
    begin_process(world);
    fake_kubernetes_apply(&world->kubernetes, "namespaces", "", "shop", json_object());
    fake_kubernetes_apply(&world->kubernetes, "serviceaccounts", "shop", "cart", json_object());
    fake_world_grant(world, "shop", grant_spec);
    fake_world_watch(world);
    while (!fake_world_sweep(world))
        world->wire.now_ms += 1000;
    fake_world_reset(world);
    return world;
}

void fake_world_destroy(struct fake_world *world)
{
    end_process(world);
    drop_stores(world);
    pods_destroy(world->pods);
    fake_kubernetes_finish(&world->kubernetes);
    fake_aws_finish(&world->aws);
    fake_wire_finish(&world->wire);
    for (size_t i = 0; i < world->key_count; i++)
        free(world->keys[i].key);
    free(world->keys);
    free(world);
}

void fake_world_reset(struct fake_world *world)
{
    fake_wire_reset(&world->wire);
    fake_aws_reset(&world->aws);
    fake_kubernetes_reset(&world->kubernetes);
    world->reconciles = 0;
    world->first_failure = ERROR_NONE;
    error_clear(&world->last_error);
}

void fake_world_restart(struct fake_world *world)
{
    end_process(world);
    drop_stores(world);
    for (size_t i = 0; i < world->key_count; i++)
        world->keys[i].due_ms = INT64_MAX;
    make_stores(world);
    begin_process(world);
    fake_world_list(world);
    world->wire.death_call = 0;
    world->wire.dead = false;
    while (!fake_world_sweep(world))
        world->wire.now_ms += 1000;
}

void fake_world_bind(struct fake_world *world, const char *name, const char *spec)
{
    fake_kubernetes_apply(&world->kubernetes, podidentitybinding_resource.plural, "shop", name,
                          json_pack("{s:o}", "spec", parse(spec)));
}

void fake_world_unbind(struct fake_world *world, const char *name)
{
    fake_kubernetes_delete(&world->kubernetes, podidentitybinding_resource.plural, "shop", name);
}

void fake_world_lose(struct fake_world *world, const char *name)
{
    fake_kubernetes_patch(&world->kubernetes, podidentitybinding_resource.plural, "shop", name,
                          json_pack("{s:{s:[]}}", "metadata", "finalizers"));
    fake_world_unbind(world, name);
}

void fake_world_annotate(struct fake_world *world, const char *role_arn)
{
    fake_kubernetes_apply(
        &world->kubernetes, serviceaccount_resource.plural, "shop", "cart",
        json_pack("{s:{s:{s:s?}}}", "metadata", "annotations", ROLE_ARN_ANNOTATION, role_arn));
}

void fake_world_grant(struct fake_world *world, const char *name, const char *spec)
{
    fake_kubernetes_apply(&world->kubernetes, podidentitygrant_resource.plural, "", name,
                          json_pack("{s:o}", "spec", parse(spec)));
}

void fake_world_withdraw(struct fake_world *world)
{
    fake_kubernetes_delete(&world->kubernetes, podidentitygrant_resource.plural, "", "shop");
}
