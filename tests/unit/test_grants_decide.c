/* What grants decide about one binding, and how they explain it. */

#include "tests/unit/grants.h"

#define FOR_SHOP "\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"]"
#define ROLE "arn:aws:iam::111122223333:role/"

/* One binding for cart in shop and up to two grants for it. */
static const struct decision_case {
    const char *binding;   /* further members of its spec */
    const char *grants[2]; /* further members of theirs; NULL: no such grant */
    const char *refusal;   /* NULL: granted */
} cases[] = {
    {"", {NULL}, "managedRoles. 0 looked at"},
    {"", {""}, "\"a\": does not allow managedRoles"},
    {"", {"\"managedRoles\":{}"}, NULL},
    {"", {"\"existingRoles\":{\"arns\":[\"*\"]}"}, "does not allow managedRoles"},

    {"\"roleARN\":\"" ROLE "x\"", {"\"managedRoles\":{}"}, "existingRoles.arns for " ROLE "x"},
    {"\"roleARN\":\"" ROLE "x\"", {"\"existingRoles\":{\"arns\":[\"" ROLE "*\"]}"}, NULL},
    {"\"roleARN\":\"" ROLE "x/y\"", {"\"existingRoles\":{\"arns\":[\"" ROLE "*\"]}"}, "does not"},
    {"\"roleARN\":\"" ROLE "x/y\"", {"\"existingRoles\":{\"arns\":[\"" ROLE "*/*\"]}"}, NULL},
    {"\"roleARN\":\"" ROLE "xx\"", {"\"existingRoles\":{\"arns\":[\"" ROLE "x\"]}"}, "does not"},
    {"\"roleARN\":\"" ROLE "x\",\"roleName\":\"ignored\"",
     {"\"existingRoles\":{\"arns\":[\"" ROLE "x\"]}"},
     NULL},

    {"\"roleName\":\"n\"", {"\"managedRoles\":{}"}, "managedRoles.roleNames for n"},
    {"\"roleName\":\"n\"", {"\"managedRoles\":{\"roleNames\":[\"n*\"]}"}, NULL},
    {"\"roleName\":\"n\"",
     {"\"managedRoles\":{}", "\"managedRoles\":{\"roleNames\":[\"n\"]}"},
     NULL},
    {"\"permissionPolicy\":{}", {"\"managedRoles\":{}"}, "managedRoles.inlinePolicies: Allow"},
    {"\"permissionPolicy\":{}",
     {"\"managedRoles\":{\"inlinePolicies\":\"Deny\"}"},
     "inlinePolicies"},
    {"\"permissionPolicy\":{}", {"\"managedRoles\":{\"inlinePolicies\":\"Allow\"}"}, NULL},
    {"\"permissionPolicyARNs\":[\"p1\",\"p2\"]",
     {"\"managedRoles\":{\"permissionPolicyARNs\":[\"p1\"]}"},
     "managedRoles.permissionPolicyARNs for p2"},
    {"\"permissionPolicyARNs\":[\"p1\",\"p2\"]",
     {"\"managedRoles\":{\"permissionPolicyARNs\":[\"p1\"]}",
      "\"managedRoles\":{\"permissionPolicyARNs\":[\"p2\"]}"},
     NULL},
    {"\"permissionPolicyARNs\":[\"p1\",\"p2\",\"p3\"]",
     {"\"managedRoles\":{\"permissionPolicyARNs\":[\"p1\"]}"},
     "p2 and 1 more. 1 looked at"},

    {"\"permissionsBoundaryARN\":\"" BOUNDARY "\"", {"\"managedRoles\":{}"}, NULL},
    {"\"permissionsBoundaryARN\":\"other\"", {"\"managedRoles\":{}"}, "BoundaryARNs for other"},
    {"\"permissionsBoundaryARN\":\"other\"",
     {"\"managedRoles\":{\"permissionsBoundaryARNs\":[\"o*\"]}"},
     NULL},

    {"\"trustScope\":\"ServiceAccount\"", {"\"managedRoles\":{}"}, NULL},
    {"\"trustScope\":\"Cluster\"", {"\"managedRoles\":{}"}, "trustScopes for Cluster"},
    {"\"trustScope\":\"Cluster\",\"disableSessionTags\":true", {"\"managedRoles\":{}"}, NULL},
    {"\"trustScope\":\"Account\",\"disableSessionTags\":true",
     {"\"managedRoles\":{\"trustScopes\":[\"Cluster\"]}"},
     "trustScopes for Account"},
    {"\"trustScope\":\"Cluster\"", {"\"managedRoles\":{\"trustScopes\":[\"Cluster\"]}"}, NULL},
    {"\"trustScope\":\"Account\"", {"\"managedRoles\":{\"trustScopes\":[\"Account\"]}"}, NULL},

    {"\"targetRoleARN\":\"t\"", {"\"managedRoles\":{}"}, "targetRoleARNs for t"},
    {"\"targetRoleARN\":\"t\"", {"\"managedRoles\":{},\"targetRoleARNs\":[\"t\"]"}, NULL},
    {"\"targetRoleARN\":\"t\",\"roleARN\":\"x\"",
     {"\"existingRoles\":{\"arns\":[\"x\"]}", "\"targetRoleARNs\":[\"*\"]"},
     NULL},
    {"\"targetRoleARN\":\"t\",\"roleARN\":\"x\"",
     {"\"existingRoles\":{\"arns\":[\"x\"]}"},
     "targetRoleARNs for t"},

    {"\"adoptionPolicy\":\"Adopt\"", {"\"managedRoles\":{}"}, "adoption"},
    {"\"adoptionPolicy\":\"Adopt\"",
     {"\"managedRoles\":{},\"adoption\":{\"associations\":true}"},
     NULL},
    {"\"adoptionPolicy\":\"Adopt\"",
     {"\"managedRoles\":{},\"adoption\":{\"roles\":[\"x\"]}"},
     NULL},
    {"\"adoptionPolicy\":\"Refuse\"", {"\"managedRoles\":{}"}, NULL},
    {"\"deletionPolicy\":\"Retain\"", {"\"managedRoles\":{}"}, "allowRetain"},
    {"\"deletionPolicy\":\"Retain\"", {"\"managedRoles\":{}", "\"allowRetain\":true"}, NULL},
};

static void each_item_must_be_allowed_by_some_grant(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_GATE struct gate *gate = gate_create();
        const struct podidentitybinding *binding =
            gate_bind(gate, "shop", "cart", 0, cases[i].binding);
        struct grant_decision decision;

        for (size_t j = 0; j < COUNT(cases[i].grants) && cases[i].grants[j]; j++) {
            AUTO_TEXT struct text spec = TEXT_INIT(2000);

            text_printf(&spec, "{" FOR_SHOP "%s%s}", cases[i].grants[j][0] ? "," : "",
                        cases[i].grants[j]);
            gate_grant(gate, j == 0 ? "a" : "b", spec.bytes);
        }
        decision = decide(gate, binding);
        if (decision.granted != (cases[i].refusal == NULL) ||
            (cases[i].refusal && !strstr(decision.message, cases[i].refusal)))
            fail_msg("case %zu, %s: %s", i, cases[i].binding, decision.message);
        assert_false(decision.needs_consent);
    }
}

static void a_refusal_lists_each_grant_and_why_those_for_the_binding_first(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *binding =
        gate_bind(gate, "shop", "cart", 0, "\"permissionPolicyARNs\":[\"p\"]");

    (void)state;
    gate_grant(gate, "a-other",
               "{\"namespaces\":{\"names\":[\"bar\"]},\"serviceAccounts\":[\"*\"]}");
    gate_grant(gate, "b-account",
               "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"till\"]}");
    gate_grant(gate, "c-short", "{" FOR_SHOP ",\"managedRoles\":{}}");
    gate_grant(gate, "d-bad", "{" FOR_SHOP ",\"targetRoleARNs\":[\"**\"]}");
    assert_string_equal(decide(gate, binding).message,
                        "No PodIdentityGrant gives namespace shop, ServiceAccount cart: "
                        "managedRoles.permissionPolicyARNs for p. 4 looked at: "
                        "\"c-short\": does not allow managedRoles.permissionPolicyARNs for p; "
                        "\"a-other\": does not name this namespace; "
                        "\"b-account\": its serviceAccounts do not match; "
                        "\"d-bad\": has \"**\", which is no glob. "
                        "Ask the platform team for a grant");
}

static void a_refusal_stays_short_and_counts_what_it_leaves_out(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *binding = gate_bind(gate, "shop", "cart", 0, "");
    const char *message;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        char name[32];

        snprintf(name, sizeof(name), "other-%03u", i);
        gate_grant(gate, name, "{\"namespaces\":{\"names\":[\"bar\"]}}");
    }
    gate_grant(gate, "zz", "{" FOR_SHOP "}");
    message = decide(gate, binding).message;
    assert_in_range(strlen(message), 1000, 2000);
    assert_has(message, "301 looked at");
    assert_has(message, " more. Ask the platform team");
}

static void a_permission_names_the_grants_that_give_something(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *binding =
        gate_bind(gate, "shop", "cart", 0, "\"permissionPolicyARNs\":[\"p\"]");

    (void)state;
    gate_grant(gate, "a", "{" FOR_SHOP ",\"managedRoles\":{}}");
    gate_grant(gate, "b", "{" FOR_SHOP ",\"targetRoleARNs\":[\"*\"]}");
    gate_grant(gate, "c", "{" FOR_SHOP ",\"managedRoles\":{\"permissionPolicyARNs\":[\"*\"]}}");
    assert_string_equal(decide(gate, binding).message, "Allowed by PodIdentityGrant a, c");
}

static void consent_is_needed_only_where_no_grant_goes_without(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *binding =
        gate_bind(gate, "shop", "cart", 0, "\"roleARN\":\"" ROLE "x\"");
    struct grant_decision decision;

    (void)state;
    gate_grant(gate, "strict",
               "{" FOR_SHOP ",\"existingRoles\":{\"arns\":[\"" ROLE "*\"],"
               "\"requireTrustConsent\":true}}");
    decision = decide(gate, binding);
    assert_true(decision.granted && decision.needs_consent);
    gate_grant(gate, "other", "{" FOR_SHOP ",\"existingRoles\":{\"arns\":[\"" ROLE "y\"]}}");
    decision = decide(gate, binding);
    assert_true(decision.granted && decision.needs_consent);
    gate_grant(gate, "free", "{" FOR_SHOP ",\"existingRoles\":{\"arns\":[\"" ROLE "x\"]}}");
    decision = decide(gate, binding);
    assert_true(decision.granted && !decision.needs_consent);
}

static void max_bindings_lets_the_older_in(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *third = gate_bind(gate, "shop", "a", 9, "");
    const struct podidentitybinding *second = gate_bind(gate, "shop", "c", 5, "");
    const struct podidentitybinding *first = gate_bind(gate, "shop", "b", 5, "");
    const struct podidentitybinding *existing =
        gate_bind(gate, "shop", "d", 1, "\"roleARN\":\"" ROLE "x\"");
    const struct podidentitybinding *elsewhere = gate_bind(gate, "bar", "a", 1, "");

    (void)state;
    gate_grant(gate, "g",
               "{\"namespaces\":{\"names\":[\"shop\",\"bar\"]},\"serviceAccounts\":[\"*\"],"
               "\"existingRoles\":{\"arns\":[\"" ROLE "x\"]},"
               "\"managedRoles\":{\"maxBindings\":2}}");
    assert_true(decide(gate, first).granted);
    assert_true(decide(gate, second).granted);
    assert_false(decide(gate, third).granted);
    assert_has(decide(gate, third).message, "maxBindings 2, which older bindings use up");
    assert_true(decide(gate, existing).granted);
    assert_true(decide(gate, elsewhere).granted);

    store_remove(gate->bindings, "shop/b");
    third = store_get(gate->bindings, "shop/a");
    assert_true(decide(gate, third).granted);
}

static void max_bindings_counts_whom_the_grant_matches_and_another_grant_adds_room(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *second;

    (void)state;
    gate_bind(gate, "shop", "web", 1, "");
    second = gate_bind(gate, "shop", "worker", 2, "");
    gate_grant(gate, "workers",
               "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"worker\"],"
               "\"managedRoles\":{\"maxBindings\":1}}");
    assert_true(decide(gate, second).granted);
    gate_grant(gate, "workers",
               "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"w*\"],"
               "\"managedRoles\":{\"maxBindings\":1}}");
    store_remove(gate->grants, "workers");
    gate_grant(gate, "all", "{" FOR_SHOP ",\"managedRoles\":{\"maxBindings\":1}}");
    assert_false(decide(gate, second).granted);
    gate_grant(gate, "none", "{" FOR_SHOP ",\"managedRoles\":{\"maxBindings\":0}}");
    assert_false(decide(gate, second).granted);
    gate_grant(gate, "more", "{" FOR_SHOP ",\"managedRoles\":{\"maxBindings\":2}}");
    assert_true(decide(gate, second).granted);
}

#define ZONE "arn:aws:route53:::hostedzone/"
#define KEY "arn:aws:kms:eu-west-1:111122223333:key/"
#define WELL_KNOWN(name, scopes)                                                                   \
    "\"wellKnownPolicies\":{\"" name "\":true},\"wellKnownPolicyScopes\":{\"" name "\":{" scopes   \
    "}}"

static void every_part_of_a_well_known_policy_must_be_granted(void **state)
{
    static const struct {
        const char *row, *spec;
        bool granted;
    } asked[] = {
        {"\"name\":\"externalDNS\",\"resources\":[\"" ZONE "A*\"]",
         WELL_KNOWN("externalDNS", "\"hostedZoneARNs\":[\"" ZONE "A1\",\"" ZONE "A2\"]"), true},
        {"\"name\":\"externalDNS\",\"resources\":[\"" ZONE "A*\"]",
         WELL_KNOWN("externalDNS", "\"hostedZoneARNs\":[\"" ZONE "A1\",\"" ZONE "B\"]"), false},
        {"\"name\":\"externalDNS\",\"resources\":[\"" ZONE "*\"]",
         "\"wellKnownPolicies\":{\"externalDNS\":true}", false},
        {"\"name\":\"externalDNS\",\"unscoped\":true",
         "\"wellKnownPolicies\":{\"externalDNS\":true}", true},
        {"\"name\":\"externalDNS\",\"unscoped\":true",
         WELL_KNOWN("externalDNS", "\"hostedZoneARNs\":[\"" ZONE "A1\"]"), true},
        {"\"name\":\"certManager\",\"unscoped\":true",
         "\"wellKnownPolicies\":{\"externalDNS\":true}", false},
        /* What adds needs its resources, however wide the rest. */
        {"\"name\":\"ebsCSIController\",\"unscoped\":true",
         WELL_KNOWN("ebsCSIController", "\"keyARNs\":[\"" KEY "k\"]"), false},
        {"\"name\":\"ebsCSIController\",\"unscoped\":true,\"resources\":[\"" KEY "*\"]",
         WELL_KNOWN("ebsCSIController", "\"keyARNs\":[\"" KEY "k\"]"), true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        AUTO_GATE struct gate *gate = gate_create();
        const struct podidentitybinding *binding =
            gate_bind(gate, "shop", "cart", 0, asked[i].spec);
        AUTO_TEXT struct text grant = TEXT_INIT(4096);

        text_printf(&grant, "{" FOR_SHOP ",\"managedRoles\":{\"wellKnownPolicies\":[{%s}]}}",
                    asked[i].row);
        gate_grant(gate, "g", grant.bytes);
        if (decide(gate, binding).granted != asked[i].granted)
            fail_msg("%zu: %s", i, decide(gate, binding).message);
    }
}

static void a_refusal_names_the_policy_and_its_value(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *binding = gate_bind(
        gate, "shop", "cart", 0, WELL_KNOWN("externalDNS", "\"hostedZoneARNs\":[\"" ZONE "A1\"]"));

    (void)state;
    gate_grant(gate, "g", "{" FOR_SHOP ",\"managedRoles\":{}}");
    assert_has(decide(gate, binding).message,
               "managedRoles.wellKnownPolicies for externalDNS: " ZONE "A1");
}

static void adoption_is_allowed_role_by_role(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    const struct podidentitybinding *binding = gate_bind(gate, "shop", "cart", 0, "");

    (void)state;
    gate_grant(gate, "g", "{" FOR_SHOP ",\"adoption\":{\"roles\":[\"" ROLE "old-*\"]}}");
    assert_true(grants_allow_adoption_of_role(binding, &gate->scene, ROLE "old-1"));
    assert_false(grants_allow_adoption_of_role(binding, &gate->scene, ROLE "new"));
    assert_false(grants_allow_adoption_of_association(binding, &gate->scene));
    gate_grant(gate, "h",
               "{\"namespaces\":{\"names\":[\"bar\"]},\"serviceAccounts\":[\"*\"],"
               "\"adoption\":{\"associations\":true,\"roles\":[\"*\"]}}");
    assert_false(grants_allow_adoption_of_association(binding, &gate->scene));
    assert_false(grants_allow_adoption_of_role(binding, &gate->scene, ROLE "new"));
    gate_grant(gate, "i", "{" FOR_SHOP ",\"adoption\":{\"associations\":true}}");
    assert_true(grants_allow_adoption_of_association(binding, &gate->scene));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_must_be_allowed_by_some_grant),
        cmocka_unit_test(a_refusal_lists_each_grant_and_why_those_for_the_binding_first),
        cmocka_unit_test(a_refusal_stays_short_and_counts_what_it_leaves_out),
        cmocka_unit_test(a_permission_names_the_grants_that_give_something),
        cmocka_unit_test(consent_is_needed_only_where_no_grant_goes_without),
        cmocka_unit_test(max_bindings_lets_the_older_in),
        cmocka_unit_test(max_bindings_counts_whom_the_grant_matches_and_another_grant_adds_room),
        cmocka_unit_test(every_part_of_a_well_known_policy_must_be_granted),
        cmocka_unit_test(a_refusal_names_the_policy_and_its_value),
        cmocka_unit_test(adoption_is_allowed_role_by_role),
    };

    return cmocka_run_group_tests_name("grants_decide", tests, NULL, NULL);
}
