#include "aws/query.h"

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/xml.h"

/* "GetRoleResponse" → "GetRole"; NULL when the name does not end so. */
static const char *operation_of(struct arena *arena, const char *name)
{
    if (!text_ends(name, "Response"))
        return NULL;
    return arena_text(arena, name, strlen(name) - strlen("Response"));
}

bool query_read(struct arena *arena, const struct reply *reply, struct query_result *result,
                struct error *error)
{
    const struct xml *root = xml_parse(arena, reply->body, reply->body_length, error);

    if (!root) {
        error->kind = ERROR_RETRY; /* a good answer cut short or garbled on its way */
        return error_wrap(error, "AWS's answer");
    }
    result->operation = operation_of(arena, root->name);
    if (!result->operation)
        return error_set(error, ERROR_RETRY, "AWS's answer is a <%.64s>, not a response",
                         root->name);
    result->element = xml_find(root, arena_printf(arena, "%sResult", result->operation));
    if (!result->element)
        return error_set(error, ERROR_RETRY, "AWS's answer to %.64s has no result",
                         result->operation);
    return true;
}

static bool missing(const struct query_result *result, const char *path, struct error *error)
{
    return error_set(error, ERROR_RETRY, "AWS's answer to %.64s has no %s", result->operation,
                     path);
}

static bool within(const struct query_result *result, const char *path, const char *value,
                   size_t length_max, struct error *error)
{
    return strnlen(value, length_max + 1) <= length_max ||
           error_set(error, ERROR_RETRY, "AWS's answer to %.64s: %s is longer than %zu characters",
                     result->operation, path, length_max);
}

bool query_read_element(const struct query_result *result, const struct xml *element,
                        const char *path, const struct xml **found, struct error *error)
{
    *found = xml_find(element, path);
    return *found || missing(result, path, error);
}

bool query_read_text(const struct query_result *result, const struct xml *element, const char *path,
                     const char **value, struct error *error)
{
    *value = xml_text(element, path);
    if (!*value || !**value)
        return missing(result, *path ? path : element->name, error);
    return within(result, path, *value, QUERY_TEXT_MAX, error);
}

bool query_read_optional(const struct query_result *result, const struct xml *element,
                         const char *path, const char *fallback, const char **value,
                         struct error *error)
{
    *value = xml_text(element, path);
    if (!*value)
        *value = fallback;
    return !*value || within(result, path, *value, QUERY_TEXT_MAX, error);
}

bool query_read_document(struct arena *arena, const struct query_result *result,
                         const struct xml *element, const char *path, const char **document,
                         struct error *error)
{
    const char *escaped = xml_text(element, path);

    if (!escaped || !*escaped)
        return missing(result, path, error);
    if (!within(result, path, escaped, QUERY_DOCUMENT_MAX, error))
        return false;
    *document = encode_uri_decode(arena, escaped);
    if (!*document || !text_utf8(*document, strlen(*document)))
        return error_set(error, ERROR_RETRY, "AWS's answer to %.64s: %s is wrongly escaped",
                         result->operation, path);
    return true;
}

static size_t members(const struct xml *list)
{
    size_t count = 0;

    for (const struct xml *member = xml_first_named(list, "member"); member;
         member = xml_next_named(member, "member"))
        count++;
    return count;
}

void *query_read_list(struct arena *arena, const struct query_result *result,
                      const struct xml *list, size_t item_size, size_t *count, struct error *error)
{
    *count = members(list);
    if (*count > QUERY_ITEMS_MAX) {
        error_set(error, ERROR_RETRY, "AWS's answer to %.64s: %.64s has more than %d items",
                  result->operation, list->name, QUERY_ITEMS_MAX);
        return NULL;
    }
    if (arena_room(arena) / 2 < *count * item_size) {
        error_set(error, ERROR_RETRY, "AWS's answer to %.64s is larger than there is room for",
                  result->operation);
        return NULL;
    }
    return arena_array(arena, *count + 1, item_size);
}

bool query_read_tags(struct arena *arena, const struct query_result *result,
                     const struct xml *element, struct aws_tags *tags, struct error *error)
{
    const struct xml *list = xml_find(element, "Tags"), *member = xml_first_named(list, "member");
    struct aws_tag *items =
        query_read_list(arena, result, list, sizeof(*items), &tags->count, error);

    if (!items)
        return false;
    for (size_t i = 0; i < tags->count; i++, member = xml_next_named(member, "member")) {
        if (!query_read_text(result, member, "Key", &items[i].key, error) ||
            !query_read_optional(result, member, "Value", "", &items[i].value, error))
            return false;
    }
    tags->items = items;
    return true;
}

bool query_read_marker(const struct query_result *result, const char **marker, struct error *error)
{
    const char *truncated = xml_text(result->element, "IsTruncated");

    *marker = NULL;
    if (!truncated || strcmp(truncated, "false") == 0)
        return true;
    if (strcmp(truncated, "true") != 0)
        return error_set(error, ERROR_RETRY,
                         "AWS's answer to %.64s: IsTruncated is neither true "
                         "nor false",
                         result->operation);
    return query_read_text(result, result->element, "Marker", marker, error);
}
