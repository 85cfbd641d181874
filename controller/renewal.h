#pragma once

/*
 * The controller's credentials for AWS: fixed keys of the environment, or a session from the
 * container endpoint that is renewed ahead of its end, while the old one still serves. A renewal
 * that fails is tried again, first soon, then at most once a minute, and logged when it is news.
 */

#include <stdbool.h>
#include <stdint.h>

#include "aws/credentials.h"
#include "base/memory.h"

struct error;
struct http;
struct loop;
struct renewal;

/* Who signs. Both come from the loop, never from inside a call of this file. */
struct renewal_client {
    void *context;
    void (*renewed)(void *context);
    /* Nothing can be signed, and several tries have failed: what waits is to be told. Comes again
     * after each further try, and after each renewal_ready that was false for it. kind
     * ERROR_REFUSED: the endpoint, or its token file, does not let us in. */
    void (*failing)(void *context, const struct error *error);
};

/* Reads the AWS_* variables through lookup. ERROR_REFUSED says what is missing. */
struct renewal *renewal_create(struct loop *loop, struct http *http, aws_lookup_fn lookup,
                               const struct renewal_client *client, struct error *error);
void renewal_destroy(struct renewal *renewal);

/* True when requests can be signed now; starts to renew what is about to end. */
bool renewal_ready(struct renewal *renewal);
const struct aws_credentials *renewal_credentials(const struct renewal *renewal);

/* AWS says that the session with which a request was signed at sent_us is over: the endpoint has
 * another. Keys of the environment stay. */
void renewal_distrust(struct renewal *renewal, uint64_t sent_us);

DEFINE_AUTO(struct renewal *, renewal_destroy);
