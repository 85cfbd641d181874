#pragma once

/*
 * The world of the program: loop, HTTP pool, the links to the API server and to AWS, and the one
 * transport that plans send through. The controller and the command line share it.
 */

#include <stdbool.h>

#include "base/list.h"
#include "net/request.h"

struct aws_link;
struct aws_link_options;
struct error;
struct http;
struct kube_access;
struct kube_link;
struct loop;
struct metrics;

struct world {
    struct transport transport; /* by service, to one of the links */
    struct loop *loop;
    struct metrics *metrics;
    struct http *http;
    struct kube_access *access;
    struct kube_link *kube;
    struct aws_link *aws;
    bool closing;
    struct list refused; /* what was asked while closing */
};

/* Opens the way to the API server (kubeconfig and context may be NULL), or to AWS. ERROR_REFUSED
 * with one line that says what is wrong. Nothing is sent yet. Call world_close also after a
 * failure. */
bool world_open(struct world *world, const char *kubeconfig, const char *context,
                struct error *error);
bool world_open_aws(struct world *world, const struct aws_link_options *options,
                    struct error *error);
void world_close(struct world *world);

/* Answers whatever is on its way or waits with "no answer", and everything that is asked from then
 * on: afterwards no plan waits for the world any more. */
void world_drain(struct world *world);
