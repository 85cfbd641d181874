#include "tests/unit/aws_replies.h"

#include "aws/addons.h"

enum { ARENA_SIZE = 8 << 20 };

static void asks_for_pages_of_one_cluster(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct request request;

    (void)state;
    addon_list(arena, &request, "main", NULL);
    assert_string_equal(request.path, "/clusters/main/addons");
    assert_string_equal(request.query, "maxResults=100");
    addon_list(arena, &request, "main", "ab/c+d==");
    assert_string_equal(request.query, "maxResults=100&nextToken=ab%2Fc%2Bd%3D%3D");
    assert_true(request.sharable);
    addon_describe(arena, &request, "main", "../x");
    assert_string_equal(request.path, "/clusters/main/addons/..%2Fx");
    addon_describe(arena, &request, "main", "..");
    assert_string_equal(request.path, "/clusters/main/addons/%252E%252E");
}

static void makes_the_agent_without_overwriting_anything(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct aws_tag tags[] = {{"podidentity.io/managed", "true"}};
    static const struct addon_wish wish = {
        .name = ADDON_AGENT, .client_request_token = "0123456789abcdef", .tags = {tags, 1}};
    struct request request;

    (void)state;
    addon_create(arena, &request, "main", &wish);
    assert_string_equal(request.path, "/clusters/main/addons");
    assert_string_equal(request.body,
                        "{\"addonName\":\"eks-pod-identity-agent\",\"clientRequestToken\":"
                        "\"0123456789abcdef\",\"tags\":{\"podidentity.io/managed\":\"true\"}}");
    assert_true(request.write);
}

static void reads_an_add_on(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "addon.json"));
    struct error error = {0};
    struct addon addon;

    (void)state;
    assert_true(addon_read(arena, &reply, &addon, &error));
    assert_string_equal(addon.name, "aws-ebs-csi-driver");
    assert_string_equal(
        addon.arn, "arn:aws:eks:eu-west-1:123456789012:addon/main/aws-ebs-csi-driver/1ac1c2b3");
    assert_string_equal(addon.status, "DEGRADED");
    assert_string_equal(addon.version, "v1.35.0-eksbuild.1");
    assert_string_equal(addon.service_account_role_arn, "arn:aws:iam::123456789012:role/ebs");
    assert_int_equal(addon.association_count, 2);
    assert_string_equal(
        addon.association_arns[1],
        "arn:aws:eks:eu-west-1:123456789012:podidentityassociation/main/a-abcdefghijklmnop2");
    assert_int_equal(addon.issue_count, 2);
    assert_string_equal(addon.issues[0].code, "InsufficientNumberOfReplicas");
    assert_string_equal(addon.issues[0].message, "no node takes the pods");
    assert_null(addon.issues[1].message);
    assert_string_equal(aws_tags_get(&addon.tags, "team"), "storage");
}

static void an_add_on_may_have_neither_role_nor_associations(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, "{\"addon\":{\"addonName\":\"a\",\"addonArn\":\"b\","
                                       "\"status\":\"CREATING\",\"health\":{\"issues\":[]},"
                                       "\"podIdentityAssociations\":null}}");
    struct error error = {0};
    struct addon addon;

    (void)state;
    assert_true(addon_read(arena, &reply, &addon, &error));
    assert_null(addon.service_account_role_arn);
    assert_null(addon.version);
    assert_int_equal(addon.association_count, 0);
    assert_int_equal(addon.issue_count, 0);
    assert_int_equal(addon.tags.count, 0);
}

static bool read_addon(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct addon addon;

    return addon_read(arena, reply, &addon, error);
}

static void an_add_on_without_what_the_api_promises_is_none(void **state)
{
    static const struct spoiled_row rows[] = {
        {"\"addon\":", "\"other\":", "addonName"},
        {"\"addonName\"", "\"name\"", "addonName"},
        {"\"addonArn\"", "\"arn\"", "addonArn"},
        {"\"DEGRADED\"", "\"\"", "status"},
        {"\"v1.35.0-eksbuild.1\"", "1", "addonVersion"},
        {"\"arn:aws:iam::123456789012:role/ebs\"", "[]", "serviceAccountRoleArn"},
        {"\"podIdentityAssociations\": [", "\"podIdentityAssociations\": [1, ",
         "podIdentityAssociations"},
        {"\"podIdentityAssociations\": [", "\"podIdentityAssociations\": {}, \"x\": [",
         "podIdentityAssociations"},
        {"\"issues\": [", "\"issues\": 1, \"x\": [", "issues"},
        {"{\"code\": \"AccessDenied\"}", "{\"code\": 1}", "code"},
        {"\"no node takes the pods\"", "{}", "message"},
        {"{\"team\": \"storage\"}", "[]", "tags"},
    };

    (void)state;
    refuses_each("addon.json", rows, COUNT(rows), read_addon);
    refuses_every_cut("addon.json", read_addon);
}

static bool read_page(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct addon_page page;

    return addon_read_page(arena, reply, &page, error);
}

static void reads_a_page_of_names(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "addons.json"));
    static const struct spoiled_row rows[] = {
        {"\"addons\"", "\"items\"", "addons"},
        {"[\"aws-ebs-csi-driver\", \"eks-pod-identity-agent\"]", "\"a\"", "addons"},
        {"\"aws-ebs-csi-driver\"", "\"\"", "addons"},
        {"\"ab/c+d==\"", "7", "nextToken"},
    };
    struct error error = {0};
    struct addon_page page;

    (void)state;
    assert_true(addon_read_page(arena, &reply, &page, &error));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.names[1], ADDON_AGENT);
    assert_string_equal(page.next_token, "ab/c+d==");
    reply = reply_of(200, "{\"addons\":[]}");
    assert_true(addon_read_page(arena, &reply, &page, &error));
    assert_int_equal(page.count, 0);
    assert_null(page.next_token);
    refuses_each("addons.json", rows, COUNT(rows), read_page);
    refuses_every_cut("addons.json", read_page);
}

static void a_page_has_a_ceiling(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    char *items = arena_alloc(arena, 1001 * 4 + 1);
    struct error error = {0};
    struct reply reply;

    (void)state;
    for (size_t i = 0; i < 1001; i++)
        memcpy(items + 4 * i, "\"a\",", 4);
    reply = reply_of(200, arena_printf(arena, "{\"addons\":[%.*s]}", 4 * 1000 - 1, items));
    assert_true(read_page(arena, &reply, &error));
    reply = reply_of(200, arena_printf(arena, "{\"addons\":[%.*s]}", 4 * 1001 - 1, items));
    assert_false(read_page(arena, &reply, &error));
    assert_non_null(strstr(error.text, "1000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_pages_of_one_cluster),
        cmocka_unit_test(makes_the_agent_without_overwriting_anything),
        cmocka_unit_test(reads_an_add_on),
        cmocka_unit_test(an_add_on_may_have_neither_role_nor_associations),
        cmocka_unit_test(an_add_on_without_what_the_api_promises_is_none),
        cmocka_unit_test(reads_a_page_of_names),
        cmocka_unit_test(a_page_has_a_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
