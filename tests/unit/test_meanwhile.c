/* What people do while a plan is on its way: between two of its requests. */

#include "tests/unit/plans.h"

/* Stands before AWS and acts once, right before it answers this operation. */
struct intruder {
    struct fake_server server, *aws;
    struct fake_world *world;
    const char *operation; /* NULL: has acted */
    void (*act)(struct fake_world *world);
};

static void intrude(struct fake_server *server, const struct request *request,
                    struct fake_answer *answer)
{
    struct intruder *intruder = container_of(server, struct intruder, server);

    intruder->aws->answer(intruder->aws, request, answer);
    if (!text_equal(intruder->operation, request->operation))
        return;
    intruder->operation = NULL;
    intruder->act(intruder->world);
    fake_world_watch(intruder->world);
}

static struct intruder before(struct fake_world *world, const char *operation,
                              void (*act)(struct fake_world *world))
{
    return (struct intruder){.server = {intrude},
                             .aws = &world->aws.server,
                             .world = world,
                             .operation = operation,
                             .act = act};
}

static void reconcile_with(struct fake_world *world, struct intruder *intruder)
{
    world->wire.servers[SERVICE_IAM] = world->wire.servers[SERVICE_EKS] = &intruder->server;
    fake_world_reconcile(world, "cart");
    assert_null(intruder->operation);
}

static void nothing_is_written_after_the_grant_is_gone(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct intruder intruder = before(world, "CreateRole", fake_world_withdraw);

    (void)state;
    fake_world_bind(world, "cart", MANAGED_WITH_TWO);
    reconcile_with(world, &intruder);
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    assert_string_equal(world->wire.log.bytes, "PatchFinalizers CreateRole");
    assert_true(fake_world_settle(world));
    assert_int_equal(world->aws.association_count, 0);
}

static void grant_something_else(struct fake_world *world)
{
    fake_world_grant(world, "other",
                     "{\"namespaces\":{\"names\":[\"other\"]},\"serviceAccounts\":[\"*\"]}");
}

static void a_grant_that_changes_nothing_for_it_holds_nothing_up(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct intruder intruder = before(world, "CreateRole", grant_something_else);

    (void)state;
    fake_world_bind(world, "cart", MANAGED_WITH_TWO);
    reconcile_with(world, &intruder);
    assert_string_equal(world->wire.log.bytes,
                        "PatchFinalizers CreateRole PutRolePolicy AttachRolePolicy "
                        "CreatePodIdentityAssociation");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->aws.idle_writes, 0);
}

/* Whoever may patch bindings may take the finalizer off. */
static void replace(struct fake_world *world)
{
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:[]}}", "metadata", "finalizers"));
    fake_world_unbind(world, "cart");
    fake_world_bind(world, "cart", MANAGED);
}

static void a_namesake_does_not_inherit_what_was_learnt_of_the_one_before(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct intruder intruder = before(world, "CreatePodIdentityAssociation", replace);

    (void)state;
    fake_world_bind(world, "cart", MANAGED_WITH_TWO);
    reconcile_with(world, &intruder);
    fake_world_reconcile(world, "cart");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "RoleReady", "False RoleOfFormerBinding");
    assert_int_equal(world->aws.association_count, 0);
}

static void label(struct fake_world *world)
{
    fake_kubernetes_patch(&world->kubernetes, BINDINGS, "shop", "cart",
                          json_pack("{s:{s:{s:s}}}", "metadata", "labels", "team", "blue"));
}

/* The next run finds the role made, and has nothing to tell of it any more. */
static void what_was_made_is_told_also_when_the_status_has_to_wait(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct intruder intruder = before(world, "CreatePodIdentityAssociation", label);

    (void)state;
    fake_world_bind(world, "cart", MANAGED);
    reconcile_with(world, &intruder);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleCreated"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "AssociationCreated"), 1);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "Ready"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_written_after_the_grant_is_gone),
        cmocka_unit_test(a_grant_that_changes_nothing_for_it_holds_nothing_up),
        cmocka_unit_test(a_namesake_does_not_inherit_what_was_learnt_of_the_one_before),
        cmocka_unit_test(what_was_made_is_told_also_when_the_status_has_to_wait),
    };

    return cmocka_run_group_tests_name("meanwhile", tests, NULL, NULL);
}
