#include "tests/unit/aws_replies.h"

#include "aws/oidc.h"

enum { ARENA_SIZE = 8 << 20 };

#define ISSUER "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"

static void names_a_provider_after_its_issuer(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);

    (void)state;
    assert_string_equal(oidc_provider_arn(arena, "aws", "123456789012", ISSUER),
                        "arn:aws:iam::123456789012:oidc-provider/"
                        "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF");
    assert_string_equal(oidc_provider_arn(arena, "aws-cn", "1", "https://a.cn"),
                        "arn:aws-cn:iam::1:oidc-provider/a.cn");
    assert_string_equal(oidc_issuer_name("https://a/id:1"), "a/id:1");
}

static void an_issuer_that_iam_would_not_take_has_no_provider(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const char *const issuers[] = {
        "",
        "oidc.eks.eu-west-1.amazonaws.com/id/1",
        "http://a/b",
        "HTTPS://a/b",
        "https://",
        "https:///b",
        "https://a/",
        "https://a:443/b",
        "https://a?b",
        "https://a/b#c",
        "https://u@a",
        "https://a/b c",
        "https://a/\n",
        "https://\xc3\xa9/b",
        "https://a/\"",
        "https://a\\b",
    };
    char longest[OIDC_URL_MAX + 2] = "https://a/";

    (void)state;
    for (size_t i = 0; i < COUNT(issuers); i++) {
        if (oidc_issuer_name(issuers[i]))
            fail_msg("\"%s\" passed", issuers[i]);
        assert_null(oidc_provider_arn(arena, "aws", "123456789012", issuers[i]));
    }
    memset(longest + 10, 'a', sizeof(longest) - 11);
    assert_int_equal(strlen(longest), OIDC_URL_MAX + 1);
    assert_null(oidc_issuer_name(longest));
    longest[OIDC_URL_MAX] = '\0';
    assert_non_null(oidc_issuer_name(longest));
}

static void makes_a_provider_without_a_thumbprint(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct aws_tag tags[] = {{"a", "b"}};
    const struct aws_tags given = {tags, COUNT(tags)};
    struct request request;

    (void)state;
    oidc_create_provider(arena, &request, ISSUER, OIDC_AUDIENCE, &given);
    assert_string_equal(request.body,
                        "Action=CreateOpenIDConnectProvider&Version=2010-05-08&"
                        "Url=https%3A%2F%2Foidc.eks.eu-west-1.amazonaws.com%2Fid%2F0123456789ABCDEF"
                        "&ClientIDList.member.1=sts.amazonaws.com"
                        "&Tags.member.1.Key=a&Tags.member.1.Value=b");
    assert_true(request.write);
    assert_false(request.sharable);
}

static void reads_a_provider(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "get_open_id_connect_provider.xml"));
    struct oidc_provider provider;
    struct error error = {0};

    (void)state;
    assert_true(oidc_read_provider(arena, &reply, &provider, &error));
    assert_string_equal(provider.issuer_name, oidc_issuer_name(ISSUER));
    assert_int_equal(provider.client_id_count, 2);
    assert_true(oidc_provider_has_client_id(&provider, OIDC_AUDIENCE));
    assert_true(oidc_provider_has_client_id(&provider, "other & more"));
    assert_false(oidc_provider_has_client_id(&provider, "STS.amazonaws.com"));
    assert_string_equal(aws_tags_get(&provider.tags, "team"), "platform");

    reply =
        reply_of(200, spoiled(arena, "get_open_id_connect_provider.xml", "<Url>", "<Url>https://"));
    assert_true(oidc_read_provider(arena, &reply, &provider, &error));
    assert_string_equal(provider.issuer_name, oidc_issuer_name(ISSUER));
}

static void a_provider_may_have_neither_client_ids_nor_tags(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(
        200, "<GetOpenIDConnectProviderResponse><GetOpenIDConnectProviderResult><Url>a</Url>"
             "</GetOpenIDConnectProviderResult></GetOpenIDConnectProviderResponse>");
    struct oidc_provider provider;
    struct error error = {0};

    (void)state;
    assert_true(oidc_read_provider(arena, &reply, &provider, &error));
    assert_int_equal(provider.client_id_count, 0);
    assert_false(oidc_provider_has_client_id(&provider, OIDC_AUDIENCE));
    assert_int_equal(provider.tags.count, 0);
}

static bool read_provider(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct oidc_provider provider;

    return oidc_read_provider(arena, reply, &provider, error);
}

static bool read_providers(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct iam_page page;

    return oidc_read_providers(arena, reply, &page, error);
}

static void a_provider_without_what_the_api_promises_is_none(void **state)
{
    static const struct spoiled_row rows[] = {
        {"<Url>oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF</Url>", "", "Url"},
        {"<member>sts.amazonaws.com</member>", "<member/>", "member"},
        {"<Key>team</Key>", "", "Key"},
    };

    (void)state;
    refuses_each("get_open_id_connect_provider.xml", rows, COUNT(rows), read_provider);
    refuses_every_cut("get_open_id_connect_provider.xml", read_provider);
}

static void reads_the_providers_of_an_account(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "list_open_id_connect_providers.xml"));
    static const struct spoiled_row rows[] = {
        {"OpenIDConnectProviderList>", "Providers>", ""},
        {"<Arn>arn:aws:iam::123456789012:oidc-provider/token", "<Arn/><x>", ""},
    };
    struct error error = {0};
    struct iam_page page;

    (void)state;
    assert_true(oidc_read_providers(arena, &reply, &page, &error));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.items[0], oidc_provider_arn(arena, "aws", "123456789012", ISSUER));
    assert_null(page.marker);
    refuses_each("list_open_id_connect_providers.xml", rows, COUNT(rows), read_providers);
    refuses_every_cut("list_open_id_connect_providers.xml", read_providers);
}

static void reads_the_arn_of_a_new_provider(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply =
        reply_of(200, "<CreateOpenIDConnectProviderResponse><CreateOpenIDConnectProviderResult>"
                      "<OpenIDConnectProviderArn>arn:x</OpenIDConnectProviderArn>"
                      "</CreateOpenIDConnectProviderResult></CreateOpenIDConnectProviderResponse>");
    struct error error = {0};
    const char *arn;

    (void)state;
    assert_true(oidc_read_created(arena, &reply, &arn, &error));
    assert_string_equal(arn, "arn:x");
    reply =
        reply_of(200, "<CreateOpenIDConnectProviderResponse><CreateOpenIDConnectProviderResult/>"
                      "</CreateOpenIDConnectProviderResponse>");
    assert_false(oidc_read_created(arena, &reply, &arn, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_a_provider_after_its_issuer),
        cmocka_unit_test(an_issuer_that_iam_would_not_take_has_no_provider),
        cmocka_unit_test(makes_a_provider_without_a_thumbprint),
        cmocka_unit_test(reads_a_provider),
        cmocka_unit_test(a_provider_may_have_neither_client_ids_nor_tags),
        cmocka_unit_test(a_provider_without_what_the_api_promises_is_none),
        cmocka_unit_test(reads_the_providers_of_an_account),
        cmocka_unit_test(reads_the_arn_of_a_new_provider),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
