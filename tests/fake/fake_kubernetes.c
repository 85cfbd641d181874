#include "tests/fake/fake_kubernetes_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

void fake_object_id(char id[ID_MAX], const char *plural, const char *space, const char *name)
{
    snprintf(id, ID_MAX, "%s/%s/%s", plural, space, name);
}

void fake_merge(json_t *object, const json_t *patch)
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
            fake_merge(json_object_get(object, key), value);
        } else {
            json_object_set(object, key, value);
        }
    }
}

json_t *fake_metadata(json_t *object)
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

void fake_kubernetes_store(struct fake_kubernetes *kubernetes, const char *id, json_t *object)
{
    json_t *metadata = fake_metadata(object);
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

void fake_raise_generation(json_t *object)
{
    json_t *metadata = fake_metadata(object);

    json_object_set_new(metadata, "generation",
                        json_integer(json_path_int(metadata, "generation", 0) + 1));
}

static void create(struct fake_kubernetes *kubernetes, const char *id, const char *space,
                   const char *name, json_t *object)
{
    json_t *metadata = fake_metadata(object);
    char uid[40];

    snprintf(uid, sizeof(uid), "uid-%u", ++kubernetes->uids);
    json_object_set_new(metadata, "name", json_string(name));
    if (*space)
        json_object_set_new(metadata, "namespace", json_string(space));
    json_object_set_new(metadata, "uid", json_string(uid));
    set_time(kubernetes, metadata, "creationTimestamp");
    json_object_set_new(object, "status", json_pack("{s:i}", "observedGeneration", -1));
    fake_raise_generation(object);
    fake_kubernetes_store(kubernetes, id, object);
}

void fake_kubernetes_apply(struct fake_kubernetes *kubernetes, const char *plural,
                           const char *namespace_name, const char *name, json_t *object)
{
    json_t *held = fake_kubernetes_get(kubernetes, plural, namespace_name, name);
    char id[ID_MAX];

    fake_object_id(id, plural, namespace_name, name);
    if (!held) {
        create(kubernetes, id, namespace_name, name, object);
    } else {
        AUTO_JSON json_t *after = json_deep_copy(held);

        json_object_set(after, "spec", json_object_get(object, "spec"));
        if (!json_equal(json_object_get(after, "spec"), json_object_get(held, "spec")))
            fake_raise_generation(after);
        fake_merge(fake_metadata(after), fake_metadata(object));
        if (!json_equal(after, held))
            fake_kubernetes_store(kubernetes, id, after);
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
    fake_object_id(id, plural, namespace_name, name);
    if (!json_path(after, "metadata.deletionTimestamp")) {
        set_time(kubernetes, fake_metadata(after), "deletionTimestamp");
        fake_raise_generation(after);
        fake_kubernetes_store(kubernetes, id, after);
    }
}

void fake_kubernetes_patch(struct fake_kubernetes *kubernetes, const char *plural,
                           const char *namespace_name, const char *name, json_t *patch)
{
    AUTO_JSON json_t *after =
        json_deep_copy(fake_kubernetes_get(kubernetes, plural, namespace_name, name));
    char id[ID_MAX];

    assert(after);
    fake_object_id(id, plural, namespace_name, name);
    fake_merge(after, patch);
    if (json_object_get(patch, "spec"))
        fake_raise_generation(after);
    fake_kubernetes_store(kubernetes, id, after);
    json_decref(patch);
}

json_t *fake_kubernetes_get(const struct fake_kubernetes *kubernetes, const char *plural,
                            const char *namespace_name, const char *name)
{
    char id[ID_MAX];

    fake_object_id(id, plural, namespace_name, name);
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

void fake_kubernetes_init(struct fake_kubernetes *kubernetes, const int64_t *now_ms)
{
    *kubernetes = (struct fake_kubernetes){.server = {.answer = fake_kubernetes_answer},
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
