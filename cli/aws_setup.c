/*
 * podidentity aws-setup --print: the controller's rights in AWS for these settings, to be applied
 * by whoever may. It reads the settings that the controller reads and asks nobody.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/endpoints.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/setup.h"
#include "config/config.h"

enum { ARENA_MAX = 4 << 20, FLAGS_MAX = 64, ROLE_NAME_MAX = 64, CLUSTER_ARN_SIZE = 256 };

static const char help[] =
    "Usage: podidentity aws-setup --print [flags]\n\n"
    "Prints the controller's IAM policy, the permissions boundary of the roles it makes, and its\n"
    "own role with its Pod Identity association. The settings are the controller's: the same "
    "flags,\n"
    "variables and --config file. AWS is not asked, nothing is changed.\n\n"
    "      --print                   required: there is nothing else it does yet\n"
    "  -o, --output FORM             json (the documents and the aws commands that make them),\n"
    "                                terraform or cloudformation\n"
    "      --account-id ID           of AWS; else the account in --permissions-boundary\n"
    "      --policy-arns ARNS        managed policies that grants may name; globs\n"
    "      --existing-roles ARNS     roles that bindings may use by roleARN; globs\n"
    "      --boundary-arns ARNS      boundaries that grants may name besides the controller's; "
    "globs\n"
    "      --target-roles ARNS       roles that applications may assume further; globs\n"
    "      --application-actions ACTIONS   what the boundary leaves to applications at most\n"
    "      --boundary-exists         do not print the boundary: it is made elsewhere\n"
    "      --pass-to-cluster-only    pass roles only with iam:AssociatedResourceArn = the cluster\n"
    "      --service-account NAME    that the controller runs as (podidentity)\n"
    "      --role-name NAME          of the controller's own role and policy\n"
    "                                (podidentity-controller)\n"
    "Lists have commas between their items. The namespace is podidentity-system unless set.\n\n";

/* What applications need most; a boundary that allowed everything would stop only what it names. */
static const char application_actions[] =
    "dynamodb:*,kms:Decrypt,kms:GenerateDataKey,s3:*,secretsmanager:GetSecretValue,sns:Publish,"
    "sqs:*";

enum form { FORM_JSON, FORM_TERRAFORM, FORM_CLOUDFORMATION };

struct aws_setup {
    struct options options;
    enum form form;
    bool print;
    char *flags[FLAGS_MAX + 1]; /* the controller's */
    int flag_count;
    const char *account_id, *policy_arns, *existing_roles, *boundary_arns, *target_roles;
    const char *application_actions;
    struct config config;
    struct aws_endpoints endpoints;
    char cluster_arn[CLUSTER_ARN_SIZE];
    struct setup setup;
    struct arena *arena;
    struct error error;
};

/* Arguments ------------------------------------------------------------------------------------ */

static bool refuse(struct aws_setup *call, const char *flag, const char *value, const char *right)
{
    return error_set(&call->error, ERROR_REFUSED, "%s: \"%.200s\" is %s", flag, value, right);
}

static bool form_parse(struct aws_setup *call, const char *word)
{
    static const char *const words[] = {"json", "terraform", "cloudformation"};

    for (size_t i = 0; i < COUNT(words); i++)
        if (text_equal(words[i], word)) {
            call->form = (enum form)i;
            return true;
        }
    return refuse(call, "--output", word, "none of json, terraform, cloudformation");
}

/* A flag with a value at argv[*index]: 1 taken, 0 not it, -1 without its value. */
static int take_value(struct aws_setup *call, const char *flag, int argc, char **argv, int *index,
                      const char **value)
{
    size_t length = strlen(flag);

    if (strncmp(argv[*index], flag, length) != 0)
        return 0;
    if (argv[*index][length] == '=' && flag[1] == '-') {
        *value = argv[*index] + length + 1;
        return 1;
    }
    if (argv[*index][length] != '\0')
        return 0;
    if (*index + 1 < argc) {
        *value = argv[++*index];
        return 1;
    }
    error_set(&call->error, ERROR_REFUSED, "%s: needs a value", flag);
    return -1;
}

static int take_texts(struct aws_setup *call, int argc, char **argv, int *index)
{
    const struct {
        const char *flag;
        const char **place;
    } flags[] = {
        {"--account-id", &call->account_id},
        {"--policy-arns", &call->policy_arns},
        {"--existing-roles", &call->existing_roles},
        {"--boundary-arns", &call->boundary_arns},
        {"--target-roles", &call->target_roles},
        {"--application-actions", &call->application_actions},
        {"--service-account", &call->setup.service_account},
        {"--role-name", &call->setup.role_name},
    };

    for (size_t i = 0; i < COUNT(flags); i++) {
        int taken = take_value(call, flags[i].flag, argc, argv, index, flags[i].place);

        if (taken != 0)
            return taken;
    }
    return 0;
}

static int take_form(struct aws_setup *call, int argc, char **argv, int *index)
{
    const char *word = NULL;
    int taken = take_value(call, "--output", argc, argv, index, &word);

    if (taken == 0)
        taken = take_value(call, "-o", argc, argv, index, &word);
    return taken > 0 && !form_parse(call, word) ? -1 : taken;
}

static bool take_switch(struct aws_setup *call, const char *argument)
{
    if (text_equal(argument, "--print"))
        return call->print = true;
    if (text_equal(argument, "--boundary-exists"))
        return call->setup.boundary_made = true;
    if (text_equal(argument, "--pass-to-cluster-only"))
        return call->setup.pass_to_cluster_only = true;
    return false;
}

/* What is none of ours is the controller's, or a typo that its settings will name. */
static bool take_argument(struct aws_setup *call, int argc, char **argv, int *index)
{
    int taken = take_form(call, argc, argv, index);

    if (taken == 0)
        taken = take_texts(call, argc, argv, index);
    if (taken == 0)
        taken = options_take(&call->options, argc, argv, index, &call->error);
    if (taken != 0)
        return taken > 0;
    if (take_switch(call, argv[*index]))
        return true;
    if (call->flag_count == FLAGS_MAX)
        return error_set(&call->error, ERROR_REFUSED, "too many flags: at most %d", FLAGS_MAX);
    call->flags[call->flag_count++] = argv[*index];
    return true;
}

/* Settings ------------------------------------------------------------------------------------- */

/* A text of comma-separated items; each must look like what starts with `start`. */
static bool fill_list(struct aws_setup *call, const char *flag, const char *text, const char *start,
                      struct setup_list *list)
{
    static const char *const never = " \"'\\<>";

    for (; text && *text; text += *text == ',') {
        size_t length = strcspn(text, ",");
        const char *item = arena_text(call->arena, text, length);

        if (list->count == SETUP_LIST_MAX)
            return error_set(&call->error, ERROR_REFUSED, "%s: has more than %d items", flag,
                             SETUP_LIST_MAX);
        if (!text_starts(item, start) || strpbrk(item, never) || !strchr(item, ':'))
            return refuse(call, flag, item,
                          start[0] ? "no ARN" : "no action such as s3:GetObject or sqs:*");
        list->items[list->count++] = item;
        text += length;
    }
    return true;
}

static bool fill_lists(struct aws_setup *call)
{
    struct setup *setup = &call->setup;

    return fill_list(call, "--policy-arns", call->policy_arns, "arn:", &setup->policy_arns) &&
           fill_list(call, "--existing-roles", call->existing_roles,
                     "arn:", &setup->existing_roles) &&
           fill_list(call, "--boundary-arns", call->boundary_arns, "arn:", &setup->boundary_arns) &&
           fill_list(call, "--target-roles", call->target_roles, "arn:", &setup->target_roles) &&
           fill_list(call, "--application-actions", call->application_actions, "",
                     &setup->application_may);
}

/* The account that the ARN of the boundary names, NULL when AWS keeps that policy. */
static const char *boundary_account(struct aws_setup *call)
{
    const char *account = strstr(call->config.permissions_boundary, "::");

    if (!account || text_starts(account, "::aws:"))
        return NULL;
    return arena_text(call->arena, account + 2, strcspn(account + 2, ":"));
}

static bool fill_account(struct aws_setup *call)
{
    const char *of_boundary = boundary_account(call);
    const char *account = call->account_id ? call->account_id : of_boundary;

    if (!account)
        return error_set(&call->error, ERROR_REFUSED,
                         "--account-id: is missing: write the twelve digits of the cluster's "
                         "account");
    if (strlen(account) != 12 || strspn(account, "0123456789") != 12)
        return refuse(call, "--account-id", account, "no account: write its twelve digits");
    if (of_boundary && !text_equal(account, of_boundary))
        return refuse(call, "--permissions-boundary", call->config.permissions_boundary,
                      "a policy of another account: a boundary stands in the account of its roles");
    call->setup.account_id = account;
    return true;
}

static bool check_partition(struct aws_setup *call)
{
    const char *start = arena_printf(call->arena, "arn:%s:", call->setup.partition);

    return !call->config.permissions_boundary[0] ||
           text_starts(call->config.permissions_boundary, start) ||
           refuse(call, "--permissions-boundary", call->config.permissions_boundary,
                  "of another partition than --region");
}

static bool check_names(struct aws_setup *call)
{
    static const char role[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_+=,.@-";
    static const char account[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    const struct setup *setup = &call->setup;

    if (!setup->role_name[0] || strlen(setup->role_name) > ROLE_NAME_MAX ||
        setup->role_name[strspn(setup->role_name, role)])
        return refuse(call, "--role-name", setup->role_name, "no name of an IAM role");
    if (!setup->service_account[0] ||
        setup->service_account[strspn(setup->service_account, account)])
        return refuse(call, "--service-account", setup->service_account,
                      "no name of a ServiceAccount");
    return true;
}

static void fill_texts(struct aws_setup *call)
{
    struct setup *setup = &call->setup;
    const struct config *config = &call->config;

    setup->region = config->region;
    setup->partition = call->endpoints.partition;
    setup->dns_suffix = call->endpoints.dns_suffix;
    setup->trust_conditions = config->trust_conditions;
    setup->cluster_name = config->cluster_name;
    setup->role_path = config->role_path;
    setup->boundary_arn = config->permissions_boundary;
    setup->manage_oidc_provider = config->manage_oidc_provider;
    setup->manage_agent_addon = config->manage_agent_addon;
    setup->namespace_name = "podidentity-system";
    if (config->namespace_name[0])
        setup->namespace_name = config->namespace_name;
    if (call->options.namespace_name)
        setup->namespace_name = call->options.namespace_name;
    if (!setup->service_account)
        setup->service_account = "podidentity";
    if (!setup->role_name)
        setup->role_name = "podidentity-controller";
    if (!call->application_actions)
        call->application_actions = application_actions;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static bool fill_setup(struct aws_setup *call)
{
    int length;

    if (!config_load(&call->config, call->flag_count, call->flags, environment, &call->error) ||
        !aws_endpoints_resolve(&call->endpoints, call->config.region, environment, &call->error))
        return false;
    fill_texts(call);
    if (!fill_account(call) || !check_partition(call) || !check_names(call) || !fill_lists(call))
        return false;
    length = snprintf(call->cluster_arn, sizeof(call->cluster_arn), "arn:%s:eks:%s:%s:cluster/%s",
                      call->setup.partition, call->setup.region, call->setup.account_id,
                      call->setup.cluster_name);
    assert(length > 0 && (size_t)length < sizeof(call->cluster_arn));
    call->setup.cluster_arn = call->cluster_arn;
    return true;
}

/* Printing ------------------------------------------------------------------------------------- */

static void print_form(struct aws_setup *call, const struct setup_documents *documents)
{
    AUTO_JSON json_t *json = NULL;

    if (call->form == FORM_TERRAFORM) {
        fputs(setup_as_terraform(&call->setup, documents, call->arena), stdout);
        return;
    }
    json = call->form == FORM_JSON ? setup_as_json(&call->setup, documents, call->arena)
                                   : setup_as_cloudformation(&call->setup, documents, call->arena);
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
}

static bool print_setup(struct aws_setup *call)
{
    AUTO_JSON json_t *policy = setup_policy(&call->setup);
    AUTO_JSON json_t *trust = setup_trust(&call->setup, call->arena);
    AUTO_JSON json_t *boundary =
        setup_makes_boundary(&call->setup) ? setup_boundary(&call->setup) : NULL;
    const struct setup_documents documents = {policy, boundary, trust};

    if (!setup_fits("controller's policy", policy, &call->error) ||
        (boundary && !setup_fits("boundary", boundary, &call->error)))
        return false;
    print_form(call, &documents);
    return true;
}

static bool parse(struct aws_setup *call, int argc, char **argv)
{
    call->flags[call->flag_count++] = argv[0];
    for (int i = 1; i < argc; i++)
        if (!take_argument(call, argc, argv, &i))
            return false;
    return call->options.help || call->print ||
           error_set(&call->error, ERROR_REFUSED,
                     "aws-setup changes nothing, it shows what to apply: write --print");
}

int command_aws_setup(int argc, char **argv)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    AUTO_FREE struct aws_setup *call = memory_alloc(sizeof(*call));

    call->arena = arena;
    if (!parse(call, argc, argv)) {
        command_complain("%s", call->error.text);
        return EXIT_UNCHECKED;
    }
    if (call->options.help) {
        printf("%s%s", help, options_help);
        return EXIT_GOOD;
    }
    if (!fill_setup(call) || !print_setup(call)) {
        command_complain("%s", call->error.text);
        return EXIT_UNCHECKED;
    }
    return EXIT_GOOD;
}
