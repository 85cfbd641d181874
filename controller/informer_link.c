#include "controller/informer_link.h"

#include "controller/kube_link.h"
#include "net/loop.h"

/* How soon a watch is tried again that could not say who we are; then the reflector's own back-off
 * goes on. */
enum { UNKNOWN_RETRY_MS = 1000 };

struct informer_link {
    struct informer_io io;
    struct loop *loop;
    struct kube_link *kube;
    struct informer *informer;
    struct stream *stream;
    struct timer pause;  /* the reflector's */
    struct timer absent; /* reports a stream that could not begin */
    void (*synced)(void *context);
    void *context;
    bool told; /* synced was told */
};

/* Informers tell of changes; that the first list is whole shows after each input. */
static void look_whether_synced(struct informer_link *link)
{
    if (link->told || !informer_synced(link->informer))
        return;
    link->told = true;
    link->synced(link->context);
}

static void line(void *context, const char *text, size_t length)
{
    struct informer_link *link = context;

    informer_line(link->informer, text, length);
    look_whether_synced(link);
}

static void ended(void *context, const struct stream_end *end)
{
    struct informer_link *link = context;

    link->stream = NULL;
    informer_ended(link->informer, end);
}

static void absent(struct timer *timer)
{
    struct informer_link *link = container_of(timer, struct informer_link, absent);
    struct stream_end end = {
        .failure = "no credentials for the API server yet", .body = "", .retry_after_s = -1};

    informer_ended(link->informer, &end);
}

static void watch(void *context, struct informer *informer, const struct request *request,
                  uint64_t idle_timeout_ms)
{
    struct informer_link *link = context;
    struct stream_options options = {
        .idle_timeout_ms = idle_timeout_ms, .line = line, .end = ended, .context = link};

    (void)informer;
    link->stream = kube_link_stream(link->kube, request, &options);
    if (!link->stream)
        timer_start(link->loop, &link->absent, UNKNOWN_RETRY_MS);
}

static void unwatch(void *context, struct informer *informer)
{
    struct informer_link *link = context;

    (void)informer;
    timer_stop(link->loop, &link->absent);
    if (link->stream)
        stream_stop(link->stream);
    link->stream = NULL;
}

static void answered(void *context, const struct reply *reply)
{
    struct informer_link *link = context;

    informer_answered(link->informer, reply);
    look_whether_synced(link);
}

static void send(void *context, struct informer *informer, const struct request *request)
{
    struct informer_link *link = context;

    (void)informer;
    kube_link_send(link->kube, request, link, answered);
}

static void wake(struct timer *timer)
{
    informer_wake(container_of(timer, struct informer_link, pause)->informer);
}

static void wake_after(void *context, struct informer *informer, uint64_t delay_ms)
{
    struct informer_link *link = context;

    (void)informer;
    timer_start(link->loop, &link->pause, delay_ms);
}

struct informer_link *informer_link_create(struct loop *loop, struct kube_link *kube,
                                           const struct informer_kind *kind,
                                           informer_changed_fn changed,
                                           void (*synced)(void *context), void *context)
{
    struct informer_link *link = memory_alloc(sizeof(*link));

    link->synced = synced;
    link->context = context;
    link->loop = loop;
    link->kube = kube;
    link->io = (struct informer_io){.context = link,
                                    .watch = watch,
                                    .unwatch = unwatch,
                                    .send = send,
                                    .wake_after = wake_after};
    timer_init(&link->pause, wake);
    timer_init(&link->absent, absent);
    link->informer = informer_create(kind, &link->io, changed, context);
    return link;
}

void informer_link_stop(struct informer_link *link)
{
    informer_stop(link->informer);
    timer_stop(link->loop, &link->pause);
}

/* Requests of the informer must have been answered before: the HTTP pool is destroyed first. */
void informer_link_destroy(struct informer_link *link)
{
    if (!link)
        return;
    informer_link_stop(link);
    unwatch(link, link->informer);
    informer_destroy(link->informer);
    free(link);
}

void informer_link_start(struct informer_link *link)
{
    informer_start(link->informer);
}

struct informer *informer_link_informer(const struct informer_link *link)
{
    return link->informer;
}
