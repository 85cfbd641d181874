#pragma once

/* What the files of iam.h and oidc.h share among themselves; nobody else includes this. */

#include "aws/iam.h"
#include "aws/query.h"

struct xml;

/* Begins a form of the IAM API; role NULL: the call concerns none. */
void iam_begin(struct query *query, struct request *request, const char *operation,
               const char *role);

/* The members that Role and RoleDetail have in common; description and maxSessionDuration stay
 * empty and 0. */
bool iam_read_common(struct arena *arena, const struct query_result *result,
                     const struct xml *element, struct iam_role *role, struct error *error);

/* query_finish for a request that only reads. */
void iam_finish_read(struct query *query, struct arena *arena, struct request *request);

/* The list of that name; part is where a member keeps its text, "": the member itself. */
bool iam_read_page(struct arena *arena, const struct reply *reply, const char *list_name,
                   const char *part, struct iam_page *page, struct error *error);
