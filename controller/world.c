#include "controller/world.h"

#include "base/error.h"
#include "controller/aws_link.h"
#include "controller/kube_link.h"
#include "controller/metrics.h"
#include "controller/version.h"
#include "kube/access.h"
#include "net/http.h"
#include "net/loop.h"

/* Sixteen plans have one request each on its way, reports and the sweep a few more. */
enum {
    HANDLES_MAX = 64,
    CONNECT_TIMEOUT_MS = 10 * 1000,
    FIRST_BYTE_TIMEOUT_MS = 60 * 1000,
    IDLE_TIMEOUT_MS = 30 * 1000,
};

/* Somebody who asked while the world was closing. */
struct refusal {
    struct list link;
    void *context;
    transport_done_fn done;
};

static void refuse(struct world *world, void *context, transport_done_fn done)
{
    struct refusal *refusal = memory_alloc(sizeof(*refusal));

    refusal->context = context;
    refusal->done = done;
    list_init(&refusal->link);
    list_append(&world->refused, &refusal->link);
}

static void world_send(struct transport *transport, const struct request *request, void *context,
                       transport_done_fn done)
{
    struct world *world = container_of(transport, struct world, transport);

    if (world->closing)
        refuse(world, context, done);
    else if (request->service == SERVICE_KUBERNETES)
        kube_link_send(world->kube, request, context, done);
    else
        aws_link_send(world->aws, request, context, done);
}

bool world_open(struct world *world, const char *kubeconfig, const char *context,
                struct error *error)
{
    struct http_options http = {
        .user_agent = PODIDENTITY_USER_AGENT,
        .handles_max = HANDLES_MAX,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .first_byte_timeout_ms = FIRST_BYTE_TIMEOUT_MS,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
    };

    *world = (struct world){.transport = {world_send}};
    list_init(&world->refused);
    world->loop = loop_create();
    world->metrics = metrics_create();
    world->http = http_create(world->loop, &http);
    world->access = kube_access_find(kubeconfig, context, error);
    if (!world->access)
        return false;
    world->kube = kube_link_create(world->loop, world->http, world->access, world->metrics, error);
    return world->kube ? true : error_wrap(error, "API server");
}

bool world_open_aws(struct world *world, const struct aws_link_options *options,
                    struct error *error)
{
    world->aws = aws_link_create(world->loop, world->http, world->metrics, options, error);
    return world->aws ? true : error_wrap(error, "AWS");
}

void world_drain(struct world *world)
{
    struct reply nothing = reply_none("the program ends");
    struct list *link;

    world->closing = true;
    if (world->aws)
        aws_link_drain(world->aws, &nothing);
    if (world->kube)
        kube_link_drain(world->kube, &nothing);
    http_destroy(TAKE(world->http));
    while ((link = list_take_first(&world->refused))) {
        struct refusal *refusal = container_of(link, struct refusal, link);

        refusal->done(refusal->context, &nothing);
        free(refusal);
    }
}

void world_close(struct world *world)
{
    if (!world->loop)
        return;
    world_drain(world);
    aws_link_destroy(world->aws);
    kube_link_destroy(world->kube);
    kube_access_destroy(world->access);
    loop_destroy(world->loop);
    metrics_destroy(world->metrics);
    *world = (struct world){0};
}
