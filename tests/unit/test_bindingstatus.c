/* The status of a binding, as it is read and as the patches that write it. */

#include "tests/unit/binding_read.h"

static const int64_t midnight_ms = 1795564800000; /* 2026-11-25T00:00:00Z */

static void reads_the_whole_status(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = load("tests/data/crds/binding_full.json");
    struct podidentitybinding *binding = podidentitybinding_read(json, &error);
    const struct podidentitybinding_status *status = &binding->status;
    const struct condition *ready = podidentitybinding_condition(status, "Ready");

    (void)state;
    assert_int_equal(status->observed_generation, 6);
    assert_int_equal(status->condition_count, 2);
    assert_int_equal(ready->status, CONDITION_FALSE);
    assert_string_equal(ready->reason, "RoleMissing");
    assert_string_equal(ready->message, "");
    assert_int_equal(ready->transition_ms, midnight_ms + (4 * 60 + 16) * 60000);
    assert_int_equal(ready->observed_generation, 6);
    assert_null(podidentitybinding_condition(status, "Injected"));
    assert_string_equal(status->association_id, "a-1234567890abcdef0");
    assert_string_equal(status->warnings[1], "two");
    assert_null(status->warnings[2]);
    assert_string_equal(status->pending_changes[0], "create the role");
    assert_string_equal(status->required_trust, "{\"Effect\":\"Allow\"}");
    assert_int_equal(status->last_verified_ms, midnight_ms + (4 * 60 + 17) * 60000);
    record_unref(binding);
}

static void takes_a_status_that_is_not_ours_for_absent(void **state)
{
    static const char *const statuses[] = {
        "[]",
        "{\"conditions\":{\"type\":\"Ready\"}}",
        "{\"conditions\":[7,{},{\"type\":null},{\"type\":[]},{\"status\":\"True\"}]}",
        "{\"roleARN\":{},\"associationID\":7,\"warnings\":\"x\",\"pendingChanges\":[{}]}",
        "{\"observedGeneration\":\"7\",\"lastVerifiedTime\":\"yesterday\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct error error = {0};
        struct podidentitybinding *binding =
            read_parts("{\"serviceAccountName\":\"a\"}", statuses[i], &error);

        assert_non_null(binding);
        assert_int_equal(binding->status.observed_generation, -1);
        assert_int_equal(binding->status.condition_count, 0);
        assert_null(binding->status.role_arn);
        assert_null(binding->status.association_id);
        assert_null(binding->status.warnings[0]);
        assert_null(binding->status.pending_changes[0]);
        assert_int_equal(binding->status.last_verified_ms, 0);
        record_unref(binding);
    }
}

static void bounds_the_conditions_it_reads(void **state)
{
    AUTO_TEXT struct text status = TEXT_INIT(FILE_MAX);
    struct error error = {0};
    struct podidentitybinding *binding;

    (void)state;
    text_printf(&status, "{\"conditions\":[{\"type\":\"C0\",\"status\":\"Maybe\"}");
    for (int i = 1; i < 100; i++)
        text_printf(&status, ",{\"type\":\"C%d\",\"status\":\"True\"}", i);
    text_printf(&status, "]}");
    binding = read_parts("{\"serviceAccountName\":\"a\"}", status.bytes, &error);
    assert_int_equal(binding->status.condition_count, CONDITIONS_MAX);
    assert_int_equal(binding->status.conditions[0].status, CONDITION_UNKNOWN);
    assert_string_equal(binding->status.conditions[11].type, "C11");
    assert_string_equal(binding->status.conditions[11].message, "");
    record_unref(binding);
}

static void keeps_what_most_bindings_say_once_for_all(void **state)
{
    static const char status[] =
        "{\"conditions\":[{\"type\":\"RoleReady\",\"status\":\"True\",\"reason\":\"Ready\","
        "\"message\":\"" CONDITION_ROLE_READY "\"},{\"type\":\"Mine\",\"status\":\"True\","
        "\"reason\":\"Other\",\"message\":\"The role is as I want it\"}]}";
    struct error error = {0};
    struct podidentitybinding *one = read_parts("{\"serviceAccountName\":\"a\"}", status, &error);
    struct podidentitybinding *two = read_parts("{\"serviceAccountName\":\"b\"}", status, &error);

    (void)state;
    assert_string_equal(one->status.conditions[0].message, CONDITION_ROLE_READY);
    assert_ptr_equal(one->status.conditions[0].type, two->status.conditions[0].type);
    assert_ptr_equal(one->status.conditions[0].reason, two->status.conditions[0].reason);
    assert_ptr_equal(one->status.conditions[0].message, two->status.conditions[0].message);
    assert_ptr_not_equal(one->status.conditions[1].type, two->status.conditions[1].type);
    assert_ptr_not_equal(one->status.conditions[1].reason, two->status.conditions[1].reason);
    record_unref(one);
    assert_string_equal(two->status.conditions[1].message, "The role is as I want it");
    record_unref(two);
}

static const struct condition two_conditions[] = {
    {.type = "Allowed",
     .reason = "Granted",
     .message = "yes",
     .status = CONDITION_TRUE,
     .observed_generation = 3,
     .transition_ms = 1000},
    {.type = "Ready",
     .reason = "Settling",
     .message = "",
     .status = CONDITION_UNKNOWN,
     .observed_generation = 3,
     .transition_ms = 2000},
};

static struct podidentitybinding_status status_of_old(void)
{
    static const char *const warnings[] = {"w", NULL};
    static const char *const none[] = {NULL};

    return (struct podidentitybinding_status){
        .observed_generation = 3,
        .conditions = two_conditions,
        .condition_count = 2,
        .role_arn = "r",
        .association_id = "a",
        .warnings = warnings,
        .pending_changes = none,
        .last_verified_ms = 5000,
    };
}

/* The patch in words; "" for none. */
#define assert_patch(before, after, words)                                                         \
    do {                                                                                           \
        AUTO_JSON json_t *patch_ = podidentitybinding_status_patch(before, after);                 \
        AUTO_FREE char *text_ = patch_ ? json_dumps(patch_, JSON_COMPACT) : NULL;                  \
        assert_string_equal(text_ ? text_ : "", words);                                            \
    } while (0)

static void writes_nothing_when_nothing_differs(void **state)
{
    struct podidentitybinding_status before = status_of_old();
    struct podidentitybinding_status after = status_of_old();

    (void)state;
    assert_patch(&before, &after, "");
    after.last_verified_ms = 90000000;
    assert_patch(&before, &after, "");
    after.pending_changes = NULL; /* absent and empty are one */
    assert_patch(&before, &after, "");
}

static void writes_only_what_differs(void **state)
{
    static const char *const pending[] = {"x", "y", NULL};
    struct podidentitybinding_status before = status_of_old();
    struct podidentitybinding_status after = status_of_old();

    (void)state;
    after.observed_generation = 4;
    assert_patch(&before, &after, "{\"status\":{\"observedGeneration\":4}}");
    after = status_of_old();
    after.role_arn = "q";
    after.required_trust = "t";
    after.last_verified_ms = 65000;
    assert_patch(&before, &after,
                 "{\"status\":{\"roleARN\":\"q\",\"requiredTrust\":\"t\","
                 "\"lastVerifiedTime\":\"1970-01-01T00:01:05Z\"}}");
    after = status_of_old();
    after.pending_changes = pending;
    assert_patch(&before, &after, "{\"status\":{\"pendingChanges\":[\"x\",\"y\"]}}");
}

static void takes_back_what_is_gone_with_null(void **state)
{
    struct podidentitybinding_status before = status_of_old();
    struct podidentitybinding_status after = {
        .observed_generation = 3, .conditions = two_conditions, .condition_count = 2};

    (void)state;
    assert_patch(&before, &after,
                 "{\"status\":{\"roleARN\":null,\"associationID\":null,\"warnings\":null,"
                 "\"lastVerifiedTime\":null}}");
}

static void writes_conditions_whole_and_in_order(void **state)
{
    struct condition changed[] = {two_conditions[0], two_conditions[1]};
    struct podidentitybinding_status before = status_of_old();
    struct podidentitybinding_status after = status_of_old();

    (void)state;
    after.conditions = changed;
    changed[1].transition_ms += 999; /* the same second */
    assert_patch(&before, &after, "");
    changed[1].status = CONDITION_FALSE;
    changed[1].transition_ms = 1795580124000;
    assert_patch(&before, &after,
                 "{\"status\":{\"conditions\":["
                 "{\"type\":\"Allowed\",\"status\":\"True\",\"observedGeneration\":3,"
                 "\"lastTransitionTime\":\"1970-01-01T00:00:01Z\",\"reason\":\"Granted\","
                 "\"message\":\"yes\"},"
                 "{\"type\":\"Ready\",\"status\":\"False\",\"observedGeneration\":3,"
                 "\"lastTransitionTime\":\"2026-11-25T04:15:24Z\",\"reason\":\"Settling\","
                 "\"message\":\"\"}]}}");
    after.condition_count = 0;
    assert_patch(&before, &after, "{\"status\":{\"conditions\":[]}}");
}

static void notices_a_difference_in_any_part_of_a_condition(void **state)
{
    struct podidentitybinding_status before = status_of_old();

    (void)state;
    for (int part = 0; part < 6; part++) {
        struct condition changed[] = {two_conditions[0], two_conditions[1]};
        struct podidentitybinding_status after = status_of_old();
        AUTO_JSON json_t *patch = NULL;

        after.conditions = changed;
        changed[1].type = part == 0 ? "x" : changed[1].type;
        changed[1].reason = part == 1 ? "x" : changed[1].reason;
        changed[1].message = part == 2 ? "x" : changed[1].message;
        changed[1].status = part == 3 ? CONDITION_FALSE : changed[1].status;
        changed[1].observed_generation += part == 4;
        changed[1].transition_ms += part == 5 ? 1000 : 0;
        patch = podidentitybinding_status_patch(&before, &after);
        assert_int_equal(json_array_size(json_path(patch, "status.conditions")), 2);
    }
}

/* What was written and read again is no difference: else every report would write. */
static void reads_back_what_it_wrote(void **state)
{
    struct error error = {0};
    AUTO_JSON json_t *json = load("tests/data/crds/binding_full.json");
    struct podidentitybinding *binding = podidentitybinding_read(json, &error);
    struct podidentitybinding_status nothing = {.observed_generation = -1};
    AUTO_JSON json_t *patch = podidentitybinding_status_patch(&nothing, &binding->status);
    struct podidentitybinding *again;

    (void)state;
    assert_true(json_equal(json_object_get(patch, "status"), json_object_get(json, "status")));
    json_object_set(json, "status", json_object_get(patch, "status"));
    again = podidentitybinding_read(json, &error);
    assert_patch(&binding->status, &again->status, "");
    record_unref(binding);
    record_unref(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_whole_status),
        cmocka_unit_test(takes_a_status_that_is_not_ours_for_absent),
        cmocka_unit_test(bounds_the_conditions_it_reads),
        cmocka_unit_test(keeps_what_most_bindings_say_once_for_all),
        cmocka_unit_test(writes_nothing_when_nothing_differs),
        cmocka_unit_test(writes_only_what_differs),
        cmocka_unit_test(takes_back_what_is_gone_with_null),
        cmocka_unit_test(writes_conditions_whole_and_in_order),
        cmocka_unit_test(notices_a_difference_in_any_part_of_a_condition),
        cmocka_unit_test(reads_back_what_it_wrote),
    };

    return cmocka_run_group_tests_name("bindingstatus", tests, NULL, NULL);
}
