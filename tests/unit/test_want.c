#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/arena.h"
#include "reconcilers/trust.h"
#include "reconcilers/want.h"
#include "tests/unit/bindings.h"

/* base32 of the first 40 bits of SHA-256 over CLUSTER_ARN, "shop" and "cart". */
#define HASH "d6ug4jel"
#define ROLE_NAME "shop_cart_" HASH

static bool compute(struct want *want, struct arena *arena,
                    const struct podidentitybinding *binding, struct error *error)
{
    struct scene scene = scene_make(NULL);

    scene.settings.boundary_arn = "arn:aws:iam::111122223333:policy/edge";
    return want_compute(want, arena, binding, &scene, error);
}

static void a_bare_binding_gets_a_role_of_ours(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart = binding_make("shop", "cart", "u-1", "");
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_true(want.managed);
    assert_string_equal(want.role_name, ROLE_NAME);
    assert_string_equal(want.role_path, ROLE_PATH);
    assert_string_equal(want.role_arn, "arn:aws:iam::111122223333:role" ROLE_PATH ROLE_NAME);
    assert_string_equal(want.description, "");
    assert_string_equal(want.boundary_arn, "arn:aws:iam::111122223333:policy/edge");
    assert_int_equal(want.max_session_s, 3600);
    assert_int_equal(want.inline_count, 0);
    assert_int_equal(want.attached_count, 0);
}

static void its_trust_admits_this_serviceaccount_and_no_other(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart = binding_make("shop", "cart", "u-1", "");
    struct trust_subject subject = cart_subject;
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_int_equal(trust_judge(arena, want.trust, &subject).verdict, TRUST_ADMITS);
    subject.service_account = "till";
    assert_int_equal(trust_judge(arena, want.trust, &subject).verdict, TRUST_REFUSES);
}

static void takes_every_field_of_a_managed_role(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart = binding_make(
        "shop", "cart", "u-1",
        "\"roleName\":\"cart\",\"rolePath\":\"/team/a\",\"roleDescription\":\"for the cart\","
        "\"maxSessionDuration\":7200,\"permissionPolicyName\":\"Mine\","
        "\"permissionPolicy\":{\"Statement\":[]},"
        "\"permissionPolicyARNs\":[\"arn:aws:iam::aws:policy/A\",\"arn:aws:iam::aws:policy/B\"]");
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_string_equal(want.role_name, "cart");
    assert_string_equal(want.role_path, ROLE_PATH "team/a/");
    assert_string_equal(want.role_arn, "arn:aws:iam::111122223333:role" ROLE_PATH "team/a/cart");
    assert_string_equal(want.description, "for the cart");
    assert_int_equal(want.max_session_s, 7200);
    assert_int_equal(want.inline_count, 1);
    assert_string_equal(want.inline_policies[0].name, "Mine");
    assert_string_equal(want.inline_policies[0].document, "{\"Statement\":[]}");
    assert_int_equal(want.attached_count, 2);
    assert_string_equal(want.attached_arns[1], "arn:aws:iam::aws:policy/B");
}

static void an_inline_policy_without_name_is_policy1(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart =
        binding_make("shop", "cart", "u-1", "\"permissionPolicy\":{\"Statement\":[]}");
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_string_equal(want.inline_policies[0].name, "Policy1");
}

static void well_known_policies_stand_after_the_users_own(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart =
        binding_make("shop", "cart", "u-1",
                     "\"permissionPolicy\":{\"Statement\":[]},"
                     "\"permissionPolicyARNs\":[\"arn:aws:iam::aws:policy/A\"],"
                     "\"wellKnownPolicies\":{\"externalDNS\":true,\"imageBuilder\":true}");
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_int_equal(want.inline_count, 2);
    assert_string_equal(want.inline_policies[0].name, "Policy1");
    assert_string_equal(want.inline_policies[1].name, "WellKnown-externalDNS");
    assert_non_null(strstr(want.inline_policies[1].document, "route53:ChangeResourceRecordSets"));
    assert_int_equal(want.attached_count, 2);
    assert_string_equal(want.attached_arns[0], "arn:aws:iam::aws:policy/A");
    assert_string_equal(want.attached_arns[1],
                        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser");
    assert_null(want.attached_arns[2]);
    assert_non_null(strstr(want.warnings[0], "hostedZoneARNs"));
    assert_null(want.warnings[1]);
}

static const char *tag(const struct want *want, const char *key)
{
    const char *value = aws_tags_get(&want->tags, key);

    return value ? value : "(absent)";
}

static void tags_say_whose_it_is_and_what_the_user_added(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart =
        binding_make("shop", "cart", "u-1", "\"tags\":{\"team\":\"a\"}");
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_int_equal(want.tags.count, 7);
    assert_string_equal(tag(&want, TAG_MANAGED), "true");
    assert_string_equal(tag(&want, TAG_CLUSTER), CLUSTER_ARN);
    assert_string_equal(tag(&want, TAG_NAMESPACE), "shop");
    assert_string_equal(tag(&want, TAG_SERVICE_ACCOUNT), "cart");
    assert_string_equal(tag(&want, TAG_BINDING_UID), "u-1");
    assert_string_equal(tag(&want, TAG_ORIGIN), "created");
    assert_string_equal(tag(&want, "team"), "a");
}

static void an_existing_role_is_wanted_as_it_is(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *cart = binding_make(
        "shop", "cart", "u-1",
        "\"roleARN\":\"arn:aws:iam::111122223333:role/team/cart\",\"roleName\":\"other\"");
    struct error error = {0};
    struct want want;

    (void)state;
    assert_true(compute(&want, arena, cart, &error));
    assert_false(want.managed);
    assert_string_equal(want.role_arn, "arn:aws:iam::111122223333:role/team/cart");
    assert_string_equal(want.role_name, "cart");
    assert_null(want.trust);
    assert_int_equal(want.tags.count, 6);
}

struct refusal {
    const char *spec, *code, *text;
};

static void refuses_what_no_aws_would_grant(void **state)
{
    static const struct refusal refusals[] = {
        {"\"roleARN\":\"arn:aws:iam::111122223333:user/x\"", "RoleMissing",
         "not the ARN of a role"},
        {"\"roleARN\":\"arn:aws:iam::444455556666:role/x\"", "RoleInOtherAccount",
         "is in account 444455556666, but the cluster is in 111122223333"},
        {"\"roleARN\":\"arn:aws-cn:iam::111122223333:role/x\"", "RoleInOtherAccount", ""},
        {"\"roleARN\":\"arn:aws:iam::111122223333:role" ROLE_PATH "x\"", "RoleForbidden",
         "stands under --role-path " ROLE_PATH},
        {"\"roleARN\":\"arn:aws:iam::111122223333:role/controllers/podidentity\"", "RoleForbidden",
         "is the controller's own"},
        {"\"permissionPolicy\":{}", "MalformedPolicy", "spec.permissionPolicy: the policy is"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
        AUTO_BINDING struct podidentitybinding *cart =
            binding_make("shop", "cart", "u-1", refusals[i].spec);
        struct error error = {0};
        struct want want;

        assert_false(compute(&want, arena, cart, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_string_equal(error.code, refusals[i].code);
        if (!strstr(error.text, refusals[i].text))
            fail_msg("\"%s\" does not say \"%s\"", error.text, refusals[i].text);
    }
}

static void refuses_documents_and_paths_that_are_too_long(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    AUTO_BINDING struct podidentitybinding *large = binding_make(
        "shop", "cart", "u-1",
        arena_printf(arena, "\"permissionPolicy\":{\"Statement\":[{\"Sid\":\"%010240d\"}]}", 0));
    AUTO_BINDING struct podidentitybinding *deep =
        binding_make("shop", "cart", "u-1", arena_printf(arena, "\"rolePath\":\"/%0500d/\"", 0));
    struct scene scene = scene_make(NULL);
    struct error error = {0};
    struct want want;

    (void)state;
    assert_false(compute(&want, arena, large, &error));
    assert_string_equal(error.code, "PolicyTooLarge");
    assert_false(compute(&want, arena, deep, &error));
    assert_string_equal(error.code, "RoleForbidden");
    assert_non_null(strstr(error.text, "Shorten spec.rolePath"));

    error = (struct error){0};
    scene.account.cluster_arn = arena_printf(arena, "%s%01000d", CLUSTER_ARN, 0);
    AUTO_BINDING struct podidentitybinding *cart = binding_make("shop", "cart", "u-1", "");
    assert_false(want_compute(&want, arena, cart, &scene, &error));
    assert_string_equal(error.code, "TrustTooLarge");
}

static void role_names_fit_into_iam_and_never_meet(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(UNIT_ARENA_MAX);
    const char *longest = arena_printf(arena, "%063d", 7);
    const char *name =
        want_role_name(arena, CLUSTER_ARN, longest, arena_printf(arena, "%0253d", 8));

    (void)state;
    assert_int_equal(strlen(name), 64);
    assert_int_equal(strlen(want_role_name(arena, CLUSTER_ARN, "a", "b")), 3 + 1 + 8);
    assert_string_not_equal(want_role_name(arena, CLUSTER_ARN, longest, "a"),
                            want_role_name(arena, CLUSTER_ARN, longest, "b"));
    assert_string_not_equal(want_role_name(arena, CLUSTER_ARN, "a", "b-c"),
                            want_role_name(arena, CLUSTER_ARN, "a-b", "c"));
    assert_string_not_equal(want_role_name(arena, CLUSTER_ARN, "a", "b"),
                            want_role_name(arena, CLUSTER_ARN "2", "a", "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_binding_gets_a_role_of_ours),
        cmocka_unit_test(its_trust_admits_this_serviceaccount_and_no_other),
        cmocka_unit_test(takes_every_field_of_a_managed_role),
        cmocka_unit_test(an_inline_policy_without_name_is_policy1),
        cmocka_unit_test(well_known_policies_stand_after_the_users_own),
        cmocka_unit_test(tags_say_whose_it_is_and_what_the_user_added),
        cmocka_unit_test(an_existing_role_is_wanted_as_it_is),
        cmocka_unit_test(refuses_what_no_aws_would_grant),
        cmocka_unit_test(refuses_documents_and_paths_that_are_too_long),
        cmocka_unit_test(role_names_fit_into_iam_and_never_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
