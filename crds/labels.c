#include "crds/labels.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/field.h"

struct labels labels_read(struct fields *fields, const char *key)
{
    /* Jansson walks an object that it does not change, and yet wants it without const. */
    json_t *object = (json_t *)(uintptr_t)field_value(fields, key, JSON_OBJECT);
    struct fields inner = field_object(fields, key);
    struct labels labels = {0};
    struct label *items;
    const char *name;
    json_t *value;

    if (json_object_size(object) > LABELS_MAX) {
        field_refuse(fields, key, "there are over 256 of them");
        return labels;
    }
    items = arena_array(fields->arena, json_object_size(object) + 1, sizeof(*items));
    json_object_foreach(object, name, value)
    {
        if (json_is_null(value)) /* to leave it out would make the selector wider */
            field_refuse(fields, key, "a key has no value");
        items[labels.count++] = (struct label){name, field_text(&inner, name)};
    }
    labels.items = items;
    return labels;
}

struct labels labels_of(struct arena *arena, const json_t *object)
{
    json_t *all = (json_t *)(uintptr_t)json_path(object, "metadata.labels");
    size_t size = json_object_size(all) < LABELS_MAX ? json_object_size(all) : LABELS_MAX;
    struct label *items = arena_array(arena, size + 1, sizeof(*items));
    struct labels labels = {.items = items};
    const char *name;
    json_t *value;

    json_object_foreach(all, name, value)
    {
        if (json_is_string(value) && labels.count < size)
            items[labels.count++] = (struct label){name, json_string_value(value)};
    }
    return labels;
}

struct labels labels_pack(struct pack *pack, const struct labels *labels)
{
    struct label *items = pack_array(pack, labels->count, sizeof(*items));

    for (size_t i = 0; i < labels->count; i++) {
        struct label label = {pack_string(pack, labels->items[i].key),
                              pack_string(pack, labels->items[i].value)};

        if (items)
            items[i] = label;
    }
    return (struct labels){.items = items, .count = labels->count};
}

const char *labels_get(const struct labels *labels, const char *key)
{
    for (size_t i = 0; labels && i < labels->count; i++)
        if (text_equal(labels->items[i].key, key))
            return labels->items[i].value;
    return NULL;
}
