/* Pods of shop/cart. */

#include "tests/fake/fake_world_parts.h"

#include <assert.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/json.h"
#include "informers/pods.h"
#include "informers/store.h"
#include "reconcilers/indices.h"

/* As controller/consequences.c, but at once. */
static void due_if_pods_matter(void *context, const void *record)
{
    struct fake_world *world = context;

    if (reconcile_looks_at_pods(&world->scene, record))
        fake_world_record_due(world, record);
}

static void pods_news(void *context, const char *account)
{
    struct fake_world *world = context;

    store_each_with(world->bindings, INDEX_SERVICE_ACCOUNT, account, due_if_pods_matter, world);
}

void fake_world_watch_pods(struct fake_world *world)
{
    if (world->pods)
        return;
    world->pods = pods_create(pods_news, world);
    pods_sink.complete(world->pods);
    world->scene.pods = world->pods;
}

static json_t *pod_object(const struct fake_world *world, unsigned number,
                          enum pod_credentials credentials, int flags)
{
    static const char *const variables[] = {"PATH", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                            "AWS_WEB_IDENTITY_TOKEN_FILE"};
    char time[ENCODE_TIME_SIZE], uid[32];
    json_t *object;

    encode_time(world->wire.now_ms, time);
    snprintf(uid, sizeof(uid), "pod-%u", number);
    object = json_pack("{s:{s:s,s:s,s:s},s:{s:s,s:{s:s},s:[{s:[{s:s,s:s}]}]}}", "metadata",
                       "namespace", "shop", "uid", uid, "creationTimestamp", time, "spec",
                       "serviceAccountName", "cart", "os", "name",
                       flags & POD_WINDOWS ? "windows" : "linux", "containers", "env", "name",
                       variables[credentials], "value", "http://169.254.170.23/v1/credentials");
    assert(object);
    if (flags & POD_FARGATE)
        json_object_set_new(json_path(object, "spec"), "schedulerName",
                            json_string("fargate-scheduler"));
    if (flags & POD_TERMINATING)
        json_object_set_new(json_path(object, "metadata"), "deletionTimestamp", json_string(time));
    return object;
}

void fake_world_pod(struct fake_world *world, unsigned number, enum pod_credentials credentials,
                    int flags)
{
    json_t *object = pod_object(world, number, credentials, flags);
    struct error error = {0};
    bool put;

    fake_world_watch_pods(world);
    put = pods_sink.put(world->pods, object, &error);
    assert(put);
    json_decref(object);
}

void fake_world_remove_pod(struct fake_world *world, unsigned number)
{
    json_t *object = pod_object(world, number, POD_NO_CREDENTIALS, 0);
    struct error error = {0};
    bool removed = pods_sink.remove(world->pods, object, &error);

    assert(removed);
    json_decref(object);
}
