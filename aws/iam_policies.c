#include "aws/iam.h"

#include "aws/iam_wire.h"
#include "aws/query.h"
#include "base/xml.h"

void iam_finish_read(struct query *query, struct arena *arena, struct request *request)
{
    query_finish(query, arena, request);
    request->write = false;
    request->sharable = true;
}

void iam_put_role_policy(struct arena *arena, struct request *request, const char *role,
                         const char *policy, const char *document)
{
    struct query query;

    iam_begin(&query, request, "PutRolePolicy", role);
    query_add(&query, "PolicyName", policy);
    query_add(&query, "PolicyDocument", document);
    query_finish(&query, arena, request);
}

void iam_get_role_policy(struct arena *arena, struct request *request, const char *role,
                         const char *policy)
{
    struct query query;

    iam_begin(&query, request, "GetRolePolicy", role);
    query_add(&query, "PolicyName", policy);
    iam_finish_read(&query, arena, request);
}

bool iam_read_role_policy(struct arena *arena, const struct reply *reply, const char **document,
                          struct error *error)
{
    struct query_result result;

    return query_read(arena, reply, &result, error) &&
           query_read_document(arena, &result, result.element, "PolicyDocument", document, error);
}

void iam_delete_role_policy(struct arena *arena, struct request *request, const char *role,
                            const char *policy)
{
    struct query query;

    iam_begin(&query, request, "DeleteRolePolicy", role);
    query_add(&query, "PolicyName", policy);
    query_finish(&query, arena, request);
}

void iam_attach_role_policy(struct arena *arena, struct request *request, const char *role,
                            const char *policy_arn)
{
    struct query query;

    iam_begin(&query, request, "AttachRolePolicy", role);
    query_add(&query, "PolicyArn", policy_arn);
    query_finish(&query, arena, request);
}

void iam_detach_role_policy(struct arena *arena, struct request *request, const char *role,
                            const char *policy_arn)
{
    struct query query;

    iam_begin(&query, request, "DetachRolePolicy", role);
    query_add(&query, "PolicyArn", policy_arn);
    query_finish(&query, arena, request);
}

void iam_list_role_policies(struct arena *arena, struct request *request, const char *role,
                            const char *marker)
{
    struct query query;

    iam_begin(&query, request, "ListRolePolicies", role);
    query_add(&query, "Marker", marker);
    iam_finish_read(&query, arena, request);
}

void iam_list_attached_role_policies(struct arena *arena, struct request *request, const char *role,
                                     const char *marker)
{
    struct query query;

    iam_begin(&query, request, "ListAttachedRolePolicies", role);
    query_add(&query, "Marker", marker);
    iam_finish_read(&query, arena, request);
}

bool iam_read_page(struct arena *arena, const struct reply *reply, const char *list_name,
                   const char *part, struct iam_page *page, struct error *error)
{
    struct query_result result;
    const struct xml *list, *member;
    const char **items;

    if (!query_read(arena, reply, &result, error) ||
        !query_read_element(&result, result.element, list_name, &list, error))
        return false;
    items = query_read_list(arena, &result, list, sizeof(*items), &page->count, error);
    if (!items)
        return false;
    member = xml_first_named(list, "member");
    for (size_t i = 0; i < page->count; i++, member = xml_next_named(member, "member")) {
        if (!query_read_text(&result, member, part, &items[i], error))
            return false;
    }
    page->items = items;
    return query_read_marker(&result, &page->marker, error);
}

bool iam_read_policy_names(struct arena *arena, const struct reply *reply, struct iam_page *page,
                           struct error *error)
{
    return iam_read_page(arena, reply, "PolicyNames", "", page, error);
}

bool iam_read_policy_arns(struct arena *arena, const struct reply *reply, struct iam_page *page,
                          struct error *error)
{
    return iam_read_page(arena, reply, "AttachedPolicies", "PolicyArn", page, error);
}
