#include "aws/query.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"

enum { NAME_MAX_SIZE = 64 };

void query_begin(struct query *query, struct request *request, enum request_service service,
                 const char *operation, const char *version)
{
    text_init(&query->form, QUERY_FORM_MAX);
    *request = (struct request){
        .service = service,
        .operation = operation,
        .method = "POST",
        .path = "/",
        .write = true,
    };
    request_add_header(request, "content-type", "application/x-www-form-urlencoded; charset=utf-8");
    query_add(query, "Action", operation);
    query_add(query, "Version", version);
}

/* Names are ours and need no escape. */
void query_add(struct query *query, const char *name, const char *value)
{
    if (!value)
        return;
    if (query->form.length > 0)
        text_add_char(&query->form, '&');
    text_add_string(&query->form, name);
    text_add_char(&query->form, '=');
    encode_uri_add(&query->form, value, strlen(value));
}

void query_add_number(struct query *query, const char *name, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%" PRId64, value);
    query_add(query, name, digits);
}

void query_add_tags(struct query *query, const struct aws_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        char name[NAME_MAX_SIZE];

        snprintf(name, sizeof(name), "Tags.member.%zu.Key", i + 1);
        query_add(query, name, tags->items[i].key);
        snprintf(name, sizeof(name), "Tags.member.%zu.Value", i + 1);
        query_add(query, name, tags->items[i].value);
    }
}

void query_add_list(struct query *query, const char *name, const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char member[NAME_MAX_SIZE];

        snprintf(member, sizeof(member), "%s.member.%zu", name, i + 1);
        query_add(query, member, values[i]);
    }
}

void query_finish(struct query *query, struct arena *arena, struct request *request)
{
    assert(!query->form.overflow);
    request->body = arena_text(arena, query->form.bytes, query->form.length);
    request->body_length = query->form.length;
    text_finish(&query->form);
}
