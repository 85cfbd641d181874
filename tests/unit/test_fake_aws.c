/* What our builders ask, the fake AWS does, and our readers read: the three agree. */

#include "tests/unit/aws_replies.h"

#include "aws/addons.h"
#include "aws/eks.h"
#include "aws/iam.h"
#include "aws/oidc.h"
#include "base/text.h"
#include "tests/fake/fake_aws.h"

enum { ARENA_SIZE = 8 << 20 };

#define TARGET "arn:aws:iam::210987654321:role/target"
#define TRUST "{\"Version\":\"2012-10-17\"}"

struct place {
    struct fake_aws aws;
    struct arena *arena;
    struct request request;
    struct error error;
    int64_t now_ms;
};

static struct place *place_create(void)
{
    struct place *place = memory_alloc(sizeof(*place));

    place->now_ms = 1700000000000;
    place->arena = arena_create(ARENA_SIZE);
    fake_aws_init(&place->aws, &place->now_ms);
    return place;
}

static void place_destroy(struct place *place)
{
    fake_aws_finish(&place->aws);
    arena_destroy(place->arena);
    free(place);
}

DEFINE_AUTO(struct place *, place_destroy);

/* The answer to the request that stands in the place, its body in the arena. */
static struct reply ask(struct place *place)
{
    struct fake_answer answer = {.content_type = "", .error_type = ""};
    struct reply reply;

    text_init(&answer.body, 1 << 20);
    place->aws.server.answer(&place->aws.server, &place->request, &answer);
    reply =
        reply_of(answer.status, arena_text(place->arena, answer.body.bytes ? answer.body.bytes : "",
                                           answer.body.length));
    text_finish(&answer.body);
    return reply;
}

static struct eks_association associate(struct place *place,
                                        const struct eks_association_wish *wish)
{
    struct eks_association association = {0};
    struct reply reply;

    eks_create_association(place->arena, &place->request, FAKE_CLUSTER, wish);
    reply = ask(place);
    assert_int_equal(reply.status, 200);
    assert_true(eks_read_association(place->arena, &reply, &association, &place->error));
    return association;
}

static const struct eks_association_wish full_wish = {
    .namespace_name = "shop",
    .service_account = "cart",
    .role_arn = "arn:aws:iam::" FAKE_ACCOUNT ":role/cart",
    .client_request_token = "t",
    .target_role_arn = TARGET,
    .policy = TRUST,
    .disable_session_tags = true,
};

static void an_association_keeps_all_that_is_wished(void **state)
{
    AUTO(place_destroy) struct place *place = place_create();
    struct eks_association association;

    (void)state;
    fake_aws_add_role(&place->aws, "/", "cart", TRUST);
    association = associate(place, &full_wish);
    assert_string_equal(association.target_role_arn, TARGET);
    assert_string_equal(association.external_id,
                        "eu-west-1/" FAKE_ACCOUNT "/" FAKE_CLUSTER "/shop/cart");
    assert_string_equal(association.policy, TRUST);
    assert_true(association.disable_session_tags);
}

static void an_update_clears_what_it_says_and_leaves_the_rest(void **state)
{
    AUTO(place_destroy) struct place *place = place_create();
    struct eks_association_change change = {.target_role_arn = "", .client_request_token = "u"};
    struct eks_association association;
    struct reply reply;

    (void)state;
    fake_aws_add_role(&place->aws, "/", "cart", TRUST);
    association = associate(place, &full_wish);
    eks_update_association(place->arena, &place->request, FAKE_CLUSTER, association.id, &change);
    reply = ask(place);
    assert_true(eks_read_association(place->arena, &reply, &association, &place->error));
    assert_null(association.target_role_arn);
    assert_null(association.external_id);
    assert_string_equal(association.policy, TRUST);
    assert_string_equal(association.role_arn, full_wish.role_arn);
    assert_true(association.disable_session_tags);
    assert_int_equal(ask(place).status, 200);
    assert_int_equal(place->aws.idle_writes, 1);

    change = (struct eks_association_change){.session_tags = EKS_SESSION_TAGS_ON,
                                             .client_request_token = "v"};
    eks_update_association(place->arena, &place->request, FAKE_CLUSTER, association.id, &change);
    reply = ask(place);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body, "disableSessionTags"));
    change.policy = "";
    eks_update_association(place->arena, &place->request, FAKE_CLUSTER, association.id, &change);
    reply = ask(place);
    assert_true(eks_read_association(place->arena, &reply, &association, &place->error));
    assert_null(association.policy);
    assert_false(association.disable_session_tags);
}

static void a_cluster_tells_its_issuer_and_auto_mode(void **state)
{
    AUTO(place_destroy) struct place *place = place_create();
    struct eks_cluster cluster;
    struct reply reply;

    (void)state;
    eks_describe_cluster(place->arena, &place->request, FAKE_CLUSTER);
    reply = ask(place);
    assert_true(eks_read_cluster(place->arena, &reply, &cluster, &place->error));
    assert_string_equal(cluster.issuer, FAKE_ISSUER);
    assert_false(cluster.auto_mode);
    place->aws.auto_mode = true;
    place->aws.issuer = NULL;
    reply = ask(place);
    assert_true(eks_read_cluster(place->arena, &reply, &cluster, &place->error));
    assert_null(cluster.issuer);
    assert_true(cluster.auto_mode);
}

static void a_provider_is_made_once_and_takes_client_ids(void **state)
{
    AUTO(place_destroy) struct place *place = place_create();
    const struct aws_tags none = {0};
    struct oidc_provider provider;
    struct iam_page page;
    struct reply reply;
    const char *arn;

    (void)state;
    oidc_create_provider(place->arena, &place->request, FAKE_ISSUER, OIDC_AUDIENCE, &none);
    reply = ask(place);
    assert_true(oidc_read_created(place->arena, &reply, &arn, &place->error));
    assert_string_equal(arn, oidc_provider_arn(place->arena, "aws", FAKE_ACCOUNT, FAKE_ISSUER));
    assert_int_equal(ask(place).status, 409);
    oidc_add_client_id(place->arena, &place->request, arn, "other");
    assert_int_equal(ask(place).status, 200);
    assert_int_equal(place->aws.idle_writes, 0);
    assert_int_equal(ask(place).status, 200);
    assert_int_equal(place->aws.idle_writes, 1);
    oidc_get_provider(place->arena, &place->request, arn);
    reply = ask(place);
    assert_true(oidc_read_provider(place->arena, &reply, &provider, &place->error));
    assert_true(oidc_provider_has_client_id(&provider, OIDC_AUDIENCE));
    assert_true(oidc_provider_has_client_id(&provider, "other"));
    oidc_list_providers(place->arena, &place->request);
    reply = ask(place);
    assert_true(oidc_read_providers(place->arena, &reply, &page, &place->error));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0], arn);
    oidc_get_provider(place->arena, &place->request, "arn:other");
    assert_int_equal(ask(place).status, 404);
}

static void the_agent_is_made_once_and_add_ons_come_in_pages(void **state)
{
    AUTO(place_destroy) struct place *place = place_create();
    static const struct addon_wish wish = {.name = ADDON_AGENT, .client_request_token = "t"};
    struct fake_addon *other = fake_aws_add_addon(&place->aws, "aws-ebs-csi-driver");
    struct addon_page page;
    struct reply reply;
    struct addon addon;

    (void)state;
    fake_text_set(&other->role_arn, TARGET);
    fake_pairs_put(&other->associations, "arn:association", "");
    addon_create(place->arena, &place->request, FAKE_CLUSTER, &wish);
    assert_int_equal(ask(place).status, 200);
    assert_int_equal(ask(place).status, 200);
    assert_int_equal(place->aws.idle_writes, 1);
    place->aws.page_max = 1;
    addon_list(place->arena, &place->request, FAKE_CLUSTER, NULL);
    reply = ask(place);
    assert_true(addon_read_page(place->arena, &reply, &page, &place->error));
    assert_int_equal(page.count, 1);
    addon_list(place->arena, &place->request, FAKE_CLUSTER, page.next_token);
    reply = ask(place);
    assert_true(addon_read_page(place->arena, &reply, &page, &place->error));
    assert_string_equal(page.names[0], ADDON_AGENT);
    assert_null(page.next_token);
    addon_describe(place->arena, &place->request, FAKE_CLUSTER, "aws-ebs-csi-driver");
    reply = ask(place);
    assert_true(addon_read(place->arena, &reply, &addon, &place->error));
    assert_string_equal(addon.service_account_role_arn, TARGET);
    assert_string_equal(addon.association_arns[0], "arn:association");
    addon_describe(place->arena, &place->request, FAKE_CLUSTER, "vpc-cni");
    assert_int_equal(ask(place).status, 404);
}

static void a_role_in_an_instance_profile_cannot_be_deleted(void **state)
{
    AUTO(place_destroy) struct place *place = place_create();
    struct fake_role *role = fake_aws_add_role(&place->aws, "/", "cart", TRUST);
    struct iam_page page;
    struct reply reply;

    (void)state;
    fake_pairs_put(&role->profiles, "nodes", "");
    iam_delete_role(place->arena, &place->request, "cart");
    assert_int_equal(ask(place).status, 409);
    iam_list_instance_profiles(place->arena, &place->request, "cart", NULL);
    reply = ask(place);
    assert_true(iam_read_instance_profiles(place->arena, &reply, &page, &place->error));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0], "nodes");
    iam_remove_from_instance_profile(place->arena, &place->request, "cart", "nodes");
    assert_int_equal(ask(place).status, 200);
    assert_int_equal(ask(place).status, 404);
    iam_delete_role(place->arena, &place->request, "cart");
    assert_int_equal(ask(place).status, 200);
    assert_null(fake_aws_role(&place->aws, "cart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_association_keeps_all_that_is_wished),
        cmocka_unit_test(an_update_clears_what_it_says_and_leaves_the_rest),
        cmocka_unit_test(a_cluster_tells_its_issuer_and_auto_mode),
        cmocka_unit_test(a_provider_is_made_once_and_takes_client_ids),
        cmocka_unit_test(the_agent_is_made_once_and_add_ons_come_in_pages),
        cmocka_unit_test(a_role_in_an_instance_profile_cannot_be_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
