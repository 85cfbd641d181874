#pragma once

/*
 * The Query protocol of IAM and STS: a form with Action and Version goes out, XML comes back
 * (<CreateRoleResponse><CreateRoleResult>…). Lists are numbered: Tags.member.1.Key, from 1.
 *
 * Readers take nothing on trust: an answer that lacks what the API promises is ERROR_RETRY with
 * its operation and the missing element; texts and lists have ceilings. What they return lives in
 * the arena.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/tags.h"
#include "base/text.h"
#include "net/request.h"

struct arena;
struct error;
struct xml;

/* The longest document by the API's model, 131,072 characters up to U+00FF, escaped: 768 KiB. */
enum { QUERY_FORM_MAX = 1 << 20 };

/* A form being written. */
struct query {
    struct text form;
};

/* service, operation and version make the request; it is a write until told otherwise. */
void query_begin(struct query *query, struct request *request, enum request_service service,
                 const char *operation, const char *version);
/* value NULL: left out. */
void query_add(struct query *query, const char *name, const char *value);
void query_add_number(struct query *query, const char *name, int64_t value);
/* Tags.member.N.Key and .Value; TagKeys.member.N and the like. */
void query_add_tags(struct query *query, const struct aws_tags *tags);
void query_add_list(struct query *query, const char *name, const char *const *values, size_t count);
/* Puts the form into the request. Past QUERY_FORM_MAX is a caller's mistake (asserted): documents
 * from outside are measured against the API's limits long before. */
void query_finish(struct query *query, struct arena *arena, struct request *request);

enum {
    QUERY_TEXT_MAX = 8192,           /* names, ARNs, paging markers */
    QUERY_DOCUMENT_MAX = 6 * 131072, /* a policy document as it comes, escaped */
    QUERY_ITEMS_MAX = 1000,          /* in a list: the largest page of the API */
};

/* A 2xx answer: the operation it says it answers ("GetRole") and its result element. */
struct query_result {
    const char *operation;
    const struct xml *element;
};

bool query_read(struct arena *arena, const struct reply *reply, struct query_result *result,
                struct error *error);
/* The element at path, empty or not. */
bool query_read_element(const struct query_result *result, const struct xml *element,
                        const char *path, const struct xml **found, struct error *error);
/* The text at path under element, not empty and at most QUERY_TEXT_MAX long; result names the
 * answer in the error. */
bool query_read_text(const struct query_result *result, const struct xml *element, const char *path,
                     const char **value, struct error *error);
/* The same, but absent gives fallback and empty is a value. */
bool query_read_optional(const struct query_result *result, const struct xml *element,
                         const char *path, const char *fallback, const char **value,
                         struct error *error);
/* A policy document with its escapes taken away: %XX only, '+' is a plus. */
bool query_read_document(struct arena *arena, const struct query_result *result,
                         const struct xml *element, const char *path, const char **document,
                         struct error *error);
/* Zeroed room for an item per member of list (NULL: none) and their count; NULL when there are too
 * many. */
void *query_read_list(struct arena *arena, const struct query_result *result,
                      const struct xml *list, size_t item_size, size_t *count, struct error *error);
/* Tags of the element; absent means none. */
bool query_read_tags(struct arena *arena, const struct query_result *result,
                     const struct xml *element, struct aws_tags *tags, struct error *error);
/* The marker of the next page; NULL when this is the last. */
bool query_read_marker(const struct query_result *result, const char **marker, struct error *error);
