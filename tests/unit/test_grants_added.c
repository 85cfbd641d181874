/* The property: adding a grant never takes away. */

#include "tests/property/random.h"
#include "tests/unit/grants.h"

static struct random numbers = {42};

static unsigned roll(unsigned sides)
{
    return (unsigned)random_below(&numbers, sides);
}

static const char *pick(const char *const *texts, unsigned count)
{
    return texts[roll(count)];
}

static void random_grant(struct text *spec)
{
    static const char *const selectors[] = {
        "\"names\":[\"shop\"]",          "\"names\":[\"bar\",\"shop\"]",
        "\"names\":[\"bar\"]",           "\"matchLabels\":{\"stage\":\"prod\"}",
        "\"matchLabels\":{\"x\":\"y\"}", ""};
    static const char *const accounts[] = {"\"*\"", "\"c*\"", "\"cart\"", "\"x\"", ""};
    static const char *const globs[] = {"\"*\"", "\"p1\"", "\"p*\",\"q\"", "\"**\"", ""};
    static const char *const limits[] = {"", ",\"maxBindings\":0", ",\"maxBindings\":1",
                                         ",\"maxBindings\":2"};
    static const char *const more[] = {
        "",
        ",\"allowRetain\":true",
        ",\"targetRoleARNs\":[\"*\"]",
        ",\"adoption\":{\"associations\":true}",
        ",\"existingRoles\":{\"arns\":[\"*\"]}",
        ",\"existingRoles\":{\"arns\":[\"p1\"],\"requireTrustConsent\":true}"};

    text_printf(spec, "{\"namespaces\":{%s},\"serviceAccounts\":[%s]", pick(selectors, 6),
                pick(accounts, 5));
    if (roll(3) > 0)
        text_printf(spec,
                    ",\"managedRoles\":{\"permissionPolicyARNs\":[%s],\"roleNames\":[%s],"
                    "\"inlinePolicies\":\"%s\"%s}",
                    pick(globs, 5), pick(globs, 5), roll(2) ? "Allow" : "Deny", pick(limits, 4));
    text_printf(spec, "%s}", pick(more, 6));
}

static const char *const asked[] = {
    "",
    "\"permissionPolicyARNs\":[\"p1\",\"p2\"]",
    "\"permissionPolicyARNs\":[\"q\"],\"roleName\":\"p1\"",
    "\"permissionPolicy\":{},\"deletionPolicy\":\"Retain\"",
    "\"roleARN\":\"p1\"",
    "\"roleARN\":\"p1\",\"targetRoleARN\":\"t\"",
    "\"adoptionPolicy\":\"Adopt\",\"roleName\":\"q\"",
};

/* What a decision gives, as a number: nothing, something on consent, everything. */
static int gives(struct gate *gate, const struct podidentitybinding *binding)
{
    struct grant_decision decision = decide(gate, binding);

    if (!decision.granted)
        return 0;
    return decision.needs_consent ? 1 : 2;
}

static void adding_a_grant_never_takes_away(void **state)
{
    unsigned gained = 0, kept = 0;

    (void)state;
    for (unsigned round = 0; round < 600; round++) {
        AUTO_GATE struct gate *gate = gate_create();
        const struct podidentitybinding *bindings[COUNT(asked)];
        int before[COUNT(asked)] = {0};

        gate_namespace(gate, "shop", "{\"stage\":\"prod\",\"x\":\"y\"}");
        for (size_t i = 0; i < COUNT(asked); i++) {
            char name[32];

            snprintf(name, sizeof(name), "cart-%zu", i);
            bindings[i] = gate_bind(gate, "shop", roll(2) ? name : "cart", roll(3), asked[i]);
            bindings[i] = record_ref(bindings[i]);
        }
        for (unsigned grants = 0; grants < 5; grants++) {
            AUTO_TEXT struct text spec = TEXT_INIT(4000);
            char name[32];

            random_grant(&spec);
            snprintf(name, sizeof(name), "g-%u-%u", roll(1000), grants);
            gate_grant(gate, name, spec.bytes);
            for (size_t i = 0; i < COUNT(asked); i++) {
                int after = gives(gate, bindings[i]);

                if (after < before[i])
                    fail_msg("round %u: %s took %s away", round, spec.bytes, asked[i]);
                gained += after > before[i];
                kept += after == before[i] && after > 0;
                before[i] = after;
            }
            arena_reset(gate->arena);
        }
        for (size_t i = 0; i < COUNT(asked); i++)
            record_unref(bindings[i]);
    }
    assert_true(gained > 500 && kept > 500); /* else nothing was tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_a_grant_never_takes_away),
    };

    return cmocka_run_group_tests_name("grants_added", tests, NULL, NULL);
}
