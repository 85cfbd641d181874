#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "reconcilers/ledger.h"

enum { MANY = 1000 };

static void a_new_entry_knows_nothing_but_its_uid(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();
    const struct ledger_entry *entry = ledger_entry(ledger, "shop/cart", "u-1");

    (void)state;
    assert_string_equal(entry->uid, "u-1");
    assert_false(entry->verified);
    assert_null(entry->role_arn);
    assert_null(entry->association_id);
    assert_int_equal(entry->settled_ms, 0);
    assert_string_equal(entry->written_version, "");
}

static void remembers_a_binding_by_key_and_uid(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();
    struct ledger_entry *entry = ledger_entry(ledger, "shop/cart", "u-1");

    (void)state;
    entry->verified = true;
    ledger_keep(&entry->role_arn, "arn:1");
    assert_false(ledger_entry(ledger, "shop/till", "u-1")->verified);
    assert_ptr_equal(ledger_entry(ledger, "shop/cart", "u-1"), entry);
    assert_true(entry->verified);
    assert_string_equal(entry->role_arn, "arn:1");
}

static void a_namesake_with_another_uid_inherits_nothing(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();
    struct ledger_entry *entry = ledger_entry(ledger, "shop/cart", "u-1");

    (void)state;
    *entry = (struct ledger_entry){.uid = "u-1",
                                   .verified = true,
                                   .generation = 4,
                                   .settled_ms = 5,
                                   .retired_until_ms = 6,
                                   .brake_passed = true,
                                   .written_version = "9"};
    ledger_keep(&entry->role_arn, "arn:1");
    ledger_keep(&entry->association_id, "a-1");
    ledger_keep(&entry->required_trust, "{}");
    entry = ledger_entry(ledger, "shop/cart", "u-2");
    assert_string_equal(entry->uid, "u-2");
    assert_false(entry->verified);
    assert_false(entry->brake_passed);
    assert_int_equal(entry->generation, 0);
    assert_int_equal(entry->settled_ms, 0);
    assert_int_equal(entry->retired_until_ms, 0);
    assert_string_equal(entry->written_version, "");
    assert_null(entry->role_arn);
    assert_null(entry->association_id);
    assert_null(entry->required_trust);
}

static void doubt_drops_the_verification_alone(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();
    struct ledger_entry *entry = ledger_entry(ledger, "shop/cart", "u-1");

    (void)state;
    entry->verified = true;
    entry->settled_ms = 5;
    ledger_keep(&entry->association_id, "a-1");
    ledger_doubt(entry);
    assert_false(entry->verified);
    assert_int_equal(entry->settled_ms, 5);
    assert_string_equal(entry->association_id, "a-1");
}

static void forgets_one_and_only_that(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();

    (void)state;
    ledger_entry(ledger, "shop/cart", "u-1")->verified = true;
    ledger_entry(ledger, "shop/till", "u-2")->verified = true;
    ledger_forget(ledger, "shop/cart");
    ledger_forget(ledger, "shop/never");
    assert_false(ledger_entry(ledger, "shop/cart", "u-1")->verified);
    assert_true(ledger_entry(ledger, "shop/till", "u-2")->verified);
}

static void a_text_may_be_replaced_by_itself_or_by_nothing(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();
    struct ledger_entry *entry = ledger_entry(ledger, "shop/cart", "u-1");

    (void)state;
    ledger_keep(&entry->role_arn, "arn:1");
    ledger_keep(&entry->role_arn, entry->role_arn);
    assert_string_equal(entry->role_arn, "arn:1");
    ledger_keep(&entry->role_arn, NULL);
    assert_null(entry->role_arn);
}

static void entries_stay_in_place_while_others_come(void **state)
{
    AUTO(ledger_destroy) struct ledger *ledger = ledger_create();
    struct ledger_entry *first = ledger_entry(ledger, "shop/cart", "u-1");
    char key[32];

    (void)state;
    ledger_keep(&first->role_arn, "arn:1");
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "shop/%d", i);
        ledger_keep(&ledger_entry(ledger, key, key)->role_arn, key);
    }
    assert_ptr_equal(ledger_entry(ledger, "shop/cart", "u-1"), first);
    assert_string_equal(ledger_entry(ledger, "shop/7", "shop/7")->role_arn, "shop/7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_entry_knows_nothing_but_its_uid),
        cmocka_unit_test(remembers_a_binding_by_key_and_uid),
        cmocka_unit_test(a_namesake_with_another_uid_inherits_nothing),
        cmocka_unit_test(doubt_drops_the_verification_alone),
        cmocka_unit_test(forgets_one_and_only_that),
        cmocka_unit_test(a_text_may_be_replaced_by_itself_or_by_nothing),
        cmocka_unit_test(entries_stay_in_place_while_others_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
