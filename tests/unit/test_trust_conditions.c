/* Conditions of trust documents, judged against what the request has. */

#include "tests/unit/judged.h"

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
        {IF("{'ArnEquals':{'aws:SourceArn':'" CLUSTER_ARN "'}}"), TRUST_ADMITS, ""},
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
        {IF("{'StringEquals':{'aws:SourceArn':'" CLUSTER_ARN "'}}"), TRUST_ADMITS, ""},
        {IF("{'StringEquals':{'aws:SourceAccount':'111122223333'},"
            "'StringLike':{'" TAG("kubernetes-service-account") "':'till*'}}"),
         TRUST_REFUSES, "\"till*\" does not hold: the request has \"cart\""},
        {IF("{'StringEquals':{'aws:SourceOrgID':'o-1','" TAG("kubernetes-namespace") "':'ops'}}"),
         TRUST_REFUSES, "ops"},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &cart_subject);
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
        {IF("{'ArnLikeIfExists':{'aws:SourceArn':'" CLUSTER_ARN "'}}"), TRUST_ADMITS, ""},
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
    judge_all(cases, COUNT(cases), &cart_subject);
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
    judge_all(cases, COUNT(cases), &cart_subject);
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
            "'" CLUSTER_ARN "'}}"),
         TRUST_ADMITS, ""},
        {DOCUMENT("[" PLAIN ",{'Effect':'Deny','Principal':'*','Action':'sts:TagSession'}]"),
         TRUST_ADMITS, ""},
    };

    (void)state;
    judge_all(cases, COUNT(cases), &untagged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_conditions_on_what_the_request_has),
        cmocka_unit_test(judges_keys_that_are_absent_or_not_known),
        cmocka_unit_test(judges_sets_of_values),
        cmocka_unit_test(without_session_tags_no_tag_is_asked_for_and_none_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
