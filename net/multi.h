#pragma once

/*
 * One curl multi handle on the loop. libcurl says which sockets and what timeout it waits for;
 * this file waits and tells it. Internal to net/.
 */

#include <curl/curl.h>

struct loop;
struct multi;

/* A transfer has ended; it has been taken out of the multi already. context is the easy handle's
 * CURLOPT_PRIVATE. Comes from the loop, outside of libcurl; must not destroy the multi. */
typedef void (*multi_done_fn)(void *context, CURLcode code);

/* connections_max: per host, and how many idle ones are kept; 0: as many as there are transfers. */
struct multi *multi_create(struct loop *loop, unsigned connections_max, multi_done_fn done);
/* All transfers must have been removed; closes every connection. NULL is fine. */
void multi_destroy(struct multi *multi);

/* Neither calls back from inside. */
void multi_add(struct multi *multi, CURL *easy);
/* Before its end: resets the HTTP/2 stream or closes the connection. */
void multi_remove(struct multi *multi, CURL *easy);
