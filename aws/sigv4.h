#pragma once

/*
 * Signature Version 4: a pure function of request, credentials, region, service and time.
 * Rules: AWS "Create a signed AWS API request". The path is encoded once on the wire and again in
 * the canonical request; query values are encoded by RFC 3986 and sorted; the payload hash is that
 * of the exact body. Own code because libcurl's signs wrongly in the versions Debian ships.
 */

#include <stdint.h>

#include "net/request.h"

struct arena;
struct aws_credentials;

/*
 * The key that signs all requests of a day to one service: four of the five HMACs of a signature.
 * Whoever signs keeps it, zeroed at first, and wipes it (memory_wipe); it is made anew when what it
 * was made of differs.
 */
struct sigv4_key {
    char made_of[1024]; /* secret, date, region, service; "": nothing yet */
    unsigned char bytes[32];
};

struct sigv4_scope {
    const char *region;  /* signing region, e.g. "us-east-1" for IAM */
    const char *service; /* signing name: "iam", "sts", "eks" */
    const char *host;    /* Host header as sent, with a port that is not the scheme's own */
    int64_t wall_ms;
    struct sigv4_key *key; /* NULL: the key is made for this request alone */
};

struct sigv4_signed {
    struct header
        headers[4]; /* x-amz-date, authorization, x-amz-security-token when there is one */
    size_t header_count;
    const char *canonical_request; /* for tests; never logged: it holds the session token */
    const char *signature;
};

/* Everything in the arena. The headers must be sent beside those of the request. */
void sigv4_sign(struct arena *arena, struct sigv4_signed *out, const struct request *request,
                const struct aws_credentials *credentials, const struct sigv4_scope *scope);
