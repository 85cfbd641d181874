/* Whom a trust document admits: principals, actions, denials, and documents that are none. */

#include "tests/unit/judged.h"

static const struct judged principals_and_actions[] = {
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
    {DOCUMENT("[{'Effect':'Allow','Principal':{'AWS':'arn:aws:iam::111122223333:root'}," BOTH "}]"),
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
    {DOCUMENT("[{'Effect':'Allow','NotPrincipal':{'Service':'pods.eks.amazonaws.com'}," BOTH "}]"),
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
    {DOCUMENT("[{'Effect':'Allow'," EKS ",'NotPrincipal':{'AWS':'*'}," BOTH "}]"), TRUST_UNKNOWN,
     "Principal"},
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

static void judges_principals_and_actions(void **state)
{
    (void)state;
    judge_all(principals_and_actions, COUNT(principals_and_actions), &cart_subject);
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
    judge_all(cases, COUNT(cases), &cart_subject);
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
    judge_all(cases, COUNT(cases), &cart_subject);
}

static void a_document_past_any_quota_is_unknown_not_read(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const char *spaces = arena_printf(arena, "%40000s", "");
    const char *document = plain_json(arena, DOCUMENT("[" PLAIN "]"));
    struct trust_judgement judged;

    (void)state;
    judged = trust_judge(arena, arena_printf(arena, "%s%s", document, spaces), &cart_subject);
    assert_int_equal(judged.verdict, TRUST_UNKNOWN);
    assert_non_null(strstr(judged.why, "longer"));
}

static void long_texts_of_others_are_cut_in_the_sentence(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const char *value = arena_printf(arena, "%05000d", 7);
    const char *document = plain_json(
        arena, arena_printf(arena, IF("{'StringEquals':{'aws:SourceAccount':'%s'}}"), value));
    struct trust_judgement judged = trust_judge(arena, document, &cart_subject);

    (void)state;
    assert_int_equal(judged.verdict, TRUST_REFUSES);
    assert_true(strlen(judged.why) < 600);
    document =
        plain_json(arena, arena_printf(arena,
                                       DOCUMENT("[{'Sid':'%s','Effect':'Deny','Principal':'*',"
                                                "'Action':'*'}]"),
                                       value));
    judged = trust_judge(arena, document, &cart_subject);
    assert_non_null(strstr(judged.why, "denies"));
    assert_true(strlen(judged.why) < 600);
}

static void nesting_without_end_is_refused_by_the_reader(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    char deep[8192];

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(trust_judge(arena, deep, &cart_subject).verdict, TRUST_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_principals_and_actions),
        cmocka_unit_test(judges_denials),
        cmocka_unit_test(documents_that_are_none_are_unknown),
        cmocka_unit_test(a_document_past_any_quota_is_unknown_not_read),
        cmocka_unit_test(long_texts_of_others_are_cut_in_the_sentence),
        cmocka_unit_test(nesting_without_end_is_refused_by_the_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
