/*
 * The documents as Terraform's aws_iam_policy_document, which shows changes statement by statement.
 * Terraform reads "${" and "%{" in texts as its own; "&{" becomes "${", which is IAM's variable.
 */

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/setup.h"

enum { TERRAFORM_MAX = 128 << 10 };

static void add_text(struct text *text, const char *value)
{
    text_add_char(text, '"');
    for (; *value; value++) {
        if ((value[0] == '$' || value[0] == '%') && value[1] == '{')
            text_add_char(text, *value);
        if (*value == '"' || *value == '\\')
            text_add_char(text, '\\');
        text_add_char(text, *value);
    }
    text_add_char(text, '"');
}

/* name = ["…", "…"], a text as a list of one. */
static void add_list(struct text *text, const char *indent, const char *name, const json_t *values)
{
    const json_t *value;
    size_t i;

    text_printf(text, "%s%s = [", indent, name);
    if (json_is_string(values))
        add_text(text, json_string_value(values));
    json_array_foreach(values, i, value)
    {
        text_printf(text, "\n%s  ", indent);
        add_text(text, json_string_value(value));
        text_add_char(text, ',');
    }
    if (json_is_array(values))
        text_printf(text, "\n%s", indent);
    text_add_string(text, "]\n");
}

static void add_line(struct text *text, const char *indent, const char *name, const char *value)
{
    text_printf(text, "%s%s = ", indent, name);
    add_text(text, value);
    text_add_char(text, '\n');
}

static void add_principals(struct text *text, const json_t *principal)
{
    const char *type;
    json_t *identifiers;

    json_object_foreach((json_t *)principal, type, identifiers)
    {
        text_add_string(text, "\n    principals {\n");
        add_line(text, "      ", "type", type);
        add_list(text, "      ", "identifiers", identifiers);
        text_add_string(text, "    }\n");
    }
}

static void add_conditions(struct text *text, const json_t *conditions)
{
    const char *operation, *key;
    json_t *tests, *values;

    json_object_foreach((json_t *)conditions, operation, tests)
    {
        json_object_foreach(tests, key, values)
        {
            text_add_string(text, "\n    condition {\n");
            add_line(text, "      ", "test", operation);
            add_line(text, "      ", "variable", key);
            add_list(text, "      ", "values", values);
            text_add_string(text, "    }\n");
        }
    }
}

static void add_statement(struct text *text, const json_t *statement)
{
    static const struct {
        const char *member, *argument;
    } lists[] = {
        {"Action", "actions"}, {"Resource", "resources"}, {"NotResource", "not_resources"}};

    text_add_string(text, "\n  statement {\n");
    add_line(text, "    ", "sid", json_path_text(statement, "Sid"));
    add_line(text, "    ", "effect", json_path_text(statement, "Effect"));
    for (size_t i = 0; i < COUNT(lists); i++)
        if (json_object_get(statement, lists[i].member))
            add_list(text, "    ", lists[i].argument, json_object_get(statement, lists[i].member));
    add_principals(text, json_object_get(statement, "Principal"));
    add_conditions(text, json_object_get(statement, "Condition"));
    text_add_string(text, "  }\n");
}

static void add_document(struct text *text, const char *name, const json_t *document)
{
    const json_t *statement;
    size_t i;

    text_printf(text, "data \"aws_iam_policy_document\" \"%s\" {\n", name);
    add_line(text, "  ", "version", json_path_text(document, "Version"));
    json_array_foreach(json_object_get(document, "Statement"), i, statement)
    {
        add_statement(text, statement);
    }
    text_add_string(text, "}\n\n");
}

static void add_policy(struct text *text, const char *resource, const char *path, const char *name)
{
    text_printf(text, "resource \"aws_iam_policy\" \"%s\" {\n", resource);
    add_line(text, "  ", "path", path);
    add_line(text, "  ", "name", name);
    text_printf(text, "  policy = data.aws_iam_policy_document.%s.json\n}\n\n", resource);
}

static void add_role(struct text *text, const struct setup *setup)
{
    text_add_string(text, "resource \"aws_iam_role\" \"podidentity_controller\" {\n");
    add_line(text, "  ", "name", setup->role_name);
    text_add_string(
        text, "  assume_role_policy = data.aws_iam_policy_document.podidentity_trust.json\n}\n\n"
              "resource \"aws_iam_role_policy_attachment\" \"podidentity_controller\" {\n"
              "  role = aws_iam_role.podidentity_controller.name\n"
              "  policy_arn = aws_iam_policy.podidentity_controller.arn\n}\n\n"
              "resource \"aws_eks_pod_identity_association\" \"podidentity_controller\" {\n");
    add_line(text, "  ", "cluster_name", setup->cluster_name);
    add_line(text, "  ", "namespace", setup->namespace_name);
    add_line(text, "  ", "service_account", setup->service_account);
    text_add_string(text, "  role_arn = aws_iam_role.podidentity_controller.arn\n}\n");
}

const char *setup_as_terraform(const struct setup *setup, const struct setup_documents *documents,
                               struct arena *arena)
{
    AUTO_TEXT struct text text = TEXT_INIT(TERRAFORM_MAX);

    if (documents->boundary) {
        add_document(&text, "podidentity_boundary", documents->boundary);
        add_policy(&text, "podidentity_boundary", setup_policy_path(arena, setup->boundary_arn),
                   setup_policy_name(setup->boundary_arn));
    }
    add_document(&text, "podidentity_controller", documents->policy);
    add_policy(&text, "podidentity_controller", SETUP_POLICY_PATH, setup->role_name);
    add_document(&text, "podidentity_trust", documents->trust);
    add_role(&text, setup);
    return arena_text(arena, text.bytes, text.length);
}
