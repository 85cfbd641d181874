/* Trust of pods that come with their ServiceAccount's token (IRSA): the statement that we write,
 * the judgement of others', and their owner's consent. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "reconcilers/grants.h"
#include "reconcilers/policy.h"
#include "reconcilers/trust.h"
#include "tests/unit/cart_subject.h"

#define ISSUER "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
#define PROVIDER "arn:aws:iam::111122223333:oidc-provider/" ISSUER
#define SUB "\"" ISSUER ":sub\":\"system:serviceaccount:shop:cart\""
#define AUD "\"" ISSUER ":aud\":\"sts.amazonaws.com\""
#define DOCUMENT(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define FEDERATED(arn) "\"Principal\":{\"Federated\":" arn "}"
#define ASSUME "\"Action\":\"sts:AssumeRoleWithWebIdentity\""
#define ALLOW(principal, rest) "{\"Effect\":\"Allow\"," principal "," ASSUME rest "}"
#define OURS FEDERATED("\"" PROVIDER "\"")
#define IF(conditions) ",\"Condition\":{" conditions "}"
#define EQUALS(keys) IF("\"StringEquals\":{" keys "}")

enum { ARENA_MAX = 4 << 20 };

static struct trust_subject cart(struct arena *arena)
{
    return trust_with_web_identity(arena, &cart_subject, "111122223333", "https://" ISSUER,
                                   "sts.amazonaws.com");
}

static void names_exactly_this_service_account(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject subject = cart(arena);

    (void)state;
    assert_string_equal(trust_statement(arena, &subject, TRUST_ACCOUNT),
                        "{\"Sid\":\"WebIdentityd6ug4jel\",\"Effect\":\"Allow\"," OURS
                        "," ASSUME EQUALS(AUD "," SUB) "}");
}

static void both_ways_stand_in_one_document(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject both[] = {cart_subject, cart(arena)};
    const char *document = trust_document_of(arena, both, 2, TRUST_SERVICE_ACCOUNT);
    struct error error = {0};

    (void)state;
    assert_true(policy_check(document, POLICY_TRUST_MAX, &error));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(trust_judge(arena, document, &both[i]).verdict, TRUST_ADMITS);
    assert_int_equal(
        trust_judge(arena, trust_document(arena, &cart_subject, TRUST_ACCOUNT), &both[1]).verdict,
        TRUST_REFUSES);
    assert_int_equal(
        trust_judge(arena, trust_document(arena, &both[1], TRUST_ACCOUNT), &cart_subject).verdict,
        TRUST_REFUSES);
    assert_int_equal(trust_statements(arena, both, 2, TRUST_ACCOUNT)[0], '[');
}

static void an_issuer_that_iam_does_not_take_gives_no_provider(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);

    (void)state;
    assert_null(trust_with_web_identity(arena, &cart_subject, "1", NULL, "a").provider_arn);
    assert_null(trust_with_web_identity(arena, &cart_subject, "1", "https://kubernetes:6443", "a")
                    .provider_arn);
}

static void judges_what_others_wrote(void **state)
{
    static const struct {
        const char *trust;
        enum trust_verdict verdict;
        const char *why;
    } cases[] = {
        {DOCUMENT(ALLOW(OURS, EQUALS(SUB "," AUD))), TRUST_ADMITS, "statement 1 allows"},
        {DOCUMENT(ALLOW(OURS, "")), TRUST_ADMITS, NULL},
        {DOCUMENT(ALLOW(FEDERATED("[\"a\",\"" PROVIDER "\"]"), EQUALS(SUB))), TRUST_ADMITS, NULL},
        {DOCUMENT(ALLOW(
             OURS, IF("\"StringLike\":{\"" ISSUER ":sub\":\"system:serviceaccount:shop:*\"}"))),
         TRUST_ADMITS, NULL},
        {DOCUMENT("{\"Effect\":\"Allow\"," OURS ",\"Action\":\"sts:*\"}"), TRUST_ADMITS, NULL},
        {DOCUMENT(ALLOW(OURS, EQUALS("\"" ISSUER ":sub\":\"system:serviceaccount:shop:till\""))),
         TRUST_REFUSES, "the request has \"system:serviceaccount:shop:cart\""},
        {DOCUMENT(ALLOW(OURS, EQUALS("\"" ISSUER ":aud\":\"another\""))), TRUST_REFUSES, ":aud"},
        {DOCUMENT(ALLOW(FEDERATED("\"" PROVIDER "X\""), EQUALS(SUB))), TRUST_REFUSES,
         "no statement allows sts:AssumeRoleWithWebIdentity to " PROVIDER},
        {DOCUMENT("{\"Effect\":\"Allow\"," OURS ",\"Action\":\"sts:AssumeRole\"}"), TRUST_REFUSES,
         "is missing"},
        {DOCUMENT("{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"pods.eks.amazonaws.com\"},"
                  "\"Action\":\"sts:*\"}"),
         TRUST_REFUSES, NULL},
        /* Only services send these, and tokens of Kubernetes have no tags. */
        {DOCUMENT(ALLOW(OURS, EQUALS("\"aws:SourceAccount\":\"111122223333\""))), TRUST_REFUSES,
         "no such key"},
        {DOCUMENT(ALLOW(OURS, EQUALS("\"aws:RequestTag/kubernetes-namespace\":\"shop\""))),
         TRUST_REFUSES, "no such key"},
        {DOCUMENT(ALLOW(OURS, EQUALS("\"aws:FederatedProvider\":\"" PROVIDER "\""))), TRUST_ADMITS,
         NULL},
        /* Not understood is not fine. */
        {DOCUMENT(ALLOW(OURS, EQUALS("\"" ISSUER ":email\":\"a\""))), TRUST_UNKNOWN, NULL},
        {DOCUMENT(ALLOW(OURS, EQUALS("\"sts:RoleSessionName\":\"a\""))), TRUST_UNKNOWN, NULL},
        {DOCUMENT(ALLOW("\"Principal\":\"*\"", "")), TRUST_UNKNOWN, NULL},
        {DOCUMENT(ALLOW("\"Principal\":{\"AWS\":\"*\"}", "")), TRUST_UNKNOWN, NULL},
        {DOCUMENT(ALLOW(FEDERATED("\"*\""), "")), TRUST_UNKNOWN, NULL},
        {DOCUMENT(ALLOW("\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"}", "")), TRUST_REFUSES,
         NULL},
        {DOCUMENT(ALLOW(OURS, EQUALS(SUB)) ",{\"Effect\":\"Deny\"," OURS "," ASSUME "}"),
         TRUST_REFUSES, "denies"},
        {DOCUMENT(ALLOW(OURS, EQUALS(SUB)) ",{\"Effect\":\"Deny\",\"Principal\":\"*\"," ASSUME "}"),
         TRUST_UNKNOWN, "may deny"},
    };
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject subject = cart(arena);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trust_judgement judged = trust_judge(arena, cases[i].trust, &subject);

        if (judged.verdict != cases[i].verdict ||
            (cases[i].why && !strstr(judged.why, cases[i].why)))
            fail_msg("%s: verdict %d, %s", cases[i].trust, judged.verdict, judged.why);
    }
}

static void consents_only_where_provider_and_subject_are_named(void **state)
{
    static const struct {
        const char *trust;
        bool consents;
    } cases[] = {
        {DOCUMENT(ALLOW(OURS, EQUALS(SUB "," AUD))), true},
        {DOCUMENT(ALLOW(OURS, EQUALS(SUB))), true},
        {DOCUMENT(ALLOW(OURS, "")), false},
        {DOCUMENT(ALLOW(OURS, EQUALS(AUD))), false},
        {DOCUMENT(ALLOW(
             OURS, IF("\"StringLike\":{\"" ISSUER ":sub\":\"system:serviceaccount:shop:*\"}"))),
         false},
        {DOCUMENT(ALLOW(OURS, IF("\"StringLike\":{\"" ISSUER
                                 ":sub\":[\"system:serviceaccount:shop:cart\",\"system:*\"]}"))),
         false},
        {DOCUMENT(ALLOW(FEDERATED("\"*\""), EQUALS(SUB))), false},
    };
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject subject = cart(arena);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (grants_consent(arena, cases[i].trust, &subject) != cases[i].consents)
            fail_msg("case %zu: %s", i, cases[i].trust);
    assert_true(grants_consent(arena, trust_document(arena, &subject, TRUST_ACCOUNT), &subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_exactly_this_service_account),
        cmocka_unit_test(both_ways_stand_in_one_document),
        cmocka_unit_test(an_issuer_that_iam_does_not_take_gives_no_provider),
        cmocka_unit_test(judges_what_others_wrote),
        cmocka_unit_test(consents_only_where_provider_and_subject_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
