#pragma once

/*
 * What a peer's TLS believes (a store of CA certificates) and shows (a client certificate),
 * loaded once and handed to every connection: reading the system's bundle anew for each one
 * costs tens of milliseconds and most of a megabyte. Internal to net/.
 */

#include <stdbool.h>

#include "net/http.h"

struct error;
struct trust;
struct trust_stores;

/* CA stores by content, shared by the peers that believe the same. */
struct trust_stores *trust_stores_create(void);
void trust_stores_destroy(struct trust_stores *stores);

/* Reads ca_*, certificate_* and key_* of options. NULL with ERROR_REFUSED naming the file.
 * Without a CA: SSL_CERT_FILE and SSL_CERT_DIR, else what OpenSSL and libcurl were built to read.
 */
struct trust *trust_load(struct trust_stores *stores, const struct http_peer_options *options,
                         struct error *error);
void trust_destroy(struct trust *trust);

/* Puts it into an SSL_CTX; false when OpenSSL refuses. */
bool trust_apply(const struct trust *trust, void *ssl_context);

DEFINE_AUTO(struct trust *, trust_destroy);
