#include "tests/unit/aws_replies.h"

#include "aws/eks.h"
#include "base/json.h"

enum { ARENA_SIZE = 8 << 20 };

static void asks_for_a_page_of_associations(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct request request;

    (void)state;
    eks_list_associations(arena, &request, "main", NULL, NULL, NULL);
    assert_string_equal(request.path, "/clusters/main/pod-identity-associations");
    assert_string_equal(request.query, "maxResults=100");
    eks_list_associations(arena, &request, "main", "shop", "a:b", "ab/c+d==");
    assert_string_equal(request.query, "maxResults=100&namespace=shop&nextToken=ab%2Fc%2Bd%3D%3D"
                                       "&serviceAccount=a%3Ab");
}

static void escapes_every_part_of_a_path(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    const char *const keys[] = {"a b", "k:v/="};
    struct request request;

    (void)state;
    eks_untag_resource(arena, &request, "arn:aws:eks:eu-west-1:1:podidentityassociation/c/a-1",
                       keys, COUNT(keys));
    assert_string_equal(request.path,
                        "/tags/arn%3Aaws%3Aeks%3Aeu-west-1%3A1%3Apodidentityassociation%2Fc%2Fa-1");
    assert_string_equal(request.query, "tagKeys=a%20b&tagKeys=k%3Av%2F%3D");
    assert_string_equal(request.method, "DELETE");
    assert_null(request.body);
}

/* An association's id may come out of a status that somebody forged. */
static void an_id_cannot_name_another_resource(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct {
        const char *id, *path;
    } rows[] = {
        {"..", "/clusters/main/pod-identity-associations/%252E%252E"},
        {".", "/clusters/main/pod-identity-associations/%252E"},
        {"../../other", "/clusters/main/pod-identity-associations/..%2F..%2Fother"},
        {"a-1?x#y", "/clusters/main/pod-identity-associations/a-1%3Fx%23y"},
        {"%2e%2e", "/clusters/main/pod-identity-associations/%252e%252e"},
        {"a\r\nhost: x", "/clusters/main/pod-identity-associations/a%0D%0Ahost%3A%20x"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct request request;

        eks_delete_association(arena, &request, "main", rows[i].id);
        assert_string_equal(request.path, rows[i].path);
    }
}

static void says_what_an_association_shall_be(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct aws_tag tags[] = {{"podidentity.io/managed", "true"}};
    static const struct eks_association_wish wish = {
        .namespace_name = "shop",
        .service_account = "cart",
        .role_arn = "arn:aws:iam::123456789012:role/cart",
        .client_request_token = "0123456789abcdef",
        .tags = {tags, COUNT(tags)},
    };
    struct request request;

    (void)state;
    eks_create_association(arena, &request, "main", &wish);
    assert_string_equal(request.body,
                        "{\"namespace\":\"shop\",\"serviceAccount\":\"cart\",\"roleArn\":"
                        "\"arn:aws:iam::123456789012:role/cart\",\"clientRequestToken\":"
                        "\"0123456789abcdef\",\"tags\":{\"podidentity.io/managed\":\"true\"}}");
    assert_int_equal(request.body_length, strlen(request.body));
    assert_true(request.write);
    assert_false(request.sharable);
}

static void an_association_wish_may_hold_all_there_is(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct eks_association_wish wish = {
        .namespace_name = "shop",
        .service_account = "cart",
        .role_arn = "arn:r",
        .client_request_token = "t",
        .target_role_arn = "arn:t",
        .policy = "{\"a\":1}",
        .disable_session_tags = true,
    };
    struct request request;

    (void)state;
    eks_create_association(arena, &request, "main", &wish);
    assert_string_equal(request.body,
                        "{\"namespace\":\"shop\",\"serviceAccount\":\"cart\",\"roleArn\":"
                        "\"arn:r\",\"clientRequestToken\":\"t\",\"disableSessionTags\":true,"
                        "\"targetRoleArn\":\"arn:t\",\"policy\":\"{\\\"a\\\":1}\"}");
}

static void an_update_says_only_what_changes(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct {
        struct eks_association_change change;
        const char *body;
    } rows[] = {
        {{.role_arn = "arn:r"}, "{\"roleArn\":\"arn:r\",\"clientRequestToken\":\"t\"}"},
        {{.target_role_arn = "", .policy = ""},
         "{\"clientRequestToken\":\"t\",\"targetRoleArn\":\"\",\"policy\":\"\"}"},
        {{.session_tags = EKS_SESSION_TAGS_ON, .policy = ""},
         "{\"clientRequestToken\":\"t\",\"disableSessionTags\":false,\"policy\":\"\"}"},
        {{.session_tags = EKS_SESSION_TAGS_OFF, .policy = "{}", .target_role_arn = "arn:t"},
         "{\"clientRequestToken\":\"t\",\"disableSessionTags\":true,"
         "\"targetRoleArn\":\"arn:t\",\"policy\":\"{}\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct eks_association_change change = rows[i].change;
        struct request request;

        change.client_request_token = "t";
        eks_update_association(arena, &request, "main", "a-1", &change);
        assert_string_equal(request.path, "/clusters/main/pod-identity-associations/a-1");
        assert_string_equal(request.method, "POST");
        assert_string_equal(request.body, rows[i].body);
    }
}

static void reads_an_association(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "association.json"));
    struct eks_association association;
    struct error error = {0};

    (void)state;
    assert_true(eks_read_association(arena, &reply, &association, &error));
    assert_string_equal(association.cluster, "main");
    assert_string_equal(association.namespace_name, "shop");
    assert_string_equal(association.service_account, "cart");
    assert_string_equal(association.id, "a-abcdefghijklmnop1");
    assert_string_equal(
        association.arn,
        "arn:aws:eks:eu-west-1:123456789012:podidentityassociation/main/a-abcdefghijklmnop1");
    assert_string_equal(
        association.role_arn,
        "arn:aws:iam::123456789012:role/podidentity/eu-west-1/main/shop_cart_abcdefgh");
    assert_null(association.owner_arn);
    assert_string_equal(association.target_role_arn, "arn:aws:iam::210987654321:role/target");
    assert_string_equal(association.external_id, "eu-west-1/123456789012/main/shop/cart");
    assert_string_equal(association.policy, "{\"Version\":\"2012-10-17\"}");
    assert_true(association.disable_session_tags);
    assert_int_equal(association.created_ms, 1700862734922);
    assert_int_equal(association.modified_ms, 1700862735000);
    assert_int_equal(association.tags.count, 2);
    assert_string_equal(aws_tags_get(&association.tags, "größe"), "");
}

/* An unset target is written "" by some callers of the API. */
static void an_empty_text_is_an_absent_one(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    const char *body =
        spoiled(arena, "association.json", "\"arn:aws:iam::210987654321:role/target\"", "\"\"");
    struct reply reply = reply_of(200, body);
    struct eks_association association;
    struct error error = {0};

    (void)state;
    assert_true(eks_read_association(arena, &reply, &association, &error));
    assert_null(association.target_role_arn);
}

static bool read_association(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct eks_association association;

    return eks_read_association(arena, reply, &association, error);
}

static void an_association_without_what_the_api_promises_is_none(void **state)
{
    static const struct spoiled_row rows[] = {
        {"\"association\":", "\"other\":", "associationId"},
        {"\"association\": {", "\"association\": [{", "JSON"},
        {"\"clusterName\": \"main\",", "", "clusterName"},
        {"\"main\"", "1", "clusterName"},
        {"\"namespace\": \"shop\",", "", "namespace"},
        {"\"cart\"", "\"\"", "serviceAccount"},
        {"\"roleArn\":", "\"role\":", "roleArn"},
        {"\"associationArn\":", "\"arn\":", "associationArn"},
        {"\"a-abcdefghijklmnop1\",", "null,", "associationId"},
        {"1700862734.922", "\"2023-11-24\"", "createdAt"},
        {"1700862734.922", "1e300", "createdAt"},
        {"1700862735", "-1", "modifiedAt"},
        {"true,", "\"true\",", "disableSessionTags"},
        {"{\"podidentity.io/managed\": \"true\", \"größe\": \"\"}", "[]", "tags"},
        {"\"größe\": \"\"", "\"größe\": 1", "tags"},
        {"\"ownerArn\": null", "\"ownerArn\": {}", "ownerArn"},
    };

    (void)state;
    refuses_each("association.json", rows, COUNT(rows), read_association);
    refuses_every_cut("association.json", read_association);
}

static void reads_a_page_of_associations(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "associations.json"));
    struct eks_association_page page;
    struct error error = {0};

    (void)state;
    assert_true(eks_read_associations(arena, &reply, &page, &error));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.items[0].service_account, "cart");
    assert_null(page.items[0].owner_arn);
    assert_null(page.items[0].role_arn);
    assert_string_equal(
        page.items[1].owner_arn,
        "arn:aws:eks:eu-west-1:123456789012:addon/main/aws-ebs-csi-driver/1ac1c2b3");
    assert_string_equal(page.next_token, "ab/c+d==");

    reply = reply_of(200, "{\"associations\":[]}");
    assert_true(eks_read_associations(arena, &reply, &page, &error));
    assert_int_equal(page.count, 0);
    assert_null(page.next_token);
}

static bool read_page(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct eks_association_page page;

    return eks_read_associations(arena, reply, &page, error);
}

static void a_page_with_one_bad_item_is_no_page(void **state)
{
    static const struct spoiled_row rows[] = {
        {"\"associations\"", "\"items\"", "associations"},
        {"\"kube-system\"", "null", "namespace"},
        {"\"ab/c+d==\"", "7", "nextToken"},
        {"    {\n      \"clusterName\"", "    null, {\n      \"clusterName\"", "clusterName"},
    };

    (void)state;
    refuses_each("associations.json", rows, COUNT(rows), read_page);
}

/* {"associations":[1,1,…]} of so many. */
static struct reply page_of(struct arena *arena, size_t count)
{
    char *items = arena_alloc(arena, 2 * count + 2);

    for (size_t i = 0; i < count; i++)
        memcpy(items + 2 * i, i + 1 < count ? "1," : "1", 2);
    return reply_of(200, arena_printf(arena, "{\"associations\":[%s]}", items));
}

static void pages_answers_and_texts_have_ceilings(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    char *large = arena_alloc(arena, (1 << 20) + 2);
    struct error error = {0};
    struct reply reply = page_of(arena, 1001);

    (void)state;
    assert_false(read_page(arena, &reply, &error));
    assert_non_null(strstr(error.text, "1000"));
    memset(large, ' ', (1 << 20) + 1);
    reply = reply_of(200, large);
    assert_false(read_page(arena, &reply, &error));
    assert_non_null(strstr(error.text, "larger"));
    large[8193] = '\0';
    memset(large, 'a', 8193);
    reply = reply_of(200, spoiled(arena, "association.json", "shop", large));
    assert_false(read_association(arena, &reply, &error));
    assert_non_null(strstr(error.text, "namespace is too long"));
}

static void a_small_arena_refuses_a_large_answer(void **state)
{
    AUTO(arena_destroy) struct arena *bytes_arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(bytes_arena, "association.json"));
    unsigned read = 0;

    (void)state;
    for (size_t size = 256; size <= 8192; size += 64) {
        AUTO(arena_destroy) struct arena *arena = arena_create(size);
        struct error error = {0};
        bool good = read_association(arena, &reply, &error);

        assert_int_equal(error.kind, good ? ERROR_NONE : ERROR_RETRY);
        read += good;
    }
    assert_in_range(read, 1, 124); /* the smallest cannot hold it */
}

static void reads_a_cluster(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, recorded(arena, "cluster.json"));
    struct eks_cluster cluster;
    struct error error = {0};

    (void)state;
    assert_true(eks_read_cluster(arena, &reply, &cluster, &error));
    assert_string_equal(cluster.name, "main");
    assert_string_equal(cluster.arn, "arn:aws:eks:eu-west-1:123456789012:cluster/main");
    assert_string_equal(cluster.status, "ACTIVE");
    assert_string_equal(cluster.version, "1.36");
    assert_string_equal(cluster.issuer,
                        "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF");
    assert_true(cluster.auto_mode);

    reply = reply_of(200, "{\"cluster\":{\"name\":\"c\",\"arn\":\"a\",\"status\":\"CREATING\"}}");
    assert_true(eks_read_cluster(arena, &reply, &cluster, &error));
    assert_null(cluster.issuer);
    assert_null(cluster.version);
    assert_false(cluster.auto_mode);
}

static bool read_cluster(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct eks_cluster cluster;

    return eks_read_cluster(arena, reply, &cluster, error);
}

static void a_cluster_without_an_arn_is_none(void **state)
{
    static const struct spoiled_row rows[] = {
        {"\"cluster\":", "\"other\":", "name"},
        {"\"arn\": \"arn:aws:eks:eu-west-1:123456789012:cluster/main\",", "", "arn"},
        {"\"ACTIVE\"", "false", "status"},
        {"\"enabled\": true", "\"enabled\": 1", "enabled"},
        {"\"issuer\": \"https", "\"issuer\": 1, \"x\": \"https", "issuer"},
    };

    (void)state;
    refuses_each("cluster.json", rows, COUNT(rows), read_cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_a_page_of_associations),
        cmocka_unit_test(escapes_every_part_of_a_path),
        cmocka_unit_test(an_id_cannot_name_another_resource),
        cmocka_unit_test(says_what_an_association_shall_be),
        cmocka_unit_test(an_association_wish_may_hold_all_there_is),
        cmocka_unit_test(an_update_says_only_what_changes),
        cmocka_unit_test(reads_an_association),
        cmocka_unit_test(an_empty_text_is_an_absent_one),
        cmocka_unit_test(an_association_without_what_the_api_promises_is_none),
        cmocka_unit_test(reads_a_page_of_associations),
        cmocka_unit_test(a_page_with_one_bad_item_is_no_page),
        cmocka_unit_test(pages_answers_and_texts_have_ceilings),
        cmocka_unit_test(a_small_arena_refuses_a_large_answer),
        cmocka_unit_test(reads_a_cluster),
        cmocka_unit_test(a_cluster_without_an_arn_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
