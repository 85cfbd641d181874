#pragma once

/*
 * ServiceAccounts and Namespaces, of which only metadata is watched: name, uid, deletion, of
 * namespaces the labels, which grants may ask for, and whether they are suspended, and of
 * ServiceAccounts the one annotation that is a binding in short, and hashes of those for web
 * identity.
 */

#include <jansson.h>

#include "crds/labels.h"
#include "crds/webidentity.h"
#include "kube/calls.h"
#include "kube/record.h"

struct error;

extern const struct kube_resource serviceaccount_resource, namespace_resource;

struct metadata {
    struct record record;
    bool terminating; /* deletionTimestamp is set */
};

/* Begins like every metadata, so that who needs no labels need not know of them. */
struct namespace_metadata {
    struct metadata metadata;
    struct labels labels;
    const char *suspended; /* annotation podidentity.io/suspended; NULL: absent */
};

#define ROLE_ARN_ANNOTATION "podidentity.io/role-arn"

struct serviceaccount_metadata {
    struct metadata metadata;
    const char *role_arn; /* ROLE_ARN_ANNOTATION, as a person wrote it; NULL: absent or empty */
    uint32_t hashes[WEBIDENTITY_ANNOTATIONS]; /* 0: absent */
};

void *serviceaccount_read(const json_t *object, struct error *error);
void *namespace_read(const json_t *object, struct error *error);
