/* IAM and STS of the fake AWS: Query forms in, XML out. Lists are in fake_iam_lists.c. */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

struct fake_role *fake_iam_role(struct fake_call *call)
{
    const char *name = fake_field(call, "RoleName");
    struct fake_role *role = fake_aws_role(call->aws, name);

    if (role && role->created_ms + call->aws->iam_settles_ms <= *call->aws->now_ms)
        return role;
    fake_fail(call, 404, "NoSuchEntity", "The role with name %s cannot be found.", name);
    return NULL;
}

/* The role that a write names. */
static struct fake_role *written_role(struct fake_call *call)
{
    struct fake_role *role = fake_iam_role(call);

    if (role && call->aws->boundary_required && !text_equal(role->boundary, FAKE_BOUNDARY) &&
        strcmp(call->request->operation, "PutRolePermissionsBoundary") != 0) {
        fake_fail(call, 403, "AccessDenied",
                  "not authorized to perform iam:%s: the boundary is missing",
                  call->request->operation);
        return NULL;
    }
    return role;
}

static void wrote(struct fake_call *call, const struct fake_role *role, bool changed)
{
    fake_aws_wrote(call, changed, role->foreign);
    fake_begin(call);
    fake_end(call);
}

void fake_iam_write_role(struct fake_call *call, const struct fake_role *role)
{
    struct text *text = &call->answer->body;
    char created[ENCODE_TIME_SIZE];

    encode_time(role->created_ms, created);
    fake_element(text, "Path", role->path);
    fake_element(text, "RoleName", role->name);
    fake_element(text, "RoleId", arena_printf(call->arena, "AROA%s", role->name));
    fake_element(text, "Arn", fake_role_arn(call->arena, role));
    fake_element(text, "CreateDate", created);
    fake_document(call, text, "AssumeRolePolicyDocument", role->trust);
    if (role->boundary) {
        text_add_string(text, "<PermissionsBoundary>"
                              "<PermissionsBoundaryType>Policy</PermissionsBoundaryType>");
        fake_element(text, "PermissionsBoundaryArn", role->boundary);
        text_add_string(text, "</PermissionsBoundary>");
    }
}

static void write_role(struct fake_call *call, const struct fake_role *role, bool tags)
{
    struct text *text = &call->answer->body;

    fake_begin_result(call);
    text_add_string(text, "<Role>");
    fake_iam_write_role(call, role);
    if (role->description[0])
        fake_element(text, "Description", role->description);
    text_printf(text, "<MaxSessionDuration>%lld</MaxSessionDuration>",
                (long long)role->max_session_s);
    if (tags)
        fake_write_tags(text, &role->tags);
    text_add_string(text, "</Role>");
    fake_end_result(call);
}

static void create_role(struct fake_call *call)
{
    const char *name = fake_field(call, "RoleName"),
               *session = fake_field(call, "MaxSessionDuration");
    const char *description = fake_field(call, "Description");
    struct fake_role *role;

    if (fake_aws_role(call->aws, name)) {
        fake_fail(call, 409, "EntityAlreadyExists", "Role with name %s already exists.", name);
        return;
    }
    role = fake_aws_add_role(call->aws, fake_field(call, "Path"), name,
                             fake_field(call, "AssumeRolePolicyDocument"));
    role->foreign = false;
    fake_text_set(&role->boundary, fake_field(call, "PermissionsBoundary"));
    fake_text_set(&role->description, description ? description : "");
    if (session)
        role->max_session_s = strtoll(session, NULL, 10);
    fake_put_tags(call, &role->tags);
    fake_aws_wrote(call, true, false);
    write_role(call, role, false);
}

static void get_role(struct fake_call *call)
{
    const struct fake_role *role = fake_iam_role(call);

    if (role)
        write_role(call, role, true);
}

static void delete_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (!role)
        return;
    if (role->profiles.count > 0) {
        fake_fail(call, 409, "DeleteConflict",
                  "Cannot delete entity, must remove roles from instance profile first.");
        return;
    }
    if (role->policies.count + role->attached.count > 0) {
        fake_fail(call, 409, "DeleteConflict",
                  "Cannot delete entity, must delete or detach all policies first.");
        return;
    }
    wrote(call, role, true);
    fake_iam_forget(call->aws, role);
}

static void update_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *session = fake_field(call, "MaxSessionDuration");
    int64_t session_s = session ? strtoll(session, NULL, 10) : 3600;
    bool changed;

    if (!role)
        return;
    changed = fake_text_set(&role->description, fake_field(call, "Description"));
    changed |= role->max_session_s != session_s;
    role->max_session_s = session_s;
    fake_begin_result(call);
    fake_end_result(call);
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
    if (is_json(fake_field(call, "PolicyDocument")) &&
        !strstr(fake_field(call, "PolicyDocument"), "nonsense"))
        return true;
    fake_fail(call, 400, "MalformedPolicyDocument", "Syntax errors in policy.");
    return false;
}

static void update_trust(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role && policy_good(call)) {
        role->trust_edited_ms = *call->aws->now_ms;
        wrote(call, role, fake_text_set(&role->trust, fake_field(call, "PolicyDocument")));
    }
}

static void put_boundary(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role)
        wrote(call, role, fake_text_set(&role->boundary, fake_field(call, "PermissionsBoundary")));
}

static void tag_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role)
        wrote(call, role, fake_put_tags(call, &role->tags));
}

static void untag_role(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *key;
    bool changed = false;

    if (!role)
        return;
    for (size_t i = 0; (key = fake_member(call, "TagKeys", i, "")); i++)
        changed |= fake_pairs_remove(&role->tags, key);
    wrote(call, role, changed);
}

static void put_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);

    if (role && policy_good(call))
        wrote(call, role,
              fake_pairs_put(&role->policies, fake_field(call, "PolicyName"),
                             fake_field(call, "PolicyDocument")));
}

static void no_policy(struct fake_call *call, const char *name)
{
    fake_fail(call, 404, "NoSuchEntity", "The role policy with name %s cannot be found.", name);
}

static void get_role_policy(struct fake_call *call)
{
    const struct fake_role *role = fake_iam_role(call);
    const char *name = fake_field(call, "PolicyName"), *text;

    if (!role)
        return;
    text = fake_pairs_get(&role->policies, name);
    if (!text) {
        no_policy(call, name);
        return;
    }
    fake_begin_result(call);
    fake_element(&call->answer->body, "RoleName", role->name);
    fake_element(&call->answer->body, "PolicyName", name);
    fake_document(call, &call->answer->body, "PolicyDocument", text);
    fake_end_result(call);
}

static void delete_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *name = fake_field(call, "PolicyName");

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
    const char *arn = fake_field(call, "PolicyArn");

    if (!role)
        return;
    if (strstr(arn, "policy/missing"))
        fake_fail(call, 404, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn);
    else
        wrote(call, role, fake_pairs_put(&role->attached, arn, ""));
}

static void detach_role_policy(struct fake_call *call)
{
    struct fake_role *role = written_role(call);
    const char *arn = fake_field(call, "PolicyArn");

    if (!role)
        return;
    if (fake_pairs_remove(&role->attached, arn))
        wrote(call, role, true);
    else
        fake_fail(call, 404, "NoSuchEntity", "Policy %s was not found.", arn);
}

static void remove_from_profile(struct fake_call *call)
{
    struct fake_role *role = fake_iam_role(call);
    const char *name = fake_field(call, "InstanceProfileName");

    if (!role)
        return;
    if (fake_pairs_remove(&role->profiles, name))
        wrote(call, role, true);
    else
        fake_fail(call, 404, "NoSuchEntity", "Instance Profile %s cannot be found.", name);
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
    {"ListRolePolicies", fake_iam_list_policies},
    {"ListAttachedRolePolicies", fake_iam_list_attached},
    {"GetAccountAuthorizationDetails", fake_iam_account_details},
    {"ListInstanceProfilesForRole", fake_iam_list_profiles},
    {"RemoveRoleFromInstanceProfile", remove_from_profile},
    {"ListOpenIDConnectProviders", fake_oidc_list},
    {"GetOpenIDConnectProvider", fake_oidc_get},
    {"CreateOpenIDConnectProvider", fake_oidc_create},
    {"AddClientIDToOpenIDConnectProvider", fake_oidc_add_client_id},
};

void fake_iam_answer(struct fake_call *call)
{
    const char *action;

    fake_read_form(call);
    action = fake_field(call, "Action");
    for (size_t i = 0; i < COUNT(operations); i++) {
        if (strcmp(operations[i].name, action) != 0)
            continue;
        operations[i].answer(call);
        return;
    }
    fake_fail(call, 400, "InvalidAction", "Could not find operation %s", action);
}

void fake_sts_answer(struct fake_call *call)
{
    fake_read_form(call);
    if (!text_equal(fake_field(call, "Action"), "GetCallerIdentity")) {
        fake_fail(call, 400, "InvalidAction", "Could not find operation %s",
                  fake_field(call, "Action"));
        return;
    }
    fake_begin_result(call);
    fake_element(&call->answer->body, "Arn",
                 "arn:aws:sts::" FAKE_ACCOUNT ":assumed-role/" FAKE_CONTROLLER_ROLE "/session");
    fake_element(&call->answer->body, "UserId", "AROACONTROLLER:session");
    fake_element(&call->answer->body, "Account", FAKE_ACCOUNT);
    fake_end_result(call);
}
