#pragma once

/*
 * A request and its reply as plain values. kube/ and aws/ build requests and read replies; who
 * sends them (a connection pool, a fake in a test) is somebody else's business. No I/O here.
 *
 * Strings are borrowed: they live in the arena of whoever built the request and must stay until
 * it has been sent. A reply is valid only while the callback that got it runs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which server is asked; the transport knows where it is and how to prove who we are. */
enum request_service { SERVICE_KUBERNETES, SERVICE_IAM, SERVICE_STS, SERVICE_EKS, SERVICE_COUNT };

struct header {
    const char *name, *value;
};

enum { REQUEST_HEADERS_MAX = 4, REPLY_BODY_MAX = 16 << 20 };

struct request {
    enum request_service service;
    const char *operation; /* "CreateRole", "PatchStatus": the word in logs and metrics; static */
    const char *method;    /* "GET"; static */
    const char *path;      /* encoded as it goes on the wire, begins with '/', without query */
    const char *query;     /* encoded as it goes on the wire, without '?'; NULL: none */
    struct header
        headers[REQUEST_HEADERS_MAX]; /* content type, accept; not host, not authorization */
    size_t header_count;
    const char *body; /* NULL: none */
    size_t body_length;
    bool write;    /* changes something over there: never sent again by the transport itself */
    bool sharable; /* a read that several askers may share while it is on its way */
    bool urgent;   /* a person waits for it: it leaves before others that wait for a budget */
};

struct reply {
    int status;          /* HTTP status; 0: no answer came, `failure` says why */
    const char *failure; /* curl's or our own words when status is 0, else NULL */
    bool sent;           /* with status 0: the request may have reached the server */
    const char *body;    /* never NULL, NUL-terminated */
    size_t body_length;
    const char *content_type; /* these are "" when the header was absent */
    const char *request_id;   /* x-amzn-requestid */
    const char *error_type;   /* x-amzn-errortype */
    const char *date;         /* date */
    const char *warning; /* the first Warning header, as the Kubernetes API server sends them */
    int retry_after_s;   /* Retry-After in seconds; -1: absent or not a number */
};

/* Adds a header; there is room by construction (asserted). */
void request_add_header(struct request *request, const char *name, const char *value);

/* The reply of a request that was never sent, or for which nobody will answer: status 0, these
 * words, and no header. Borrows failure. */
struct reply reply_none(const char *failure);

/* True for 2xx. */
bool reply_good(const struct reply *reply);

/* How plans reach the world. `done` comes later, exactly once, never from inside send. */
typedef void (*transport_done_fn)(void *context, const struct reply *reply);

struct transport {
    void (*send)(struct transport *transport, const struct request *request, void *context,
                 transport_done_fn done);
};
