#pragma once

/*
 * The way to AWS: endpoints, credentials that are renewed ahead of time, budgets, signatures. What
 * waits for a budget leaves in the order of asking, urgent requests first. A read that several
 * plans ask for at the same time is sent once and answered to all.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "net/request.h"

struct aws_link;
struct error;
struct http;
struct loop;
struct metrics;

struct aws_link_options {
    const char *region;
    double iam_rate, eks_rate; /* requests per second */
    /* There are credentials again, after requests were refused for want of them. NULL: nobody asks
     */
    void (*recovered)(void *context);
    void *context;
};

/* Reads AWS_* variables of the environment. ERROR_REFUSED says what is missing. */
struct aws_link *aws_link_create(struct loop *loop, struct http *http, struct metrics *metrics,
                                 const struct aws_link_options *options, struct error *error);
void aws_link_destroy(struct aws_link *link);

/* done comes later, once. The request's texts must stay until then. */
void aws_link_send(struct aws_link *link, const struct request *request, void *context,
                   transport_done_fn done);

/* Answers what waits for budget or credentials with this; what is on the wire is the pool's. */
void aws_link_drain(struct aws_link *link, const struct reply *reply);

DEFINE_AUTO(struct aws_link *, aws_link_destroy);
