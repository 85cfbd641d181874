#pragma once

/* What the files of iam.h share among themselves; nobody else includes this. */

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
