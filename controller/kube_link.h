#pragma once

/*
 * The way to the API server: one peer, who we are, and streams for watches. A kubeconfig's plugin
 * is run when its credentials are missing or over; requests wait meanwhile.
 */

#include "base/memory.h"
#include "net/request.h"
#include "net/stream.h"

struct error;
struct http;
struct kube_access;
struct kube_link;
struct loop;
struct metrics;

/* access is borrowed and must outlive the link. ERROR_REFUSED when certificates cannot be read. */
struct kube_link *kube_link_create(struct loop *loop, struct http *http, struct kube_access *access,
                                   struct metrics *metrics, struct error *error);
void kube_link_destroy(struct kube_link *link);

/* done comes later, once. The request's texts must stay until then. */
void kube_link_send(struct kube_link *link, const struct request *request, void *context,
                    transport_done_fn done);

/* Answers what waits for the plugin with this. */
void kube_link_drain(struct kube_link *link, const struct reply *reply);

/* NULL when we cannot say who we are yet: `end` of the options is not called, try again later. */
struct stream *kube_link_stream(struct kube_link *link, const struct request *request,
                                const struct stream_options *options);

DEFINE_AUTO(struct kube_link *, kube_link_destroy);
