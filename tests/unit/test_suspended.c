/* Suspended bindings: nothing is repaired or written, until they are not any more. */

#include "tests/unit/drifting.h"

static void suspend(struct fake_world *world, const char *plural, const char *name,
                    const char *reason)
{
    bool of_namespace = strcmp(plural, "namespaces") == 0;
    json_t *value = reason ? json_string(reason) : json_null();

    fake_kubernetes_patch(
        &world->kubernetes, plural, of_namespace ? "" : "shop", name,
        json_pack("{s:{s:{s:o}}}", "metadata", "annotations", "podidentity.io/suspended", value));
}

static void suspension_stops_repair_and_new_writes(void **state)
{
    static const char *const where[][2] = {{BINDINGS, "cart"}, {"namespaces", "shop"}};

    (void)state;
    for (size_t i = 0; i < COUNT(where); i++) {
        AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

        suspend(world, where[i][0], where[i][1], "incident 42");
        assert_true(fake_world_settle(world));
        assert_condition(world, "cart", "Ready", "False Suspended");
        assert_condition(world, "cart", "Associated", "True Associated");
        assert_contains(message_of(world, "cart", "Ready"), "incident 42");
        attach(cart_role(world));
        bind_and_settle(world, "cart", MANAGED);
        look(world);
        assert_int_equal(world->wire.aws_writes, 0);
        suspend(world, where[i][0], where[i][1], NULL);
        assert_true(fake_world_settle(world));
        assert_condition(world, "cart", "Ready", "True Ready");
        assert_int_equal(cart_role(world)->attached.count, 0);
    }
}

/* Nobody told, no sweep came: what changed meanwhile is found by looking. */
static void unsuspended_it_looks_at_AWS_at_once(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    suspend(world, BINDINGS, "cart", "incident 42");
    assert_true(fake_world_settle(world));
    attach(cart_role(world));
    suspend(world, BINDINGS, "cart", NULL);
    assert_true(fake_world_settle(world));
    assert_int_equal(cart_role(world)->attached.count, 1);
    assert_condition(world, "cart", "Ready", "True Ready");
}

static void a_suspended_binding_can_be_deleted(void **state)
{
    AUTO_WORLD struct fake_world *world = quiet(MANAGED_WITH_TWO);

    (void)state;
    suspend(world, BINDINGS, "cart", "");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "False Suspended");
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_null(fake_world_binding(world, "cart"));
    assert_null(cart_role(world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspension_stops_repair_and_new_writes),
        cmocka_unit_test(unsuspended_it_looks_at_AWS_at_once),
        cmocka_unit_test(a_suspended_binding_can_be_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
