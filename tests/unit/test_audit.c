/* Every association of the cluster, held against what exists: told, and removed only if ours. */

#include "tests/unit/plans.h"

#include "reconcilers/audit.h"

static struct audit_figures figures_of(const struct fake_world *world)
{
    struct audit_figures figures;

    audit_figures(world->audit, &figures);
    return figures;
}

static size_t told(const struct fake_world *world)
{
    return fake_kubernetes_events(&world->kubernetes, "OrphanedAssociation");
}

/* Its namespace of the Event that was made last with this reason. */
static const char *told_in(const struct fake_world *world)
{
    size_t count = json_array_size(world->kubernetes.events);

    return json_path_text(json_array_get(world->kubernetes.events, count - 1),
                          "metadata.namespace");
}

/* A binding whose finalizer was taken away by hand: its association stands, with our tags. */
static struct fake_world *left_over(void)
{
    struct fake_world *world = world_with(MANAGED);

    lose_binding(world);
    fake_world_reset(world);
    return world;
}

static void drop_service_account(struct fake_world *world, const char *name)
{
    fake_kubernetes_delete(&world->kubernetes, "serviceaccounts", "shop", name);
}

static void what_has_its_service_account_is_no_orphan_and_costs_nothing(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_kubernetes_apply(&world->kubernetes, "serviceaccounts", "shop", "till", json_object());
    fake_aws_add_association(&world->aws, "shop", "till", EXISTING);
    look(world);
    look(world);
    assert_int_equal(world->wire.calls, 4); /* pages */
    assert_int_equal(figures_of(world).associations, 2);
    assert_int_equal(told(world), 0);
}

static void a_foreign_orphan_is_told_once_and_left_alone(void **state)
{
    static const struct {
        const char *space, *told_in;
    } orphans[] = {{"shop", "shop"}, {"nowhere", "podidentity-system"}};

    (void)state;
    for (size_t i = 0; i < COUNT(orphans); i++) {
        AUTO_WORLD struct fake_world *world = world_with(NULL);

        fake_aws_add_association(&world->aws, orphans[i].space, "gone", EXISTING);
        look(world);
        assert_int_equal(told(world), 1);
        assert_string_equal(told_in(world), orphans[i].told_in);
        assert_int_equal(figures_of(world).foreign, 1);
        look(world);
        look(world);
        assert_int_equal(told(world), 1);
        assert_int_equal(fake_counts_get(&world->wire.operations, "DescribePodIdentityAssociation"),
                         1);
        assert_int_equal(world->wire.aws_writes, 0);
    }
}

static void an_orphan_of_an_addon_is_its_own(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    struct fake_association *association =
        fake_aws_add_association(&world->aws, "shop", "gone", EXISTING);

    (void)state;
    fake_text_set(&association->owner_arn, "arn:aws:eks:eu-west-1:1:addon/main/vpc-cni/1");
    look(world);
    look(world);
    look(world);
    assert_int_equal(figures_of(world).addons, 1);
    assert_int_equal(told(world), 1);
    assert_int_equal(world->wire.aws_writes, 0);
}

static void an_orphan_of_ours_goes_after_the_second_look(void **state)
{
    AUTO_WORLD struct fake_world *world = left_over();

    (void)state;
    drop_service_account(world, "cart");
    look(world);
    assert_int_equal(told(world), 1);
    assert_int_equal(figures_of(world).ours, 1);
    assert_int_equal(world->wire.aws_writes, 0);
    look(world);
    assert_int_equal(world->aws.association_count, 0);
    assert_int_equal(world->wire.aws_writes, 1);
    assert_int_equal(world->aws.trespasses, 0);
    look(world);
    assert_int_equal(figures_of(world).ours, 0);
    assert_int_equal(figures_of(world).removed, 1);
}

static void without_orphan_there_is_no_removal(void **state)
{
    AUTO_WORLD struct fake_world *world = left_over();

    (void)state;
    for (int i = 0; i < 3; i++)
        look(world); /* its ServiceAccount is there, and pods may use it */
    assert_int_equal(world->aws.association_count, 1);
    assert_int_equal(told(world), 0);
}

static void a_service_account_that_comes_again_saves_it(void **state)
{
    AUTO_WORLD struct fake_world *world = left_over();

    (void)state;
    drop_service_account(world, "cart");
    look(world);
    fake_kubernetes_apply(&world->kubernetes, "serviceaccounts", "shop", "cart", json_object());
    look(world);
    drop_service_account(world, "cart");
    look(world); /* begins anew */
    assert_int_equal(world->aws.association_count, 1);
}

static void tags_are_read_again_before_the_removal(void **state)
{
    static const struct {
        const char *key, *value;
    } edits[] = {
        {TAG_MANAGED, "false"},       {TAG_ORIGIN, "adopted"},        {TAG_CLUSTER, "another"},
        {TAG_NAMESPACE, "elsewhere"}, {TAG_SERVICE_ACCOUNT, "other"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        AUTO_WORLD struct fake_world *world = left_over();

        drop_service_account(world, "cart");
        look(world);
        fake_pairs_put(&fake_aws_association(&world->aws, "shop", "cart")->tags, edits[i].key,
                       edits[i].value);
        look(world);
        look(world);
        assert_int_equal(world->wire.aws_writes, 0);
    }
}

static void a_missing_service_account_of_a_living_binding_is_no_orphan(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    drop_service_account(world, "cart");
    look(world);
    look(world);
    look(world);
    assert_int_equal(told(world), 0);
    assert_int_equal(world->aws.association_count, 1);
    assert_condition(world, "cart", "Ready", "True Ready");
}

/* Nobody inherits: the association of a former binding goes although the new one gets nowhere. */
static void a_former_bindings_association_goes_while_the_new_one_is_refused(void **state)
{
    static const char *const refused[] = {
        MANAGED,
        "{\"serviceAccountName\":\"cart\",\"roleARN\":\"arn:aws:iam::" FAKE_ACCOUNT ":role/none\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO_WORLD struct fake_world *world = left_over();

        if (i == 0)
            fake_world_grant(world, "shop", OTHER_GRANT);
        fake_world_bind(world, "cart", refused[i]);
        assert_true(fake_world_settle(world));
        fake_world_reset(world);
        look(world);
        assert_int_equal(world->aws.association_count, 0);
        assert_int_equal(fake_kubernetes_events(&world->kubernetes, "AssociationDeleted"), 1);
        assert_int_equal(world->aws.trespasses, 0);
    }
}

static void a_foreign_association_under_a_refused_binding_is_described_once(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", EXISTING);
    fake_world_grant(world, "shop", OTHER_GRANT);
    bind_and_settle(world, "cart", MANAGED);
    fake_world_reset(world);
    look(world);
    look(world);
    look(world);
    assert_int_equal(fake_counts_get(&world->wire.operations, "DescribePodIdentityAssociation"), 1);
    assert_int_equal(world->aws.association_count, 1);
}

static void a_living_bindings_own_association_stays_after_its_grant_went(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(MANAGED);

    (void)state;
    fake_world_grant(world, "shop", OTHER_GRANT);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Allowed", "False NotGranted");
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    look(world);
    look(world);
    assert_int_equal(world->aws.association_count, 1);
}

static void the_brake_holds_removals(void **state)
{
    AUTO_WORLD struct fake_world *world = left_over();
    uint64_t retry_ms;

    (void)state;
    drop_service_account(world, "cart");
    look(world);
    world->scene.settings.deletion_limit = 1;
    assert_true(fake_world_pass(world, INTERVAL_MS));
    assert_true(brake_pass(&world->scene.brake, 1, world->wire.now_ms, &retry_ms));
    assert_true(fake_world_look(world));
    assert_int_equal(world->aws.association_count, 1);
    look(world);
    assert_int_equal(world->aws.association_count, 0);
}

static void a_suspended_namespace_keeps_its_orphans(void **state)
{
    AUTO_WORLD struct fake_world *world = left_over();

    (void)state;
    drop_service_account(world, "cart");
    fake_kubernetes_patch(&world->kubernetes, "namespaces", "", "shop",
                          json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                                    "podidentity.io/suspended", "why not"));
    look(world);
    look(world);
    look(world);
    assert_int_equal(world->aws.association_count, 1);
}

static void trouble_is_met_again_by_the_next_sweep(void **state)
{
    (void)state;
    for (int fault = 0; fault < FAULT_COUNT; fault++)
        for (unsigned call = 3; call <= 4; call++) { /* after the pages: Describe and Delete */
            AUTO_WORLD struct fake_world *world = left_over();

            drop_service_account(world, "cart");
            look(world);
            fake_world_reset(world);
            world->wire.failures[0] =
                (struct fake_failure){.call = call, .fault = (enum fake_fault)fault};
            look(world);
            look(world);
            assert_int_equal(world->aws.association_count, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_its_service_account_is_no_orphan_and_costs_nothing),
        cmocka_unit_test(a_foreign_orphan_is_told_once_and_left_alone),
        cmocka_unit_test(an_orphan_of_an_addon_is_its_own),
        cmocka_unit_test(an_orphan_of_ours_goes_after_the_second_look),
        cmocka_unit_test(without_orphan_there_is_no_removal),
        cmocka_unit_test(a_service_account_that_comes_again_saves_it),
        cmocka_unit_test(tags_are_read_again_before_the_removal),
        cmocka_unit_test(a_missing_service_account_of_a_living_binding_is_no_orphan),
        cmocka_unit_test(a_former_bindings_association_goes_while_the_new_one_is_refused),
        cmocka_unit_test(a_foreign_association_under_a_refused_binding_is_described_once),
        cmocka_unit_test(a_living_bindings_own_association_stays_after_its_grant_went),
        cmocka_unit_test(the_brake_holds_removals),
        cmocka_unit_test(a_suspended_namespace_keeps_its_orphans),
        cmocka_unit_test(trouble_is_met_again_by_the_next_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
