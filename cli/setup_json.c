/*
 * The documents in JSON: with the aws commands that make them, and as a CloudFormation template.
 */

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/setup.h"

/* A command holds a policy (6,144 characters) and some words. */
enum { COMMAND_MAX = 32 << 10 };

/* In single quotes, where a shell reads nothing; a quote itself stands outside of them. */
static void add_word(struct text *text, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,+@";

    if (text->length > 0)
        text_add_char(text, ' ');
    if (word[strspn(word, plain)] == '\0') {
        text_add_string(text, word);
        return;
    }
    text_add_char(text, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            text_add_string(text, "'\\''");
        else
            text_add_char(text, *word);
    }
    text_add_char(text, '\'');
}

/* The words up to NULL. */
static json_t *command(const char *const *words)
{
    AUTO_TEXT struct text text = TEXT_INIT(COMMAND_MAX);

    for (; *words; words++)
        add_word(&text, *words);
    return json_stringn(text.bytes, text.length);
}

static const char *role_arn(const struct setup *setup, struct arena *arena)
{
    return arena_printf(arena, "arn:%s:iam::%s:role/%s", setup->partition, setup->account_id,
                        setup->role_name);
}

static const char *policy_arn(const struct setup *setup, struct arena *arena)
{
    return arena_printf(arena, "arn:%s:iam::%s:policy" SETUP_POLICY_PATH "%s", setup->partition,
                        setup->account_id, setup->role_name);
}

static json_t *create_policy(struct arena *arena, const char *path, const char *name,
                             const json_t *document)
{
    const char *words[] = {"aws",
                           "iam",
                           "create-policy",
                           "--path",
                           path,
                           "--policy-name",
                           name,
                           "--policy-document",
                           json_write(arena, document, false),
                           NULL};

    return command(words);
}

static json_t *commands(const struct setup *setup, const struct setup_documents *documents,
                        struct arena *arena)
{
    const char *create_role[] = {"aws",
                                 "iam",
                                 "create-role",
                                 "--role-name",
                                 setup->role_name,
                                 "--assume-role-policy-document",
                                 json_write(arena, documents->trust, false),
                                 NULL};
    const char *attach[] = {"aws",
                            "iam",
                            "attach-role-policy",
                            "--role-name",
                            setup->role_name,
                            "--policy-arn",
                            policy_arn(setup, arena),
                            NULL};
    const char *associate[] = {"aws",
                               "eks",
                               "create-pod-identity-association",
                               "--region",
                               setup->region,
                               "--cluster-name",
                               setup->cluster_name,
                               "--namespace",
                               setup->namespace_name,
                               "--service-account",
                               setup->service_account,
                               "--role-arn",
                               role_arn(setup, arena),
                               NULL};
    json_t *list = json_array();

    if (documents->boundary)
        json_array_append_new(
            list, create_policy(arena, setup_policy_path(arena, setup->boundary_arn),
                                setup_policy_name(setup->boundary_arn), documents->boundary));
    json_array_append_new(
        list, create_policy(arena, SETUP_POLICY_PATH, setup->role_name, documents->policy));
    json_array_append_new(list, command(create_role));
    json_array_append_new(list, command(attach));
    json_array_append_new(list, command(associate));
    return list;
}

json_t *setup_as_json(const struct setup *setup, const struct setup_documents *documents,
                      struct arena *arena)
{
    json_t *printed =
        json_pack("{s:O, s:O}", "policy", documents->policy, "trust", documents->trust);

    if (documents->boundary)
        json_object_set(printed, "boundary", (json_t *)documents->boundary);
    return json_pack("{s:o, s:o}", "documents", printed, "commands",
                     commands(setup, documents, arena));
}

static json_t *managed_policy(const char *path, const char *name, const json_t *document)
{
    return json_pack("{s:s, s:{s:s, s:s, s:O}}", "Type", "AWS::IAM::ManagedPolicy", "Properties",
                     "Path", path, "ManagedPolicyName", name, "PolicyDocument", document);
}

json_t *setup_as_cloudformation(const struct setup *setup, const struct setup_documents *documents,
                                struct arena *arena)
{
    json_t *resources = json_object();

    if (documents->boundary)
        json_object_set_new(resources, "Boundary",
                            managed_policy(setup_policy_path(arena, setup->boundary_arn),
                                           setup_policy_name(setup->boundary_arn),
                                           documents->boundary));
    json_object_set_new(resources, "ControllerPolicy",
                        managed_policy(SETUP_POLICY_PATH, setup->role_name, documents->policy));
    json_object_set_new(resources, "ControllerRole",
                        json_pack("{s:s, s:{s:s, s:O, s:[{s:s}]}}", "Type", "AWS::IAM::Role",
                                  "Properties", "RoleName", setup->role_name,
                                  "AssumeRolePolicyDocument", documents->trust, "ManagedPolicyArns",
                                  "Ref", "ControllerPolicy"));
    json_object_set_new(resources, "ControllerAssociation",
                        json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:[ss]}}}", "Type",
                                  "AWS::EKS::PodIdentityAssociation", "Properties", "ClusterName",
                                  setup->cluster_name, "Namespace", setup->namespace_name,
                                  "ServiceAccount", setup->service_account, "RoleArn", "Fn::GetAtt",
                                  "ControllerRole", "Arn"));
    return json_pack("{s:s, s:s, s:o}", "AWSTemplateFormatVersion", "2010-09-09", "Description",
                     "podidentity: the controller's role, its policy and the boundary of the "
                     "roles it makes",
                     "Resources", resources);
}
