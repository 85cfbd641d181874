#pragma once

/* ServiceAccounts and Namespaces, of which only metadata is watched: name, uid, deletion. */

#include <jansson.h>

#include "kube/calls.h"
#include "kube/record.h"

struct error;

extern const struct kube_resource serviceaccount_resource, namespace_resource;

struct metadata {
    struct record record;
    bool terminating; /* deletionTimestamp is set */
};

void *metadata_read(const json_t *object, struct error *error);
