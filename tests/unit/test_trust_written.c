/* The trust that we write, and whom it admits. */

#include "base/error.h"
#include "reconcilers/policy.h"
#include "tests/unit/judged.h"

static void the_hash_is_forty_bits_of_sha256_in_base32(void **state)
{
    char hash[TRUST_HASH_SIZE];

    (void)state;
    /* printf 'ARN\nshop\ncart' | sha256sum; the first ten digits through base32 */
    trust_hash(hash, CLUSTER_ARN, "shop", "cart");
    assert_string_equal(hash, "d6ug4jel");
}

static void the_hash_tells_apart_what_a_plain_join_would_mix(void **state)
{
    char one[TRUST_HASH_SIZE], other[TRUST_HASH_SIZE];

    (void)state;
    trust_hash(one, CLUSTER_ARN, "a", "b-c");
    trust_hash(other, CLUSTER_ARN, "a-b", "c");
    assert_string_not_equal(one, other);
    trust_hash(other, CLUSTER_ARN "2", "a", "b-c");
    assert_string_not_equal(one, other);
}

#define STATEMENT(conditions)                                                                      \
    "{\"Sid\":\"PodIdentityd6ug4jel\",\"Effect\":\"Allow\","                                       \
    "\"Principal\":{\"Service\":\"pods.eks.amazonaws.com\"},"                                      \
    "\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"],\"Condition\":" conditions "}"
#define ACCOUNT "\"aws:SourceAccount\":\"111122223333\""
#define ARN_CONDITION "\"ArnEquals\":{\"aws:SourceArn\":\"" CLUSTER_ARN "\"}"

static void writes_exactly_the_statement_of_each_scope(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject untagged = without_tags();
    const char *cluster = STATEMENT("{\"StringEquals\":{" ACCOUNT "}," ARN_CONDITION "}");

    (void)state;
    assert_string_equal(trust_statement(arena, &cart_subject, TRUST_ACCOUNT),
                        STATEMENT("{\"StringEquals\":{" ACCOUNT "}}"));
    assert_string_equal(trust_statement(arena, &cart_subject, TRUST_CLUSTER), cluster);
    assert_string_equal(
        trust_statement(arena, &cart_subject, TRUST_SERVICE_ACCOUNT),
        STATEMENT("{\"StringEquals\":{" ACCOUNT ",\"aws:RequestTag/eks-cluster-arn\":\"" CLUSTER_ARN
                  "\",\"aws:RequestTag/kubernetes-namespace\":\"shop\","
                  "\"aws:RequestTag/kubernetes-service-account\":\"cart\"}," ARN_CONDITION "}"));
    assert_string_equal(trust_statement(arena, &untagged, TRUST_SERVICE_ACCOUNT), cluster);
    assert_string_equal(trust_document(arena, &cart_subject, TRUST_ACCOUNT),
                        "{\"Version\":\"2012-10-17\",\"Statement\":[" STATEMENT(
                            "{\"StringEquals\":{" ACCOUNT "}}") "]}");
}

static void
further_conditions_stand_in_what_we_write_and_not_in_what_others_are_asked_for(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct trust_subject subject = cart_subject;

    (void)state;
    subject.conditions =
        "aws:SourceOrgId=o-1,aws:SourceVpc=vpc-*,aws:SourceOrgPaths=o-1/r-1/ou-1/*";
    assert_string_equal(trust_document(arena, &subject, TRUST_ACCOUNT),
                        "{\"Version\":\"2012-10-17\",\"Statement\":[" STATEMENT(
                            "{\"StringEquals\":{" ACCOUNT ",\"aws:SourceOrgId\":\"o-1\"},"
                            "\"StringLike\":{\"aws:SourceVpc\":\"vpc-*\"},"
                            "\"ForAnyValue:StringLike\":{\"aws:SourceOrgPaths\":"
                            "\"o-1/r-1/ou-1/*\"}}") "]}");
    assert_string_equal(trust_statement(arena, &subject, TRUST_ACCOUNT),
                        trust_statement(arena, &cart_subject, TRUST_ACCOUNT));
    subject.conditions = "";
    assert_string_equal(trust_document(arena, &subject, TRUST_CLUSTER),
                        trust_document(arena, &cart_subject, TRUST_CLUSTER));
}

static void what_we_write_admits_its_subject_and_fits_into_iam(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject untagged = without_tags();

    (void)state;
    for (enum trust_scope scope = TRUST_SERVICE_ACCOUNT; scope <= TRUST_ACCOUNT; scope++) {
        const char *tagged = trust_document(arena, &cart_subject, scope);
        const char *plain = trust_document(arena, &untagged, scope);
        struct error error = {0};

        assert_true(policy_check(tagged, POLICY_TRUST_MAX, &error));
        assert_int_equal(trust_judge(arena, tagged, &cart_subject).verdict, TRUST_ADMITS);
        assert_int_equal(trust_judge(arena, plain, &untagged).verdict, TRUST_ADMITS);
    }
}

static void what_we_wrote_with_further_conditions_is_understood_where_the_role_is_ours(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct trust_subject subject = cart_subject, other = cart_subject;
    const char *document;

    (void)state;
    subject.conditions = "aws:SourceOrgId=o-1,aws:SourceVpc=vpc-*,aws:SourceOrgPaths=o-1/r-1/*";
    document = trust_document(arena, &subject, TRUST_SERVICE_ACCOUNT);
    assert_int_equal(trust_judge_ours(arena, document, &subject).verdict, TRUST_ADMITS);
    assert_int_equal(trust_judge(arena, document, &subject).verdict, TRUST_UNKNOWN);
    other.conditions = "aws:SourceOrgId=o-2"; /* as the flag was before */
    document = trust_document(arena, &other, TRUST_SERVICE_ACCOUNT);
    assert_int_equal(trust_judge_ours(arena, document, &subject).verdict, TRUST_UNKNOWN);
    other.conditions = "aws:SourceOrgId=o-*";
    document = trust_document(arena, &other, TRUST_SERVICE_ACCOUNT);
    assert_int_equal(trust_judge_ours(arena, document, &subject).verdict, TRUST_UNKNOWN);
    other = subject;
    other.service_account = "till";
    assert_int_equal(trust_judge_ours(arena, document, &other).verdict, TRUST_REFUSES);
}

static void a_scope_admits_no_more_than_it_names(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct trust_subject others[5] = {cart_subject, cart_subject, cart_subject, cart_subject,
                                      cart_subject};
    static const bool admitted[COUNT(others)][3] = {
        /* ServiceAccount, Cluster, Account */
        {true, true, true},   {false, true, true},   {false, true, true},
        {false, false, true}, {false, false, false},
    };

    (void)state;
    others[1].service_account = "till";
    others[2].namespace_name = "shop-old";
    others[3].cluster_arn = CLUSTER_ARN "2";
    others[4].account_id = "444455556666";
    others[4].cluster_arn = "arn:aws:eks:eu-west-1:444455556666:cluster/main";
    for (size_t i = 0; i < COUNT(others); i++)
        for (enum trust_scope scope = TRUST_SERVICE_ACCOUNT; scope <= TRUST_ACCOUNT; scope++)
            assert_int_equal(
                trust_judge(arena, trust_document(arena, &cart_subject, scope), &others[i]).verdict,
                admitted[i][scope] ? TRUST_ADMITS : TRUST_REFUSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_forty_bits_of_sha256_in_base32),
        cmocka_unit_test(the_hash_tells_apart_what_a_plain_join_would_mix),
        cmocka_unit_test(writes_exactly_the_statement_of_each_scope),
        cmocka_unit_test(
            further_conditions_stand_in_what_we_write_and_not_in_what_others_are_asked_for),
        cmocka_unit_test(what_we_write_admits_its_subject_and_fits_into_iam),
        cmocka_unit_test(
            what_we_wrote_with_further_conditions_is_understood_where_the_role_is_ours),
        cmocka_unit_test(a_scope_admits_no_more_than_it_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
