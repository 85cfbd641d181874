#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reconcilers/picture.h"

enum { NAME_MAX_BYTES = 253, MANY = 1000 };
#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void knows_an_association_by_namespace_and_serviceaccount(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();
    const struct picture_association *known;

    (void)state;
    assert_null(picture_association(picture, "shop", "cart"));
    picture_put_association(picture, "shop", "cart", "a-1", true);
    known = picture_association(picture, "shop", "cart");
    assert_string_equal(known->id, "a-1");
    assert_true(known->has_owner);
    assert_null(picture_association(picture, "shop", "car"));
    assert_null(picture_association(picture, "sho", "cart"));
    picture_put_association(picture, "shop", "cart", "a-2", false);
    known = picture_association(picture, "shop", "cart");
    assert_string_equal(known->id, "a-2");
    assert_false(known->has_owner);
    picture_remove_association(picture, "shop", "cart");
    picture_remove_association(picture, "shop", "cart");
    assert_null(picture_association(picture, "shop", "cart"));
}

static void takes_the_longest_names_of_kubernetes_and_passes_over_longer_ones(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();
    char longest[NAME_MAX_BYTES + 1], longer[NAME_MAX_BYTES + 2];

    (void)state;
    memset(longest, 'a', NAME_MAX_BYTES);
    longest[NAME_MAX_BYTES] = '\0';
    memset(longer, 'a', NAME_MAX_BYTES + 1);
    longer[NAME_MAX_BYTES + 1] = '\0';
    picture_put_association(picture, longest, longest, "a-1", false);
    assert_string_equal(picture_association(picture, longest, longest)->id, "a-1");
    picture_put_association(picture, longest, longer, "a-2", false);
    assert_null(picture_association(picture, longest, longer));
    picture_remove_association(picture, longest, longer);
    assert_string_equal(picture_association(picture, longest, longest)->id, "a-1");
}

static void knows_a_role_whatever_the_case_of_its_name(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();

    (void)state;
    assert_null(picture_role(picture, "shop_cart"));
    picture_put_role(picture, "Shop_Cart", "u-1", DIGEST_A, false);
    assert_string_equal(picture_role(picture, "shop_cart")->name, "Shop_Cart");
    assert_string_equal(picture_role(picture, "SHOP_CART")->binding_uid, "u-1");
    assert_string_equal(picture_role(picture, "shop_cart")->digest, DIGEST_A);
    picture_put_role(picture, "shop_cart", "u-2", DIGEST_B, false);
    assert_string_equal(picture_role(picture, "Shop_Cart")->name, "shop_cart");
    assert_string_equal(picture_role(picture, "Shop_Cart")->digest, DIGEST_B);
    picture_remove_role(picture, "sHOP_cart");
    picture_remove_role(picture, "sHOP_cart");
    assert_null(picture_role(picture, "shop_cart"));
}

struct visited {
    size_t count;
    char names[256];
};

static void note_name(void *context, const struct picture_role *role)
{
    struct visited *visited = context;
    size_t used = strlen(visited->names);

    visited->count++;
    snprintf(visited->names + used, sizeof(visited->names) - used, "%s ", role->name);
}

static struct visited roles_of(const struct picture *picture, const char *uid)
{
    struct visited visited = {0};

    picture_each_role_of(picture, uid, note_name, &visited);
    return visited;
}

static void finds_every_role_of_a_binding_and_no_other(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();

    (void)state;
    picture_put_role(picture, "one", "u-1", "", false);
    picture_put_role(picture, "two", "u-1", "", false);
    picture_put_role(picture, "other", "u-2", "", false);
    picture_put_role(picture, "nobody", "", "", false);
    assert_string_equal(roles_of(picture, "u-1").names, "one two ");
    assert_int_equal(roles_of(picture, "").count, 0);
    assert_int_equal(roles_of(picture, "u-3").count, 0);
    picture_remove_role(picture, "one");
    assert_string_equal(roles_of(picture, "u-1").names, "two ");
    picture_remove_role(picture, "two");
    assert_int_equal(roles_of(picture, "u-1").count, 0);
    assert_string_equal(roles_of(picture, "u-2").names, "other ");
}

static void a_role_that_changes_hands_leaves_its_former_binding(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();

    (void)state;
    picture_put_role(picture, "one", "u-1", "", false);
    picture_put_role(picture, "one", "u-2", "", false);
    assert_int_equal(roles_of(picture, "u-1").count, 0);
    assert_string_equal(roles_of(picture, "u-2").names, "one ");
}

static void a_role_may_be_put_again_with_its_own_texts(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();
    const struct picture_role *role;

    (void)state;
    picture_put_role(picture, "one", "u-1", DIGEST_A, false);
    role = picture_role(picture, "one");
    picture_put_role(picture, role->name, role->binding_uid, role->digest, false);
    assert_string_equal(picture_role(picture, "one")->digest, DIGEST_A);
    assert_string_equal(roles_of(picture, "u-1").names, "one ");
}

static void knows_roles_of_others_by_arn(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();
    const struct picture_existing *existing;

    (void)state;
    picture_put_existing(picture, "arn:1", "{}", NULL, 5);
    existing = picture_existing(picture, "arn:1");
    assert_string_equal(existing->arn, "arn:1");
    assert_string_equal(existing->trust, "{}");
    assert_null(existing->tagged_namespace);
    assert_int_equal(existing->read_ms, 5);
    picture_put_existing(picture, "arn:1", "{\"a\":1}", "shop", 6);
    existing = picture_existing(picture, "arn:1");
    assert_string_equal(existing->trust, "{\"a\":1}");
    assert_string_equal(existing->tagged_namespace, "shop");
    assert_int_equal(existing->read_ms, 6);
    picture_put_existing(picture, existing->arn, existing->trust, existing->tagged_namespace, 7);
    assert_string_equal(picture_existing(picture, "arn:1")->trust, "{\"a\":1}");
    assert_null(picture_existing(picture, "arn:2"));
    picture_remove_existing(picture, "arn:1");
    picture_remove_existing(picture, "arn:1");
    assert_null(picture_existing(picture, "arn:1"));
}

static struct picture *filled(void)
{
    struct picture *picture = picture_create();

    picture_begin_sweep(picture, 40);
    picture_seen_association(picture, "shop", "cart", "a-1", false);
    picture_seen_association(picture, "shop", "till", "a-2", false);
    picture_seen_role(picture, "one", "u-1", DIGEST_A, false);
    picture_seen_role(picture, "two", "u-1", DIGEST_A, false);
    picture_seen_existing(picture, "arn:1", "{}", NULL, 5);
    picture_end_sweep(picture, 42);
    return picture;
}

static void what_a_sweep_does_not_see_is_forgotten_when_it_is_through(void **state)
{
    AUTO(picture_destroy) struct picture *picture = filled();

    (void)state;
    assert_int_equal(picture_swept_since_ms(picture), 40);
    assert_int_equal(picture_swept_ms(picture), 42);
    picture_begin_sweep(picture, 50);
    picture_seen_association(picture, "shop", "till", "a-3", false);
    picture_seen_role(picture, "TWO", "u-1", DIGEST_B, false);
    assert_non_null(picture_association(picture, "shop", "cart")); /* plans still want it */
    assert_string_equal(roles_of(picture, "u-1").names, "one TWO ");
    picture_end_sweep(picture, 55);
    assert_int_equal(picture_swept_since_ms(picture), 50);
    assert_int_equal(picture_swept_ms(picture), 55);
    assert_null(picture_association(picture, "shop", "cart"));
    assert_string_equal(picture_association(picture, "shop", "till")->id, "a-3");
    assert_null(picture_role(picture, "one"));
    assert_string_equal(picture_role(picture, "two")->digest, DIGEST_B);
    assert_string_equal(roles_of(picture, "u-1").names, "TWO ");
    assert_null(picture_existing(picture, "arn:1"));
    picture_begin_sweep(picture, 60);
    picture_end_sweep(picture, 61);
    assert_int_equal(roles_of(picture, "u-1").count, 0);
    picture_put_role(picture, "one", "u-1", "", false);
    assert_string_equal(roles_of(picture, "u-1").names, "one ");
}

static void what_plans_wrote_meanwhile_is_newer_than_any_page(void **state)
{
    AUTO(picture_destroy) struct picture *picture = filled();

    (void)state;
    picture_begin_sweep(picture, 50);
    picture_put_association(picture, "shop", "cart", "a-9", false);
    picture_remove_association(picture, "shop", "till");
    picture_put_role(picture, "one", "u-1", "", false);
    picture_remove_role(picture, "two");
    picture_put_existing(picture, "arn:2", "{}", NULL, 51);
    picture_remove_existing(picture, "arn:1");
    /* pages that are older */
    picture_seen_association(picture, "shop", "cart", "a-1", false);
    picture_seen_association(picture, "shop", "till", "a-2", false);
    picture_seen_role(picture, "one", "u-1", DIGEST_A, false);
    picture_seen_role(picture, "two", "u-1", DIGEST_A, false);
    picture_seen_existing(picture, "arn:1", "{}", NULL, 50);
    picture_seen_existing(picture, "arn:2", "{\"old\":1}", NULL, 50);
    for (int ended = 0; ended < 2; ended++) {
        assert_string_equal(picture_association(picture, "shop", "cart")->id, "a-9");
        assert_null(picture_association(picture, "shop", "till"));
        assert_string_equal(picture_role(picture, "one")->digest, "");
        assert_null(picture_role(picture, "two"));
        assert_string_equal(roles_of(picture, "u-1").names, "one ");
        assert_null(picture_existing(picture, "arn:1"));
        assert_string_equal(picture_existing(picture, "arn:2")->trust, "{}");
        picture_end_sweep(picture, 55);
    }
    /* the next sweep knows better */
    picture_begin_sweep(picture, 60);
    picture_seen_role(picture, "one", "u-1", DIGEST_B, false);
    picture_end_sweep(picture, 65);
    assert_string_equal(picture_role(picture, "one")->digest, DIGEST_B);
    assert_null(picture_association(picture, "shop", "cart"));
}

static void a_sweep_that_fails_forgets_nothing(void **state)
{
    AUTO(picture_destroy) struct picture *picture = filled();

    (void)state;
    picture_begin_sweep(picture, 50);
    picture_seen_association(picture, "shop", "cart", "a-3", false);
    picture_remove_role(picture, "two");
    picture_drop_sweep(picture);
    assert_int_equal(picture_swept_since_ms(picture), 40);
    assert_int_equal(picture_swept_ms(picture), 42);
    assert_string_equal(picture_association(picture, "shop", "cart")->id, "a-3");
    assert_string_equal(picture_association(picture, "shop", "till")->id, "a-2");
    assert_string_equal(roles_of(picture, "u-1").names, "one ");
    assert_null(picture_role(picture, "two"));
    assert_non_null(picture_existing(picture, "arn:1"));
}

static void holds_a_large_account(void **state)
{
    AUTO(picture_destroy) struct picture *picture = picture_create();
    char name[32];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "Role%d", i);
        picture_put_role(picture, name, "u-1", DIGEST_A, false);
        picture_put_association(picture, "shop", name, name, false);
    }
    assert_int_equal(roles_of(picture, "u-1").count, MANY);
    for (int i = 0; i < MANY; i += 2) {
        snprintf(name, sizeof(name), "role%d", i);
        picture_remove_role(picture, name);
    }
    assert_int_equal(roles_of(picture, "u-1").count, MANY / 2);
    assert_string_equal(picture_association(picture, "shop", "Role7")->id, "Role7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_an_association_by_namespace_and_serviceaccount),
        cmocka_unit_test(takes_the_longest_names_of_kubernetes_and_passes_over_longer_ones),
        cmocka_unit_test(knows_a_role_whatever_the_case_of_its_name),
        cmocka_unit_test(finds_every_role_of_a_binding_and_no_other),
        cmocka_unit_test(a_role_that_changes_hands_leaves_its_former_binding),
        cmocka_unit_test(a_role_may_be_put_again_with_its_own_texts),
        cmocka_unit_test(knows_roles_of_others_by_arn),
        cmocka_unit_test(what_a_sweep_does_not_see_is_forgotten_when_it_is_through),
        cmocka_unit_test(what_plans_wrote_meanwhile_is_newer_than_any_page),
        cmocka_unit_test(a_sweep_that_fails_forgets_nothing),
        cmocka_unit_test(holds_a_large_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
