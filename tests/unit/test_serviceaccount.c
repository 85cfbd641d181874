#include "tests/unit/plans.h"

#include "reconcilers/serviceaccount.h"

#define PLAIN "{\"roleARN\":\"" EXISTING "\",\"serviceAccountName\":\"cart\"}"
#define NO_ANNOTATIONS                                                                             \
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],\"existingRoles\":{"       \
    "\"arns\":[\"arn:aws:iam::*:role/*/*\"]}}"

static json_t *held(const struct fake_world *world, const char *name)
{
    return fake_kubernetes_get(&world->kubernetes, BINDINGS, "shop", name);
}

static void assert_spec(const struct fake_world *world, const char *wanted)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);

    assert_string_equal(json_write(arena, json_object_get(held(world, "cart"), "spec"), true),
                        wanted);
}

static void label(struct fake_world *world, const char *name, const char *origin)
{
    fake_kubernetes_patch(
        &world->kubernetes, BINDINGS, "shop", name,
        json_pack("{s:{s:{s:s?}}}", "metadata", "labels", "podidentity.io/origin", origin));
}

static void delete_account(struct fake_world *world)
{
    fake_kubernetes_delete(&world->kubernetes, "serviceaccounts", "shop", "cart");
}

static void an_annotation_makes_a_binding_with_the_label_and_the_role_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();
    const json_t *metadata = json_object_get(held(world, "cart"), "metadata");

    (void)state;
    assert_spec(world, PLAIN);
    assert_string_equal(json_string_value(json_object_get(json_object_get(metadata, "labels"),
                                                          "podidentity.io/origin")),
                        "serviceaccount");
    assert_null(json_object_get(metadata, "ownerReferences"));
}

static void nothing_is_written_without_a_grant_and_a_grant_lets_it_go_on(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_grant(world, "shop", NO_ANNOTATIONS);
    fake_world_annotate(world, EXISTING);
    assert_true(fake_world_settle(world));
    assert_null(held(world, "cart"));
    assert_int_equal(world->wire.aws_calls, 0);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NotGranted"), 1);

    fake_world_grant(world, "more",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"cart\"],"
                     "\"allowServiceAccountAnnotation\":true}");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void a_grant_for_another_service_account_allows_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_grant(world, "shop", NO_ANNOTATIONS);
    fake_world_grant(world, "more",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"till\"],"
                     "\"allowServiceAccountAnnotation\":true}");
    fake_world_annotate(world, EXISTING);
    assert_true(fake_world_settle(world));
    assert_null(held(world, "cart"));
}

static void without_its_grant_the_binding_neither_follows_nor_goes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    fake_world_grant(world, "shop", NO_ANNOTATIONS);
    fake_world_annotate(world, OTHER);
    assert_true(fake_world_settle(world));
    assert_spec(world, PLAIN);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void a_binding_of_a_person_that_has_the_name_is_left_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_annotate(world, EXISTING);
    assert_true(fake_world_settle(world));
    assert_spec(world, MANAGED);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NameTaken"), 1);
    assert_int_equal(world->wire.aws_writes, 0);

    fake_world_unbind(world, "cart"); /* then the name is free */
    assert_true(fake_world_settle(world));
    assert_spec(world, PLAIN);
}

static void a_binding_with_the_label_for_another_service_account_is_left_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_world_bind(world, "cart", BOUND_TO("till"));
    label(world, "cart", "serviceaccount");
    fake_world_annotate(world, OTHER);
    assert_true(fake_world_settle(world));
    assert_spec(world, "{\"roleARN\":\"" EXISTING "\",\"serviceAccountName\":\"till\"}");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "NameTaken"), 1);
}

static void the_binding_follows_the_annotation(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();
    AUTO_FREE char *uid = memory_string(fake_world_binding(world, "cart")->record.uid);

    (void)state;
    fake_world_annotate(world, OTHER);
    assert_true(fake_world_settle(world));
    assert_string_equal(fake_world_binding(world, "cart")->spec.role_arn, OTHER);
    assert_string_equal(fake_world_binding(world, "cart")->record.uid, uid);
    assert_int_equal(fake_counts_get(&world->aws.effects, "UpdatePodIdentityAssociation"), 1);
    assert_int_equal(fake_counts_get(&world->aws.effects, "DeletePodIdentityAssociation"), 0);
}

static void what_somebody_adds_to_it_is_taken_away(void **state)
{
    static const char *const additions[] = {
        "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\",\"roleName\":\"x\"}",
        "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\",\"mode\":\"Observe\"}",
        "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\",\"tags\":{\"a\":\"b\"}}",
        "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" OTHER "\"}",
        "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":" POLICY "}",
    };
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    for (size_t i = 0; i < COUNT(additions); i++) {
        bind_and_settle(world, "cart", additions[i]);
        assert_spec(world, PLAIN);
    }
}

static void without_the_label_it_is_a_persons_from_then_on(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    label(world, "cart", NULL);
    fake_world_annotate(world, OTHER);
    assert_true(fake_world_settle(world));
    assert_spec(world, PLAIN);
    fake_world_annotate(world, NULL);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void it_goes_with_the_annotation(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    fake_world_annotate(world, NULL);
    assert_true(fake_world_pass(world, 1000));
    assert_null(held(world, "cart"));
    assert_int_equal(fake_counts_get(&world->aws.effects, "DeletePodIdentityAssociation"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "BindingDeleted"), 1);
}

static void it_is_made_anew_when_somebody_deletes_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_spec(world, PLAIN);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void a_namesake_within_ten_minutes_keeps_binding_and_association(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();
    AUTO_FREE char *uid = memory_string(fake_world_binding(world, "cart")->record.uid);

    (void)state;
    delete_account(world);
    assert_true(fake_world_pass(world, SERVICEACCOUNT_WAIT_MS - 1000));
    fake_world_annotate(world, EXISTING);
    assert_true(fake_world_pass(world, 2 * SERVICEACCOUNT_WAIT_MS));
    assert_string_equal(fake_world_binding(world, "cart")->record.uid, uid);
    assert_int_equal(world->wire.aws_writes, 0);

    delete_account(world); /* the wait is a whole one each time */
    assert_true(fake_world_pass(world, SERVICEACCOUNT_WAIT_MS - 1000));
    assert_non_null(held(world, "cart"));
}

static void without_a_namesake_it_goes_after_ten_minutes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    delete_account(world);
    assert_true(fake_world_pass(world, SERVICEACCOUNT_WAIT_MS - 1000));
    assert_null(json_path(held(world, "cart"), "metadata.deletionTimestamp"));
    assert_non_null(held(world, "cart"));
    assert_true(fake_world_pass(world, 2000));
    assert_null(held(world, "cart"));
}

static void a_namesake_without_the_annotation_ends_the_wait(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    delete_account(world);
    assert_true(fake_world_pass(world, 1000));
    fake_kubernetes_apply(&world->kubernetes, "serviceaccounts", "shop", "cart", json_object());
    assert_true(fake_world_pass(world, 1000));
    assert_null(held(world, "cart"));
}

static void a_restart_begins_the_wait_anew(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    delete_account(world);
    assert_true(fake_world_pass(world, SERVICEACCOUNT_WAIT_MS - 1000));
    fake_world_restart(world);
    assert_true(fake_world_pass(world, SERVICEACCOUNT_WAIT_MS - 1000));
    assert_non_null(held(world, "cart"));
    assert_true(fake_world_pass(world, 2000));
    assert_null(held(world, "cart"));
}

/* The watch has not brought the namesake yet. */
static void the_service_account_is_read_again_before_the_binding_goes(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();
    struct fake_change *change;

    (void)state;
    delete_account(world);
    assert_true(fake_world_pass(world, SERVICEACCOUNT_WAIT_MS - 1000));
    fake_world_annotate(world, EXISTING);
    change = fake_kubernetes_take_change(&world->kubernetes); /* it is lost on the way */
    assert_non_null(change->object);
    fake_change_free(change);
    assert_true(fake_world_pass(world, 5000));
    assert_null(json_path(held(world, "cart"), "metadata.deletionTimestamp"));
    assert_non_null(held(world, "cart"));
    assert_string_equal(world->last_error.text, "the ServiceAccount is annotated again");
}

static void nothing_is_fought_in_a_namespace_that_ends(void **state)
{
    AUTO_WORLD struct fake_world *world = world_annotated();

    (void)state;
    fake_kubernetes_patch(&world->kubernetes, "namespaces", "", "shop",
                          json_pack("{s:{s:s, s:[s]}}", "metadata", "deletionTimestamp",
                                    "2026-11-25T00:00:00Z", "finalizers", "kubernetes"));
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(held(world, "cart")); /* and no other in its place */
    delete_account(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->last_error.kind, ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_annotation_makes_a_binding_with_the_label_and_the_role_alone),
        cmocka_unit_test(nothing_is_written_without_a_grant_and_a_grant_lets_it_go_on),
        cmocka_unit_test(a_grant_for_another_service_account_allows_nothing),
        cmocka_unit_test(without_its_grant_the_binding_neither_follows_nor_goes),
        cmocka_unit_test(a_binding_of_a_person_that_has_the_name_is_left_alone),
        cmocka_unit_test(a_binding_with_the_label_for_another_service_account_is_left_alone),
        cmocka_unit_test(the_binding_follows_the_annotation),
        cmocka_unit_test(what_somebody_adds_to_it_is_taken_away),
        cmocka_unit_test(without_the_label_it_is_a_persons_from_then_on),
        cmocka_unit_test(it_goes_with_the_annotation),
        cmocka_unit_test(it_is_made_anew_when_somebody_deletes_it),
        cmocka_unit_test(a_namesake_within_ten_minutes_keeps_binding_and_association),
        cmocka_unit_test(without_a_namesake_it_goes_after_ten_minutes),
        cmocka_unit_test(a_namesake_without_the_annotation_ends_the_wait),
        cmocka_unit_test(a_restart_begins_the_wait_anew),
        cmocka_unit_test(the_service_account_is_read_again_before_the_binding_goes),
        cmocka_unit_test(nothing_is_fought_in_a_namespace_that_ends),
    };

    return cmocka_run_group_tests_name("serviceaccount", tests, NULL, NULL);
}
