#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reconcilers/ownership.h"
#include "reconcilers/want.h"
#include "tests/unit/bindings.h"

enum { TAG_COUNT = 6 };

/* The tags of a role that was made for shop/cart with UID u-1. */
static const struct aws_tag ours[TAG_COUNT] = {
    {TAG_MANAGED, "true"},         {TAG_CLUSTER, CLUSTER_ARN}, {TAG_NAMESPACE, "shop"},
    {TAG_SERVICE_ACCOUNT, "cart"}, {TAG_BINDING_UID, "u-1"},   {TAG_ORIGIN, ORIGIN_CREATED},
};

static enum owner owner_of(const struct aws_tag *tags, size_t count)
{
    AUTO(store_destroy) struct store *store = store_create(binding_indices);
    AUTO_BINDING struct podidentitybinding *cart = binding_make("shop", "cart", "u-1", "");
    const struct scene scene = scene_make(store);

    store_put(store, record_ref(cart));
    store_put(store, binding_make("shop", "till", "u-2", ""));
    store_put(store, binding_make("ops", "cart", "u-3", ""));
    return ownership_of(&(struct aws_tags){.items = tags, .count = count}, cart, &scene);
}

/* Ours with one tag of another value. */
static enum owner owner_with(const char *key, const char *value)
{
    struct aws_tag tags[TAG_COUNT];

    for (size_t i = 0; i < TAG_COUNT; i++) {
        tags[i] = ours[i];
        if (strcmp(tags[i].key, key) == 0)
            tags[i].value = value;
    }
    return owner_of(tags, TAG_COUNT);
}

/* Ours without one tag. */
static enum owner owner_without(const char *key)
{
    struct aws_tag tags[TAG_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < TAG_COUNT; i++)
        if (strcmp(ours[i].key, key) != 0)
            tags[count++] = ours[i];
    assert_int_equal(count, TAG_COUNT - 1);
    return owner_of(tags, count);
}

static void what_carries_this_bindings_tags_is_ours(void **state)
{
    (void)state;
    assert_int_equal(owner_of(ours, TAG_COUNT), OWNER_OURS);
}

static void what_carries_no_tag_is_foreign(void **state)
{
    (void)state;
    assert_int_equal(owner_of(NULL, 0), OWNER_FOREIGN);
}

static void an_absent_tag_is_not_ours(void **state)
{
    static const char *const keys[] = {TAG_MANAGED, TAG_CLUSTER, TAG_NAMESPACE, TAG_SERVICE_ACCOUNT,
                                       TAG_BINDING_UID};

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_int_equal(owner_without(keys[i]), OWNER_FOREIGN);
}

static void another_cluster_namespace_or_serviceaccount_is_foreign(void **state)
{
    (void)state;
    assert_int_equal(owner_with(TAG_CLUSTER, CLUSTER_ARN "2"), OWNER_FOREIGN);
    assert_int_equal(owner_with(TAG_NAMESPACE, "ops"), OWNER_FOREIGN);
    assert_int_equal(owner_with(TAG_SERVICE_ACCOUNT, "till"), OWNER_FOREIGN);
    assert_int_equal(owner_with(TAG_MANAGED, "false"), OWNER_FOREIGN);
}

static void an_absent_or_other_origin_is_adopted(void **state)
{
    (void)state;
    assert_int_equal(owner_without(TAG_ORIGIN), OWNER_ADOPTED);
    assert_int_equal(owner_with(TAG_ORIGIN, "adopted"), OWNER_ADOPTED);
    assert_int_equal(owner_with(TAG_ORIGIN, "Created"), OWNER_ADOPTED);
}

static void a_living_binding_of_the_namespace_keeps_what_is_its(void **state)
{
    (void)state;
    assert_int_equal(owner_with(TAG_BINDING_UID, "u-2"), OWNER_OTHER);
}

static void what_a_gone_binding_left_is_a_formers(void **state)
{
    (void)state;
    assert_int_equal(owner_with(TAG_BINDING_UID, "u-0"), OWNER_FORMER);
    /* A binding of another namespace does not keep this one's role alive. */
    assert_int_equal(owner_with(TAG_BINDING_UID, "u-3"), OWNER_FORMER);
}

static void what_another_binding_adopted_is_foreign(void **state)
{
    struct aws_tag tags[TAG_COUNT];

    (void)state;
    memcpy(tags, ours, sizeof(tags));
    tags[4].value = "u-0";
    assert_int_equal(owner_of(tags, TAG_COUNT - 1), OWNER_FOREIGN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_carries_this_bindings_tags_is_ours),
        cmocka_unit_test(what_carries_no_tag_is_foreign),
        cmocka_unit_test(an_absent_tag_is_not_ours),
        cmocka_unit_test(another_cluster_namespace_or_serviceaccount_is_foreign),
        cmocka_unit_test(an_absent_or_other_origin_is_adopted),
        cmocka_unit_test(a_living_binding_of_the_namespace_keeps_what_is_its),
        cmocka_unit_test(what_a_gone_binding_left_is_a_formers),
        cmocka_unit_test(what_another_binding_adopted_is_foreign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
