#include "net/multi.h"

#include <assert.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/list.h"
#include "base/memory.h"
#include "net/loop.h"
#include "net/peer.h"

struct multi {
    CURLM *curl;
    struct loop *loop;
    struct list watches; /* a handful: connections, and what is being connected */
    multi_done_fn done;
    struct timer timer; /* libcurl's timeout */
    struct task now;    /* the same when it is 0: a timer would cost a millisecond */
};

/*
 * A socket of libcurl's in the loop; freed in its close callback. libcurl lets go of a socket after
 * each transfer and wants it back for the next one, which would cost five system calls each time:
 * the watch of a connection lives as long as its socket, and goes on polling in between.
 */
struct watch {
    struct list link;
    uv_poll_t poll;
    struct multi *multi;
    curl_socket_t socket;
    int wanted; /* events libcurl waits for; 0: it does not look at this socket now */
    int polled; /* what the loop polls for */
    bool stays; /* until the socket is closed: it is one of a connection, which we opened */
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

static void watch_poll(struct watch *watch, int events);

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = container_of(poll, struct watch, poll);
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    if (status < 0)
        watch->polled = 0; /* libuv polls a broken socket no more */
    if (!watch->wanted) {
        watch_poll(watch, 0); /* libcurl looks by itself when it takes the connection up again */
        return;
    }
    if (!flags && loop_turn_is_spent(watch->multi->loop))
        return; /* five watches begin at once: each one's TLS takes a turn of its own */
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    multi_act(watch->multi, watch->socket, flags);
}

static void watch_poll(struct watch *watch, int events)
{
    if (events == watch->polled)
        return;
    watch->polled = events;
    if (events)
        uv_poll_start(&watch->poll, events, socket_ready);
    else
        uv_poll_stop(&watch->poll);
}

static void watch_free(uv_handle_t *handle)
{
    free(container_of((uv_poll_t *)handle, struct watch, poll));
}

/* Closing stops the poll at once, before the descriptor is closed. */
static void watch_close(struct watch *watch)
{
    list_remove(&watch->link);
    uv_close((uv_handle_t *)&watch->poll, watch_free);
}

static struct watch *watch_create(struct multi *multi, curl_socket_t socket, bool stays)
{
    struct watch *watch = memory_alloc(sizeof(*watch));
    int result = uv_poll_init_socket(loop_uv(multi->loop), &watch->poll, socket);

    assert(result == 0);
    (void)result;
    watch->multi = multi;
    watch->socket = socket;
    watch->stays = stays;
    list_init(&watch->link);
    list_append(&multi->watches, &watch->link);
    return watch;
}

static struct watch *watch_find(struct multi *multi, curl_socket_t socket)
{
    list_each (link, &multi->watches) {
        struct watch *watch = container_of(link, struct watch, link);

        if (watch->socket == socket)
            return watch;
    }
    return NULL;
}

/* libcurl's sockets would otherwise be handed down to programs that spawn.c runs. */
static curl_socket_t socket_opens(void *context, curlsocktype purpose,
                                  struct curl_sockaddr *address)
{
    curl_socket_t opened =
        socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (opened != CURL_SOCKET_BAD)
        watch_create(context, opened, true);
    return opened;
}

static int socket_closes(void *context, curl_socket_t socket)
{
    struct watch *watch = watch_find(context, socket);

    if (watch)
        watch_close(watch);
    return close(socket);
}

/* Sockets that we did not open are those of libcurl's resolver, which closes them by itself. */
static int socket_wanted(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
    struct multi *multi = context;
    struct watch *watch = watch_find(multi, socket);
    int events = 0;

    (void)easy, (void)assigned;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    if (what == CURL_POLL_REMOVE)
        events = 0;
    if (!watch && events)
        watch = watch_create(multi, socket, false);
    if (!watch)
        return 0;
    watch->wanted = events;
    if (events)
        watch_poll(watch, events);
    else if (!watch->stays)
        watch_close(watch);
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
    list_init(&multi->watches);
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
    assert(list_empty(&multi->watches));
    timer_stop(multi->loop, &multi->timer);
    task_cancel(&multi->now);
    free(multi);
}

void multi_add(struct multi *multi, CURL *easy)
{
    EASY_SET(easy, CURLOPT_OPENSOCKETFUNCTION, socket_opens);
    EASY_SET(easy, CURLOPT_OPENSOCKETDATA, multi);
    EASY_SET(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_closes);
    EASY_SET(easy, CURLOPT_CLOSESOCKETDATA, multi);
    must(curl_multi_add_handle(multi->curl, easy));
}

void multi_remove(struct multi *multi, CURL *easy)
{
    must(curl_multi_remove_handle(multi->curl, easy));
}
