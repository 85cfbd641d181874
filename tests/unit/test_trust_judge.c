#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "reconcilers/policy.h"
#include "reconcilers/trust.h"
#include "tests/unit/quoted.h"

#define CLUSTER "arn:aws:eks:eu-west-1:111122223333:cluster/main"

enum { ARENA_MAX = 4 << 20, DOCUMENT_MAX = 8192 };

static const struct trust_subject cart = {
    .partition = "aws",
    .account_id = "111122223333",
    .cluster_arn = CLUSTER,
    .cluster_name = "main",
    .namespace_name = "shop",
    .service_account = "cart",
    .session_tags = true,
};

static struct trust_subject without_tags(void)
{
    struct trust_subject subject = cart;

    subject.session_tags = false;
    return subject;
}

static void the_hash_is_forty_bits_of_sha256_in_base32(void **state)
{
    char hash[TRUST_HASH_SIZE];

    (void)state;
    /* printf 'ARN\nshop\ncart' | sha256sum; the first ten digits through base32 */
    trust_hash(hash, CLUSTER, "shop", "cart");
    assert_string_equal(hash, "d6ug4jel");
}

static void the_hash_tells_apart_what_a_plain_join_would_mix(void **state)
{
    char one[TRUST_HASH_SIZE], other[TRUST_HASH_SIZE];

    (void)state;
    trust_hash(one, CLUSTER, "a", "b-c");
    trust_hash(other, CLUSTER, "a-b", "c");
    assert_string_not_equal(one, other);
    trust_hash(other, CLUSTER "2", "a", "b-c");
    assert_string_not_equal(one, other);
}

#define STATEMENT(conditions)                                                                      \
    "{\"Sid\":\"PodIdentityd6ug4jel\",\"Effect\":\"Allow\","                                       \
    "\"Principal\":{\"Service\":\"pods.eks.amazonaws.com\"},"                                      \
    "\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"],\"Condition\":" conditions "}"
#define ACCOUNT "\"aws:SourceAccount\":\"111122223333\""
#define ARN_CONDITION "\"ArnEquals\":{\"aws:SourceArn\":\"" CLUSTER "\"}"

static void writes_exactly_the_statement_of_each_scope(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject untagged = without_tags();
    const char *cluster = STATEMENT("{\"StringEquals\":{" ACCOUNT "}," ARN_CONDITION "}");

    (void)state;
    assert_string_equal(trust_statement(arena, &cart, TRUST_ACCOUNT),
                        STATEMENT("{\"StringEquals\":{" ACCOUNT "}}"));
    assert_string_equal(trust_statement(arena, &cart, TRUST_CLUSTER), cluster);
    assert_string_equal(
        trust_statement(arena, &cart, TRUST_SERVICE_ACCOUNT),
        STATEMENT("{\"StringEquals\":{" ACCOUNT ",\"aws:RequestTag/eks-cluster-arn\":\"" CLUSTER
                  "\",\"aws:RequestTag/kubernetes-namespace\":\"shop\","
                  "\"aws:RequestTag/kubernetes-service-account\":\"cart\"}," ARN_CONDITION "}"));
    assert_string_equal(trust_statement(arena, &untagged, TRUST_SERVICE_ACCOUNT), cluster);
    assert_string_equal(trust_document(arena, &cart, TRUST_ACCOUNT),
                        "{\"Version\":\"2012-10-17\",\"Statement\":[" STATEMENT(
                            "{\"StringEquals\":{" ACCOUNT "}}") "]}");
}

static void
further_conditions_stand_in_what_we_write_and_not_in_what_others_are_asked_for(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct trust_subject subject = cart;

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
                        trust_statement(arena, &cart, TRUST_ACCOUNT));
    subject.conditions = "";
    assert_string_equal(trust_document(arena, &subject, TRUST_CLUSTER),
                        trust_document(arena, &cart, TRUST_CLUSTER));
}

static void what_we_write_admits_its_subject_and_fits_into_iam(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct trust_subject untagged = without_tags();

    (void)state;
    for (enum trust_scope scope = TRUST_SERVICE_ACCOUNT; scope <= TRUST_ACCOUNT; scope++) {
        const char *tagged = trust_document(arena, &cart, scope);
        const char *plain = trust_document(arena, &untagged, scope);
        struct error error = {0};

        assert_true(policy_check(tagged, POLICY_TRUST_MAX, &error));
        assert_int_equal(trust_judge(arena, tagged, &cart).verdict, TRUST_ADMITS);
        assert_int_equal(trust_judge(arena, plain, &untagged).verdict, TRUST_ADMITS);
    }
}

static void what_we_wrote_with_further_conditions_is_understood_where_the_role_is_ours(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct trust_subject subject = cart, other = cart;
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
    struct trust_subject others[5] = {cart, cart, cart, cart, cart};
    static const bool admitted[COUNT(others)][3] = {
        /* ServiceAccount, Cluster, Account */
        {true, true, true},   {false, true, true},   {false, true, true},
        {false, false, true}, {false, false, false},
    };

    (void)state;
    others[1].service_account = "till";
    others[2].namespace_name = "shop-old";
    others[3].cluster_arn = CLUSTER "2";
    others[4].account_id = "444455556666";
    others[4].cluster_arn = "arn:aws:eks:eu-west-1:444455556666:cluster/main";
    for (size_t i = 0; i < COUNT(others); i++)
        for (enum trust_scope scope = TRUST_SERVICE_ACCOUNT; scope <= TRUST_ACCOUNT; scope++)
            assert_int_equal(
                trust_judge(arena, trust_document(arena, &cart, scope), &others[i]).verdict,
                admitted[i][scope] ? TRUST_ADMITS : TRUST_REFUSES);
}

/* A document in single quotes, and what is to be thought of it. */
struct judged {
    const char *document;
    enum trust_verdict verdict;
    const char *why; /* a part of it */
};

#define DOCUMENT(statements) "{'Version':'2012-10-17','Statement':" statements "}"
#define EKS "'Principal':{'Service':'pods.eks.amazonaws.com'}"
#define BOTH "'Action':['sts:AssumeRole','sts:TagSession']"
#define PLAIN "{'Effect':'Allow'," EKS "," BOTH "}"
#define IF(condition)                                                                              \
    DOCUMENT("[{'Sid':'Pods','Effect':'Allow'," EKS "," BOTH ",'Condition':" condition "}]")
#define TAG(name) "aws:RequestTag/" name

static void judge_all(const struct judged *cases, size_t count, const struct trust_subject *subject)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
        const char *document = plain_json(arena, cases[i].document);
        struct trust_judgement judged = trust_judge(arena, document, subject);

        if (judged.verdict != cases[i].verdict || !strstr(judged.why, cases[i].why))
            fail_msg("%s\nis judged %d, not %d: %s\nwants: %s", document, (int)judged.verdict,
                     (int)cases[i].verdict, judged.why, cases[i].why);
    }
}

static void judges_principals_and_actions(void **state)
{
    static const struct judged cases[] = {
        {DOCUMENT("[" PLAIN "]"), TRUST_ADMITS, "statement 1 allows"},
        {DOCUMENT(PLAIN), TRUST_ADMITS, "statement 1 allows"},
        {DOCUMENT("[{'Sid':'Pods','Effect':'Allow'," EKS "," BOTH "}]"), TRUST_ADMITS,
         "statement \"Pods\" allows"},
        {DOCUMENT("[{'Sid':'','Effect':'Allow'," EKS "," BOTH "}]"), TRUST_ADMITS, "statement 1"},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'Service':['ec2.amazonaws.com',"
                  "'pods.eks.amazonaws.com']}," BOTH "}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'Service':'ec2.amazonaws.com'}," BOTH "}]"),
         TRUST_REFUSES, "no statement allows sts:AssumeRole to pods.eks.amazonaws.com"},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'Federated':'arn:aws:iam::111122223333:"
                  "oidc-provider/x'},'Action':'sts:AssumeRoleWithWebIdentity'}]"),
         TRUST_REFUSES, "no statement allows"},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'AWS':'arn:aws:iam::111122223333:root'}," BOTH
                  "}]"),
         TRUST_REFUSES, "no statement allows"},
        {DOCUMENT("[{'Effect':'Allow','Principal':'*'," BOTH "}]"), TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'AWS':'*'}," BOTH "}]"), TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'Service':'*'}," BOTH "}]"), TRUST_UNKNOWN,
         "its Principal is not understood"},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'Service':'pods.eks.eu-west-1.amazonaws.com'}"
                  "," BOTH "}]"),
         TRUST_UNKNOWN, "Principal"},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'Robot':'x'}," BOTH "}]"), TRUST_UNKNOWN,
         "Principal"},
        {DOCUMENT("[{'Effect':'Allow'," BOTH "}]"), TRUST_UNKNOWN, "Principal"},
        {DOCUMENT("[{'Effect':'Allow','NotPrincipal':{'AWS':'arn:aws:iam::111122223333:root'}," BOTH
                  "}]"),
         TRUST_UNKNOWN, "IAM supports NotPrincipal with Deny alone"},
        {DOCUMENT("[{'Effect':'Allow','NotPrincipal':{'Service':'pods.eks.amazonaws.com'}," BOTH
                  "}]"),
         TRUST_REFUSES, "no statement"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'sts:AssumeRole'}]"), TRUST_REFUSES,
         "sts:TagSession is missing: statement 1 does not allow it"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'sts:TagSession'}]"), TRUST_REFUSES,
         "sts:AssumeRole is missing"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'sts:AssumeRole'},"
                  "{'Effect':'Allow'," EKS ",'Action':'sts:TagSession'}]"),
         TRUST_ADMITS, "statement 2 allows sts:TagSession"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':['STS:assumerole','sts:TAGSESSION']}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'sts:*'}]"), TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'*'}]"), TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':['sts:Assume*','sts:TagSessio?']}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':['sts:AssumeRoleWith*','sts:TagSession']}]"),
         TRUST_REFUSES, "sts:AssumeRole is missing"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'NotAction':'sts:SetSourceIdentity'}]"), TRUST_ADMITS,
         ""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'NotAction':'sts:Tag*'}]"), TRUST_REFUSES,
         "sts:TagSession is missing"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':['sts:AssumeRole',7,'sts:TagSession']}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':['sts:AssumeRole',7]}]"), TRUST_UNKNOWN,
         "its Action is not understood"},
        {DOCUMENT("[{'Effect':'Allow'," EKS "}]"), TRUST_UNKNOWN, "Action"},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'NotPrincipal':{'AWS':'*'}," BOTH "}]"),
         TRUST_UNKNOWN, "Principal"},
        {DOCUMENT("[{'Effect':'Allow','Principal':{'CanonicalUser':'x'}," BOTH "}]"), TRUST_REFUSES,
         "no statement"},
        {DOCUMENT("[{'Sid':'First','Effect':'Allow'," EKS ",'Action':'sts:AssumeRole'},"
                  "{'Sid':'Second','Effect':'Allow'," EKS ",'Action':'sts:AssumeRole'}]"),
         TRUST_REFUSES, "sts:TagSession is missing: statement \"First\""},
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'sts:AssumeRole','Condition':{"
                  "'StringEquals':{'sts:ExternalId':'x'}}}]"),
         TRUST_REFUSES, "sts:TagSession is missing"},
        {DOCUMENT("[{'Effect':'Allow'," EKS "," BOTH ",'Resource':'*'}]"), TRUST_UNKNOWN,
         "its element \"Resource\" is not understood"},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart);
}

static void judges_denials(void **state)
{
    static const struct judged cases[] = {
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny'," EKS ",'Action':'sts:*'}]"), TRUST_REFUSES,
         "statement 2 denies sts:AssumeRole to pods.eks.amazonaws.com"},
        {DOCUMENT(
             "[{'Sid':'NoTags','Effect':'Deny','Principal':'*','Action':'sts:TagSession'}," PLAIN
             "]"),
         TRUST_REFUSES, "statement \"NoTags\" denies sts:TagSession"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':{'AWS':'*'},'Action':'*','Condition':{"
                  "'StringNotEquals':{'aws:SourceAccount':'111122223333'}}}]"),
         TRUST_ADMITS, "statement 1 allows"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':{'AWS':'*'},'Action':'*','Condition':{"
                  "'StringNotEquals':{'" TAG("kubernetes-namespace") "':'ops'}}}]"),
         TRUST_REFUSES, "statement 2 denies"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':'*','Action':'*','Condition':{"
                  "'StringNotEquals':{'aws:SourceOrgID':'o-1'}}}]"),
         TRUST_UNKNOWN,
         "statement 2 may deny sts:AssumeRole: condition StringNotEquals "
         "aws:SourceOrgID \"o-1\" cannot be judged"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','NotPrincipal':{'Service':'pods.eks.amazonaws.com'},"
                  "'Action':'*'}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','NotPrincipal':{'AWS':'arn:aws:iam::111122223333:"
                  "role/x'},'Action':'*'}]"),
         TRUST_REFUSES, "statement 2 denies"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny'," EKS ",'NotAction':['sts:AssumeRole',"
                  "'sts:TagSession']}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':{'Service':'ec2.amazonaws.com'},"
                  "'Action':'*'}]"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[{'Effect':'Deny','Principal':'*','Action':'*','Condition':{'Bool':"
                  "{'aws:SecureTransport':'false'}}}," PLAIN "]"),
         TRUST_UNKNOWN, "statement 1 may deny"},
        {DOCUMENT("[{'Effect':'Deny'," EKS "," BOTH ",'Condition':{'StringEquals':{"
                  "'aws:SourceAccount':'1'}}}]"),
         TRUST_REFUSES, "no statement allows sts:AssumeRole"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':'*','Action':'*'},{'Effect':'Deny',"
                  "'Principal':'*','Action':'*'}]"),
         TRUST_REFUSES, "statement 2 denies"},
        {DOCUMENT("[" PLAIN ",{'Effect':'Perhaps'," EKS "," BOTH "}]"), TRUST_UNKNOWN,
         "its Effect is neither Allow nor Deny"},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart);
}

static void judges_conditions_on_what_the_request_has(void **state)
{
    static const struct judged cases[] = {
        {IF("{}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:SourceAccount':'111122223333'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'AWS:SOURCEACCOUNT':['1','111122223333']}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:SourceAccount':111122223333}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:SourceAccount':'444455556666'}}"), TRUST_REFUSES,
         "statement \"Pods\" does not allow sts:AssumeRole: condition StringEquals "
         "aws:SourceAccount \"444455556666\" does not hold: the request has \"111122223333\""},
        {IF("{'StringEquals':{'" TAG("kubernetes-namespace") "':['ops','shop-old']}}"),
         TRUST_REFUSES, "\"ops\" or \"shop-old\" does not hold: the request has \"shop\""},
        {IF("{'StringEquals':{'" TAG("kubernetes-namespace") "':'Shop'}}"), TRUST_REFUSES, "Shop"},
        {IF("{'StringEqualsIgnoreCase':{'" TAG("kubernetes-namespace") "':'Shop'}}"), TRUST_ADMITS,
         ""},
        {IF("{'StringNotEqualsIgnoreCase':{'" TAG("kubernetes-namespace") "':'Shop'}}"),
         TRUST_REFUSES, "StringNotEqualsIgnoreCase"},
        {IF("{'StringEquals':{'" TAG("kubernetes-namespace") "':'sh*'}}"), TRUST_REFUSES, "sh*"},
        {IF("{'StringLike':{'" TAG("kubernetes-namespace") "':'sh*'}}"), TRUST_ADMITS, ""},
        {IF("{'StringLike':{'" TAG("kubernetes-namespace") "':'s?op'}}"), TRUST_ADMITS, ""},
        {IF("{'StringLike':{'" TAG("kubernetes-namespace") "':'shop?'}}"), TRUST_REFUSES, "shop?"},
        {IF("{'StringLike':{'" TAG("eks-cluster-arn") "':'arn:*/main'}}"), TRUST_ADMITS, ""},
        {IF("{'StringLike':{'" TAG("Kubernetes-Namespace") "':'*-prod'}}"), TRUST_REFUSES, "-prod"},
        {IF("{'StringNotLike':{'" TAG("kubernetes-namespace") "':['kube-*','sh*']}}"),
         TRUST_REFUSES, "StringNotLike"},
        {IF("{'StringNotEquals':{'" TAG("kubernetes-namespace") "':['a','b']}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'" TAG("eks-cluster-name") "':'main'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'" TAG("eks-cluster-name") "':'other'}}"), TRUST_REFUSES, "other"},
        {IF("{'ArnEquals':{'aws:SourceArn':'" CLUSTER "'}}"), TRUST_ADMITS, ""},
        {IF("{'ArnLike':{'aws:SourceArn':'arn:aws:eks:*:111122223333:cluster/*'}}"), TRUST_ADMITS,
         ""},
        {IF("{'ArnEquals':{'aws:SourceArn':'arn:*:eks:eu-west-?:*:cluster/main'}}"), TRUST_ADMITS,
         ""},
        {IF("{'ArnLike':{'aws:SourceArn':'arn:aws:eks:eu-west-1:111122223333:podidentityassociation"
            "/main/*'}}"),
         TRUST_REFUSES, "podidentityassociation"},
        {IF("{'ArnLike':{'aws:SourceArn':'arn:*:1111*:x:y:cluster/main'}}"), TRUST_REFUSES, ""},
        {IF("{'ArnLike':{'aws:SourceArn':'arn:aws:*'}}"), TRUST_UNKNOWN, "cannot be judged"},
        {IF("{'ArnNotLike':{'aws:SourceArn':'arn:aws:eks:*:*:cluster/main'}}"), TRUST_REFUSES,
         "ArnNotLike"},
        {IF("{'ArnNotEquals':{'aws:SourceArn':'arn:aws:eks:*:*:cluster/other'}}"), TRUST_ADMITS,
         ""},
        {IF("{'StringLike':{'aws:SourceArn':'arn:aws:eks:*:cluster/main'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:SourceArn':'" CLUSTER "'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:SourceAccount':'111122223333'},"
            "'StringLike':{'" TAG("kubernetes-service-account") "':'till*'}}"),
         TRUST_REFUSES, "\"till*\" does not hold: the request has \"cart\""},
        {IF("{'StringEquals':{'aws:SourceOrgID':'o-1','" TAG("kubernetes-namespace") "':'ops'}}"),
         TRUST_REFUSES, "ops"},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart);
}

static void judges_keys_that_are_absent_or_not_known(void **state)
{
    static const struct judged cases[] = {
        {IF("{'StringEquals':{'" TAG("team") "':'a'}}"), TRUST_REFUSES,
         "the request has no such key"},
        {IF("{'StringNotEquals':{'" TAG("team") "':'a'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEqualsIfExists':{'" TAG("team") "':'a'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEqualsIfExists':{'" TAG("kubernetes-namespace") "':'a'}}"), TRUST_REFUSES,
         "StringEqualsIfExists"},
        {IF("{'ArnLikeIfExists':{'aws:SourceArn':'" CLUSTER "'}}"), TRUST_ADMITS, ""},
        {IF("{'Null':{'" TAG("team") "':'true'}}"), TRUST_ADMITS, ""},
        {IF("{'Null':{'" TAG("team") "':false}}"), TRUST_REFUSES, "Null"},
        {IF("{'Null':{'" TAG("kubernetes-namespace") "':'false'}}"), TRUST_ADMITS, ""},
        {IF("{'Null':{'" TAG("kubernetes-pod-uid") "':true}}"), TRUST_REFUSES, "Null"},
        {IF("{'Null':{'aws:SourceOrgID':'false'}}"), TRUST_UNKNOWN, "Null"},
        {IF("{'Null':{'" TAG("team") "':'perhaps'}}"), TRUST_UNKNOWN, "Null"},
        {IF("{'StringLike':{'" TAG("kubernetes-pod-name") "':'cart-*'}}"), TRUST_UNKNOWN,
         "the request has another value for each pod"},
        {IF("{'StringLike':{'" TAG("kubernetes-pod-name") "':'*'}}"), TRUST_ADMITS, ""},
        {IF("{'StringNotLike':{'" TAG("kubernetes-pod-name") "':'*'}}"), TRUST_REFUSES, ""},
        {IF("{'StringEquals':{'aws:SourceOrgID':'o-1'}}"), TRUST_UNKNOWN,
         "the binding does not tell its value"},
        {IF("{'StringEqualsIfExists':{'aws:SourceOrgID':'o-1'}}"), TRUST_UNKNOWN, ""},
        {IF("{'Bool':{'aws:PrincipalIsAWSService':'true'}}"), TRUST_UNKNOWN, "Bool"},
        {IF("{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}"), TRUST_UNKNOWN, "IpAddress"},
        {IF("{'StringMatches':{'aws:SourceAccount':'111122223333'}}"), TRUST_UNKNOWN,
         "StringMatches"},
        {IF("{'StringEquals':{'aws:SourceAccount':'${aws:PrincipalAccount}'}}"), TRUST_UNKNOWN,
         "${aws:PrincipalAccount}"},
        {IF("{'StringEquals':{'aws:SourceAccount':['${x}','111122223333']}}"), TRUST_ADMITS, ""},
        {IF("{'StringNotEquals':{'aws:SourceAccount':['${x}','111122223333']}}"), TRUST_REFUSES,
         ""},
        {IF("{'StringEquals':{'aws:SourceAccount':[]}}"), TRUST_UNKNOWN, "(no value)"},
        {IF("{'StringEquals':{'aws:SourceAccount':{'a':1}}}"), TRUST_UNKNOWN, ""},
        {IF("{'StringEquals':{}}"), TRUST_UNKNOWN, "condition StringEquals names no key"},
        {IF("{'Null':{'" TAG("team") "':['true','false']}}"), TRUST_UNKNOWN, "Null"},
        {IF("{'StringEquals':'x'}"), TRUST_UNKNOWN, "names no key"},
        {IF("'x'"), TRUST_UNKNOWN, "its Condition is not an object"},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart);
}

#define SIX                                                                                        \
    "['eks-cluster-arn','eks-cluster-name','kubernetes-namespace','kubernetes-service-account',"   \
    "'kubernetes-pod-name','kubernetes-pod-uid']"

static void judges_sets_of_values(void **state)
{
    static const struct judged cases[] = {
        {IF("{'ForAllValues:StringEquals':{'aws:TagKeys':" SIX "}}"), TRUST_ADMITS, ""},
        {IF("{'ForAllValues:StringLike':{'aws:TagKeys':['eks-*','kubernetes-*']}}"), TRUST_ADMITS,
         ""},
        {IF("{'ForAllValues:StringLike':{'aws:TagKeys':'kubernetes-*'}}"), TRUST_REFUSES,
         "the six session tags"},
        {IF("{'ForAnyValue:StringEquals':{'aws:TagKeys':'kubernetes-pod-uid'}}"), TRUST_ADMITS, ""},
        {IF("{'ForAnyValue:StringEquals':{'aws:TagKeys':['team','owner','a','b']}}"), TRUST_REFUSES,
         "\"team\" or \"owner\" or \"a\" or 1 more"},
        {IF("{'ForAnyValue:StringNotLike':{'sts:TransitiveTagKeys':'eks-*'}}"), TRUST_ADMITS, ""},
        {IF("{'ForAllValues:StringNotEquals':{'aws:TagKeys':'kubernetes-namespace'}}"),
         TRUST_REFUSES, ""},
        {IF("{'ForAllValues:StringEquals':{'" TAG("team") "':'a'}}"), TRUST_ADMITS, ""},
        {IF("{'ForAnyValue:StringEquals':{'" TAG("team") "':'a'}}"), TRUST_REFUSES, ""},
        {IF("{'ForAnyValue:StringNotEquals':{'" TAG("team") "':'a'}}"), TRUST_REFUSES, ""},
        {IF("{'ForAnyValue:StringEquals':{'aws:SourceAccount':'111122223333'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:TagKeys':'kubernetes-namespace'}}"), TRUST_UNKNOWN, ""},
        {IF("{'ForSomeValues:StringEquals':{'aws:TagKeys':'kubernetes-namespace'}}"), TRUST_UNKNOWN,
         "ForSomeValues"},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart);
}

static void without_session_tags_no_tag_is_asked_for_and_none_is_there(void **state)
{
    const struct trust_subject untagged = without_tags();
    static const struct judged cases[] = {
        {DOCUMENT("[{'Effect':'Allow'," EKS ",'Action':'sts:AssumeRole'}]"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'" TAG("kubernetes-namespace") "':'shop'}}"), TRUST_REFUSES,
         "without session tags (disableSessionTags)"},
        {IF("{'StringNotEquals':{'" TAG("kubernetes-namespace") "':'ops'}}"), TRUST_ADMITS, ""},
        {IF("{'StringLike':{'" TAG("kubernetes-pod-name") "':'*'}}"), TRUST_REFUSES, ""},
        {IF("{'Null':{'" TAG("kubernetes-pod-name") "':'true'}}"), TRUST_ADMITS, ""},
        {IF("{'ForAnyValue:StringEquals':{'aws:TagKeys':'kubernetes-namespace'}}"), TRUST_REFUSES,
         ""},
        {IF("{'ForAllValues:StringEquals':{'aws:TagKeys':'kubernetes-namespace'}}"), TRUST_ADMITS,
         ""},
        {IF("{'StringEquals':{'aws:SourceAccount':'111122223333'},'ArnEquals':{'aws:SourceArn':"
            "'" CLUSTER "'}}"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':'*','Action':'sts:TagSession'}]"),
         TRUST_ADMITS, ""},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &untagged);
}

static void documents_that_are_none_are_unknown(void **state)
{
    static const struct judged cases[] = {
        {"", TRUST_UNKNOWN, "not a JSON object"},
        {"not JSON", TRUST_UNKNOWN, "not a JSON object"},
        {"[]", TRUST_UNKNOWN, "not a JSON object"},
        {"{}", TRUST_UNKNOWN, "no Statement"},
        {DOCUMENT("'x'"), TRUST_UNKNOWN, "no Statement"},
        {DOCUMENT("[" PLAIN ",7]"), TRUST_UNKNOWN, "statement 2 is not an object"},
        {"{'Statement':[" PLAIN "],'Statement':[]}", TRUST_UNKNOWN, "each key once"},
        {DOCUMENT("[]"), TRUST_REFUSES, "no statement allows"},
        {"{'Statement':[" PLAIN "]}", TRUST_ADMITS, ""},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart);
}

static void a_document_past_any_quota_is_unknown_not_read(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const char *spaces = arena_printf(arena, "%40000s", "");
    const char *document = plain_json(arena, DOCUMENT("[" PLAIN "]"));
    struct trust_judgement judged;

    (void)state;
    judged = trust_judge(arena, arena_printf(arena, "%s%s", document, spaces), &cart);
    assert_int_equal(judged.verdict, TRUST_UNKNOWN);
    assert_non_null(strstr(judged.why, "longer"));
}

static void long_texts_of_others_are_cut_in_the_sentence(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const char *value = arena_printf(arena, "%05000d", 7);
    const char *document = plain_json(
        arena, arena_printf(arena, IF("{'StringEquals':{'aws:SourceAccount':'%s'}}"), value));
    struct trust_judgement judged = trust_judge(arena, document, &cart);

    (void)state;
    assert_int_equal(judged.verdict, TRUST_REFUSES);
    assert_true(strlen(judged.why) < 600);
    document =
        plain_json(arena, arena_printf(arena,
                                       DOCUMENT("[{'Sid':'%s','Effect':'Deny','Principal':'*',"
                                                "'Action':'*'}]"),
                                       value));
    judged = trust_judge(arena, document, &cart);
    assert_non_null(strstr(judged.why, "denies"));
    assert_true(strlen(judged.why) < 600);
}

static void nesting_without_end_is_refused_by_the_reader(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    char deep[DOCUMENT_MAX];

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(trust_judge(arena, deep, &cart).verdict, TRUST_UNKNOWN);
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
        cmocka_unit_test(judges_principals_and_actions),
        cmocka_unit_test(judges_denials),
        cmocka_unit_test(judges_conditions_on_what_the_request_has),
        cmocka_unit_test(judges_keys_that_are_absent_or_not_known),
        cmocka_unit_test(judges_sets_of_values),
        cmocka_unit_test(without_session_tags_no_tag_is_asked_for_and_none_is_there),
        cmocka_unit_test(documents_that_are_none_are_unknown),
        cmocka_unit_test(a_document_past_any_quota_is_unknown_not_read),
        cmocka_unit_test(long_texts_of_others_are_cut_in_the_sentence),
        cmocka_unit_test(nesting_without_end_is_refused_by_the_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
