#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/setup.h"

#define OWN_ROLES "arn:aws:iam::111122223333:role/podidentity/eu-west-1/main/*"
#define AGENT "arn:aws:eks:eu-west-1:111122223333:addon/main/eks-pod-identity-agent/*"
#define BOUNDARY "arn:aws:iam::111122223333:policy/podidentity/boundary"

static struct setup whole(void)
{
    return (struct setup){
        .partition = "aws",
        .account_id = "111122223333",
        .region = "eu-west-1",
        .cluster_name = "main",
        .cluster_arn = "arn:aws:eks:eu-west-1:111122223333:cluster/main",
        .dns_suffix = "amazonaws.com",
        .trust_conditions = "",
        .role_path = "/podidentity/eu-west-1/main/",
        .boundary_arn = BOUNDARY,
        .namespace_name = "podidentity-system",
        .service_account = "podidentity",
        .role_name = "podidentity-controller",
        .policy_arns = {{"arn:aws:iam::111122223333:policy/app/*",
                         "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
                        2},
        .existing_roles = {{"arn:aws:iam::111122223333:role/apps/*"}, 1},
        .application_may = {{"s3:*"}, 1},
    };
}

/* How often the word stands in a text or a list of texts. */
static size_t count_in(const json_t *texts, const char *word)
{
    const json_t *text;
    size_t count = 0, i;

    if (json_is_string(texts))
        return text_equal(json_string_value(texts), word);
    json_array_foreach(texts, i, text) count += text_equal(json_string_value(text), word);
    return count;
}

/* The only statement of that effect with that action; NULL when there is none. */
static const json_t *find(const json_t *document, const char *effect, const char *action)
{
    const json_t *statement, *found = NULL;
    size_t i;

    json_array_foreach(json_object_get(document, "Statement"), i, statement)
    {
        if (!text_equal(json_path_text(statement, "Effect"), effect) ||
            count_in(json_object_get(statement, "Action"), action) == 0)
            continue;
        if (found)
            fail_msg("%s stands in two statements", action);
        found = statement;
    }
    return found;
}

static const json_t *condition(const json_t *statement, const char *operation, const char *key)
{
    return json_object_get(json_object_get(json_object_get(statement, "Condition"), operation),
                           key);
}

/* Every write of the controller to a role; the two below know no boundary. */
static const char *const writes[] = {
    "iam:CreateRole",       "iam:UpdateRole",       "iam:UpdateAssumeRolePolicy",
    "iam:PutRolePolicy",    "iam:DeleteRolePolicy", "iam:AttachRolePolicy",
    "iam:DetachRolePolicy", "iam:DeleteRole",       "iam:PutRolePermissionsBoundary",
};
static const char *const tagging[] = {"iam:TagRole", "iam:UntagRole"};

/* The fence: without it the controller could write to any role of the account. */
static void writes_to_bounded_roles_of_its_own_path_only(void **state)
{
    const struct setup setup = whole();
    AUTO_JSON json_t *policy = setup_policy(&setup);

    (void)state;
    for (size_t i = 0; i < COUNT(writes); i++) {
        const json_t *statement = find(policy, "Allow", writes[i]);

        assert_non_null(statement);
        assert_string_equal(json_path_text(statement, "Resource"), OWN_ROLES);
        assert_string_equal(
            json_string_value(condition(statement, "ArnEquals", "iam:PermissionsBoundary")),
            BOUNDARY);
    }
    for (size_t i = 0; i < COUNT(tagging); i++)
        assert_string_equal(json_path_text(find(policy, "Allow", tagging[i]), "Resource"),
                            OWN_ROLES);
}

static void writes_to_its_own_path_without_a_boundary_too(void **state)
{
    struct setup setup = whole();
    AUTO_JSON json_t *policy = NULL;

    (void)state;
    setup.boundary_arn = "";
    policy = setup_policy(&setup);
    for (size_t i = 0; i < COUNT(writes); i++) {
        const json_t *statement = find(policy, "Allow", writes[i]);

        if (text_equal(writes[i], "iam:PutRolePermissionsBoundary")) {
            assert_null(statement); /* there is none to put back */
            continue;
        }
        assert_string_equal(json_path_text(statement, "Resource"), OWN_ROLES);
        assert_null(condition(statement, "ArnEquals", "iam:PermissionsBoundary"));
    }
}

static void admits_boundaries_that_grants_may_name(void **state)
{
    struct setup setup = whole();
    AUTO_JSON json_t *policy = NULL;
    const json_t *boundaries;

    (void)state;
    setup.boundary_arns = (struct setup_list){{"arn:aws:iam::111122223333:policy/narrow/*"}, 1};
    policy = setup_policy(&setup);
    boundaries =
        condition(find(policy, "Allow", "iam:CreateRole"), "ArnLike", "iam:PermissionsBoundary");
    assert_int_equal(count_in(boundaries, BOUNDARY), 1);
    assert_int_equal(count_in(boundaries, setup.boundary_arns.items[0]), 1);
}

static void puts_back_boundaries_that_only_bindings_name(void **state)
{
    struct setup setup = whole();
    AUTO_JSON json_t *policy = NULL;

    (void)state;
    setup.boundary_arn = "";
    setup.boundary_arns = (struct setup_list){{"arn:aws:iam::111122223333:policy/narrow/*"}, 1};
    policy = setup_policy(&setup);
    assert_string_equal(
        json_string_value(condition(find(policy, "Allow", "iam:PutRolePermissionsBoundary"),
                                    "ArnLike", "iam:PermissionsBoundary")),
        setup.boundary_arns.items[0]);
}

static void makes_oidc_providers_of_eks_only_where_it_manages_them(void **state)
{
    static const char *const made[] = {"iam:CreateOpenIDConnectProvider",
                                       "iam:TagOpenIDConnectProvider",
                                       "iam:AddClientIDToOpenIDConnectProvider"};
    struct setup setup = whole();

    (void)state;
    for (int managed = 0; managed < 2; managed++) {
        AUTO_JSON json_t *policy = NULL;

        setup.manage_oidc_provider = managed;
        policy = setup_policy(&setup);
        for (size_t i = 0; i < COUNT(made); i++) {
            const json_t *statement = find(policy, "Allow", made[i]);

            assert_int_equal(statement != NULL, managed);
            if (managed)
                assert_string_equal(json_path_text(statement, "Resource"),
                                    "arn:aws:iam::111122223333:oidc-provider/"
                                    "oidc.eks.eu-west-1.amazonaws.com/id/*");
        }
    }
}

/* No condition of IAM knows the name of an add-on: the tag at its creation is what tells them
 * apart, since that is judged by the add-on's own ARN. */
static void makes_the_agent_and_no_other_addon_where_it_manages_it(void **state)
{
    struct setup setup = whole();

    (void)state;
    for (int managed = 0; managed < 2; managed++) {
        AUTO_JSON json_t *policy = NULL;
        const json_t *statement;
        size_t i, taggings = 0;

        setup.manage_agent_addon = managed;
        policy = setup_policy(&setup);
        assert_int_equal(find(policy, "Allow", "eks:CreateAddon") != NULL, managed);
        if (managed)
            assert_string_equal(json_string_value(condition(
                                    find(policy, "Allow", "eks:CreateAddon"), "StringEquals",
                                    "aws:RequestTag/podidentity.io/cluster")),
                                setup.cluster_arn);
        json_array_foreach(json_object_get(policy, "Statement"), i, statement)
        {
            if (text_equal(json_path_text(statement, "Resource"), AGENT))
                taggings += count_in(json_object_get(statement, "Action"), "eks:TagResource");
        }
        assert_int_equal(taggings, managed);
    }
}

static void passes_roles_to_pod_identity_only(void **state)
{
    struct setup setup = whole();
    const json_t *statement;
    size_t i, seen = 0;
    AUTO_JSON json_t *policy = NULL;

    (void)state;
    setup.pass_to_cluster_only = true;
    policy = setup_policy(&setup);
    json_array_foreach(json_object_get(policy, "Statement"), i, statement)
    {
        if (count_in(json_object_get(statement, "Action"), "iam:PassRole") == 0)
            continue;
        assert_string_equal(
            json_string_value(condition(statement, "StringEquals", "iam:PassedToService")),
            "pods.eks.amazonaws.com");
        assert_string_equal(
            json_string_value(condition(statement, "ArnEquals", "iam:AssociatedResourceArn")),
            setup.cluster_arn);
        assert_int_equal(count_in(json_object_get(statement, "Resource"), "*"), 0);
        seen++;
    }
    assert_int_equal(seen, 2);
}

static void allows_nothing_for_lists_that_are_empty(void **state)
{
    struct setup setup = whole();
    AUTO_JSON json_t *policy = NULL;

    (void)state;
    setup.policy_arns.count = 0;
    setup.existing_roles.count = 0;
    policy = setup_policy(&setup);
    assert_null(find(policy, "Allow", "iam:AttachRolePolicy"));
    assert_string_equal(json_path_text(find(policy, "Allow", "iam:PassRole"), "Resource"),
                        OWN_ROLES);
}

static void bounds_roles_away_from_identities(void **state)
{
    static const char *const denied[] = {"iam:*", "organizations:*", "account:*",
                                         "eks:*PodIdentityAssociation*", "sts:AssumeRole*"};
    const struct setup setup = whole();
    AUTO_JSON json_t *boundary = setup_boundary(&setup);

    (void)state;
    for (size_t i = 0; i < COUNT(denied); i++)
        assert_string_equal(json_path_text(find(boundary, "Deny", denied[i]), "Resource"), "*");
}

static void lets_applications_assume_listed_targets_alone(void **state)
{
    struct setup setup = whole();
    AUTO_JSON json_t *boundary = NULL;
    const json_t *denied;

    (void)state;
    setup.target_roles = (struct setup_list){{"arn:aws:iam::444455556666:role/reports"}, 1};
    boundary = setup_boundary(&setup);
    denied = find(boundary, "Deny", "sts:AssumeRole*");
    assert_null(json_object_get(denied, "Resource"));
    assert_string_equal(json_path_text(denied, "NotResource"), setup.target_roles.items[0]);
    assert_string_equal(json_path_text(find(boundary, "Allow", "sts:AssumeRole"), "Resource"),
                        setup.target_roles.items[0]);
}

static void makes_no_boundary_that_aws_keeps_or_that_is_there(void **state)
{
    struct setup setup = whole();

    (void)state;
    assert_true(setup_makes_boundary(&setup));
    setup.boundary_made = true;
    assert_false(setup_makes_boundary(&setup));
    setup.boundary_made = false;
    setup.boundary_arn = "arn:aws:iam::aws:policy/PowerUserAccess";
    assert_false(setup_makes_boundary(&setup));
    setup.boundary_arn = "";
    assert_false(setup_makes_boundary(&setup));
}

static void fits_into_a_managed_policy_or_says_so(void **state)
{
    struct setup setup = whole();
    AUTO_JSON json_t *policy = setup_policy(&setup);
    AUTO_JSON json_t *longer = NULL;
    struct error error = {0};

    (void)state;
    assert_true(setup_fits("policy", policy, &error));
    for (size_t i = 0; i < SETUP_LIST_MAX; i++)
        setup.existing_roles.items[i] =
            "arn:aws:iam::111122223333:role/a-path-of-many-letters/another-one-of-them/reports";
    setup.existing_roles.count = SETUP_LIST_MAX;
    longer = setup_policy(&setup);
    assert_false(setup_fits("policy", longer, &error));
    assert_non_null(strstr(error.text, "6144"));
}

static void quotes_commands_for_a_shell(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    struct setup setup = whole();
    AUTO_JSON json_t *document = json_pack("{s:s}", "it's", "$(here) \"there\"");
    const struct setup_documents documents = {document, NULL, document};
    AUTO_JSON json_t *json = setup_as_json(&setup, &documents, arena);
    const char *command = json_string_value(json_array_get(json_object_get(json, "commands"), 0));

    (void)state;
    assert_string_equal(command, "aws iam create-policy --path /podidentity/ --policy-name "
                                 "podidentity-controller --policy-document "
                                 "'{\"it'\\''s\":\"$(here) \\\"there\\\"\"}'");
}

static void escapes_what_terraform_would_read_as_its_own(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    struct setup setup = whole();
    AUTO_JSON json_t *policy = setup_policy(&setup);
    AUTO_JSON json_t *trust = setup_trust(&setup, arena);
    const struct setup_documents documents = {policy, NULL, trust};

    (void)state;
    setup.role_name = "a${b}%{c}\"\\";
    assert_non_null(
        strstr(setup_as_terraform(&setup, &documents, arena), "name = \"a$${b}%%{c}\\\"\\\\\"\n"));
}

static void splits_the_boundary_into_path_and_name(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);

    (void)state;
    assert_string_equal(setup_policy_path(arena, BOUNDARY), "/podidentity/");
    assert_string_equal(setup_policy_name(BOUNDARY), "boundary");
    assert_string_equal(setup_policy_path(arena, "arn:aws:iam::111122223333:policy/plain"), "/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_to_bounded_roles_of_its_own_path_only),
        cmocka_unit_test(writes_to_its_own_path_without_a_boundary_too),
        cmocka_unit_test(admits_boundaries_that_grants_may_name),
        cmocka_unit_test(puts_back_boundaries_that_only_bindings_name),
        cmocka_unit_test(makes_oidc_providers_of_eks_only_where_it_manages_them),
        cmocka_unit_test(makes_the_agent_and_no_other_addon_where_it_manages_it),
        cmocka_unit_test(passes_roles_to_pod_identity_only),
        cmocka_unit_test(allows_nothing_for_lists_that_are_empty),
        cmocka_unit_test(bounds_roles_away_from_identities),
        cmocka_unit_test(lets_applications_assume_listed_targets_alone),
        cmocka_unit_test(makes_no_boundary_that_aws_keeps_or_that_is_there),
        cmocka_unit_test(fits_into_a_managed_policy_or_says_so),
        cmocka_unit_test(quotes_commands_for_a_shell),
        cmocka_unit_test(escapes_what_terraform_would_read_as_its_own),
        cmocka_unit_test(splits_the_boundary_into_path_and_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
