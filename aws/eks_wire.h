#pragma once

/* What the files that speak to EKS share among themselves (eks.h, addons.h); nobody else includes
 * this. */

#include <stdbool.h>
#include <stddef.h>

#include "aws/tags.h"
#include "base/json.h"
#include "net/request.h"

struct arena;
struct error;
struct text;

/* Enough for 50 tags of the API's longest keys and values, escaped, as ?tagKeys=. */
enum { EKS_QUERY_MAX = 64 << 10 };

void eks_begin(struct request *request, const char *operation, const char *method,
               const char *path);
/* One part of a path, escaped. */
const char *eks_label(struct arena *arena, const char *text);
void eks_set_body(struct arena *arena, struct request *request, const json_t *body);
json_t *eks_tags_object(const struct aws_tags *tags);
/* value NULL: left out. */
void eks_add_parameter(struct text *query, const char *name, const char *value);
const char *eks_take_query(struct arena *arena, const struct text *query);

/* What an answer is about, for errors: every reader below fails with ERROR_RETRY. */
struct eks_answer {
    struct arena *arena;
    const char *what;
    struct error *error;
};

/* The tree of the answer, the caller's; NULL when it is none. */
json_t *eks_parse(const struct reply *reply, struct error *error);
bool eks_fail(const struct eks_answer *answer, const char *member, const char *trouble);
/* null is absent: both appear in answers. */
const json_t *eks_member(const json_t *object, const char *name);
/* "" is how a value is unset: the same as absent, NULL. */
bool eks_read_optional(const struct eks_answer *answer, const json_t *object, const char *name,
                       const char **text);
bool eks_read_text(const struct eks_answer *answer, const json_t *object, const char *name,
                   const char **text);
bool eks_read_bool(const struct eks_answer *answer, const json_t *object, const char *name,
                   bool *value);
bool eks_read_tags(const struct eks_answer *answer, const json_t *object, struct aws_tags *tags);
/* A list of texts, none of them empty; absent: no items. */
bool eks_read_texts(const struct eks_answer *answer, const json_t *object, const char *name,
                    const char *const **texts, size_t *count);
/* Zeroed room for count items; NULL when there are too many. */
void *eks_take_array(const struct eks_answer *answer, const char *name, size_t count, size_t size);
