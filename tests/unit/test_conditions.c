#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "reconcilers/conditions.h"
#include "reconcilers/ledger.h"
#include "reconcilers/work.h"
#include "tests/unit/bindings.h"

/* 2026-11-25T00:00:00Z and a bit, of which a condition shows whole seconds. */
#define NOW_MS INT64_C(1795564800250)
#define BEFORE "2026-11-24T00:00:00Z"
#define BEFORE_MS INT64_C(1795478400000)

/* Members of a spec, then a status: binding_make closes both. */
#define WITH_CONDITION(type, status, reason)                                                       \
    "\"tags\":{}},\"status\":{\"conditions\":[{\"type\":\"" type "\",\"status\":\"" status         \
    "\",\"reason\":\"" reason "\",\"message\":\"as it was\",\"lastTransitionTime\":\"" BEFORE      \
    "\"}]"

/* A work whose plan has ended; the test says what it found. */
struct place {
    struct scene scene;
    struct ledger *ledger;
    struct work work;
    struct podidentitybinding_status status;
};

static struct place *place_open(const char *spec)
{
    struct place *place = memory_alloc(sizeof(*place));

    place->scene = scene_make(NULL);
    place->ledger = ledger_create();
    place->work.arena = arena_create(UNIT_ARENA_MAX);
    place->work.scene = &place->scene;
    place->work.binding = binding_make("shop", "cart", "u-1", spec);
    place->work.ledger = ledger_entry(place->ledger, "shop/cart", "u-1");
    place->work.now_ms = NOW_MS;
    return place;
}

static void place_close_auto(struct place **place)
{
    record_unref((*place)->work.binding);
    arena_destroy((*place)->work.arena);
    ledger_destroy((*place)->ledger);
    free(*place);
}
#define AUTO_PLACE __attribute__((cleanup(place_close_auto)))

static void find(struct place *place, enum facet facet, enum condition_status status,
                 const char *reason)
{
    work_find(&place->work, facet, status, reason, "said by the plan");
}

static void find_all_good(struct place *place)
{
    find(place, FACET_ALLOWED, CONDITION_TRUE, "Granted");
    find(place, FACET_ROLE, CONDITION_TRUE, "RoleReady");
    find(place, FACET_ASSOCIATION, CONDITION_TRUE, "Associated");
}

static const struct condition *condition_of(const struct place *place, const char *type)
{
    return podidentitybinding_condition(&place->status, type);
}

/* "True Ready", or "" when it is not there. */
static void assert_says(const struct place *place, const char *type, const char *words)
{
    static const char *const statuses[] = {"Unknown", "True", "False"};
    const struct condition *condition = condition_of(place, type);
    char said[200] = "";

    if (condition)
        snprintf(said, sizeof(said), "%s %s", statuses[condition->status], condition->reason);
    assert_string_equal(said, words);
}

static void is_ready_when_nothing_holds_it_back(void **state)
{
    AUTO_PLACE struct place *place = place_open("");

    (void)state;
    find_all_good(place);
    conditions_compute(&place->status, &place->work);
    assert_says(place, "Ready", "True Ready");
    assert_says(place, "Stalled", "");
    assert_says(place, "Reconciling", "");
    assert_string_equal(condition_of(place, "RoleReady")->message, "said by the plan");
    assert_int_equal(condition_of(place, "Ready")->transition_ms, NOW_MS / 1000 * 1000);
}

static void the_first_facet_that_is_not_true_holds_ready_back(void **state)
{
    AUTO_PLACE struct place *place = place_open("");

    (void)state;
    find(place, FACET_ALLOWED, CONDITION_TRUE, "Granted");
    find(place, FACET_ROLE, CONDITION_FALSE, "RoleMissing");
    conditions_compute(&place->status, &place->work);
    assert_says(place, "Ready", "False RoleMissing");
    assert_says(place, "Stalled", "True RoleMissing");
    assert_says(place, "Associated", "Unknown RoleMissing");
    assert_string_equal(condition_of(place, "Associated")->message,
                        "Not looked at while RoleReady is not True");
    assert_string_equal(condition_of(place, "Ready")->message,
                        "PODIDENTITY-D04-ROLE: said by the plan. See docs/errors.md#D04-ROLE");
}

static void a_refusal_that_no_row_explained_is_of_the_facet_of_its_row(void **state)
{
    static const struct step row = {"CreateAssociation", NULL, NULL, FACET_ASSOCIATION};
    AUTO_PLACE struct place *place = place_open("");

    (void)state;
    find(place, FACET_ALLOWED, CONDITION_TRUE, "Granted");
    find(place, FACET_ROLE, CONDITION_TRUE, "RoleReady");
    place->work.failed = &row;
    error_set_code(&place->work.error, ERROR_REFUSED, "AccessDenied", "no right to do so");
    conditions_compute(&place->status, &place->work);
    assert_says(place, "Associated", "False AccessDenied");
    assert_says(place, "RoleReady", "True RoleReady");
    assert_says(place, "Stalled", "True AccessDenied");
    assert_says(place, "Reconciling", "");
}

static void what_is_tried_again_is_reconciling_and_not_stalled(void **state)
{
    static const struct step row = {"GetRole", NULL, NULL, FACET_ROLE};
    AUTO_PLACE struct place *place = place_open("");

    (void)state;
    find(place, FACET_ALLOWED, CONDITION_TRUE, "Granted");
    place->work.failed = &row;
    error_set_code(&place->work.error, ERROR_THROTTLE, "Throttling", "slow down");
    conditions_compute(&place->status, &place->work);
    assert_says(place, "Reconciling", "True Throttled");
    assert_says(place, "Stalled", "");
    assert_says(place, "Ready", "Unknown Throttled");
    assert_string_equal(condition_of(place, "Reconciling")->message,
                        "PODIDENTITY-D20-THROTTLED: slow down. It goes on by itself. See "
                        "docs/errors.md#D20-THROTTLED");
}

static void what_only_takes_its_time_is_not_stalled(void **state)
{
    AUTO_PLACE struct place *place = place_open("");

    (void)state;
    find_all_good(place);
    find(place, FACET_ASSOCIATION, CONDITION_UNKNOWN, "Settling");
    conditions_compute(&place->status, &place->work);
    assert_says(place, "Ready", "Unknown Settling");
    assert_says(place, "Stalled", "");
}

static void a_transition_time_stays_while_the_status_does(void **state)
{
    AUTO_PLACE struct place *same = place_open(WITH_CONDITION("RoleReady", "True", "Other"));
    AUTO_PLACE struct place *other = place_open(WITH_CONDITION("RoleReady", "False", "RoleReady"));

    (void)state;
    find_all_good(same);
    conditions_compute(&same->status, &same->work);
    assert_int_equal(condition_of(same, "RoleReady")->transition_ms, BEFORE_MS);
    find_all_good(other);
    conditions_compute(&other->status, &other->work);
    assert_int_equal(condition_of(other, "RoleReady")->transition_ms, NOW_MS / 1000 * 1000);
}

static void a_facet_not_come_to_stays_true_but_never_false(void **state)
{
    AUTO_PLACE struct place *good = place_open(WITH_CONDITION("Associated", "True", "Associated"));
    AUTO_PLACE struct place *bad =
        place_open(WITH_CONDITION("Associated", "False", "AssociationForeign"));

    (void)state;
    find(good, FACET_ROLE, CONDITION_FALSE, "RoleMissing");
    conditions_compute(&good->status, &good->work);
    assert_says(good, "Associated", "True Associated");
    find(bad, FACET_ALLOWED, CONDITION_FALSE, "NotGranted");
    conditions_compute(&bad->status, &bad->work);
    assert_says(bad, "Associated", "Unknown NotGranted"); /* it may be mended by now */
}

static void a_message_that_is_too_long_is_cut(void **state)
{
    AUTO_PLACE struct place *place = place_open("");

    (void)state;
    work_find(&place->work, FACET_ROLE, CONDITION_FALSE, "RoleMissing", "%04000d", 0);
    conditions_compute(&place->status, &place->work);
    assert_int_equal(strlen(condition_of(place, "RoleReady")->message), CONDITION_MESSAGE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ready_when_nothing_holds_it_back),
        cmocka_unit_test(the_first_facet_that_is_not_true_holds_ready_back),
        cmocka_unit_test(a_refusal_that_no_row_explained_is_of_the_facet_of_its_row),
        cmocka_unit_test(what_is_tried_again_is_reconciling_and_not_stalled),
        cmocka_unit_test(what_only_takes_its_time_is_not_stalled),
        cmocka_unit_test(a_transition_time_stays_while_the_status_does),
        cmocka_unit_test(a_facet_not_come_to_stays_true_but_never_false),
        cmocka_unit_test(a_message_that_is_too_long_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
