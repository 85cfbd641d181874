/* What IAM of the fake AWS tells in pages. */

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

/* Where a page begins and ends; markers are the index of the first item. */
struct page {
    size_t first, end, count;
};

static struct page page_of(const struct fake_call *call, size_t count, size_t items_max)
{
    const char *marker = fake_field(call, "Marker"), *asked = fake_field(call, "MaxItems");
    struct page page = {.first = marker ? strtoul(marker, NULL, 10) : 0, .count = count};

    if (asked && strtoul(asked, NULL, 10) < items_max)
        items_max = strtoul(asked, NULL, 10);
    if (call->aws->page_max > 0 && call->aws->page_max < items_max)
        items_max = call->aws->page_max;
    page.end = page.first + items_max < count ? page.first + items_max : count;
    return page;
}

static void write_marker(struct fake_call *call, const struct page *page)
{
    struct text *text = &call->answer->body;

    if (page->end < page->count)
        text_printf(text, "<IsTruncated>true</IsTruncated><Marker>%zu</Marker>", page->end);
    else
        text_add_string(text, "<IsTruncated>false</IsTruncated>");
}

void fake_iam_list_policies(struct fake_call *call)
{
    const struct fake_role *role = fake_iam_role(call);
    struct page page;

    if (!role)
        return;
    page = page_of(call, role->policies.count, 100);
    fake_begin_result(call);
    text_add_string(&call->answer->body, "<PolicyNames>");
    for (size_t i = page.first; i < page.end; i++)
        fake_element(&call->answer->body, "member", role->policies.items[i].key);
    text_add_string(&call->answer->body, "</PolicyNames>");
    write_marker(call, &page);
    fake_end_result(call);
}

static void write_attached(struct text *text, const char *arn)
{
    text_add_string(text, "<member>");
    fake_element(text, "PolicyName", strrchr(arn, '/') + 1);
    fake_element(text, "PolicyArn", arn);
    text_add_string(text, "</member>");
}

void fake_iam_list_attached(struct fake_call *call)
{
    const struct fake_role *role = fake_iam_role(call);
    struct page page;

    if (!role)
        return;
    page = page_of(call, role->attached.count, 100);
    fake_begin_result(call);
    text_add_string(&call->answer->body, "<AttachedPolicies>");
    for (size_t i = page.first; i < page.end; i++)
        write_attached(&call->answer->body, role->attached.items[i].key);
    text_add_string(&call->answer->body, "</AttachedPolicies>");
    write_marker(call, &page);
    fake_end_result(call);
}

static void write_profiles(struct fake_call *call, const struct fake_role *role, struct page page)
{
    struct text *text = &call->answer->body;

    for (size_t i = page.first; i < page.end; i++) {
        text_add_string(text, "<member>");
        fake_element(text, "Path", "/");
        fake_element(text, "InstanceProfileName", role->profiles.items[i].key);
        text_add_string(text, "</member>");
    }
}

void fake_iam_list_profiles(struct fake_call *call)
{
    const struct fake_role *role = fake_iam_role(call);
    struct page page;

    if (!role)
        return;
    page = page_of(call, role->profiles.count, 100);
    fake_begin_result(call);
    text_add_string(&call->answer->body, "<InstanceProfiles>");
    write_profiles(call, role, page);
    text_add_string(&call->answer->body, "</InstanceProfiles>");
    write_marker(call, &page);
    fake_end_result(call);
}

static void write_detail(struct fake_call *call, const struct fake_role *role)
{
    struct text *text = &call->answer->body;

    text_add_string(text, "<member>");
    fake_iam_write_role(call, role);
    fake_write_tags(text, &role->tags);
    text_add_string(text, "<InstanceProfileList>");
    write_profiles(call, role, (struct page){.end = role->profiles.count});
    text_add_string(text, "</InstanceProfileList><RolePolicyList>");
    for (size_t i = 0; i < role->policies.count; i++) {
        text_add_string(text, "<member>");
        fake_element(text, "PolicyName", role->policies.items[i].key);
        fake_document(call, text, "PolicyDocument", role->policies.items[i].value);
        text_add_string(text, "</member>");
    }
    text_add_string(text, "</RolePolicyList><AttachedManagedPolicies>");
    for (size_t i = 0; i < role->attached.count; i++)
        write_attached(text, role->attached.items[i].key);
    text_add_string(text, "</AttachedManagedPolicies></member>");
}

void fake_iam_account_details(struct fake_call *call)
{
    struct page page = page_of(call, call->aws->role_count, 1000);

    fake_begin_result(call);
    write_marker(call, &page);
    text_add_string(&call->answer->body, "<UserDetailList/><GroupDetailList/><RoleDetailList>");
    for (size_t i = page.first; i < page.end; i++)
        write_detail(call, call->aws->roles[i]);
    text_add_string(&call->answer->body, "</RoleDetailList><Policies/>");
    fake_end_result(call);
}
