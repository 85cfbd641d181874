#pragma once

/* The URLs that people set for AWS: endpoints and the container's credentials. */

#include <stdbool.h>

struct error;

struct aws_url {
    bool secure;             /* https */
    bool numeric_v6;         /* the host stood in brackets */
    char host[256];          /* lower-case, without brackets */
    char origin[300];        /* "https://host[:port]", port only when it is not the scheme's own */
    const char *host_header; /* "host[:port]": the end of origin */
    const char *path;        /* the rest, with query: borrowed; "" or begins with '/' or '?' */
};

/* variable names the setting in the error: ERROR_REFUSED. User names, fragments, and whatever
 * could end a header or be read in two ways (spaces, controls, backslashes) are refused. */
bool aws_url_parse(struct aws_url *parts, const char *variable, const char *url,
                   struct error *error);
