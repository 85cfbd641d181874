#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "config/form.h"
#include "tests/unit/long_texts.h"

struct form_case {
    const char *text;
    bool right;
};

static void assert_forms(bool (*check)(const char *, struct error *), const struct form_case *cases,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};

        if (check(cases[i].text, &error) != cases[i].right)
            fail_msg("\"%s\": %s", cases[i].text, error.text);
        if (cases[i].right) {
            assert_int_equal(error.kind, ERROR_NONE);
        } else {
            assert_int_equal(error.kind, ERROR_REFUSED);
            assert_non_null(strstr(error.text, ": write "));
        }
    }
}

static void tells_a_cluster_name_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"main", true}, {"0", true},         {"A_b-9", true},        {HUNDRED, true},
        {"", false},    {"-a", false},       {"_a", false},          {HUNDRED "a", false},
        {"a.b", false}, {"a/b", false},      {"a b", false},         {"caf\xc3\xa9", false},
        {"a*", false},  {"\xc3\xa9", false}, {"arn:aws:eks", false},
    };

    (void)state;
    assert_forms(form_cluster_name, cases, COUNT(cases));
}

static void tells_a_region_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"eu-west-1", true},
        {"us-gov-west-1", true},
        {"us-isob-east-1", true},
        {"eusc-de-east-1", true},
        {"ap-southeast-5", true},
        {"cn-north-1", true},
        {"us-east-10", true},
        {"", false},
        {"eu-west", false},
        {"eu-west-1a", false},
        {"EU-WEST-1", false},
        {"eu-1", false},
        {"eu--west-1", false},
        {"-eu-west-1", false},
        {"1-west-1", false},
        {"eu_west_1", false},
        {"eu-west-", false},
        {"REGION", false},
        {"eu-west-1.evil.example", false},
        {"aa-" HUNDRED "-1", false},
    };

    (void)state;
    assert_forms(form_region, cases, COUNT(cases));
}

static void tells_a_namespace_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"podidentity-system", true},
        {"a", true},
        {"0", true},
        {"", false},
        {"-a", false},
        {"a-", false},
        {"A", false},
        {"a.b", false},
        {"a_b", false},
        {HUNDRED, false},
    };

    (void)state;
    assert_forms(form_namespace, cases, COUNT(cases));
}

static void tells_label_keys_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"team", true},
        {"example.com/team", true},
        {"a,b.c/d_E.f,kubernetes.io/metadata.name", true},
        {"0/1", true},
        {"", false},
        {",", false},
        {"a,", false},
        {",a", false},
        {"a, b", false},
        {"a b", false},
        {"-a", false},
        {"a-", false},
        {"/a", false},
        {"a/", false},
        {"a/b/c", false},
        {"A.com/b", false},
        {"-x/b", false},
        {"a=b", false},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg", true},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg", false},
    };

    (void)state;
    assert_forms(form_label_keys, cases, COUNT(cases));
}

static void tells_further_trust_conditions_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"aws:SourceOrgId=o-abcdefghij", true},
        {"aws:SourceOrgId=o-1,aws:SourceVpc=vpc-*", true},
        {"aws:PrincipalTag/team.a=blue", true},
        {"aws:SourceOrgPaths=o-1/r-1/ou-1/*", true},
        {"aws:SourceOrgId=${aws:ResourceOrgId}", true},
        {"", false},
        {"aws:SourceOrgId", false},
        {"aws:SourceOrgId=", false},
        {"=o-1", false},
        {"SourceOrgId=o-1", false},
        {":x=o-1", false},
        {"aws:=o-1", false},
        {"aws:SourceOrgId=o-1,", false},
        {",aws:SourceOrgId=o-1", false},
        {"aws:SourceOrgId=o-1, aws:a=b", false},
        {"aws:SourceOrgId=o 1", false},
        {"aws:SourceOrgId=o=1", false},
        {"aws:SourceOrgId=\"o-1\"", false},
        {"aws:SourceOrgId=o\\1", false},
        {"aws:SourceOrgId=\xc3\xa4", false},
        {"aws:SourceOrgId=a,aws:SourceOrgId=b", false},
        {"aws:SourceOrgId=a,aws:sourceorgid=b", false},
        {"aws:SourceAccount=111122223333", false},
        {"AWS:SourceArn=x", false},
        {"aws:sourcearn=x", false},
        {"aws:RequestTag/kubernetes-namespace=x", false},
    };

    (void)state;
    assert_forms(form_trust_conditions, cases, COUNT(cases));
}

static void tells_what_follows_a_withdrawal_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"Keep", true}, {"Delete", true}, {"keep", false}, {"", false}, {"Retain", false}};

    (void)state;
    assert_forms(form_withdrawal, cases, COUNT(cases));
}

static void tells_an_address_from_others(void **state)
{
    static const struct form_case cases[] = {
        {":8080", true},       {"127.0.0.1:8081", true},
        {"[::1]:8080", true},  {"localhost:1", true},
        {":0", true},          {":65535", true},
        {"[::]:1", true},      {"", false},
        {"8080", false},       {":", false},
        {":65536", false},     {":99999", false},
        {":http", false},      {"::1:8080", false},
        {"[::1]", false},      {"[]:1", false},
        {"[::1:1", false},     {"a b:1", false},
        {":-1", false},        {":080808", false},
        {"http://a:1", false}, {"[::1]x:1", false},
    };

    (void)state;
    assert_forms(form_bind_address, cases, COUNT(cases));
}

static void tells_a_role_path_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"/a/", true},
        {"/podidentity/eu-west-1/main/", true},
        {"/a.b/c,d/e@f/", true},
        {"/", false},
        {"", false},
        {"a/", false},
        {"/a", false},
        {"//", false},
        {"/a//b/", false},
        {"/a*/", false},
        {"/a?/", false},
        {"/${aws:userid}/", false},
        {"/a b/", false},
        {"/caf\xc3\xa9/", false},
        {"/a\"/", false},
        {"/a\\/", false},
        {"/" HUNDRED HUNDRED HUNDRED "/", false},
        {"/" HUNDRED HUNDRED TEN TEN TEN TEN TEN "aaaa/", true},
        {"/" HUNDRED HUNDRED TEN TEN TEN TEN TEN "aaaaa/", false},
    };

    (void)state;
    assert_forms(form_role_path, cases, COUNT(cases));
}

static void tells_the_arn_of_a_policy_from_others(void **state)
{
    static const struct form_case cases[] = {
        {"arn:aws:iam::111122223333:policy/boundary", true},
        {"arn:aws:iam::111122223333:policy/podidentity/boundary", true},
        {"arn:aws-us-gov:iam::111122223333:policy/a+=,.@-_b", true},
        {"arn:aws-cn:iam::aws:policy/PowerUserAccess", true},
        {"", false},
        {"boundary", false},
        {"arn:aws:iam::111122223333:role/boundary", false},
        {"arn:aws:iam::11112222333:policy/boundary", false},
        {"arn:aws:iam::1111222233334:policy/boundary", false},
        {"arn:aws:iam::ACCOUNT:policy/boundary", false},
        {"arn:aws:iam:eu-west-1:111122223333:policy/boundary", false},
        {"arn:aws:s3::111122223333:policy/boundary", false},
        {"arn:gcp:iam::111122223333:policy/boundary", false},
        {"arn:awsx:iam::111122223333:policy/boundary", false},
        {"urn:aws:iam::111122223333:policy/boundary", false},
        {"arn:aws:iam::111122223333:policy/", false},
        {"arn:aws:iam::111122223333:policy/a/", false},
        {"arn:aws:iam::111122223333:policy//a", false},
        {"arn:aws:iam::111122223333:policy/*", false},
        {"arn:aws:iam::111122223333", false},
        {"arn:aws:iam", false},
    };

    (void)state;
    assert_forms(form_policy_arn, cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_cluster_name_from_others),
        cmocka_unit_test(tells_a_region_from_others),
        cmocka_unit_test(tells_a_namespace_from_others),
        cmocka_unit_test(tells_label_keys_from_others),
        cmocka_unit_test(tells_further_trust_conditions_from_others),
        cmocka_unit_test(tells_what_follows_a_withdrawal_from_others),
        cmocka_unit_test(tells_an_address_from_others),
        cmocka_unit_test(tells_a_role_path_from_others),
        cmocka_unit_test(tells_the_arn_of_a_policy_from_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
