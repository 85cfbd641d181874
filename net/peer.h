#pragma once

/*
 * A server as http.c and stream.c know it. Each peer has multis of its own: libcurl tells
 * connections apart by their options, and what a peer believes is none it looks at. So two peers
 * of one host never share a connection or a TLS session, and the limit on connections is per
 * peer. Internal to net/.
 */

#include <stdbool.h>

#include <curl/curl.h>

#include "base/list.h"
#include "net/http.h"

struct loop;
struct multi;
struct trust;
struct trust_stores;

struct http_peer {
    struct list link;  /* in http's ring of peers */
    struct http *http; /* NULL once it is gone */
    struct loop *loop;
    struct trust *trust;
    char *base_url;    /* without trailing slash; its host is server_name when there is one */
    char *host_header; /* "Host: …" when the host of base_url is not the one asked; else NULL */
    char *proxy_url;
    struct curl_slist *connect_to;
    bool insecure;
    unsigned connections_max;
    unsigned connect_timeout_ms;
    char *user_agent;

    struct multi *requests;
    struct multi *streams; /* NULL until the first stream */
    size_t stream_count;
    struct list waiting, running; /* exchanges of http.c */
    size_t running_count;
    bool multiplexes; /* the last answer came over HTTP/2 */
};

/* Reads options into a zeroed peer; false with ERROR_REFUSED. peer_free frees it either way. */
bool peer_fill(struct http_peer *peer, struct trust_stores *stores,
               const struct http_peer_options *options, struct error *error);
/* No transfer of it may run. */
void peer_free(struct http_peer *peer);

/* Sets what all transfers to this peer have in common. */
void peer_prepare(struct http_peer *peer, CURL *easy);

/* What the streams of one http share: the line in which they wait to deliver. */
struct streams;
struct streams *streams_create(struct loop *loop);
/* Ends what still runs, telling its owner. */
void streams_destroy(struct streams *streams);
struct streams *http_streams(struct http *http);

/* Sets an option; libcurl refuses only for want of memory or a build without TLS. */
#define EASY_SET(easy, option, value)                                                              \
    do {                                                                                           \
        CURLcode code_ = curl_easy_setopt(easy, option, value);                                    \
        assert(code_ == CURLE_OK);                                                                 \
        (void)code_;                                                                               \
    } while (0)
