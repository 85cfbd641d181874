#pragma once

/*
 * Kubernetes API calls as request values, and what their answers mean. Bodies are JSON built by
 * us in the arena given; every object is asked with drop=metadata.managedFields.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "net/request.h"

struct arena;
struct error;

/* A kind the program reads or writes. */
struct kube_resource {
    const char *group;   /* "" for core */
    const char *version; /* "v1alpha1" */
    const char *plural;  /* "podidentitybindings" */
    const char *kind;    /* "PodIdentityBinding" */
    bool namespaced;
    bool metadata_only;         /* list and watch as PartialObjectMetadata */
    const char *field_selector; /* of list and watch; NULL: all objects */
};

/* Path of the collection (namespace_name NULL: all namespaces) or of one object. In the arena. */
const char *kube_path(struct arena *arena, const struct kube_resource *resource,
                      const char *namespace_name, const char *name, const char *subresource);

/* The name under which the API server books our fields. */
#define KUBE_FIELD_MANAGER "podidentity"

void kube_get(struct arena *arena, struct request *request, const struct kube_resource *resource,
              const char *namespace_name, const char *name);

/* The same with managedFields, which say who wrote what; the answer is not for kube_decode, which
 * leaves them out. */
void kube_get_with_managers(struct arena *arena, struct request *request,
                            const struct kube_resource *resource, const char *namespace_name,
                            const char *name);

/* limit 0: none; resource_version NULL: consistent read, else not older than it; continue_token
 * NULL: first page (with one, resource_version is not sent: the token has it). */
void kube_list(struct arena *arena, struct request *request, const struct kube_resource *resource,
               const char *resource_version, unsigned limit, const char *continue_token);

/* A watch from resource_version; initial_events: WatchList (sendInitialEvents). timeout in s. */
void kube_watch(struct arena *arena, struct request *request, const struct kube_resource *resource,
                const char *resource_version, bool initial_events, unsigned timeout_s);

/* Merge PATCH; body is a whole patch document. resource_version is put into its metadata (NULL: the
 * patch holds whatever the version). patch stays the caller's. The answer is the object's metadata
 * alone: of a write only the new version is news. */
void kube_patch(struct arena *arena, struct request *request, const struct kube_resource *resource,
                const char *namespace_name, const char *name, const char *subresource,
                const char *resource_version, json_t *patch);

/* Makes an object of what the body says, which is a whole document; the answer is its metadata
 * alone. body stays the caller's. */
void kube_create(struct arena *arena, struct request *request, const struct kube_resource *resource,
                 const char *namespace_name, const json_t *body);

/* Deletes exactly the object of this uid in this version; another one is a Conflict. */
void kube_delete(struct arena *arena, struct request *request, const struct kube_resource *resource,
                 const char *namespace_name, const char *name, const char *uid,
                 const char *resource_version);

/*
 * Server-side apply, never forced: metadata.annotations of the object are from then on ours exactly
 * as given (NULL: none; what we applied before and leave out goes, unless somebody else has it
 * too), and nothing else of it is touched. The uid has to be sent: without it a missing object
 * would be made. An object of that name and another uid, or none, answers 409.
 */
void kube_apply_annotations(struct arena *arena, struct request *request,
                            const struct kube_resource *resource, const char *namespace_name,
                            const char *name, const char *uid, json_t *annotations);

/* Who has which field that an apply would have changed, in the API server's words ("conflict with
 * \"helm\" using v1: .metadata.annotations.a"), cut to a readable length; NULL when the answer is
 * no such conflict. */
const char *kube_reply_owner(struct arena *arena, const struct reply *reply);

/* finalizers is the whole new list. */
void kube_patch_finalizers(struct arena *arena, struct request *request,
                           const struct kube_resource *resource, const char *namespace_name,
                           const char *name, const char *resource_version,
                           const char *const *finalizers, size_t count);

/*
 * Turns an answer into an error unless it is 2xx: 409 Conflict and 410 Expired → ERROR_CONFLICT,
 * 429 and 503 with Retry-After → ERROR_THROTTLE, 5xx → ERROR_RETRY, status 0 → ERROR_RETRY for
 * reads and ERROR_LOST for writes that may have arrived, 401 → ERROR_RETRY, other 4xx →
 * ERROR_REFUSED. error.code is the Status' reason ("NotFound"), or "ResourceVersionTooLarge" when
 * that is its cause; without a Status the word Kubernetes has for the HTTP status. error.text
 * begins with the server's own words. True when good.
 */
bool kube_reply_good(const struct request *request, const struct reply *reply, struct error *error);
