/* Whether the trust of an existing role names whom it is for. */

#include "reconcilers/trust.h"
#include "tests/unit/grants.h"

#define STATEMENT(conditions)                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":" \
    "\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]" conditions    \
    "}]}"
#define TAG(name) "\"aws:RequestTag/" name "\""
#define CLUSTER TAG("eks-cluster-arn") ":\"" CLUSTER_ARN "\""
#define SOURCE ",\"ArnEquals\":{\"aws:SourceArn\":\"" CLUSTER_ARN "\"}"
#define NAMESPACE TAG("kubernetes-namespace") ":\"shop\""
#define ACCOUNT TAG("kubernetes-service-account") ":\"cart\""
#define EQUALS(inside) ",\"Condition\":{\"StringEquals\":{" inside "}}"
#define LIKE(inside) ",\"Condition\":{\"StringLike\":{" inside "}}"

static const struct consent {
    const char *trust;
    bool consents;
} trusts[] = {
    {STATEMENT(""), false}, /* AWS's own example */
    {STATEMENT(EQUALS(CLUSTER)), false},
    {STATEMENT(EQUALS(NAMESPACE "," ACCOUNT)), false},
    {STATEMENT(EQUALS(CLUSTER "," NAMESPACE)), false},
    {STATEMENT(EQUALS(CLUSTER "," ACCOUNT)), false},
    {STATEMENT(EQUALS(CLUSTER "," NAMESPACE "," ACCOUNT)), true},
    {STATEMENT(LIKE(CLUSTER "," NAMESPACE "," ACCOUNT)), true},
    {STATEMENT(",\"Condition\":{\"StringEquals\":{" NAMESPACE "," ACCOUNT "}" SOURCE "}"), true},
    {STATEMENT(EQUALS(CLUSTER "," NAMESPACE
                              "," TAG("kubernetes-service-account") ":[\"till\",\"cart\"]")),
     true},
    {STATEMENT(EQUALS(CLUSTER "," NAMESPACE "," TAG("kubernetes-service-account") ":[\"till\"]")),
     false},
    /* A pattern names nobody, whatever it fits. */
    {STATEMENT(LIKE(CLUSTER "," NAMESPACE "," TAG("kubernetes-service-account") ":\"*\"")), false},
    {STATEMENT(LIKE(CLUSTER "," TAG("kubernetes-namespace") ":\"shop*\"," ACCOUNT)), false},
    {STATEMENT(LIKE(CLUSTER "," TAG("kubernetes-namespace") ":\"s?op\"," ACCOUNT)), false},
    {STATEMENT(LIKE(CLUSTER "," TAG("kubernetes-namespace") ":[\"shop\",\"*\"]," ACCOUNT)), false},
    {STATEMENT(LIKE(TAG("eks-cluster-arn") ":\"arn:aws:eks:*\"," NAMESPACE "," ACCOUNT)), false},
    {STATEMENT(
         LIKE(CLUSTER "," NAMESPACE "," TAG("kubernetes-service-account") ":[\"cart\",\"cart*\"]")),
     false},
    {STATEMENT(LIKE(TAG("eks-cluster-arn") ":[\"" CLUSTER_ARN "\",\"*\"]," NAMESPACE "," ACCOUNT)),
     false},
    /* Named in one statement, admitted by another that asks nothing. */
    {"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
     "\"Service\":\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\","
     "\"sts:TagSession\"]},{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
     "\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]" EQUALS(
         CLUSTER "," NAMESPACE "," ACCOUNT) "}]}",
     false},
    /* What is not understood is not consent. */
    {STATEMENT(EQUALS(CLUSTER "," NAMESPACE "," ACCOUNT ",\"aws:PrincipalOrgID\":\"o-1\"")), false},
    {"no JSON", false},
    {"", false},
};

static void consents_only_where_all_three_are_named(void **state)
{
    AUTO_GATE struct gate *gate = gate_create();

    (void)state;
    for (size_t i = 0; i < COUNT(trusts); i++)
        if (grants_consent(gate->arena, trusts[i].trust, &cart_subject) != trusts[i].consents)
            fail_msg("case %zu: %s", i, trusts[i].trust);
    /* What we would ask the owner to add is consent. */
    assert_true(grants_consent(gate->arena,
                               trust_document(gate->arena, &cart_subject, TRUST_SERVICE_ACCOUNT),
                               &cart_subject));
    assert_false(grants_consent(
        gate->arena, trust_document(gate->arena, &cart_subject, TRUST_CLUSTER), &cart_subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consents_only_where_all_three_are_named),
    };

    return cmocka_run_group_tests_name("grants_consent", tests, NULL, NULL);
}
