#include "net/multi.h"

#include <assert.h>
#include <stdbool.h>

#include <uv.h>

#include "base/memory.h"
#include "net/loop.h"

struct multi {
    CURLM *curl;
    struct loop *loop;
    multi_done_fn done;
    struct timer timer; /* libcurl's timeout */
    struct task now;    /* the same when it is 0: a timer would cost a millisecond */
};

/* A socket of libcurl's in the loop; freed in its close callback. */
struct watch {
    uv_poll_t poll;
    struct multi *multi;
    curl_socket_t socket;
};

static void must(CURLMcode code)
{
    assert(code == CURLM_OK);
    (void)code;
}

static void multi_collect(struct multi *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->curl, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *context = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
        must(curl_multi_remove_handle(multi->curl, easy));
        multi->done(context, code);
    }
}

static void multi_act(struct multi *multi, curl_socket_t socket, int events)
{
    int running;

    must(curl_multi_socket_action(multi->curl, socket, events, &running));
    multi_collect(multi);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = container_of(poll, struct watch, poll);
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    multi_act(watch->multi, watch->socket, flags);
}

static void watch_free(uv_handle_t *handle)
{
    free(container_of((uv_poll_t *)handle, struct watch, poll));
}

static struct watch *watch_create(struct multi *multi, curl_socket_t socket)
{
    struct watch *watch = memory_alloc(sizeof(*watch));
    int result = uv_poll_init_socket(loop_uv(multi->loop), &watch->poll, socket);

    assert(result == 0);
    (void)result;
    watch->multi = multi;
    watch->socket = socket;
    must(curl_multi_assign(multi->curl, socket, watch));
    return watch;
}

static int socket_wanted(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
    struct multi *multi = context;
    struct watch *watch = assigned;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        /* Closing stops the poll at once, before libcurl closes the descriptor. */
        if (watch)
            uv_close((uv_handle_t *)&watch->poll, watch_free);
        return 0;
    }
    if (!watch)
        watch = watch_create(multi, socket);
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&watch->poll, events, socket_ready);
    return 0;
}

static int timeout_wanted(CURLM *curl, long timeout_ms, void *context)
{
    struct multi *multi = context;

    (void)curl;
    timer_stop(multi->loop, &multi->timer);
    task_cancel(&multi->now);
    if (timeout_ms == 0)
        task_schedule(multi->loop, &multi->now);
    else if (timeout_ms > 0)
        timer_start(multi->loop, &multi->timer, (uint64_t)timeout_ms);
    return 0;
}

static void timeout_passed(struct timer *timer)
{
    multi_act(container_of(timer, struct multi, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void timeout_now(struct task *task)
{
    multi_act(container_of(task, struct multi, now), CURL_SOCKET_TIMEOUT, 0);
}

struct multi *multi_create(struct loop *loop, unsigned connections_max, multi_done_fn done)
{
    struct multi *multi = memory_alloc(sizeof(*multi));

    multi->curl = curl_multi_init();
    assert(multi->curl);
    multi->loop = loop;
    multi->done = done;
    timer_init(&multi->timer, timeout_passed);
    task_init(&multi->now, timeout_now);
    must(curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, socket_wanted));
    must(curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi));
    must(curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, timeout_wanted));
    must(curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi));
    must(curl_multi_setopt(multi->curl, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX));
    if (connections_max) {
        must(curl_multi_setopt(multi->curl, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections_max));
        must(curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)connections_max));
    }
    return multi;
}

void multi_destroy(struct multi *multi)
{
    if (!multi)
        return;
    must(curl_multi_cleanup(multi->curl));
    timer_stop(multi->loop, &multi->timer);
    task_cancel(&multi->now);
    free(multi);
}

void multi_add(struct multi *multi, CURL *easy)
{
    must(curl_multi_add_handle(multi->curl, easy));
}

void multi_remove(struct multi *multi, CURL *easy)
{
    must(curl_multi_remove_handle(multi->curl, easy));
}
