#include "net/serve.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"
#include "net/loop.h"

enum {
    CONNECTIONS_MAX = 64,             /* kubelet, Prometheus and a person need a handful */
    CONNECTION_MEMORY_MAX = 32 << 10, /* headers with a long token; the answer is not in it */
    CONNECTION_TIMEOUT_S = 10,        /* a client that says nothing for so long has gone */
    BODY_MAX = 8 << 20,
    BACKLOG = 64,
};

struct serve {
    uv_poll_t poll; /* libmicrohttpd's epoll descriptor */
    struct loop *loop;
    struct timer timer; /* when libmicrohttpd wants to look at its clocks */
    struct task again;
    struct MHD_Daemon *daemon;
    const struct serve_route *routes;
    int port;
    bool running;
};

/* One request; libmicrohttpd carries it through its callbacks. */
struct visit {
    bool begun;
    char query[];
};

static void serve_run(struct serve *serve)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    serve->running = true;
    MHD_run(serve->daemon);
    serve->running = false;
    timer_stop(serve->loop, &serve->timer);
    /* Its time-outs exist only in this call: without the timer nothing would ever time out. */
    if (MHD_get_timeout(serve->daemon, &timeout_ms) != MHD_YES)
        return;
    if (timeout_ms == 0)
        task_schedule(serve->loop, &serve->again);
    else
        timer_start(serve->loop, &serve->timer, timeout_ms);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    serve_run(container_of(poll, struct serve, poll));
}

static void timer_fires(struct timer *timer)
{
    serve_run(container_of(timer, struct serve, timer));
}

static void task_runs(struct task *task)
{
    serve_run(container_of(task, struct serve, again));
}

/* The handler gets the path without its query, so it is kept from here. */
static void *visit_begins(void *context, const char *uri, struct MHD_Connection *connection)
{
    const char *mark = strchr(uri, '?');
    const char *query = mark ? mark + 1 : "";
    struct visit *visit = memory_alloc(sizeof(*visit) + strlen(query) + 1);

    (void)context, (void)connection;
    memcpy(visit->query, query, strlen(query) + 1);
    return visit;
}

static void visit_ends(void *context, struct MHD_Connection *connection, void **visit,
                       enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    free(*visit);
    *visit = NULL;
}

static enum MHD_Result answer_queue(struct MHD_Connection *connection, int status,
                                    const char *content_type, struct text *body)
{
    size_t length = body->length;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, text_take(body), MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    assert(response);
    MHD_add_response_header(response, "Content-Type", content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refusal_queue(struct MHD_Connection *connection, int status,
                                     const char *words)
{
    struct text body;

    text_init(&body, BODY_MAX);
    text_printf(&body, "%d %s\n", status, words);
    return answer_queue(connection, status, "text/plain; charset=utf-8", &body);
}

static const struct serve_route *route_find(const struct serve *serve, const char *path)
{
    for (const struct serve_route *route = serve->routes; route->path; route++) {
        if (strcmp(route->path, path) == 0)
            return route;
    }
    return NULL;
}

static enum MHD_Result route_answer(const struct serve_route *route, const char *query,
                                    struct MHD_Connection *connection)
{
    struct text body;
    int status;

    text_init(&body, BODY_MAX);
    status = route->answer(route->context, query, &body);
    if (!body.overflow)
        return answer_queue(connection, status, route->content_type, &body);
    text_finish(&body);
    return refusal_queue(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too large");
}

static enum MHD_Result request_arrives(void *context, struct MHD_Connection *connection,
                                       const char *path, const char *method, const char *version,
                                       const char *upload, size_t *upload_length, void **state)
{
    const struct serve *serve = context;
    const struct serve_route *route = route_find(serve, path);
    struct visit *visit = *state;

    (void)version, (void)upload;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refusal_queue(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
    if (!visit->begun) {
        /* Headers only. An answer from here would make libmicrohttpd close the connection. */
        visit->begun = true;
        return MHD_YES;
    }
    if (*upload_length > 0) {
        *upload_length = 0; /* a body nobody asked for */
        return MHD_YES;
    }
    if (!route)
        return refusal_queue(connection, MHD_HTTP_NOT_FOUND, "no such path");
    return route_answer(route, visit->query, connection);
}

static void says_nothing(void *context, const char *format, va_list arguments)
{
    (void)context, (void)format, (void)arguments;
}

static bool daemon_start(struct serve *serve, int listener, struct error *error)
{
    const union MHD_DaemonInfo *info;
    int result;

    serve->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, request_arrives, serve,
        MHD_OPTION_EXTERNAL_LOGGER, says_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_URI_LOG_CALLBACK, visit_begins, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, visit_ends, NULL, MHD_OPTION_END);
    if (!serve->daemon)
        return error_set(error, ERROR_REFUSED, "the HTTP server does not start");
    info = MHD_get_daemon_info(serve->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    assert(info);
    result = uv_poll_init(loop_uv(serve->loop), &serve->poll, info->epoll_fd);
    assert(result == 0);
    result = uv_poll_start(&serve->poll, UV_READABLE, socket_ready);
    assert(result == 0);
    (void)result;
    return true;
}

/* "HOST:PORT", ":PORT" or "[ADDRESS]:PORT" cut into host (may be "") and port; false: none. */
static bool address_split(const char *address, char *host, size_t room, const char **port)
{
    const char *colon = strrchr(address, ':');
    const char *from = address, *to = colon;

    if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1) || !colon[1] ||
        strlen(colon + 1) > 5 || atoi(colon + 1) > 65535)
        return false;
    if (*from == '[') {
        if (to == from || to[-1] != ']')
            return false;
        from++;
        to--;
    } else if (memchr(from, ':', (size_t)(to - from))) {
        return false;
    }
    if ((size_t)(to - from) >= room)
        return false;
    memcpy(host, from, (size_t)(to - from));
    host[to - from] = 0;
    *port = colon + 1;
    return true;
}

static int listener_open(const struct addrinfo *info)
{
    int listener = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0, failure;

    if (listener < 0)
        return -1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6) /* [::] serves IPv4 as well */
        (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(listener, info->ai_addr, info->ai_addrlen) == 0 && listen(listener, BACKLOG) == 0)
        return listener;
    failure = errno;
    close(listener);
    errno = failure;
    return -1;
}

/* Numbers only: looking up a name could block. An empty host is every address of this machine. */
static int address_listen(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int listener;

    if (getaddrinfo(*host ? host : "::", port, &hints, &list) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    listener = listener_open(list);
    freeaddrinfo(list);
    if (listener < 0 && !*host && errno == EAFNOSUPPORT) /* a kernel without IPv6 */
        return address_listen("0.0.0.0", port);
    return listener;
}

static int listener_port(int listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    char port[8] = "0";

    if (getsockname(listener, (struct sockaddr *)&address, &length) == 0)
        getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof(port),
                    NI_NUMERICSERV);
    return atoi(port);
}

struct serve *serve_start(struct loop *loop, const char *address, const struct serve_route *routes,
                          struct error *error)
{
    struct serve *serve;
    const char *port;
    char host[64];
    int listener;

    if (!address_split(address, host, sizeof(host), &port)) {
        error_set(error, ERROR_REFUSED,
                  "\"%s\" is no address to listen on: write :PORT, ADDRESS:PORT or [ADDRESS]:PORT",
                  address);
        return NULL;
    }
    listener = address_listen(text_equal(host, "localhost") ? "127.0.0.1" : host, port);
    if (listener < 0) {
        error_set(error, ERROR_REFUSED, "listen on %s: %s", address, strerror(errno));
        return NULL;
    }
    serve = memory_alloc(sizeof(*serve));
    serve->loop = loop;
    serve->routes = routes;
    serve->port = listener_port(listener);
    timer_init(&serve->timer, timer_fires);
    task_init(&serve->again, task_runs);
    if (daemon_start(serve, listener, error))
        return serve;
    close(listener);
    free(serve);
    return NULL;
}

int serve_port(const struct serve *serve)
{
    return serve->port;
}

static void serve_free(uv_handle_t *handle)
{
    free(container_of((uv_poll_t *)handle, struct serve, poll));
}

void serve_stop(struct serve *serve)
{
    if (!serve)
        return;
    assert(!serve->running);
    timer_stop(serve->loop, &serve->timer);
    task_cancel(&serve->again);
    uv_close((uv_handle_t *)&serve->poll, serve_free);
    MHD_stop_daemon(serve->daemon);
}
