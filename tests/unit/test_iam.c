#include "tests/unit/aws_replies.h"

#include "aws/iam.h"
#include "aws/query.h"

enum { ARENA_SIZE = 8 << 20 };

static void reads_a_role(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "get_role.xml"));
    struct error error = {0};
    struct iam_role role;

    (void)state;
    assert_true(iam_read_role(arena, &reply, &role, &error));
    assert_string_equal(role.name, "shop_cart_abcdefgh");
    assert_string_equal(role.path, "/podidentity/eu-west-1/main/");
    assert_string_equal(
        role.arn, "arn:aws:iam::123456789012:role/podidentity/eu-west-1/main/shop_cart_abcdefgh");
    assert_string_equal(role.id, "AROAEXAMPLEROLEID");
    assert_string_equal(role.trust, "{\"Version\":\"2012-10-17\",\"Id\":\"a+b é\"}");
    assert_string_equal(role.description, "reads the cart & more");
    assert_string_equal(role.boundary_arn, "arn:aws:iam::123456789012:policy/podidentity/boundary");
    assert_int_equal(role.max_session_s, 7200);
    assert_int_equal(role.created_ms, 1795580124000);
    assert_int_equal(role.tags.count, 2);
    assert_string_equal(aws_tags_get(&role.tags, "podidentity.io/managed"), "true");
    assert_string_equal(aws_tags_get(&role.tags, "Team"), "");
    assert_int_equal(error.kind, ERROR_NONE);
}

static void what_a_role_may_lack_has_its_default(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "create_role.xml"));
    struct error error = {0};
    struct iam_role role;

    (void)state;
    assert_true(iam_read_role(arena, &reply, &role, &error));
    assert_string_equal(role.description, "");
    assert_null(role.boundary_arn);
    assert_int_equal(role.max_session_s, 3600);
    assert_int_equal(role.tags.count, 0);
    assert_int_equal(role.created_ms, 1795580124500);
}

static bool read_role(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct iam_role role;

    return iam_read_role(arena, reply, &role, error);
}

static void a_role_without_what_the_api_promises_is_no_role(void **state)
{
    static const struct spoiled_row rows[] = {
        {"GetRoleResponse ", "ErrorResponse ", ""},
        {"</GetRoleResponse>", "", "XML"},
        {"<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">",
         "<!DOCTYPE x [<!ENTITY e \"e\">]><GetRoleResponse>", "document type"},
        {"<RoleName>shop_cart_abcdefgh</RoleName>", "", "RoleName"},
        {"<RoleName>shop_cart_abcdefgh</RoleName>", "<RoleName/>", "RoleName"},
        {"<Arn>", "<Urn/><Arn><deep/>", "Arn"},
        {"<Path>/podidentity/eu-west-1/main/</Path>", "", "Path"},
        {"<RoleId>AROAEXAMPLEROLEID</RoleId>", "", "RoleId"},
        {"2026-11-25T04:15:24Z", "yesterday", "CreateDate"},
        {"%7B%22Version", "%7", "AssumeRolePolicyDocument"},
        {"%7B%22Version", "%00", "AssumeRolePolicyDocument"},
        {"%7B%22Version", "%FF", "AssumeRolePolicyDocument"},
        {"7200", "72.5", "MaxSessionDuration"},
        {"7200", "-1", "MaxSessionDuration"},
        {"7200", "99999999999999999999", "MaxSessionDuration"},
        {"<Key>Team</Key>", "", "Key"},
    };

    (void)state;
    refuses_each("get_role.xml", rows, COUNT(rows), read_role);
    refuses_every_cut("get_role.xml", read_role);
}

static void an_answer_to_something_else_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "<a/>",
        "<Response/>",
        "<GetRoleResponse/>",
        "<GetRoleResponse><GetRoleResult/></GetRoleResponse>",
        "<GetRoleResponse><ListRolesResult><Role/></ListRolesResult></GetRoleResponse>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
        struct reply reply = reply_of(200, bodies[i]);
        struct error error = {0};

        assert_false(read_role(arena, &reply, &error));
        assert_int_equal(error.kind, ERROR_RETRY);
    }
}

/* A text of length characters between the two parts. */
static struct reply padded(struct arena *arena, const char *before, size_t length,
                           const char *after)
{
    char *filling = arena_alloc(arena, length + 1);

    memset(filling, 'a', length);
    return reply_of(200, arena_printf(arena, "%s%s%s", before, filling, after));
}

static void texts_have_a_ceiling(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    const char *whole = recorded(arena, "get_role.xml"), *cut = "shop_cart_abcdefgh</RoleName>";
    const char *after = strstr(whole, cut);
    const char *before = arena_text(arena, whole, (size_t)(after - whole));
    struct reply reply =
        padded(arena, before, QUERY_TEXT_MAX - strlen("shop_cart_abcdefgh"), after);
    struct error error = {0};

    (void)state;
    assert_true(read_role(arena, &reply, &error));
    reply = padded(arena, before, QUERY_TEXT_MAX, after);
    assert_false(read_role(arena, &reply, &error));
    assert_non_null(strstr(error.text, "RoleName is longer"));
}

static void reads_policies(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "get_role_policy.xml"));
    struct error error = {0};
    struct iam_page page;
    const char *document;

    (void)state;
    assert_true(iam_read_role_policy(arena, &reply, &document, &error));
    assert_string_equal(document, "{\"Version\":\"2012-10-17\",\"Statement\":[]}");

    reply = reply_of(200, recorded(arena, "list_role_policies.xml"));
    assert_true(iam_read_policy_names(arena, &reply, &page, &error));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.items[0], "Policy1");
    assert_string_equal(page.items[1], "Policy+2");
    assert_string_equal(page.marker, "AAB/c+d==");

    reply = reply_of(200, recorded(arena, "list_attached_role_policies.xml"));
    assert_true(iam_read_policy_arns(arena, &reply, &page, &error));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0], "arn:aws:iam::aws:policy/ReadOnlyAccess");
    assert_null(page.marker);
}

static bool read_names(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct iam_page page;

    return iam_read_policy_names(arena, reply, &page, error);
}

static void a_page_says_whether_it_is_the_last(void **state)
{
    static const struct spoiled_row rows[] = {
        {"<Marker>AAB/c+d==</Marker>", "", "Marker"},
        {"<Marker>AAB/c+d==</Marker>", "<Marker/>", "Marker"},
        {"true", "perhaps", "IsTruncated"},
        {"<PolicyNames><member>Policy1</member><member>Policy+2</member></PolicyNames>", "",
         "PolicyNames"},
        {"<member>Policy1</member>", "<member/>", "member"},
    };

    (void)state;
    refuses_each("list_role_policies.xml", rows, COUNT(rows), read_names);
}

static struct reply page_of(struct arena *arena, size_t count)
{
    static const char member[] = "<member>p</member>";
    char *members = arena_alloc(arena, count * strlen(member) + 1);

    for (size_t i = 0; i < count; i++)
        memcpy(members + i * strlen(member), member, strlen(member));
    return reply_of(200, arena_printf(arena,
                                      "<ListRolePoliciesResponse><ListRolePoliciesResult>"
                                      "<PolicyNames>%s</PolicyNames></ListRolePoliciesResult>"
                                      "</ListRolePoliciesResponse>",
                                      members));
}

static void a_page_has_a_ceiling(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = page_of(arena, QUERY_ITEMS_MAX);
    struct error error = {0};
    struct iam_page page;

    (void)state;
    assert_true(iam_read_policy_names(arena, &reply, &page, &error));
    assert_int_equal(page.count, QUERY_ITEMS_MAX);
    reply = page_of(arena, QUERY_ITEMS_MAX + 1);
    assert_false(iam_read_policy_names(arena, &reply, &page, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_non_null(strstr(error.text, "PolicyNames"));
}

/* An answer that would fill the arena is refused; the process goes on. */
static void a_small_arena_refuses_a_large_answer(void **state)
{
    AUTO(arena_destroy) struct arena *bytes_arena = arena_create(ARENA_SIZE);
    struct reply reply = page_of(bytes_arena, QUERY_ITEMS_MAX);

    (void)state;
    for (size_t size = 4096; size <= 256 << 10; size += 1024) {
        AUTO(arena_destroy) struct arena *arena = arena_create(size);
        struct error error = {0};
        struct iam_page page;

        if (!iam_read_policy_names(arena, &reply, &page, &error))
            assert_int_equal(error.kind, ERROR_RETRY);
    }
}

static void reads_a_page_of_the_account(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "account_details.xml"));
    struct error error = {0};
    struct iam_detail_page page;
    const struct iam_role_detail *first;

    (void)state;
    assert_true(iam_read_account_details(arena, &reply, &page, &error));
    assert_int_equal(page.count, 2);
    assert_string_equal(
        page.marker, "EXAMPLEkakv9BCuUNFDtxWSyfzetYwEx2ADc8dnzfvERF5S6YMvXKx41t6gCl/eeaCX3Jo94/");
    first = &page.roles[0];
    assert_string_equal(first->role.name, "shop_cart_abcdefgh");
    assert_string_equal(first->role.trust, "{\"a\":1}");
    assert_string_equal(first->role.description, "");
    assert_int_equal(first->role.max_session_s, 0);
    assert_string_equal(first->role.boundary_arn,
                        "arn:aws:iam::123456789012:policy/podidentity/boundary");
    assert_int_equal(first->role.tags.count, 1);
    assert_int_equal(first->inline_count, 1);
    assert_string_equal(first->inline_policies[0].name, "Policy1");
    assert_string_equal(first->inline_policies[0].document, "{\"b\":2}");
    assert_int_equal(first->attached_count, 2);
    assert_string_equal(first->attached_arns[1], "arn:aws:iam::123456789012:policy/app/boundary");
    assert_int_equal(page.roles[1].inline_count, 0);
    assert_int_equal(page.roles[1].attached_count, 0);
    assert_int_equal(page.roles[1].role.tags.count, 0);
}

static bool read_details(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct iam_detail_page page;

    return iam_read_account_details(arena, reply, &page, error);
}

static void a_page_with_one_bad_role_is_no_page(void **state)
{
    static const struct spoiled_row rows[] = {
        {"<RoleName>plain</RoleName>", "", "RoleName"},
        {"<PolicyName>Policy1</PolicyName>", "", "PolicyName"},
        {"%7B%22b", "%ZZ", "PolicyDocument"},
        {"<PolicyArn>arn:aws:iam::aws:policy/ReadOnlyAccess</PolicyArn>", "", "PolicyArn"},
        {"RoleDetailList>", "RoleList>", ""},
    };

    (void)state;
    refuses_each("account_details.xml", rows, COUNT(rows), read_details);
    refuses_every_cut("account_details.xml", read_details);
}

static void splits_the_arn_of_a_role(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct {
        const char *arn, *partition, *account, *path, *name;
    } rows[] = {
        {"arn:aws:iam::123456789012:role/cart", "aws", "123456789012", "/", "cart"},
        {"arn:aws-us-gov:iam::123456789012:role/a/b/c+=,.@-_1", "aws-us-gov", "123456789012",
         "/a/b/", "c+=,.@-_1"},
        {"arn:aws-iso-b:iam::000000000000:role/x!~/y", "aws-iso-b", "000000000000", "/x!~/", "y"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct iam_role_arn parts;

        assert_true(iam_role_arn_parse(arena, rows[i].arn, &parts));
        assert_string_equal(parts.partition, rows[i].partition);
        assert_string_equal(parts.account, rows[i].account);
        assert_string_equal(parts.path, rows[i].path);
        assert_string_equal(parts.name, rows[i].name);
    }
}

#define NAME_OF_65                                                                                 \
    "arn:aws:iam::123456789012:role/"                                                              \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void what_is_no_arn_of_a_role_is_none(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const char *const arns[] = {
        "",
        "arn:aws",
        "arn:aws:iam::123456789012:role",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a/",
        "arn:aws:iam::123456789012:rolex/a",
        "arn:aws:iam::123456789012:role:/a",
        "arn:aws:iam::12345678901:role/a",
        "arn:aws:iam::1234567890123:role/a",
        "arn:aws:iam::12345678901a:role/a",
        "arn:aws:iam::123456789012:user/a",
        "arn:aws:iam:eu-west-1:123456789012:role/a",
        "arn:aws:sts::123456789012:assumed-role/a/b",
        "arn:AWS:iam::123456789012:role/a",
        "arn:gcp:iam::123456789012:role/a",
        " arn:aws:iam::123456789012:role/a",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/a\n",
        "arn:aws:iam::123456789012:role/a\tb/c",
        "arn:aws:iam::123456789012:role/\xc3\xa9/a",
        "arn:aws:iam::123456789012:role/*",
        "arn:/aws:iam::123456789012:role",
        NAME_OF_65,
    };
    struct iam_role_arn parts;

    (void)state;
    for (size_t i = 0; i < COUNT(arns); i++) {
        if (iam_role_arn_parse(arena, arns[i], &parts))
            fail_msg("taken for a role: %s", arns[i]);
    }
}

static bool read_profiles(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct iam_page page;

    return iam_read_instance_profiles(arena, reply, &page, error);
}

static void reads_the_instance_profiles_of_a_role(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "list_instance_profiles_for_role.xml"));
    static const struct spoiled_row rows[] = {
        {"<InstanceProfileName>nodes</InstanceProfileName>", "", "InstanceProfileName"},
        {"<Marker>AAB/c+d==</Marker>", "", "Marker"},
    };
    struct error error = {0};
    struct iam_page page;

    (void)state;
    assert_true(iam_read_instance_profiles(arena, &reply, &page, &error));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0], "nodes");
    assert_string_equal(page.marker, "AAB/c+d==");
    refuses_each("list_instance_profiles_for_role.xml", rows, COUNT(rows), read_profiles);
    refuses_every_cut("list_instance_profiles_for_role.xml", read_profiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_role),
        cmocka_unit_test(what_a_role_may_lack_has_its_default),
        cmocka_unit_test(a_role_without_what_the_api_promises_is_no_role),
        cmocka_unit_test(an_answer_to_something_else_is_refused),
        cmocka_unit_test(texts_have_a_ceiling),
        cmocka_unit_test(reads_policies),
        cmocka_unit_test(a_page_says_whether_it_is_the_last),
        cmocka_unit_test(a_page_has_a_ceiling),
        cmocka_unit_test(a_small_arena_refuses_a_large_answer),
        cmocka_unit_test(reads_a_page_of_the_account),
        cmocka_unit_test(a_page_with_one_bad_role_is_no_page),
        cmocka_unit_test(splits_the_arn_of_a_role),
        cmocka_unit_test(what_is_no_arn_of_a_role_is_none),
        cmocka_unit_test(reads_the_instance_profiles_of_a_role),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
