/* IAM and STS of the fake AWS: Query forms in, XML out. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

enum { FORM_FIELDS_MAX = 256, WORDS_MAX = 1024 };

static void read_form(struct fake_call *call)
{
    struct aws_tag *fields = arena_array(call->arena, FORM_FIELDS_MAX, sizeof(*fields));
    char *rest = arena_text(call->arena, call->request->body, call->request->body_length);

    call->form.items = fields;
    for (char *field = strtok_r(rest, "&", &rest); field; field = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(field, '=');

        *equals = '\0';
        fields[call->form.count++] =
            (struct aws_tag){.key = field, .value = encode_uri_decode(call->arena, equals + 1)};
    }
}

static const char *field(const struct fake_call *call, const char *name)
{
    return aws_tags_get(&call->form, name);
}

/* The n-th member of a list, from 0; NULL past its end. */
static const char *member(const struct fake_call *call, const char *list, size_t n,
                          const char *part)
{
    return field(call, arena_printf(call->arena, "%s.member.%zu%s", list, n + 1, part));
}

static void escape(struct text *text, const char *value)
{
    for (; *value; value++) {
        if (*value == '&')
            text_add_string(text, "&amp;");
        else if (*value == '<')
            text_add_string(text, "&lt;");
        else
            text_add_char(text, *value);
    }
}

static void element(struct text *text, const char *name, const char *value)
{
    text_printf(text, "<%s>", name);
    escape(text, value);
    text_printf(text, "</%s>", name);
}

/* Policy documents are percent-encoded in answers. */
static void document(struct fake_call *call, struct text *text, const char *name, const char *value)
{
    element(text, name, encode_uri(call->arena, value));
}

static void begin(struct fake_call *call)
{
    call->answer->content_type = "text/xml";
    text_printf(&call->answer->body,
                "<%sResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">",
                call->request->operation);
}

static void end(struct fake_call *call)
{
    text_printf(&call->answer->body,
                "<ResponseMetadata><RequestId>0000-fake</RequestId></ResponseMetadata>"
                "</%sResponse>",
                call->request->operation);
}

static void begin_result(struct fake_call *call)
{
    begin(call);
    text_printf(&call->answer->body, "<%sResult>", call->request->operation);
}

static void end_result(struct fake_call *call)
{
    text_printf(&call->answer->body, "</%sResult>", call->request->operation);
    end(call);
}

static void fail(struct fake_call *call, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void fail(struct fake_call *call, int status, const char *code, const char *format, ...)
{
    char words[WORDS_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    fake_answer_error(call->answer, SERVICE_IAM, status, code, "%s", words);
}

/* The role the form names, as far as IAM shows it already; else the answer is NoSuchEntity. */
static struct fake_role *role_of(struct fake_call *call)
{
    const char *name = field(call, "RoleName");
    struct fake_role *role = fake_aws_role(call->aws, name);

    if (role && role->created_ms + call->aws->iam_settles_ms <= *call->aws->now_ms)
        return role;
    fail(call, 404, "NoSuchEntity", "The role with name %s cannot be found.", name);
    return NULL;
}

/* The same for a write. */
static struct fake_role *written_role(struct fake_call *call)
{
    struct fake_role *role = role_of(call);

    if (role && call->aws->boundary_required && !text_equal(role->boundary, FAKE_BOUNDARY) &&
        strcmp(call->request->operation, "PutRolePermissionsBoundary") != 0) {
        fail(call, 403, "AccessDenied", "not authorized to perform iam:%s: the boundary is missing",
             call->request->operation);
        return NULL;
    }
    return role;
}

static void wrote(struct fake_call *call, const struct fake_role *role, bool changed)
{
    fake_aws_wrote(call, changed, role->foreign);
    begin(call);
    end(call);
}

static void write_tags(struct text *text, const struct fake_pairs *tags)
{
    text_add_string(text, "<Tags>");
    for (size_t i = 0; i < tags->count; i++) {
        text_add_string(text, "<member>");
        element(text, "Key", tags->items[i].key);
        element(text, "Value", tags->items[i].value);
        text_add_string(text, "</member>");
    }
    text_add_string(text, "</Tags>");
}

/* What GetRole and GetAccountAuthorizationDetails have in common. */
static void write_common(struct fake_call *call, const struct fake_role *role)
{
    struct text *text = &call->answer->body;
    char created[ENCODE_TIME_SIZE];

    encode_time(role->created_ms, created);
    element(text, "Path", role->path);
    element(text, "RoleName", role->name);
    element(text, "RoleId", arena_printf(call->arena, "AROA%s", role->name));
    element(text, "Arn", fake_role_arn(call->arena, role));
    element(text, "CreateDate", created);
    document(call, text, "AssumeRolePolicyDocument", role->trust);
    if (role->boundary) {
        text_add_string(text, "<PermissionsBoundary>"
                              "<PermissionsBoundaryType>Policy</PermissionsBoundaryType>");
        element(text, "PermissionsBoundaryArn", role->boundary);
        text_add_string(text, "</PermissionsBoundary>");
    }
}

static void write_role(struct fake_call *call, const struct fake_role *role, bool tags)
{
    struct text *text = &call->answer->body;

    begin_result(call);
    text_add_string(text, "<Role>");
    write_common(call, role);
    if (role->description[0])
        element(text, "Description", role->description);
    text_printf(text, "<MaxSessionDuration>%lld</MaxSessionDuration>",
                (long long)role->max_session_s);
    if (tags)
        write_tags(text, &role->tags);
    text_add_string(text, "</Role>");
    end_result(call);
}

static bool put_tags(struct fake_call *call, struct fake_pairs *tags)
{
    const char *key;
    bool changed = false;

    for (size_t i = 0; (key = member(call, "Tags", i, ".Key")); i++)
        changed |= fake_pairs_put(tags, key, member(call, "Tags", i, ".Value"));
    return changed;
}

static void create_role(struct fake_call *call)
{
    const char *name = field(call, "RoleName"), *session = field(call, "MaxSessionDuration");
    const char *description = field(call, "Description");
    struct fake_role *role;

    if (fake_aws_role(call->aws, name)) {
        fail(call, 409, "EntityAlreadyExists", "Role with name %s already exists.", name);
        return;
    }
    role = fake_aws_add_role(call->aws, field(call, "Path"), name,
                             field(call, "AssumeRolePolicyDocument"));
    role->foreign = false;
    fake_text_set(&role->boundary, field(call, "PermissionsBoundary"));
    fake_text_set(&role->description, description ? description : "");
    if (session)
        role->max_session_s = strtoll(session, NULL, 10);
    put_tags(call, &role->tags);
    fake_aws_wrote(call, true, false);
    write_role(call, role, false);
}

static void get_role(struct fake_call *call)
{
    const struct fake_role *role = role_of(call);

    if (role)
        write_role(call, role, true);
}

static void delete_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (!role)
        return;
    if (role->policies.count + role->attached.count > 0) {
        fail(call, 409, "DeleteConflict",
             "Cannot delete entity, must delete or detach all policies first.");
        return;
    }
    wrote(call, role, true);
    fake_iam_forget(call->aws, role);
}

static void update_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *session = field(call, "MaxSessionDuration");
    int64_t session_s = session ? strtoll(session, NULL, 10) : 3600;
    bool changed;

    if (!role)
        return;
    changed = fake_text_set(&role->description, field(call, "Description"));
    changed |= role->max_session_s != session_s;
    role->max_session_s = session_s;
    begin_result(call);
    end_result(call);
    fake_aws_wrote(call, changed, role->foreign);
}

static bool is_json(const char *text)
{
    struct error ignored;
    AUTO_JSON json_t *json = json_parse(text, strlen(text), &ignored);

    return json_is_object(json);
}

static bool policy_good(struct fake_call *call)
{
    if (is_json(field(call, "PolicyDocument")) &&
        !strstr(field(call, "PolicyDocument"), "nonsense"))
        return true;
    fail(call, 400, "MalformedPolicyDocument", "Syntax errors in policy.");
    return false;
}

static void update_trust(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role && policy_good(call))
        wrote(call, role, fake_text_set(&role->trust, field(call, "PolicyDocument")));
}

static void put_boundary(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role)
        wrote(call, role, fake_text_set(&role->boundary, field(call, "PermissionsBoundary")));
}

static void tag_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role)
        wrote(call, role, put_tags(call, &role->tags));
}

static void untag_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *key;
    bool changed = false;

    if (!role)
        return;
    for (size_t i = 0; (key = member(call, "TagKeys", i, "")); i++)
        changed |= fake_pairs_remove(&role->tags, key);
    wrote(call, role, changed);
}

static void put_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role && policy_good(call))
        wrote(call, role,
              fake_pairs_put(&role->policies, field(call, "PolicyName"),
                             field(call, "PolicyDocument")));
}

static void no_policy(struct fake_call *call, const char *name)
{
    fail(call, 404, "NoSuchEntity", "The role policy with name %s cannot be found.", name);
}

static void get_role_policy(struct fake_call *call)
{
    const struct fake_role *role = role_of(call);
    const char *name = field(call, "PolicyName"), *text;

    if (!role)
        return;
    text = fake_pairs_get(&role->policies, name);
    if (!text) {
        no_policy(call, name);
        return;
    }
    begin_result(call);
    element(&call->answer->body, "RoleName", role->name);
    element(&call->answer->body, "PolicyName", name);
    document(call, &call->answer->body, "PolicyDocument", text);
    end_result(call);
}

static void delete_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *name = field(call, "PolicyName");

    if (!role)
        return;
    if (fake_pairs_remove(&role->policies, name))
        wrote(call, role, true);
    else
        no_policy(call, name);
}

/* A policy whose ARN says so does not exist. */
static void attach_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *arn = field(call, "PolicyArn");

    if (!role)
        return;
    if (strstr(arn, "policy/missing"))
        fail(call, 404, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn);
    else
        wrote(call, role, fake_pairs_put(&role->attached, arn, ""));
}

static void detach_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *arn = field(call, "PolicyArn");

    if (!role)
        return;
    if (fake_pairs_remove(&role->attached, arn))
        wrote(call, role, true);
    else
        fail(call, 404, "NoSuchEntity", "Policy %s was not found.", arn);
}

/* Where a page begins and ends; markers are the index of the first item. */
struct page {
    size_t first, end, count;
};

static struct page page_of(const struct fake_call *call, size_t count, size_t items_max)
{
    const char *marker = field(call, "Marker"), *asked = field(call, "MaxItems");
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

static void list_role_policies(struct fake_call *call)
{
    const struct fake_role *role = role_of(call);
    struct page page;

    if (!role)
        return;
    page = page_of(call, role->policies.count, 100);
    begin_result(call);
    text_add_string(&call->answer->body, "<PolicyNames>");
    for (size_t i = page.first; i < page.end; i++)
        element(&call->answer->body, "member", role->policies.items[i].key);
    text_add_string(&call->answer->body, "</PolicyNames>");
    write_marker(call, &page);
    end_result(call);
}

static void write_attached(struct text *text, const char *arn)
{
    text_add_string(text, "<member>");
    element(text, "PolicyName", strrchr(arn, '/') + 1);
    element(text, "PolicyArn", arn);
    text_add_string(text, "</member>");
}

static void list_attached(struct fake_call *call)
{
    const struct fake_role *role = role_of(call);
    struct page page;

    if (!role)
        return;
    page = page_of(call, role->attached.count, 100);
    begin_result(call);
    text_add_string(&call->answer->body, "<AttachedPolicies>");
    for (size_t i = page.first; i < page.end; i++)
        write_attached(&call->answer->body, role->attached.items[i].key);
    text_add_string(&call->answer->body, "</AttachedPolicies>");
    write_marker(call, &page);
    end_result(call);
}

static void write_detail(struct fake_call *call, const struct fake_role *role)
{
    struct text *text = &call->answer->body;

    text_add_string(text, "<member>");
    write_common(call, role);
    write_tags(text, &role->tags);
    text_add_string(text, "<InstanceProfileList/><RolePolicyList>");
    for (size_t i = 0; i < role->policies.count; i++) {
        text_add_string(text, "<member>");
        element(text, "PolicyName", role->policies.items[i].key);
        document(call, text, "PolicyDocument", role->policies.items[i].value);
        text_add_string(text, "</member>");
    }
    text_add_string(text, "</RolePolicyList><AttachedManagedPolicies>");
    for (size_t i = 0; i < role->attached.count; i++)
        write_attached(text, role->attached.items[i].key);
    text_add_string(text, "</AttachedManagedPolicies></member>");
}

static void account_details(struct fake_call *call)
{
    struct page page = page_of(call, call->aws->role_count, 1000);

    begin_result(call);
    write_marker(call, &page);
    text_add_string(&call->answer->body, "<UserDetailList/><GroupDetailList/><RoleDetailList>");
    for (size_t i = page.first; i < page.end; i++)
        write_detail(call, call->aws->roles[i]);
    text_add_string(&call->answer->body, "</RoleDetailList><Policies/>");
    end_result(call);
}

static const struct operation {
    const char *name;
    void (*answer)(struct fake_call *call);
} operations[] = {
    {"CreateRole", create_role},
    {"GetRole", get_role},
    {"DeleteRole", delete_role},
    {"UpdateRole", update_role},
    {"UpdateAssumeRolePolicy", update_trust},
    {"PutRolePermissionsBoundary", put_boundary},
    {"TagRole", tag_role},
    {"UntagRole", untag_role},
    {"PutRolePolicy", put_role_policy},
    {"GetRolePolicy", get_role_policy},
    {"DeleteRolePolicy", delete_role_policy},
    {"AttachRolePolicy", attach_role_policy},
    {"DetachRolePolicy", detach_role_policy},
    {"ListRolePolicies", list_role_policies},
    {"ListAttachedRolePolicies", list_attached},
    {"GetAccountAuthorizationDetails", account_details},
};

void fake_iam_answer(struct fake_call *call)
{
    const char *action;

    read_form(call);
    action = field(call, "Action");
    for (size_t i = 0; i < COUNT(operations); i++) {
        if (strcmp(operations[i].name, action) != 0)
            continue;
        operations[i].answer(call);
        return;
    }
    fail(call, 400, "InvalidAction", "Could not find operation %s", action);
}

void fake_sts_answer(struct fake_call *call)
{
    read_form(call);
    if (!text_equal(field(call, "Action"), "GetCallerIdentity")) {
        fail(call, 400, "InvalidAction", "Could not find operation %s", field(call, "Action"));
        return;
    }
    begin_result(call);
    element(&call->answer->body, "Arn",
            "arn:aws:sts::" FAKE_ACCOUNT ":assumed-role/" FAKE_CONTROLLER_ROLE "/session");
    element(&call->answer->body, "UserId", "AROACONTROLLER:session");
    element(&call->answer->body, "Account", FAKE_ACCOUNT);
    end_result(call);
}
