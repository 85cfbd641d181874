#include "kube/calls.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* Servers that do not know drop= ignore it; managedFields are up to 60 % of an object (KEP-5958).
 * The second alternative is for servers that cannot give metadata alone. */
#define WHOLE "application/json;drop=metadata.managedFields"
#define METADATA(kind)                                                                             \
    "application/json;as=" kind ";g=meta.k8s.io;v=v1;drop=metadata.managedFields," WHOLE

enum { QUERY_SIZE_MAX = 16 << 10 };

static void add_segment(struct text *path, const char *segment)
{
    text_add_char(path, '/');
    encode_uri_add(path, segment, strlen(segment));
}

/* Names and plurals have ceilings of their own in Kubernetes (253); four of them fit. */
const char *kube_path(struct arena *arena, const struct kube_resource *resource,
                      const char *namespace_name, const char *name, const char *subresource)
{
    AUTO_TEXT struct text path = TEXT_INIT(QUERY_SIZE_MAX);

    text_add_string(&path, *resource->group ? "/apis" : "/api");
    if (*resource->group)
        add_segment(&path, resource->group);
    add_segment(&path, resource->version);
    if (resource->namespaced && namespace_name && *namespace_name) {
        text_add_string(&path, "/namespaces");
        add_segment(&path, namespace_name);
    }
    add_segment(&path, resource->plural);
    if (name)
        add_segment(&path, name);
    if (subresource)
        add_segment(&path, subresource);
    return arena_string(arena, path.bytes);
}

static void begin(struct request *request, const char *operation, const char *method,
                  const char *path)
{
    *request = (struct request){
        .service = SERVICE_KUBERNETES,
        .operation = operation,
        .method = method,
        .path = path,
    };
}

static void add_pair(struct text *query, const char *name, const char *value)
{
    if (query->length > 0)
        text_add_char(query, '&');
    text_add_string(query, name);
    text_add_char(query, '=');
    encode_uri_add(query, value, strlen(value));
}

static void add_number(struct text *query, const char *name, unsigned value)
{
    char digits[16];

    snprintf(digits, sizeof(digits), "%u", value);
    add_pair(query, name, digits);
}

void kube_get(struct arena *arena, struct request *request, const struct kube_resource *resource,
              const char *namespace_name, const char *name)
{
    begin(request, "Get", "GET", kube_path(arena, resource, namespace_name, name, NULL));
    request_add_header(request, "Accept",
                       resource->metadata_only ? METADATA("PartialObjectMetadata") : WHOLE);
    request->sharable = true;
}

void kube_get_with_managers(struct arena *arena, struct request *request,
                            const struct kube_resource *resource, const char *namespace_name,
                            const char *name)
{
    begin(request, "Get", "GET", kube_path(arena, resource, namespace_name, name, NULL));
    request_add_header(request, "Accept", "application/json");
}

/* A limit without resourceVersionMatch would mean "exactly this version", which may be gone. */
void kube_list(struct arena *arena, struct request *request, const struct kube_resource *resource,
               const char *resource_version, unsigned limit, const char *continue_token)
{
    AUTO_TEXT struct text query = TEXT_INIT(QUERY_SIZE_MAX);

    begin(request, "List", "GET", kube_path(arena, resource, NULL, NULL, NULL));
    request_add_header(request, "Accept",
                       resource->metadata_only ? METADATA("PartialObjectMetadataList") : WHOLE);
    if (resource->field_selector)
        add_pair(&query, "fieldSelector", resource->field_selector);
    if (limit > 0)
        add_number(&query, "limit", limit);
    if (continue_token && *continue_token) {
        add_pair(&query, "continue", continue_token);
    } else if (resource_version && *resource_version) {
        add_pair(&query, "resourceVersion", resource_version);
        add_pair(&query, "resourceVersionMatch", "NotOlderThan");
    }
    request->query = query.length > 0 ? arena_string(arena, query.bytes) : NULL;
}

/* Without allowWatchBookmarks a WatchList never says that the initial list is over. */
void kube_watch(struct arena *arena, struct request *request, const struct kube_resource *resource,
                const char *resource_version, bool initial_events, unsigned timeout_s)
{
    AUTO_TEXT struct text query = TEXT_INIT(QUERY_SIZE_MAX);

    begin(request, "Watch", "GET", kube_path(arena, resource, NULL, NULL, NULL));
    request_add_header(request, "Accept",
                       resource->metadata_only ? METADATA("PartialObjectMetadata") : WHOLE);
    add_pair(&query, "watch", "true");
    add_pair(&query, "allowWatchBookmarks", "true");
    if (resource->field_selector)
        add_pair(&query, "fieldSelector", resource->field_selector);
    if (initial_events) {
        add_pair(&query, "sendInitialEvents", "true");
        add_pair(&query, "resourceVersionMatch", "NotOlderThan");
    }
    if (resource_version && *resource_version)
        add_pair(&query, "resourceVersion", resource_version);
    if (timeout_s > 0)
        add_number(&query, "timeoutSeconds", timeout_s);
    request->query = arena_string(arena, query.bytes);
}

static json_t *object_at(json_t *parent, const char *key)
{
    json_t *object = json_object_get(parent, key);

    if (json_is_object(object))
        return object;
    json_object_set_new(parent, key, json_object());
    return json_object_get(parent, key);
}

static void set_body(struct arena *arena, struct request *request, const json_t *body)
{
    request->body = json_write(arena, body, true);
    request->body_length = strlen(request->body);
    request->write = true;
}

void kube_create(struct arena *arena, struct request *request, const struct kube_resource *resource,
                 const char *namespace_name, const json_t *body)
{
    begin(request, "Create", "POST", kube_path(arena, resource, namespace_name, NULL, NULL));
    request->query = "fieldManager=" KUBE_FIELD_MANAGER;
    request_add_header(request, "Content-Type", "application/json");
    request_add_header(request, "Accept", METADATA("PartialObjectMetadata"));
    set_body(arena, request, body);
}

void kube_delete(struct arena *arena, struct request *request, const struct kube_resource *resource,
                 const char *namespace_name, const char *name, const char *uid,
                 const char *resource_version)
{
    AUTO_JSON json_t *options =
        json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "v1", "kind", "DeleteOptions",
                  "preconditions", "uid", uid, "resourceVersion", resource_version);

    begin(request, "Delete", "DELETE", kube_path(arena, resource, namespace_name, name, NULL));
    request_add_header(request, "Content-Type", "application/json");
    request_add_header(request, "Accept", METADATA("PartialObjectMetadata"));
    set_body(arena, request, options);
}

/* Unknown fields are not refused but answered with a Warning (fieldValidation's default): the test
 * suite treats it as a failure, a cluster with older CRDs goes on. */
void kube_patch(struct arena *arena, struct request *request, const struct kube_resource *resource,
                const char *namespace_name, const char *name, const char *subresource,
                const char *resource_version, json_t *patch)
{
    begin(request, subresource && text_equal(subresource, "status") ? "PatchStatus" : "Patch",
          "PATCH", kube_path(arena, resource, namespace_name, name, subresource));
    request->query = "fieldManager=" KUBE_FIELD_MANAGER;
    request_add_header(request, "Content-Type", "application/merge-patch+json");
    request_add_header(request, "Accept", METADATA("PartialObjectMetadata"));
    if (resource_version && *resource_version)
        json_object_set_new(object_at(patch, "metadata"), "resourceVersion",
                            json_string(resource_version));
    set_body(arena, request, patch);
}

void kube_apply_annotations(struct arena *arena, struct request *request,
                            const struct kube_resource *resource, const char *namespace_name,
                            const char *name, const char *uid, json_t *annotations)
{
    AUTO_JSON json_t *object = json_pack("{s:s+, s:s, s:{s:s, s:s, s:s}}", "apiVersion", "",
                                         resource->version, "kind", resource->kind, "metadata",
                                         "namespace", namespace_name, "name", name, "uid", uid);

    assert(!*resource->group);
    if (annotations)
        json_object_set(json_object_get(object, "metadata"), "annotations", annotations);
    begin(request, "Apply", "PATCH", kube_path(arena, resource, namespace_name, name, NULL));
    request->query = "fieldManager=" KUBE_FIELD_MANAGER;
    request_add_header(request, "Content-Type", "application/apply-patch+yaml");
    request_add_header(request, "Accept", METADATA("PartialObjectMetadata"));
    request->body = json_write(arena, object, true);
    request->body_length = strlen(request->body);
    request->write = true;
}

/* Finalizers of others stay only because the caller gives the whole list and the version is
 * checked; a json-patch would be refused with an anonymous 422 when it is out of date. */
void kube_patch_finalizers(struct arena *arena, struct request *request,
                           const struct kube_resource *resource, const char *namespace_name,
                           const char *name, const char *resource_version,
                           const char *const *finalizers, size_t count)
{
    AUTO_JSON json_t *patch = json_object();
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(finalizers[i]));
    json_object_set_new(object_at(patch, "metadata"), "finalizers", list);
    kube_patch(arena, request, resource, namespace_name, name, NULL, resource_version, patch);
    request->operation = "PatchFinalizers";
}
