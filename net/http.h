#pragma once

/*
 * Sends requests over a bounded pool of curl handles, keeps connections alive, speaks HTTP/2
 * where offered (connections to a host are limited), and answers later, once.
 *
 * Deadlines: connect, first byte, idle. A lost connection is a lost answer: reply.status is 0 and
 * reply.sent tells whether the request may have reached the server. A GET that was lost on a
 * reused connection is sent once more by itself; a write never is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "net/request.h"

struct loop;
struct error;
struct http;
struct trust;

/* How a server is reached and believed. Strings are copied by http_peer_create. */
struct http_peer_options {
    const char *base_url; /* "https://10.0.0.1:6443", no trailing slash */
    const char *ca_file;  /* PEM; NULL: ca_data, else the system's */
    const char *ca_data;  /* PEM text */
    const char *certificate_file, *key_file;
    const char *certificate_data, *key_data; /* PEM text */
    const char *server_name;                 /* tls-server-name; NULL: the host of base_url */
    const char *proxy_url;    /* NULL: the environment's proxies and NO_PROXY as curl reads them;
                                 "": none */
    bool insecure;            /* do not verify; only when a kubeconfig says so */
    unsigned connections_max; /* 2-4; 0: 2 */
};

struct http_peer;

struct http_options {
    const char *user_agent;      /* must not begin with curl, Wget or Mozilla: the API server
                                    would indent its JSON for a person */
    unsigned handles_max;        /* requests on the wire at once; the rest wait in line */
    unsigned connect_timeout_ms; /* TCP and TLS */
    unsigned first_byte_timeout_ms;
    unsigned idle_timeout_ms; /* between bytes of an answer */
};

struct http *http_create(struct loop *loop, const struct http_options *options);
/* Whatever waits is answered with status 0, and streams are ended, before this returns. Peers may
 * be destroyed before or after. Not from inside done. */
void http_destroy(struct http *http);

/* A burst is over: idle handles go, with buffers of 38 kB each. Fine for NULL. */
void http_rest(struct http *http);

/* Loads certificates once; ERROR_REFUSED names the file. The peer must outlive its requests and
 * streams. Changed certificates need a new peer. */
struct http_peer *http_peer_create(struct http *http, const struct http_peer_options *options,
                                   struct error *error);
void http_peer_destroy(struct http_peer *peer);
/* True when no request and no stream of it is left, so that it may be destroyed. */
bool http_peer_idle(const struct http_peer *peer);

/* Requests that wait for a handle; one more is answered with status 0. At some 2 kB each this is
 * what 20 MB hold, and ten times what work limits and budgets let through. */
enum { HTTP_WAITING_MAX = 10000 };

/*
 * Sends request to peer with extra headers beside those of the request (authorization, signature).
 * Everything is copied before this returns. done comes later, exactly once.
 */
void http_send(struct http *http, struct http_peer *peer, const struct request *request,
               const struct header *extra, size_t extra_count, void *context,
               transport_done_fn done);

/* Forgets whatever waits or runs with this context: done will not come for it. */
void http_cancel(struct http *http, const void *context);

/* Requests on the wire and in line. */
size_t http_pending(const struct http *http);

DEFINE_AUTO(struct http *, http_destroy);
