#pragma once

/*
 * One request and what comes back for it: in line, on a handle, answered. http.c moves exchanges
 * from line to line; here is what libcurl does with one. Internal to net/.
 */

#include <stdbool.h>

#include <curl/curl.h>

#include "base/list.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/transfer.h"

struct answer;

struct exchange {
    struct list link; /* peer->waiting, peer->running or http->answered */
    struct http *http;
    struct http_peer *peer;
    const struct http_options *options;
    struct loop *loop;
    struct transfer transfer;
    struct answer *answer; /* NULL while it waits in line */
    CURL *easy;            /* while it runs */
    struct timer deadline;
    unsigned starts; /* times a connection was there and the request may have gone out */
    bool write, heard;
    void *context;
    transport_done_fn done;
};

void exchange_destroy(struct exchange *exchange);

/* Readies easy for it and starts the deadline. Taking easy back is exchange_unset. */
void exchange_set(struct exchange *exchange, CURL *easy);
/* The handle, not yet reset; the deadline is off. */
CURL *exchange_unset(struct exchange *exchange);

/* The transfer ended with code: true when it must be sent once more (and is as new), else the
 * answer is there. Before exchange_unset. */
bool exchange_ends(struct exchange *exchange, CURLcode code);

/* No answer, and why. */
void exchange_fail(struct exchange *exchange, const char *failure);
/* The same with the words for the deadline that has passed. */
void exchange_time_out(struct exchange *exchange);

/* Calls done. */
void exchange_tell(struct exchange *exchange);
