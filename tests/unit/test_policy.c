#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "reconcilers/policy.h"
#include "tests/unit/quoted.h"

enum { ARENA_MAX = 16 << 20 };

/* Two documents in single quotes. */
struct pair {
    const char *a, *b;
};

static void compare_all(const struct pair *pairs, size_t count, bool alike)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
        const char *a = plain_json(arena, pairs[i].a), *b = plain_json(arena, pairs[i].b);

        if (policy_equal(arena, a, b) != alike || policy_equal(arena, b, a) != alike)
            fail_msg("%s\n%s\nare%s alike:\n%s\n%s", a, b, alike ? " not" : "",
                     policy_canonical(arena, a), policy_canonical(arena, b));
    }
}

#define ONE(elements) "{'Version':'2012-10-17','Statement':[{" elements "}]}"

static void writes_one_canonical_text(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);

    (void)state;
    assert_string_equal(
        policy_canonical(arena,
                         plain_json(arena,
                                    "{ 'Statement' : {'Sid':'', 'Principal':'*', 'Effect':'Allow',"
                                    "'Action':['STS:TagSession','sts:assumeRole','sts:TagSession'],"
                                    "'Condition':{'Bool':{'AWS:SecureTransport':true}}} }")),
        plain_json(arena, "{'Statement':[{'Action':['sts:assumerole','sts:tagsession'],"
                          "'Condition':{'Bool':{'aws:securetransport':['true']}},"
                          "'Effect':'Allow','Principal':{'AWS':['*']}}],'Version':'2008-10-17'}"));
}

static void documents_of_equal_meaning_are_alike(void **state)
{
    static const struct pair pairs[] = {
        {ONE("'Action':'s3:GetObject'"), ONE("'Action':['s3:GetObject']")},
        {ONE("'Action':'s3:GetObject'"), ONE("'Action':'S3:getobject'")},
        {ONE("'NotAction':['a:B','c:D']"), ONE("'NotAction':['C:d','a:b','A:B']")},
        {ONE("'Resource':['x','y']"), ONE("'Resource':['y','x','y']")},
        {ONE("'NotResource':'x'"), ONE("'NotResource':['x']")},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow'}}", ONE("'Effect':'Allow'")},
        {"{'Version':'2012-10-17','Statement':[{'Sid':'a'},{'Sid':'b'}]}",
         "{'Statement':[{'Sid':'b'},{'Sid':'a'},{'Sid':'b'}],'Version':'2012-10-17'}"},
        {"{'Statement':[]}", "{'Version':'2008-10-17','Statement':[]}"},
        {ONE("'Principal':'*'"), ONE("'Principal':{'AWS':'*'}")},
        {ONE("'Principal':{'AWS':'123456789012'}"),
         ONE("'Principal':{'AWS':['arn:aws:iam::123456789012:root']}")},
        {ONE("'NotPrincipal':{'AWS':'123456789012'}"),
         ONE("'NotPrincipal':{'AWS':'arn:aws-cn:iam::123456789012:root'}")},
        {ONE("'Principal':{'AWS':['arn:aws-us-gov:iam::123456789012:root','123456789012']}"),
         ONE("'Principal':{'AWS':'123456789012'}")},
        {ONE("'Principal':{'Service':['a','b'],'AWS':'x'}"),
         ONE("'Principal':{'AWS':['x'],'Service':['b','a']}")},
        {ONE("'Condition':{'StringEquals':{'aws:SourceAccount':'1'}}"),
         ONE("'Condition':{'StringEquals':{'AWS:sourceaccount':['1']}}")},
        {ONE("'Condition':{'Bool':{'k':true}}"), ONE("'Condition':{'Bool':{'k':'true'}}")},
        {ONE("'Condition':{'NumericLessThan':{'k':[3600,1.5]}}"),
         ONE("'Condition':{'NumericLessThan':{'k':['1.5','3600']}}")},
        {ONE("'Effect':'Allow','Condition':{}"), ONE("'Effect':'Allow'")},
        {ONE("'Effect':'Allow','Sid':''"), ONE("'Effect':'Allow'")},
        {ONE("'Resource':'caf\\u00e9'"), ONE("'Resource':'café'")},
        {"{'Id':'x','Statement':[]}", " {\n\t'Id' : 'x' , 'Statement' : [ ] }\r\n"},
        {"not JSON", "not JSON"},
    };

    (void)state;
    compare_all(pairs, COUNT(pairs), true);
}

static void documents_of_other_meaning_differ(void **state)
{
    static const struct pair pairs[] = {
        {ONE("'Effect':'Allow'"), ONE("'Effect':'Deny'")},
        {ONE("'Action':'s3:GetObject'"), ONE("'NotAction':'s3:GetObject'")},
        {ONE("'Action':'s3:GetObject'"), ONE("'Action':['s3:GetObject','s3:PutObject']")},
        {ONE("'Resource':'arn:aws:s3:::Shop'"), ONE("'Resource':'arn:aws:s3:::shop'")},
        {ONE("'Sid':'a'"), ONE("'Sid':'b'")},
        {ONE("'Sid':'a'"), ONE("'Sid':'A'")},
        {"{'Version':'2012-10-17','Statement':[]}", "{'Statement':[]}"},
        {"{'Id':'a','Statement':[]}", "{'Statement':[]}"},
        {ONE("'Principal':'*'"), ONE("'Principal':{'Service':'*'}")},
        {ONE("'Principal':'*'"), ONE("'NotPrincipal':'*'")},
        {ONE("'Principal':{'AWS':'123456789012'}"), ONE("'Principal':{'AWS':'123456789013'}")},
        {ONE("'Principal':{'AWS':'123456789012'}"),
         ONE("'Principal':{'AWS':'arn:aws:iam::123456789012:role/root'}")},
        {ONE("'Principal':{'AWS':'123456789012'}"),
         ONE("'Principal':{'AWS':'arn:aws:iam::123456789012:rootx'}")},
        {ONE("'Principal':{'AWS':'123456789012'}"),
         ONE("'Principal':{'AWS':'arn:Aws:iam::123456789012:root'}")},
        {ONE("'Principal':{'AWS':'12345678901'}"),
         ONE("'Principal':{'AWS':'arn:aws:iam::12345678901:root'}")},
        {ONE("'Principal':{'AWS':'abcdefghijkl'}"),
         ONE("'Principal':{'AWS':'arn:aws:iam::abcdefghijkl:root'}")},
        {ONE("'Principal':{'Service':'123456789012'}"),
         ONE("'Principal':{'Service':'arn:aws:iam::123456789012:root'}")},
        {ONE("'Condition':{'StringEquals':{'k':'a'}}"),
         ONE("'Condition':{'StringLike':{'k':'a'}}")},
        {ONE("'Condition':{'StringEquals':{'k':'a'}}"),
         ONE("'Condition':{'StringEquals':{'k':'A'}}")},
        {ONE("'Condition':{'StringEquals':{'k':'a'}}"),
         ONE("'Condition':{'StringEquals':{'k':['a','b']}}")},
        {ONE("'Condition':{'StringEquals':{'k':'a'}}"), ONE("'Condition':{}")},
        {ONE("'Condition':{'StringEquals':{}}"), ONE("'Condition':{'StringLike':{}}")},
        {ONE("'Condition':{'Null':{'k':true}}"), ONE("'Condition':{'Null':{'k':false}}")},
        {ONE("'Condition':{'StringEquals':{'k':'a','K':'b'}}"),
         ONE("'Condition':{'StringEquals':{'k':'b'}}")},
        {ONE("'Condition':{'StringEquals':{'k':{'a':1}}}"),
         ONE("'Condition':{'StringEquals':{'k':{'a':2}}}")},
        {ONE("'Action':[]"), ONE("'Effect':'Allow'")},
        {ONE("'Action':['a',7]"), ONE("'Action':['a']")},
        {ONE("'Future':['a','b']"), ONE("'Future':['b','a']")},
        {"{'Statement':[{'Sid':'a'},{'Sid':'b'}]}", "{'Statement':[{'Sid':'a'}]}"},
        {"{'Statement':[7]}", "{'Statement':[8]}"},
        {"{'Statement':[],'Statement':[{}]}", "{'Statement':[{}]}"},
        {"not JSON", "not  JSON"},
        {"[]", "{}"},
    };

    (void)state;
    compare_all(pairs, COUNT(pairs), false);
}

static void the_canonical_text_is_its_own(void **state)
{
    static const char *const documents[] = {
        ONE("'Principal':{'AWS':'arn:aws:iam::123456789012:root'},'Action':['B','a']"),
        ONE("'Condition':{'Bool':{'K':true}},'Future':{'b':1,'a':[2,1]}"),
        "{'Statement':{}}",
        "not JSON",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
        const char *once = policy_canonical(arena, plain_json(arena, documents[i]));

        assert_string_equal(policy_canonical(arena, once), once);
    }
}

static void size_counts_characters_without_white_space_outside_of_texts(void **state)
{
    (void)state;
    assert_int_equal(policy_size(""), 0);
    assert_int_equal(policy_size(" {\t\"a\" :\r\n \"b c\" } "), 11);
    assert_int_equal(policy_size("\"a \\\" b\" \"c\""), 11);
    assert_int_equal(policy_size("\"\\\\\" x"), 5);
    assert_int_equal(policy_size("\"\\\" x\""), 6);
    assert_int_equal(policy_size("\"\\u00e9\""), 8);
    assert_int_equal(policy_size("\"\u00e9\u00e9\""), 4);
}

static void tells_policies_that_only_deny(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);

    (void)state;
    assert_true(policy_only_denies(plain_json(arena, "{'Statement':{'Effect':'Deny'}}")));
    assert_true(policy_only_denies(
        plain_json(arena, "{'Statement':[{'Effect':'Deny'},{'Effect':'Deny','Sid':'x'}]}")));
    assert_false(policy_only_denies(
        plain_json(arena, "{'Statement':[{'Effect':'Deny'},{'Effect':'Allow'}]}")));
    assert_false(policy_only_denies(plain_json(arena, "{'Statement':[{'Effect':'deny'}]}")));
    assert_false(policy_only_denies(plain_json(arena, "{'Statement':[{}]}")));
    assert_false(policy_only_denies(plain_json(arena, "{'Statement':[]}")));
    assert_false(policy_only_denies(plain_json(arena, "{'Statement':['Deny']}")));
    assert_false(policy_only_denies("{}"));
    assert_false(policy_only_denies("not JSON"));
}

struct refusal {
    const char *document, *code, *text;
};

static void refuses_what_iam_would_refuse_for_sure(void **state)
{
    static const struct refusal refusals[] = {
        {"", "MalformedPolicy", "not JSON"},
        {"{'Statement':[}", "MalformedPolicy", "not JSON"},
        {"[]", "MalformedPolicy", "not a JSON object"},
        {"'text'", "MalformedPolicy", "not a JSON object"},
        {"{'Version':'2012-10-17'}", "MalformedPolicy", "no \"Statement\""},
        {"{'Statement':'x'}", "MalformedPolicy", "neither an object nor a list"},
        {"{'Statement':[{},7]}", "MalformedPolicy", "neither an object nor a list"},
        {"{'Statement':[{'Sid':'\u2019'}]}", "MalformedPolicy", "U+2019 at byte 23"},
        {"{'Statement':[{'Sid':'\u0100'}]}", "MalformedPolicy", "U+0100"},
        {"{'Statement':[{'Sid':'\u0141'}]}", "MalformedPolicy", "U+0141"},
        {"{'Statement':[{'Sid':'\U0001F600'}]}", "MalformedPolicy", "U+1F600"},
        {"{'Statement':[]}\x01", "MalformedPolicy", "U+0001 at byte 17"},
        {"{'Statement':[{'Sid':'\xff'}]}", "MalformedPolicy", "byte 23 is not UTF-8"},
        {"{'Statement':[{'Sid':'\xc3"
         "'}]}",
         "MalformedPolicy", "not UTF-8"},
        {"{'Statement':[{'Sid':'0123456789012345678901234567890123456789'}]}", "PolicyTooLarge",
         "has 66 characters, white space not counted; IAM takes 60"},
    };
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct error error = {0};

        assert_false(policy_check(plain_json(arena, refusals[i].document), 60, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_string_equal(error.code, refusals[i].code);
        if (!strstr(error.text, refusals[i].text))
            fail_msg("%s: \"%s\" does not say \"%s\"", refusals[i].document, error.text,
                     refusals[i].text);
    }
}

static void takes_what_iam_may_take(void **state)
{
    static const char *const documents[] = {
        "{'Statement':[]}",
        "{'Statement':{}}",
        " {\t'Statement'\r\n:[{'Sid':'\u00ff\xc2\x80\x7f'}]}",
        "{'Statement':[{'Sid':'01234567890123456789012345678901234'}]}          ",
    };
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);

    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        struct error error = {0};

        if (!policy_check(plain_json(arena, documents[i]), 61, &error))
            fail_msg("%s: %s", documents[i], error.text);
    }
}

static char *nested(struct arena *arena, size_t lists)
{
    AUTO_FREE char *open = memory_alloc(lists + 1), *closed = memory_alloc(lists + 1);

    memset(open, '[', lists);
    memset(closed, ']', lists);
    return arena_printf(arena, "{\"Statement\":{\"x\":%s%s}}", open, closed);
}

static void nesting_has_an_end(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct error error = {0};
    const char *deep = nested(arena, 5000);

    (void)state;
    assert_true(policy_check(nested(arena, POLICY_DEPTH_MAX - 2), POLICY_INLINE_MAX, &error));
    assert_false(policy_check(nested(arena, POLICY_DEPTH_MAX - 1), POLICY_INLINE_MAX, &error));
    assert_string_equal(error.code, "MalformedPolicy");
    assert_non_null(strstr(error.text, "deeper than 32"));
    assert_false(policy_check(deep, SIZE_MAX, &error));
    assert_non_null(strstr(error.text, "deeper than 64"));
    assert_string_equal(policy_canonical(arena, deep), deep);
    assert_false(policy_only_denies(deep));
}

static void a_text_past_any_document_stays_as_it_is(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const char *document = arena_printf(arena, "{\"Statement\":{}}%131072s", "");

    (void)state;
    assert_string_equal(policy_canonical(arena, document), document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_canonical_text),
        cmocka_unit_test(documents_of_equal_meaning_are_alike),
        cmocka_unit_test(documents_of_other_meaning_differ),
        cmocka_unit_test(the_canonical_text_is_its_own),
        cmocka_unit_test(size_counts_characters_without_white_space_outside_of_texts),
        cmocka_unit_test(tells_policies_that_only_deny),
        cmocka_unit_test(refuses_what_iam_would_refuse_for_sure),
        cmocka_unit_test(takes_what_iam_may_take),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(a_text_past_any_document_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
