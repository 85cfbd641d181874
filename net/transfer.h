#pragma once

/*
 * A request in the form libcurl takes it: copied, so that whoever built it can forget it, and
 * wiped afterwards, because headers and bodies carry tokens and keys. Internal to net/.
 */

#include <curl/curl.h>

#include "net/request.h"

struct http_peer;

struct transfer {
    const char *method;
    char *url;
    struct curl_slist *headers;
    char *body; /* NULL: none */
    size_t body_length;
    const char *refusal; /* why this cannot be sent, NULL: it can */
};

/* Headers come from tokens in files and URLs from what servers said, hence `refusal`. */
void transfer_init(struct transfer *transfer, const struct http_peer *peer,
                   const struct request *request, const struct header *extra, size_t extra_count);
void transfer_finish(struct transfer *transfer);

/* Sets URL, method, headers and body; transfer must outlive the handle's use. */
void transfer_prepare(const struct transfer *transfer, CURL *easy);
