/* What the API server answers. */

#include "tests/fake/fake_kubernetes_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum { PARTS_MAX = 8 };

/* "/apis/podidentity.io/v1alpha1[/namespaces/shop]/podidentitybindings/cart[/status]", or
 * "/api/v1/namespaces/shop/serviceaccounts/cart". */
struct target {
    char parts[PARTS_MAX][256];
    size_t count;
    const char *plural, *space, *name, *subresource;
};

static void read_target(struct target *target, const char *path)
{
    size_t at = text_starts(path, "/apis/") ? 3 : 2;

    while (*path == '/' && target->count < PARTS_MAX) {
        size_t length = strcspn(++path, "/");

        snprintf(target->parts[target->count++], sizeof(target->parts[0]), "%.*s", (int)length,
                 path);
        path += length;
    }
    target->space = "";
    if (target->count > at + 2 && strcmp(target->parts[at], "namespaces") == 0) {
        target->space = target->parts[at + 1];
        at += 2;
    }
    target->plural = target->parts[at];
    target->name = at + 1 < target->count ? target->parts[at + 1] : "";
    target->subresource = at + 2 < target->count ? target->parts[at + 2] : "";
}

static void answer_object(struct fake_answer *answer, int status, const json_t *object)
{
    AUTO_FREE char *bytes = json_dumps(object, JSON_COMPACT);

    answer->status = status;
    answer->content_type = "application/json";
    text_add_string(&answer->body, bytes);
}

static void refuse(struct fake_answer *answer, int status, const char *reason, const char *words)
{
    fake_answer_error(answer, SERVICE_KUBERNETES, status, reason, "%s", words);
}

static bool take_event(struct fake_kubernetes *kubernetes, const struct target *target,
                       const json_t *body, struct fake_answer *answer)
{
    size_t i;
    json_t *event;

    if (strcmp(target->plural, "events") != 0)
        return false;
    if (text_equal(kubernetes->terminating, target->space)) {
        refuse(answer, 403, "Forbidden", "namespace is being terminated");
        return true;
    }
    if (!*target->name) {
        json_array_append(kubernetes->events, (json_t *)body);
        answer_object(answer, 201, body);
        return true;
    }
    json_array_foreach(kubernetes->events, i, event)
    {
        if (!text_equal(json_path_text(event, "metadata.name"), target->name))
            continue;
        fake_merge(event, body);
        answer_object(answer, 200, event);
        return true;
    }
    refuse(answer, 404, "NotFound", "event not found");
    return true;
}

/* The main resource ignores status, /status ignores all else. */
static void apply_patch(struct fake_kubernetes *kubernetes, const struct target *target,
                        json_t *held, const json_t *body, struct fake_answer *answer)
{
    bool of_status = strcmp(target->subresource, "status") == 0;
    const char *version = json_path_text(body, "metadata.resourceVersion");
    AUTO_JSON json_t *after = json_deep_copy(held), *part = json_object();
    char id[ID_MAX];

    assert(version);
    if (!text_equal(version, json_path_text(held, "metadata.resourceVersion"))) {
        refuse(answer, 409, "Conflict", "the object has been modified");
        return;
    }
    json_object_update(part, (json_t *)body);
    if (of_status)
        part = (json_decref(part), json_pack("{s:O}", "status", json_object_get(body, "status")));
    else
        json_object_del(part, "status");
    fake_merge(after, part);
    if (!json_equal(json_object_get(after, "spec"), json_object_get(held, "spec")))
        fake_raise_generation(after);
    fake_object_id(id, target->plural, target->space, target->name);
    if (json_equal(after, held)) {
        kubernetes->idle_writes++;
    } else {
        kubernetes->status_writes += of_status;
        kubernetes->finalizer_writes += !of_status && json_path(body, "metadata.finalizers");
        fake_kubernetes_store(kubernetes, id, after);
    }
    answer_object(answer, 200, after);
}

static void take_new(struct fake_kubernetes *kubernetes, const struct target *target,
                     const json_t *body, struct fake_answer *answer)
{
    const char *name = json_path_text(body, "metadata.name");

    if (text_equal(kubernetes->terminating, target->space)) {
        refuse(answer, 403, "Forbidden", "namespace is being terminated");
    } else if (fake_kubernetes_get(kubernetes, target->plural, target->space, name)) {
        refuse(answer, 409, "AlreadyExists", "already exists");
    } else {
        json_t *made = json_deep_copy(body);

        json_object_set_new(fake_metadata(made), "managedFields",
                            json_pack("[{s:s}]", "manager", "podidentity"));
        kubernetes->account_writes += strcmp(target->plural, "serviceaccounts") == 0;
        fake_kubernetes_apply(kubernetes, target->plural, target->space, name, made);
        answer_object(answer, 201,
                      fake_kubernetes_get(kubernetes, target->plural, target->space, name));
    }
}

static void take_deletion(struct fake_kubernetes *kubernetes, const struct target *target,
                          json_t *held, const json_t *body, struct fake_answer *answer)
{
    if (!text_equal(json_path_text(body, "preconditions.uid"),
                    json_path_text(held, "metadata.uid")) ||
        !text_equal(json_path_text(body, "preconditions.resourceVersion"),
                    json_path_text(held, "metadata.resourceVersion"))) {
        refuse(answer, 409, "Conflict", "precondition failed");
        return;
    }
    answer_object(answer, 200, held);
    kubernetes->account_writes += strcmp(target->plural, "serviceaccounts") == 0;
    fake_kubernetes_delete(kubernetes, target->plural, target->space, target->name);
}

/* The value that somebody else gave to an annotation; NULL: nobody has, or it is the same. */
static const char *conflicting(const json_t *owned, const json_t *held, const char *key,
                               const char *value)
{
    const char *present = json_string_value(json_object_get(held, key));

    if (!present || text_equal(present, value) || json_object_get(owned, key))
        return NULL;
    return present;
}

static void refuse_apply(struct fake_answer *answer, const char *key)
{
    AUTO_JSON json_t *status =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:{s:[{s:s, s:s, s:s+}]}}", "kind", "Status", "status",
                  "Failure", "message", "Apply failed with 1 conflict", "reason", "Conflict",
                  "code", 409, "details", "causes", "reason", "FieldManagerConflict", "message",
                  "conflict with \"kubectl-client-side-apply\" using v1", "field",
                  ".metadata.annotations.", key);

    answer_object(answer, 409, status);
}

/* Whose an annotation is, is kept as in managedFields: ours are those we applied and nobody has
 * changed since. */
static void take_apply(struct fake_kubernetes *kubernetes, const struct target *target,
                       json_t *held, const json_t *body, struct fake_answer *answer)
{
    const json_t *wanted = json_path(body, "metadata.annotations");
    AUTO_JSON json_t *after = json_deep_copy(held);
    json_t *annotations, *owned, *value;
    const char *key;
    char id[ID_MAX];
    void *next;

    fake_object_id(id, target->plural, target->space, target->name);
    if (!text_equal(json_path_text(body, "metadata.uid"), json_path_text(held, "metadata.uid"))) {
        refuse(answer, 409, "Conflict", "uid mismatch: the provided object specified another uid");
        return;
    }
    if (!json_object_get(fake_metadata(after), "annotations"))
        json_object_set_new(fake_metadata(after), "annotations", json_object());
    annotations = json_object_get(fake_metadata(after), "annotations");
    owned = json_object_get(kubernetes->owned, id);
    json_object_foreach((json_t *)wanted, key, value)
    {
        if (conflicting(owned, annotations, key, json_string_value(value))) {
            refuse_apply(answer, key);
            return;
        }
    }
    json_object_foreach_safe(owned, next, key, value)
    {
        if (text_equal(json_string_value(json_object_get(annotations, key)),
                       json_string_value(value)))
            json_object_del(annotations, key);
    }
    json_object_update(annotations, (json_t *)wanted);
    if (json_object_size(annotations) == 0)
        json_object_del(fake_metadata(after), "annotations");
    json_object_set_new(kubernetes->owned, id, wanted ? json_deep_copy(wanted) : json_object());
    if (json_equal(after, held)) {
        kubernetes->idle_writes++;
    } else {
        kubernetes->applies++;
        fake_kubernetes_store(kubernetes, id, after);
    }
    answer_object(answer, 200, after);
}

static bool is_apply(const struct request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal(request->headers[i].name, "Content-Type"))
            return text_equal(request->headers[i].value, "application/apply-patch+yaml");
    return false;
}

/* With managedFields for what we applied, as a GET without drop= shows them. */
static void take_get(const struct fake_kubernetes *kubernetes, const char *id, const json_t *held,
                     struct fake_answer *answer)
{
    AUTO_JSON json_t *object = json_deep_copy(held), *fields = json_object();
    json_t *value, *before = json_path(held, "metadata.managedFields");
    json_t *managers = before ? json_copy(before) : json_array();
    const char *key;
    char field[300];

    json_object_foreach(json_object_get(kubernetes->owned, id), key, value)
    {
        snprintf(field, sizeof(field), "f:%s", key);
        json_object_set(fields, field, value);
    }
    if (json_object_size(fields) > 0)
        json_array_append_new(managers,
                              json_pack("{s:s, s:{s:{s:O}}}", "manager", "podidentity", "fieldsV1",
                                        "f:metadata", "f:annotations", fields));
    json_object_set_new(json_path(object, "metadata"), "managedFields", managers);
    answer_object(answer, 200, object);
}

static void take_object(struct fake_kubernetes *kubernetes, const struct target *target,
                        const struct request *request, const json_t *body,
                        struct fake_answer *answer)
{
    json_t *held = fake_kubernetes_get(kubernetes, target->plural, target->space, target->name);
    char id[ID_MAX];

    fake_object_id(id, target->plural, target->space, target->name);
    if (strcmp(request->method, "POST") == 0)
        take_new(kubernetes, target, body, answer);
    else if (!held)
        refuse(answer, 404, "NotFound", "not found");
    else if (strcmp(request->method, "GET") == 0)
        take_get(kubernetes, id, held, answer);
    else if (strcmp(request->method, "DELETE") == 0)
        take_deletion(kubernetes, target, held, body, answer);
    else if (is_apply(request))
        take_apply(kubernetes, target, held, body, answer);
    else
        apply_patch(kubernetes, target, held, body, answer);
}

void fake_kubernetes_answer(struct fake_server *server, const struct request *request,
                            struct fake_answer *answer)
{
    struct fake_kubernetes *kubernetes = container_of(server, struct fake_kubernetes, server);
    struct target target = {0};
    struct error ignored;
    AUTO_JSON json_t *body = NULL;

    if (request->body)
        body = json_parse(request->body, request->body_length, &ignored);
    read_target(&target, request->path);
    assert(json_is_object(body) || strcmp(request->method, "GET") == 0);
    if (!take_event(kubernetes, &target, body, answer))
        take_object(kubernetes, &target, request, body, answer);
}
