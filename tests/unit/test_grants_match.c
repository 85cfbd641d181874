/* Which namespaces and ServiceAccounts a grant is for. */

#include "tests/unit/grants.h"

#define ALL "\"serviceAccounts\":[\"*\"]"

static const struct podidentitygrant *grant_of(struct gate *gate, const char *spec)
{
    gate_grant(gate, "g", spec);
    return store_get(gate->grants, "g");
}

static void fill_namespaces(struct gate *gate)
{
    gate_namespace(gate, "shop", "{\"example.com/team\":\"shop\",\"stage\":\"prod\",\"x\":\"y\"}");
    gate_namespace(gate, "kube-system", "{\"example.com/team\":\"shop\"}");
    gate_namespace(gate, "podidentity-system", "{\"example.com/team\":\"shop\"}");
    gate_namespace(gate, "bare", "{}");
}

static const struct match {
    const char *spec, *namespace_name;
    const char *why; /* NULL: it matches */
} namespaces[] = {
    {"{\"namespaces\":{\"names\":[\"a\",\"shop\"]}," ALL "}", "shop", NULL},
    {"{\"namespaces\":{\"names\":[\"shop\"]}," ALL "}", "shop-2", "does not name"},
    {"{\"namespaces\":{\"names\":[\"shop-2\"]}," ALL "}", "shop", "does not name"},
    {"{\"namespaces\":{\"names\":[\"shop\"]}," ALL "}", "unknown", "does not name"},
    {"{\"namespaces\":{\"names\":[\"unknown\"]}," ALL "}", "unknown", NULL},
    {"{" ALL "}", "shop", "selects no namespace"},
    {"{\"namespaces\":{}," ALL "}", "shop", "selects no namespace"},
    {"{\"namespaces\":{\"names\":[],\"matchLabels\":{}}," ALL "}", "shop", "selects no namespace"},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/team\":\"shop\"}}," ALL "}", "shop", NULL},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/team\":\"shop\",\"stage\":\"prod\"}}," ALL
     "}",
     "shop", NULL},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/team\":\"shop\",\"stage\":\"test\"}}," ALL
     "}",
     "shop", "lacks the label stage=test"},
    {"{\"namespaces\":{\"matchLabels\":{\"stage\":\"\"}}," ALL "}", "bare",
     "lacks the label stage="},
    {"{\"namespaces\":{\"matchLabels\":{\"x\":\"y\"}}," ALL "}", "shop",
     "label key x is not in --grant-label-keys"},
    {"{\"namespaces\":{\"matchLabels\":{\"stage\":\"prod\",\"x\":\"y\"}}," ALL "}", "shop",
     "label key x is not in --grant-label-keys"},
    {"{\"namespaces\":{\"matchLabels\":{\"team\":\"shop\"}}," ALL "}", "shop",
     "label key team is not"},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/tea\":\"shop\"}}," ALL "}", "shop",
     "label key example.com/tea is not"},
    {"{\"namespaces\":{\"names\":[\"shop\"],\"matchLabels\":{\"x\":\"y\"}}," ALL "}", "shop", NULL},
    {"{\"namespaces\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"shop\"}}," ALL "}",
     "shop", NULL},
    {"{\"namespaces\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"shop\"}}," ALL "}",
     "bare", "lacks the label kubernetes.io/metadata.name=shop"},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/team\":\"shop\"}}," ALL "}", "unknown",
     "lacks the label"},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/team\":\"shop\"}}," ALL "}", "kube-system",
     "labels do not reach kube-*"},
    {"{\"namespaces\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"kube-system\"}}," ALL "}",
     "kube-system", "labels do not reach kube-*"},
    {"{\"namespaces\":{\"matchLabels\":{\"example.com/team\":\"shop\"}}," ALL "}",
     "podidentity-system", "labels do not reach kube-*"},
    {"{\"namespaces\":{\"names\":[\"kube-system\"]}," ALL "}", "kube-system", NULL},
    {"{\"namespaces\":{\"names\":[\"podidentity-system\"]}," ALL "}", "podidentity-system", NULL},
};

static void matches_by_name_or_by_all_of_its_labels(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();

    (void)state;
    fill_namespaces(gate);
    for (size_t i = 0; i < COUNT(namespaces); i++) {
        const struct podidentitygrant *grant = grant_of(gate, namespaces[i].spec);
        const char *why =
            grant_mismatch(gate->arena, grant, namespaces[i].namespace_name, "cart", &gate->scene);

        if ((namespaces[i].why == NULL) != (why == NULL) ||
            (why && !strstr(why, namespaces[i].why)))
            fail_msg("%s for %s: %s", namespaces[i].spec, namespaces[i].namespace_name,
                     why ? why : "yes");
        assert_true(grant_matches(grant, namespaces[i].namespace_name, "cart", &gate->scene) ==
                    !why);
    }
}

static void matches_service_accounts_by_globs_that_are_anchored(void **state)
{
    static const struct {
        const char *globs, *service_account;
        bool matches;
    } cases[] = {
        {"[\"cart\"]", "cart", true},
        {"[\"cart\"]", "cart2", false},
        {"[\"cart\"]", "2cart", false},
        {"[\"x\",\"ca*\"]", "cart", true},
        {"[\"*\"]", "any.thing-1", true},
        {"[\"*t\"]", "cart", true},
        {"[\"c*t\"]", "ct", true},
        {"[\"*r\"]", "cart", false},
        {"[]", "cart", false},
    };
    AUTO_GATE struct gate *gate = gate_create();

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_TEXT struct text spec = TEXT_INIT(1000);
        const struct podidentitygrant *grant;

        text_printf(&spec, "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":%s}",
                    cases[i].globs);
        grant = grant_of(gate, spec.bytes);
        if (grant_matches(grant, "shop", cases[i].service_account, &gate->scene) !=
            cases[i].matches)
            fail_msg("%s for %s", cases[i].globs, cases[i].service_account);
    }
}

static void
a_grant_that_is_not_understood_matches_nothing_but_still_says_for_whom_it_is(void **state)
{
    static const char *const specs[] = {
        "{\"namespaces\":{\"names\":[\"shop\"]}," ALL ",\"targetRoleARNs\":[\"**\"]}",
    };
    AUTO_GATE struct gate *gate = gate_create();

    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        const struct podidentitygrant *grant = grant_of(gate, specs[i]);

        assert_true(grant_selects(grant, "shop", NULL, &gate->scene.settings));
        assert_false(grant_matches(grant, "shop", "cart", &gate->scene));
        assert_has(grant_mismatch(gate->arena, grant, "shop", "cart", &gate->scene), "no glob");
    }
    assert_has(grant_mismatch(gate->arena,
                              grant_of(gate, "{\"namespaces\":[],\"serviceAccounts\":[\"*\"]}"),
                              "shop", "cart", &gate->scene),
               "cannot be read (spec.namespaces");
}

static void without_the_setting_only_the_name_label_counts(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();
    static const char *const none[] = {NULL, ""};

    (void)state;
    fill_namespaces(gate);
    for (size_t i = 0; i < COUNT(none); i++) {
        const struct podidentitygrant *grant;

        gate->scene.settings.grant_label_keys = none[i];
        grant = grant_of(gate, "{\"namespaces\":{\"matchLabels\":{\"stage\":\"prod\"}}," ALL "}");
        assert_string_equal(grant_forbidden_label(grant, &gate->scene.settings), "stage");
        assert_false(grant_matches(grant, "shop", "cart", &gate->scene));
        grant = grant_of(gate, "{\"namespaces\":{\"matchLabels\":{\"kubernetes.io/"
                               "metadata.name\":\"shop\"}}," ALL "}");
        assert_true(grant_matches(grant, "shop", "cart", &gate->scene));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_by_name_or_by_all_of_its_labels),
        cmocka_unit_test(matches_service_accounts_by_globs_that_are_anchored),
        cmocka_unit_test(
            a_grant_that_is_not_understood_matches_nothing_but_still_says_for_whom_it_is),
        cmocka_unit_test(without_the_setting_only_the_name_label_counts),
    };

    return cmocka_run_group_tests_name("grants_match", tests, NULL, NULL);
}
