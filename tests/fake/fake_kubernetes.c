#include "tests/fake/fake_kubernetes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum { ID_MAX = 600, PARTS_MAX = 8 };

static void id_of(char id[ID_MAX], const char *plural, const char *space, const char *name)
{
    snprintf(id, ID_MAX, "%s/%s/%s", plural, space, name);
}

/* RFC 7396. */
static void merge(json_t *object, const json_t *patch)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)patch, key, value)
    {
        if (json_is_null(value)) {
            json_object_del(object, key);
        } else if (json_is_object(value)) {
            if (!json_is_object(json_object_get(object, key)))
                json_object_set_new(object, key, json_object());
            merge(json_object_get(object, key), value);
        } else {
            json_object_set(object, key, value);
        }
    }
}

static json_t *metadata_of(json_t *object)
{
    json_t *metadata = json_object_get(object, "metadata");

    if (!metadata) {
        json_object_set_new(object, "metadata", json_object());
        metadata = json_object_get(object, "metadata");
    }
    return metadata;
}

static void set_time(const struct fake_kubernetes *kubernetes, json_t *metadata, const char *key)
{
    char time[ENCODE_TIME_SIZE];

    encode_time(*kubernetes->now_ms, time);
    json_object_set_new(metadata, key, json_string(time));
}

static void announce(struct fake_kubernetes *kubernetes, const char *id, const json_t *object)
{
    struct fake_change *change = memory_alloc(sizeof(*change));

    change->id = memory_string(id);
    change->object = object ? json_deep_copy(object) : NULL;
    list_init(&change->link);
    list_append(&kubernetes->changes, &change->link);
}

/* Stores the object under a new version, or lets it go when nothing keeps it. */
static void store(struct fake_kubernetes *kubernetes, const char *id, json_t *object)
{
    json_t *metadata = metadata_of(object);
    char version[24];

    snprintf(version, sizeof(version), "%u", ++kubernetes->versions);
    json_object_set_new(metadata, "resourceVersion", json_string(version));
    if (json_object_get(metadata, "deletionTimestamp") &&
        json_array_size(json_object_get(metadata, "finalizers")) == 0) {
        json_object_del(kubernetes->objects, id);
        announce(kubernetes, id, NULL);
        return;
    }
    json_object_set(kubernetes->objects, id, object);
    announce(kubernetes, id, object);
}

static void raise_generation(json_t *object)
{
    json_t *metadata = metadata_of(object);

    json_object_set_new(metadata, "generation",
                        json_integer(json_path_int(metadata, "generation", 0) + 1));
}

static void create(struct fake_kubernetes *kubernetes, const char *id, const char *space,
                   const char *name, json_t *object)
{
    json_t *metadata = metadata_of(object);
    char uid[40];

    snprintf(uid, sizeof(uid), "uid-%u", ++kubernetes->uids);
    json_object_set_new(metadata, "name", json_string(name));
    if (*space)
        json_object_set_new(metadata, "namespace", json_string(space));
    json_object_set_new(metadata, "uid", json_string(uid));
    set_time(kubernetes, metadata, "creationTimestamp");
    json_object_set_new(object, "status", json_pack("{s:i}", "observedGeneration", -1));
    raise_generation(object);
    store(kubernetes, id, object);
}

void fake_kubernetes_apply(struct fake_kubernetes *kubernetes, const char *plural,
                           const char *namespace_name, const char *name, json_t *object)
{
    json_t *held = fake_kubernetes_get(kubernetes, plural, namespace_name, name);
    char id[ID_MAX];

    id_of(id, plural, namespace_name, name);
    if (!held) {
        create(kubernetes, id, namespace_name, name, object);
    } else {
        AUTO_JSON json_t *after = json_deep_copy(held);

        json_object_set(after, "spec", json_object_get(object, "spec"));
        if (!json_equal(json_object_get(after, "spec"), json_object_get(held, "spec")))
            raise_generation(after);
        merge(metadata_of(after), metadata_of(object));
        if (!json_equal(after, held))
            store(kubernetes, id, after);
    }
    json_decref(object);
}

void fake_kubernetes_delete(struct fake_kubernetes *kubernetes, const char *plural,
                            const char *namespace_name, const char *name)
{
    json_t *held = fake_kubernetes_get(kubernetes, plural, namespace_name, name);
    AUTO_JSON json_t *after = json_deep_copy(held);
    char id[ID_MAX];

    assert(held);
    id_of(id, plural, namespace_name, name);
    if (!json_path(after, "metadata.deletionTimestamp")) {
        set_time(kubernetes, metadata_of(after), "deletionTimestamp");
        raise_generation(after);
        store(kubernetes, id, after);
    }
}

void fake_kubernetes_patch(struct fake_kubernetes *kubernetes, const char *plural,
                           const char *namespace_name, const char *name, json_t *patch)
{
    AUTO_JSON json_t *after =
        json_deep_copy(fake_kubernetes_get(kubernetes, plural, namespace_name, name));
    char id[ID_MAX];

    assert(after);
    id_of(id, plural, namespace_name, name);
    merge(after, patch);
    if (json_object_get(patch, "spec"))
        raise_generation(after);
    store(kubernetes, id, after);
    json_decref(patch);
}

json_t *fake_kubernetes_get(const struct fake_kubernetes *kubernetes, const char *plural,
                            const char *namespace_name, const char *name)
{
    char id[ID_MAX];

    id_of(id, plural, namespace_name, name);
    return json_object_get(kubernetes->objects, id);
}

struct fake_change *fake_kubernetes_take_change(struct fake_kubernetes *kubernetes)
{
    struct list *link = list_take_first(&kubernetes->changes);

    return link ? container_of(link, struct fake_change, link) : NULL;
}

void fake_change_free(struct fake_change *change)
{
    free(change->id);
    json_decref(change->object);
    free(change);
}

size_t fake_kubernetes_events(const struct fake_kubernetes *kubernetes, const char *reason)
{
    size_t i, count = 0;
    json_t *event;

    json_array_foreach(kubernetes->events, i, event) count +=
        text_equal(json_path_text(event, "reason"), reason);
    return count;
}

/* Requests ------------------------------------------------------------------------------------- */

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
        merge(event, body);
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
    merge(after, part);
    if (!json_equal(json_object_get(after, "spec"), json_object_get(held, "spec")))
        raise_generation(after);
    id_of(id, target->plural, target->space, target->name);
    if (json_equal(after, held)) {
        kubernetes->idle_writes++;
    } else {
        kubernetes->status_writes += of_status;
        kubernetes->finalizer_writes += !of_status && json_path(body, "metadata.finalizers");
        store(kubernetes, id, after);
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

        json_object_set_new(metadata_of(made), "managedFields",
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

    id_of(id, target->plural, target->space, target->name);
    if (!text_equal(json_path_text(body, "metadata.uid"), json_path_text(held, "metadata.uid"))) {
        refuse(answer, 409, "Conflict", "uid mismatch: the provided object specified another uid");
        return;
    }
    if (!json_object_get(metadata_of(after), "annotations"))
        json_object_set_new(metadata_of(after), "annotations", json_object());
    annotations = json_object_get(metadata_of(after), "annotations");
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
        json_object_del(metadata_of(after), "annotations");
    json_object_set_new(kubernetes->owned, id, wanted ? json_deep_copy(wanted) : json_object());
    if (json_equal(after, held)) {
        kubernetes->idle_writes++;
    } else {
        kubernetes->applies++;
        store(kubernetes, id, after);
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

    id_of(id, target->plural, target->space, target->name);
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

static void answer(struct fake_server *server, const struct request *request,
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

void fake_kubernetes_init(struct fake_kubernetes *kubernetes, const int64_t *now_ms)
{
    *kubernetes = (struct fake_kubernetes){.server = {.answer = answer},
                                           .now_ms = now_ms,
                                           .objects = json_object(),
                                           .owned = json_object(),
                                           .events = json_array()};
    list_init(&kubernetes->changes);
}

void fake_kubernetes_finish(struct fake_kubernetes *kubernetes)
{
    struct fake_change *change;

    while ((change = fake_kubernetes_take_change(kubernetes)))
        fake_change_free(change);
    json_decref(kubernetes->objects);
    json_decref(kubernetes->owned);
    json_decref(kubernetes->events);
}

void fake_kubernetes_reset(struct fake_kubernetes *kubernetes)
{
    kubernetes->status_writes = kubernetes->finalizer_writes = 0;
    kubernetes->applies = kubernetes->idle_writes = kubernetes->account_writes = 0;
    json_array_clear(kubernetes->events);
}
