#pragma once

/*
 * Small HTTP server for /healthz, /readyz and /metrics (libmicrohttpd on the loop, no thread).
 * Connections, memory and time are limited. Each listener has a table of paths.
 */

#include <stdbool.h>

#include "base/memory.h"

struct error;
struct loop;
struct serve;
struct text;

/* Fills body (ceiling 8 MiB) and returns the HTTP status. query is the part after '?', or "". */
typedef int (*serve_fn)(void *context, const char *query, struct text *body);

struct serve_route {
    const char *path;         /* "/metrics" */
    const char *content_type; /* "text/plain; charset=utf-8" */
    serve_fn answer;
    void *context;
};

/* ERROR_REFUSED: no such address, or it is taken. An address is numbers or "localhost"; port 0 asks
 * for any. address is ":8080", "127.0.0.1:8081" or "[::1]:8080". The table must outlive the server;
 * it ends with a row of zeroes. Only GET and HEAD; anything else is 405, an unknown path 404. */
struct serve *serve_start(struct loop *loop, const char *address, const struct serve_route *routes,
                          struct error *error);
/* Not from inside an answer. */
void serve_stop(struct serve *serve);

/* The port it listens on. */
int serve_port(const struct serve *serve);

DEFINE_AUTO(struct serve *, serve_stop);
