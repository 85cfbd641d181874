#include "aws/eks_wire.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"

enum {
    BODY_MAX = 1 << 20, /* a page of 100 associations is a tenth of it */
    ITEMS_MAX = 1000,   /* in a page; the API promises 100 */
    TEXT_MAX = 8192,    /* the longest, a paging token, has no limit in the model */
};

bool eks_fail(const struct eks_answer *answer, const char *member, const char *trouble)
{
    return error_set(answer->error, ERROR_RETRY, "EKS's answer: %s.%s %s", answer->what, member,
                     trouble);
}

json_t *eks_parse(const struct reply *reply, struct error *error)
{
    json_t *json;

    if (reply->body_length > BODY_MAX) {
        error_set(error, ERROR_RETRY, "EKS's answer is larger than %d bytes", BODY_MAX);
        return NULL;
    }
    json = json_parse(reply->body, reply->body_length, error);
    if (!json) {
        error->kind = ERROR_RETRY; /* a good answer cut short or garbled on its way */
        error_wrap(error, "EKS's answer");
    }
    return json;
}

/* The arena would end the process where we can refuse an answer. */
static bool has_room(const struct eks_answer *answer, const char *name, size_t size)
{
    return arena_room(answer->arena) / 2 > size || eks_fail(answer, name, "has no room");
}

void *eks_take_array(const struct eks_answer *answer, const char *name, size_t count, size_t size)
{
    if (count > ITEMS_MAX) {
        eks_fail(answer, name, "has more than 1000 items");
        return NULL;
    }
    if (!has_room(answer, name, (count + 1) * size))
        return NULL;
    return arena_array(answer->arena, count + 1, size);
}

static bool take_text(const struct eks_answer *answer, const char *name, const char *bytes,
                      size_t length, const char **text)
{
    if (length > TEXT_MAX)
        return eks_fail(answer, name, "is too long");
    if (!has_room(answer, name, length))
        return false;
    *text = arena_text(answer->arena, bytes, length);
    return true;
}

const json_t *eks_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}

bool eks_read_optional(const struct eks_answer *answer, const json_t *object, const char *name,
                       const char **text)
{
    const json_t *value = eks_member(object, name);

    *text = NULL;
    if (!value)
        return true;
    if (!json_is_string(value))
        return eks_fail(answer, name, "is no text");
    /* "" is how a value is unset: the same as absent. */
    return json_string_length(value) == 0 ||
           take_text(answer, name, json_string_value(value), json_string_length(value), text);
}

bool eks_read_text(const struct eks_answer *answer, const json_t *object, const char *name,
                   const char **text)
{
    return eks_read_optional(answer, object, name, text) &&
           (*text || eks_fail(answer, name, "is missing"));
}

bool eks_read_bool(const struct eks_answer *answer, const json_t *object, const char *name,
                   bool *value)
{
    const json_t *json = eks_member(object, name);

    *value = json_is_true(json);
    return !json || json_is_boolean(json) || eks_fail(answer, name, "is neither true nor false");
}

bool eks_read_tags(const struct eks_answer *answer, const json_t *object, struct aws_tags *tags)
{
    json_t *json = json_object_get(object, "tags"), *value;
    struct aws_tag *items;
    const char *key;

    if (!json || json_is_null(json))
        return true;
    if (!json_is_object(json))
        return eks_fail(answer, "tags", "is no object");
    items = eks_take_array(answer, "tags", json_object_size(json), sizeof(*items));
    if (!items)
        return false;
    json_object_foreach(json, key, value)
    {
        struct aws_tag *tag = &items[tags->count++];

        if (!json_is_string(value))
            return eks_fail(answer, "tags", "has a value that is no text");
        if (!take_text(answer, "tags", key, strlen(key), &tag->key) ||
            !take_text(answer, "tags", json_string_value(value), json_string_length(value),
                       &tag->value))
            return false;
    }
    tags->items = items;
    return true;
}

static bool read_item(const struct eks_answer *answer, const char *name, const json_t *item,
                      const char **text)
{
    size_t length = json_string_length(item);

    if (length == 0)
        return eks_fail(answer, name, "has an item that is no text");
    return take_text(answer, name, json_string_value(item), length, text);
}

bool eks_read_texts(const struct eks_answer *answer, const json_t *object, const char *name,
                    const char *const **texts, size_t *count)
{
    const json_t *list = eks_member(object, name);
    const char **items;

    *texts = NULL;
    *count = 0;
    if (!list)
        return true;
    if (!json_is_array(list))
        return eks_fail(answer, name, "is no list");
    items = eks_take_array(answer, name, json_array_size(list), sizeof(*items));
    if (!items)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!read_item(answer, name, json_array_get(list, i), &items[i]))
            return false;
    }
    *texts = items;
    *count = json_array_size(list);
    return true;
}
