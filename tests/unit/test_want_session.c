/* Target role, session tags, session policy and trust scope in the wish. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "reconcilers/want.h"
#include "tests/unit/bindings.h"

#define TARGET "arn:aws:iam::444455556666:role/there"
#define FAR "\"targetRoleARN\":\"" TARGET "\""
#define POLICY                                                                                     \
    "\"policy\":\"{\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"s3:*\\\","   \
    "\\\"Resource\\\":\\\"*\\\"}}\""

struct asked {
    struct arena *arena;
    struct podidentitybinding *binding;
    struct want want;
    struct error error;
    bool good;
};

static struct asked ask(const char *spec)
{
    struct asked asked = {.arena = arena_create(UNIT_ARENA_MAX)};
    struct scene scene = scene_make(NULL);

    asked.binding = binding_make("shop", "cart", "u-1", spec);
    asked.good = want_compute(&asked.want, asked.arena, asked.binding, &scene, &asked.error);
    return asked;
}

static void asked_free_auto(struct asked *asked)
{
    record_unref(asked->binding);
    arena_destroy(asked->arena);
}
#define AUTO_ASKED __attribute__((cleanup(asked_free_auto)))

static void a_bare_binding_asks_for_session_tags_and_nothing_else(void **state)
{
    AUTO_ASKED struct asked asked = ask("");

    (void)state;
    assert_true(asked.good);
    assert_null(asked.want.target_role_arn);
    assert_null(asked.want.session_policy);
    assert_false(asked.want.disable_session_tags);
    assert_true(asked.want.trust_needs_tags);
    assert_null(asked.want.warnings);
}

static void a_role_of_ours_may_assume_its_target_role(void **state)
{
    AUTO_ASKED struct asked asked = ask(FAR ",\"permissionPolicy\":{\"Statement\":[]}");
    const struct iam_policy *policy = &asked.want.inline_policies[1];

    (void)state;
    assert_true(asked.good);
    assert_int_equal(asked.want.inline_count, 2);
    assert_string_equal(asked.want.inline_policies[0].name, "Policy1");
    assert_true(text_starts(policy->name, TARGET_POLICY_PREFIX));
    assert_string_equal(policy->document,
                        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                        "\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"],"
                        "\"Resource\":\"" TARGET "\"}]}");
}

static void without_session_tags_it_needs_no_right_to_tag(void **state)
{
    AUTO_ASKED struct asked asked = ask(FAR ",\"disableSessionTags\":true");

    (void)state;
    assert_string_equal(asked.want.inline_policies[0].document,
                        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                        "\"Action\":[\"sts:AssumeRole\"],\"Resource\":\"" TARGET "\"}]}");
}

static void two_target_roles_have_two_policies(void **state)
{
    AUTO_ASKED struct asked one = ask(FAR);
    AUTO_ASKED struct asked other = ask("\"targetRoleARN\":\"" TARGET "2\"");

    (void)state;
    assert_string_not_equal(one.want.inline_policies[0].name, other.want.inline_policies[0].name);
}

static void an_existing_role_gets_no_policy_of_ours(void **state)
{
    AUTO_ASKED struct asked asked =
        ask(FAR ",\"roleARN\":\"arn:aws:iam::111122223333:role/app/reader\"");

    (void)state;
    assert_true(asked.good);
    assert_string_equal(asked.want.target_role_arn, TARGET);
    assert_int_equal(asked.want.inline_count, 0);
}

static void tells_that_a_session_policy_limits_the_target_role_only(void **state)
{
    AUTO_ASKED struct asked asked = ask(FAR ",\"disableSessionTags\":true," POLICY);
    AUTO_ASKED struct asked alone = ask("\"disableSessionTags\":true," POLICY);

    (void)state;
    assert_non_null(strstr(asked.want.warnings[0], TARGET));
    assert_null(asked.want.warnings[1]);
    assert_null(alone.want.warnings);
    assert_non_null(strstr(alone.want.session_policy, "s3:*"));
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void the_trust_is_as_narrow_as_its_scope(void **state)
{
    static const struct {
        const char *spec;
        bool names_cluster, names_account, needs_tags;
    } scopes[] = {
        {"", true, true, true},
        {"\"trustScope\":\"ServiceAccount\"", true, true, true},
        {"\"trustScope\":\"Cluster\"", true, false, false},
        {"\"trustScope\":\"Account\"", false, false, false},
        {"\"disableSessionTags\":true", true, false, false},
        {"\"disableSessionTags\":true,\"trustScope\":\"Cluster\"", true, false, false},
        {"\"disableSessionTags\":true,\"trustScope\":\"Account\"", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(scopes); i++) {
        AUTO_ASKED struct asked asked = ask(scopes[i].spec);

        assert_true(asked.good);
        assert_int_equal(has(asked.want.trust, "aws:SourceArn"), scopes[i].names_cluster);
        assert_int_equal(has(asked.want.trust, "aws:RequestTag/kubernetes-service-account"),
                         scopes[i].names_account);
        assert_int_equal(asked.want.trust_needs_tags, scopes[i].needs_tags);
        assert_true(has(asked.want.trust, "\"aws:SourceAccount\":\"111122223333\""));
    }
}

static void refuses_what_cannot_stand_together(void **state)
{
    static const struct {
        const char *spec, *code, *says;
    } refusals[] = {
        {POLICY, "MalformedPolicy", "spec.disableSessionTags: true"},
        {"\"disableSessionTags\":true,\"policy\":\"{}\"", "MalformedPolicy", "spec.policy: "},
        {"\"disableSessionTags\":true,\"trustScope\":\"ServiceAccount\"", "TrustInsufficient",
         "spec.trustScope: Cluster"},
        {"\"targetRoleARN\":\"nonsense\"", "RoleMissing", "spec.targetRoleARN"},
        {"\"targetRoleARN\":\"arn:aws-cn:iam::444455556666:role/there\"", "RoleForbidden",
         "partition"},
        {"\"targetRoleARN\":\"arn:aws:iam::111122223333:role/podidentity\"", "RoleForbidden",
         "controller's own"},
        {"\"targetRoleARN\":\"arn:aws:iam::111122223333:role" ROLE_PATH "bank_till\"",
         "RoleForbidden", "made for a binding"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO_ASKED struct asked asked = ask(refusals[i].spec);

        assert_false(asked.good);
        assert_int_equal(asked.error.kind, ERROR_REFUSED);
        assert_string_equal(asked.error.code, refusals[i].code);
        assert_true(has(asked.error.text, refusals[i].says));
    }
}

static void prints_the_statement_for_the_owner_of_the_target_role(void **state)
{
    AUTO_ASKED struct asked asked = ask(FAR ",\"roleName\":\"cart\"");
    AUTO_ASKED struct asked untagged =
        ask(FAR ",\"roleName\":\"cart\",\"disableSessionTags\":true");
    AUTO_TEXT struct text endless = TEXT_INIT(1 << 16);

    (void)state;
    assert_string_equal(want_target_trust(asked.arena, &asked.want, "eu-west-1/1/main/shop/cart"),
                        "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:"
                        "role" ROLE_PATH "cart\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\""
                        "],\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":"
                        "\"eu-west-1/1/main/shop/cart\"}}}");
    assert_false(has(want_target_trust(untagged.arena, &untagged.want, "x"), "TagSession"));
    text_printf(&endless, "%05000d", 0);
    assert_null(want_target_trust(asked.arena, &asked.want, endless.bytes));
}

static void the_right_to_assume_must_fit_beside_the_rest(void **state)
{
    AUTO_TEXT struct text spec = TEXT_INIT(1 << 16);
    AUTO_TEXT struct text named = TEXT_INIT(1 << 16);

    (void)state;
    text_printf(&spec, FAR ",\"permissionPolicy\":{\"Id\":\"%010200d\",\"Statement\":[]}", 0);
    {
        AUTO_ASKED struct asked asked = ask(spec.bytes);
        AUTO_ASKED struct asked far = ask(FAR);

        assert_false(asked.good);
        assert_string_equal(asked.error.code, "PolicyTooLarge");
        text_printf(&named,
                    FAR ",\"permissionPolicy\":{\"Statement\":[]},"
                        "\"permissionPolicyName\":\"%s\"",
                    far.want.inline_policies[0].name);
    }
    {
        AUTO_ASKED struct asked asked = ask(named.bytes);

        assert_false(asked.good);
        assert_string_equal(asked.error.code, "MalformedPolicy");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_binding_asks_for_session_tags_and_nothing_else),
        cmocka_unit_test(a_role_of_ours_may_assume_its_target_role),
        cmocka_unit_test(without_session_tags_it_needs_no_right_to_tag),
        cmocka_unit_test(two_target_roles_have_two_policies),
        cmocka_unit_test(an_existing_role_gets_no_policy_of_ours),
        cmocka_unit_test(tells_that_a_session_policy_limits_the_target_role_only),
        cmocka_unit_test(the_trust_is_as_narrow_as_its_scope),
        cmocka_unit_test(refuses_what_cannot_stand_together),
        cmocka_unit_test(prints_the_statement_for_the_owner_of_the_target_role),
        cmocka_unit_test(the_right_to_assume_must_fit_beside_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
