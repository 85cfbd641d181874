#include "aws/eks_wire.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"

void eks_begin(struct request *request, const char *operation, const char *method, const char *path)
{
    *request = (struct request){
        .service = SERVICE_EKS,
        .operation = operation,
        .method = method,
        .path = path,
        .write = strcmp(method, "GET") != 0,
        .sharable = strcmp(method, "GET") == 0,
    };
}

/*
 * One part of a path. "." and ".." have no escape in URLs: DELETE …/pod-identity-associations/..
 * would be another resource, namely the cluster. They are escaped twice and name nothing then.
 */
const char *eks_label(struct arena *arena, const char *text)
{
    if (strcmp(text, ".") == 0)
        return "%252E";
    if (strcmp(text, "..") == 0)
        return "%252E%252E";
    return encode_uri(arena, text);
}

void eks_set_body(struct arena *arena, struct request *request, const json_t *body)
{
    request->body = json_write(arena, body, false);
    request->body_length = strlen(request->body);
    request_add_header(request, "content-type", "application/json");
}

json_t *eks_tags_object(const struct aws_tags *tags)
{
    json_t *object = json_object();

    for (size_t i = 0; i < tags->count; i++)
        json_object_set_new(object, tags->items[i].key, json_string(tags->items[i].value));
    return object;
}

void eks_add_parameter(struct text *query, const char *name, const char *value)
{
    if (!value)
        return;
    if (query->length > 0)
        text_add_char(query, '&');
    text_add_string(query, name);
    text_add_char(query, '=');
    encode_uri_add(query, value, strlen(value));
}

const char *eks_take_query(struct arena *arena, const struct text *query)
{
    assert(!query->overflow);
    return arena_text(arena, query->bytes, query->length);
}
