#include "aws/iam.h"

#include <assert.h>

#include "aws/iam_wire.h"
#include "aws/query.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/xml.h"

void iam_get_account_details(struct arena *arena, struct request *request, unsigned items_max,
                             const char *marker)
{
    static const char *const filter[] = {"Role"};
    struct query query;

    assert(items_max >= 1 && items_max <= QUERY_ITEMS_MAX);
    iam_begin(&query, request, "GetAccountAuthorizationDetails", NULL);
    query_add_list(&query, "Filter", filter, COUNT(filter));
    query_add_number(&query, "MaxItems", items_max);
    query_add(&query, "Marker", marker);
    query_finish(&query, arena, request);
    request->write = false;
    request->sharable = true;
}

static bool read_inline(struct arena *arena, const struct query_result *result,
                        const struct xml *element, struct iam_role_detail *detail,
                        struct error *error)
{
    const struct xml *list = xml_find(element, "RolePolicyList");
    const struct xml *member = xml_first_named(list, "member");
    struct iam_policy *policies =
        query_read_list(arena, result, list, sizeof(*policies), &detail->inline_count, error);

    if (!policies)
        return false;
    for (size_t i = 0; i < detail->inline_count; i++, member = xml_next_named(member, "member")) {
        if (!query_read_text(result, member, "PolicyName", &policies[i].name, error) ||
            !query_read_document(arena, result, member, "PolicyDocument", &policies[i].document,
                                 error))
            return false;
    }
    detail->inline_policies = policies;
    return true;
}

static bool read_attached(struct arena *arena, const struct query_result *result,
                          const struct xml *element, struct iam_role_detail *detail,
                          struct error *error)
{
    const struct xml *list = xml_find(element, "AttachedManagedPolicies");
    const struct xml *member = xml_first_named(list, "member");
    const char **arns =
        query_read_list(arena, result, list, sizeof(*arns), &detail->attached_count, error);

    if (!arns)
        return false;
    for (size_t i = 0; i < detail->attached_count; i++, member = xml_next_named(member, "member")) {
        if (!query_read_text(result, member, "PolicyArn", &arns[i], error))
            return false;
    }
    detail->attached_arns = arns;
    return true;
}

static bool read_detail(struct arena *arena, const struct query_result *result,
                        const struct xml *element, struct iam_role_detail *detail,
                        struct error *error)
{
    return iam_read_common(arena, result, element, &detail->role, error) &&
           read_inline(arena, result, element, detail, error) &&
           read_attached(arena, result, element, detail, error);
}

bool iam_read_account_details(struct arena *arena, const struct reply *reply,
                              struct iam_detail_page *page, struct error *error)
{
    struct query_result result;
    const struct xml *list, *member;
    struct iam_role_detail *roles;

    if (!query_read(arena, reply, &result, error) ||
        !query_read_element(&result, result.element, "RoleDetailList", &list, error))
        return false;
    roles = query_read_list(arena, &result, list, sizeof(*roles), &page->count, error);
    if (!roles)
        return false;
    member = xml_first_named(list, "member");
    for (size_t i = 0; i < page->count; i++, member = xml_next_named(member, "member")) {
        if (!read_detail(arena, &result, member, &roles[i], error))
            return false;
    }
    page->roles = roles;
    return query_read_marker(&result, &page->marker, error);
}

const struct iam_policy *iam_policy_named(const struct iam_policy *policies, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(policies[i].name, name))
            return &policies[i];
    return NULL;
}
