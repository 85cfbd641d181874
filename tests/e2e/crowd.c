/*
 * Six watches and then fifty requests at once to a real API server, through net/ alone:
 * crowd URL CA-FILE TOKEN. Ends with 0 when each watch has brought a line and each request 200;
 * the number of connections is counted by whoever stands in between (test_connections.py).
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/stream.h"

enum { WATCHES = 6, REQUESTS = 50, PATIENCE_MS = 20000 };

struct crowd {
    struct loop *loop;
    struct http *http;
    struct http_peer *peer;
    struct header authorization;
    struct timer patience;
    unsigned watching, good, bad;
};

static void reply_counts(void *context, const struct reply *reply)
{
    struct crowd *crowd = context;

    if (reply->status == 200) {
        crowd->good++;
    } else {
        crowd->bad++;
        fprintf(stderr, "status %d: %s\n", reply->status, reply->failure ? reply->failure : "");
    }
    if (crowd->good + crowd->bad == REQUESTS)
        loop_stop(crowd->loop);
}

static void requests_send(struct crowd *crowd)
{
    struct request request = {.method = "GET", .path = "/api/v1/namespaces"};

    for (unsigned i = 0; i < REQUESTS; i++)
        http_send(crowd->http, crowd->peer, &request, &crowd->authorization, 1, crowd,
                  reply_counts);
}

/* The first line of each watch; with the last one the requests go out. */
struct watch {
    struct crowd *crowd;
    unsigned lines;
};

static void line_counts(void *context, const char *line, size_t length)
{
    struct watch *watch = context;

    (void)line, (void)length;
    if (watch->lines++ == 0 && ++watch->crowd->watching == WATCHES)
        requests_send(watch->crowd);
}

static void watch_ends(void *context, const struct stream_end *end)
{
    (void)context;
    fprintf(stderr, "watch ended: %d %s\n", end->status, end->failure ? end->failure : "");
}

static void patience_ends(struct timer *timer)
{
    struct crowd *crowd = container_of(timer, struct crowd, patience);

    fprintf(stderr, "%u watches, %u answers in time\n", crowd->watching, crowd->good);
    loop_stop(crowd->loop);
}

static void watches_run(struct crowd *crowd)
{
    struct request request = {
        .method = "GET", .path = "/api/v1/namespaces", .query = "watch=1&timeoutSeconds=60"};
    struct watch watches[WATCHES];
    struct stream *streams[WATCHES];

    for (unsigned i = 0; i < WATCHES; i++) {
        struct stream_options options = {
            .line = line_counts, .end = watch_ends, .context = &watches[i]};

        watches[i] = (struct watch){.crowd = crowd};
        streams[i] =
            stream_start(crowd->http, crowd->peer, &request, &crowd->authorization, 1, &options);
    }
    timer_init(&crowd->patience, patience_ends);
    timer_start(crowd->loop, &crowd->patience, PATIENCE_MS);
    loop_run(crowd->loop);
    timer_stop(crowd->loop, &crowd->patience);
    for (unsigned i = 0; i < WATCHES; i++)
        stream_stop(streams[i]);
}

int main(int argc, char **argv)
{
    struct http_options options = {"podidentity/crowd", 64, 10000, 10000, 10000};
    struct http_peer_options peer_options = {.proxy_url = "", .connections_max = 4};
    struct crowd crowd = {.loop = loop_create()};
    struct text bearer = TEXT_INIT(64 << 10);
    struct error error;

    if (argc != 4)
        return 2;
    crowd.http = http_create(crowd.loop, &options);
    peer_options.base_url = argv[1];
    peer_options.ca_file = argv[2];
    crowd.peer = http_peer_create(crowd.http, &peer_options, &error);
    if (!crowd.peer) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    text_printf(&bearer, "Bearer %s", argv[3]);
    crowd.authorization = (struct header){"Authorization", bearer.bytes};
    watches_run(&crowd);
    http_destroy(crowd.http);
    http_peer_destroy(crowd.peer);
    printf("%u requests answered, longest turn %llu us\n", crowd.good,
           (unsigned long long)loop_longest_turn_us(crowd.loop));
    loop_destroy(crowd.loop);
    text_finish(&bearer);
    return crowd.good == REQUESTS ? 0 : 1;
}
