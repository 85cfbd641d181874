#pragma once

/*
 * The waiting side of informers (informers/informer.h) over the link to the API server.
 */

#include "informers/informer.h"

struct kube_link;
struct loop;

struct informer_link;

/* Makes an informer whose watches, requests and pauses go over link. synced comes once, when the
 * first list is delivered; both callbacks get context. */
struct informer_link *informer_link_create(struct loop *loop, struct kube_link *link,
                                           const struct informer_kind *kind,
                                           informer_changed_fn changed,
                                           void (*synced)(void *context), void *context);
void informer_link_destroy(struct informer_link *link);
void informer_link_start(struct informer_link *link);
void informer_link_stop(struct informer_link *link);
struct informer *informer_link_informer(const struct informer_link *link);

DEFINE_AUTO(struct informer_link *, informer_link_destroy);
