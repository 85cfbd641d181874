#include "aws/iam.h"

#include "aws/iam_wire.h"
#include "aws/query.h"

void iam_begin(struct query *query, struct request *request, const char *operation,
               const char *role)
{
    query_begin(query, request, SERVICE_IAM, operation, "2010-05-08");
    query_add(query, "RoleName", role);
}

void iam_create_role(struct arena *arena, struct request *request, const struct iam_role_wish *wish)
{
    struct query query;

    iam_begin(&query, request, "CreateRole", wish->name);
    query_add(&query, "Path", wish->path);
    query_add(&query, "AssumeRolePolicyDocument", wish->trust);
    query_add(&query, "Description", wish->description);
    if (wish->max_session_s > 0)
        query_add_number(&query, "MaxSessionDuration", wish->max_session_s);
    query_add(&query, "PermissionsBoundary", wish->boundary_arn);
    query_add_tags(&query, &wish->tags);
    query_finish(&query, arena, request);
}

void iam_get_role(struct arena *arena, struct request *request, const char *name)
{
    struct query query;

    iam_begin(&query, request, "GetRole", name);
    query_finish(&query, arena, request);
    request->write = false;
    request->sharable = true;
}

void iam_update_role(struct arena *arena, struct request *request, const char *name,
                     const char *description, int64_t max_session_s)
{
    struct query query;

    iam_begin(&query, request, "UpdateRole", name);
    query_add(&query, "Description", description);
    if (max_session_s > 0)
        query_add_number(&query, "MaxSessionDuration", max_session_s);
    query_finish(&query, arena, request);
}

void iam_update_trust(struct arena *arena, struct request *request, const char *name,
                      const char *trust)
{
    struct query query;

    iam_begin(&query, request, "UpdateAssumeRolePolicy", name);
    query_add(&query, "PolicyDocument", trust);
    query_finish(&query, arena, request);
}

void iam_delete_role(struct arena *arena, struct request *request, const char *name)
{
    struct query query;

    iam_begin(&query, request, "DeleteRole", name);
    query_finish(&query, arena, request);
}

void iam_put_boundary(struct arena *arena, struct request *request, const char *name,
                      const char *boundary_arn)
{
    struct query query;

    iam_begin(&query, request, "PutRolePermissionsBoundary", name);
    query_add(&query, "PermissionsBoundary", boundary_arn);
    query_finish(&query, arena, request);
}

void iam_tag_role(struct arena *arena, struct request *request, const char *name,
                  const struct aws_tags *tags)
{
    struct query query;

    iam_begin(&query, request, "TagRole", name);
    query_add_tags(&query, tags);
    query_finish(&query, arena, request);
}

void iam_untag_role(struct arena *arena, struct request *request, const char *name,
                    const char *const *keys, size_t count)
{
    struct query query;

    iam_begin(&query, request, "UntagRole", name);
    query_add_list(&query, "TagKeys", keys, count);
    query_finish(&query, arena, request);
}
