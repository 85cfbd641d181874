#include "aws/iam.h"

#include <errno.h>
#include <stdlib.h>

#include "aws/iam_wire.h"
#include "aws/query.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/xml.h"

static bool read_created(const struct query_result *result, const struct xml *element,
                         int64_t *created_ms, struct error *error)
{
    const char *text;

    if (!query_read_text(result, element, "CreateDate", &text, error))
        return false;
    return encode_time_parse(text, created_ms) ||
           error_set(error, ERROR_RETRY, "AWS's answer to %.64s: CreateDate \"%.40s\" is no time",
                     result->operation, text);
}

bool iam_read_common(struct arena *arena, const struct query_result *result,
                     const struct xml *element, struct iam_role *role, struct error *error)
{
    *role = (struct iam_role){.description = ""};
    return query_read_text(result, element, "RoleName", &role->name, error) &&
           query_read_text(result, element, "Arn", &role->arn, error) &&
           query_read_text(result, element, "Path", &role->path, error) &&
           query_read_text(result, element, "RoleId", &role->id, error) &&
           query_read_document(arena, result, element, "AssumeRolePolicyDocument", &role->trust,
                               error) &&
           query_read_optional(result, element, "PermissionsBoundary/PermissionsBoundaryArn", NULL,
                               &role->boundary_arn, error) &&
           read_created(result, element, &role->created_ms, error) &&
           query_read_tags(arena, result, element, &role->tags, error);
}

/* Absent only in answers of servers that are not AWS; IAM's default is an hour. */
static bool read_max_session(const struct query_result *result, const struct xml *element,
                             int64_t *max_session_s, struct error *error)
{
    const char *text;
    char *end;

    if (!query_read_optional(result, element, "MaxSessionDuration", "3600", &text, error))
        return false;
    errno = 0;
    *max_session_s = strtoll(text, &end, 10);
    if (errno || end == text || *end || *max_session_s <= 0)
        return error_set(error, ERROR_RETRY,
                         "AWS's answer to %.64s: MaxSessionDuration \"%.20s\" "
                         "is no number of seconds",
                         result->operation, text);
    return true;
}

bool iam_read_role(struct arena *arena, const struct reply *reply, struct iam_role *role,
                   struct error *error)
{
    struct query_result result;
    const struct xml *element;

    return query_read(arena, reply, &result, error) &&
           query_read_element(&result, result.element, "Role", &element, error) &&
           iam_read_common(arena, &result, element, role, error) &&
           query_read_optional(&result, element, "Description", "", &role->description, error) &&
           read_max_session(&result, element, &role->max_session_s, error);
}
