/* Associations described one by one: what no list shows is found, and repaired or told. */

#include "reconcilers/patrol.h"
#include "tests/unit/drifting.h"

/* A patrol of this world; key gets what it found. */
static struct patrol *patrol_of(struct fake_world *world, char key[FOUND_SIZE])
{
    key[0] = '\0';
    return patrol_create(&world->scene, &world->wire.transport, found, key);
}

static void patrol_once(struct fake_world *world, struct patrol *patrol)
{
    patrol_step(patrol, world->wire.now_ms);
    fake_run(&world->wire);
}

static void a_round_describes_each_association_once_and_evenly(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED);
    char key[FOUND_SIZE];
    AUTO(patrol_destroy) struct patrol *patrol = patrol_of(world, key);
    uint64_t wait_ms;

    (void)state;
    bind_and_settle(world, "reader", BOUND_TO("reader"));
    bind_and_settle(world, "till", BOUND_TO("till"));
    fake_world_reset(world);
    for (unsigned i = 1; i <= 6; i++) {
        wait_ms = patrol_step(patrol, world->wire.now_ms);
        fake_run(&world->wire);
        assert_int_equal(wait_ms, 2 * HOUR_MS); /* three in six hours */
        assert_int_equal(fake_counts_get(&world->wire.operations, "DescribePodIdentityAssociation"),
                         i);
        assert_int_equal(world->wire.calls, i);
    }
    assert_string_equal(key, "");
    world->scene.settings.describe_interval_ms = 1000;
    assert_int_equal(patrol_step(patrol, world->wire.now_ms), 500); /* a fifth of 10 a second */
    fake_run(&world->wire);
}

static void repoint(struct fake_association *association)
{
    fake_text_set(&association->role_arn, EXISTING);
}
static void retag(struct fake_association *association)
{
    fake_pairs_put(&association->tags, "theirs", "yes");
}
static void untag(struct fake_association *association)
{
    fake_pairs_remove(&association->tags, TAG_BINDING_UID);
}

static void a_changed_association_is_found_by_the_patrol_and_repaired(void **state)
{
    static const struct {
        void (*make)(struct fake_association *association);
        const char *repair;
    } changes[] = {{repoint, "UpdatePodIdentityAssociation"}, {retag, "UntagResource"}};

    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        AUTO_WORLD struct fake_world *world = quiet(MANAGED);
        char key[FOUND_SIZE];
        AUTO(patrol_destroy) struct patrol *patrol = patrol_of(world, key);

        changes[i].make(fake_aws_association(&world->aws, "shop", "cart"));
        patrol_once(world, patrol);
        assert_string_equal(key, "shop/cart");
        fake_world_reconcile(world, "cart");
        assert_true(fake_world_settle(world));
        assert_int_equal(effects(world, changes[i].repair), 1);
        assert_int_equal(world->wire.aws_writes, 1);
        assert_int_equal(fake_kubernetes_events(&world->kubernetes, "DriftRepaired"), 1);
        assert_condition(world, "cart", "Ready", "True Ready");
    }
}

static void an_association_that_lost_our_tags_is_told_and_left_alone(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED);
    char key[FOUND_SIZE];
    AUTO(patrol_destroy) struct patrol *patrol = patrol_of(world, key);

    (void)state;
    untag(fake_aws_association(&world->aws, "shop", "cart"));
    patrol_once(world, patrol);
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_writes, 0);
    assert_condition(world, "cart", "Ready", "False AssociationForeign");
}

static void the_patrol_asks_again_what_was_not_answered(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED);
    char key[FOUND_SIZE];
    AUTO(patrol_destroy) struct patrol *patrol = patrol_of(world, key);

    (void)state;
    repoint(fake_aws_association(&world->aws, "shop", "cart"));
    world->wire.failures[0] = (struct fake_failure){.call = 1, .fault = FAULT_THROTTLING};
    patrol_once(world, patrol);
    assert_string_equal(key, "");
    patrol_once(world, patrol);
    assert_string_equal(key, "shop/cart");
}

static void a_binding_that_goes_while_it_is_described_is_no_news(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED);
    char key[FOUND_SIZE];
    AUTO(patrol_destroy) struct patrol *patrol = patrol_of(world, key);

    (void)state;
    repoint(fake_aws_association(&world->aws, "shop", "cart"));
    patrol_step(patrol, world->wire.now_ms);
    fake_world_unbind(world, "cart");
    fake_world_watch(world);
    fake_run(&world->wire);
    assert_string_equal(key, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_describes_each_association_once_and_evenly),
        cmocka_unit_test(a_changed_association_is_found_by_the_patrol_and_repaired),
        cmocka_unit_test(an_association_that_lost_our_tags_is_told_and_left_alone),
        cmocka_unit_test(the_patrol_asks_again_what_was_not_answered),
        cmocka_unit_test(a_binding_that_goes_while_it_is_described_is_no_news),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
