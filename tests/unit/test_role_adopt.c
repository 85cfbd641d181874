/* Whose roles are adopted, and what of them is ours from then on. */

#include "tests/unit/observing.h"
#include "tests/unit/their_role.h"

static void assert_warned(const struct fake_world *world, const char *part)
{
    const char *const *warning = fake_world_binding(world, "cart")->status.warnings;

    while (warning && *warning && !strstr(*warning, part))
        warning++;
    if (!warning || !*warning)
        fail_msg("no warning of %s", part);
}

static void adopts_boundary_first_then_tags_and_leaves_what_is_theirs(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    (void)state;
    world->aws.boundary_required = true;
    bind_and_settle(world, "cart", WITH_TWO);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_theirs_stand(world);
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
    assert_string_equal(tag(world, TAG_BINDING_UID), fake_world_binding(world, "cart")->record.uid);
    assert_non_null(fake_pairs_get(&role(world)->policies, "Policy1"));
    assert_non_null(fake_pairs_get(&role(world)->attached, ATTACHED));
    assert_non_null(strstr(role(world)->trust, "\"Sid\":\"PodIdentity"));
    assert_string_equal(role(world)->boundary, FAKE_BOUNDARY);
    assert_contains(world->wire.log.bytes, "PutRolePermissionsBoundary TagRole "
                                           "UpdateAssumeRolePolicy GetRole PutRolePolicy "
                                           "AttachRolePolicy");
    assert_int_equal(effects(world, "TagRole"), 1);
    assert_int_equal(effects(world, "UpdateRole"), 0);
    assert_int_equal(effects(world, "DeleteRolePolicy") + effects(world, "DetachRolePolicy"), 0);
    assert_int_equal(world->aws.idle_writes, 0);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "RoleAdopted"), 1);
    assert_warned(world, "inline policy Theirs");
    assert_warned(world, THEIRS);
}

static void takes_nothing_over_unless_spec_and_grant_say_so(void **state)
{
    static const struct {
        const char *spec, *grant, *condition, *words;
    } cases[] = {
        {REFUSING, GRANT(",\"adoption\":{\"roles\":[\"" ARN "\"]}"), "False RoleNameTaken",
         "spec.adoptionPolicy: Adopt"},
        {WITH_TWO, GRANT(",\"adoption\":{\"associations\":true}"), "False RoleNameTaken",
         "adoption.roles"},
        {WITH_TWO, GRANT(",\"adoption\":{\"roles\":[\"" ARN "x\"]}"), "False RoleNameTaken",
         "adoption.roles"},
        {WITH_TWO, GRANT(""), "False NotGranted", "adoption"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

        fake_world_grant(world, "shop", cases[i].grant);
        bind_and_settle(world, "cart", cases[i].spec);
        assert_condition(world, "cart", "Ready", cases[i].condition);
        assert_contains(message_of(world, "cart", "Ready"), cases[i].words);
        assert_int_equal(world->aws.effects.used, 0);
    }
}

static void a_namesake_on_another_path_is_not_meant(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_role(&world->aws, "/else/", NAME, TRUST);
    bind_and_settle(world, "cart", WITH_TWO);
    assert_condition(world, "cart", "Ready", "False RoleNameTaken");
    assert_int_equal(world->aws.trespasses, 0);
}

static void a_role_of_another_living_binding_is_nobodys_to_take(void **state)
{
    AUTO_WORLD struct fake_world *world =
        world_with("{\"serviceAccountName\":\"cart\",\"roleName\":\"" NAME "\"}");

    (void)state;
    bind_and_settle(world, "other", "{\"serviceAccountName\":\"other\"" ADOPT);
    assert_condition(world, "other", "Ready", "False RoleNameTaken");
    assert_int_equal(world->aws.effects.used, 0);
}

static void the_controllers_own_role_is_never_adopted(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_role(&world->aws, FAKE_ROLE_PATH, FAKE_CONTROLLER_ROLE, TRUST);
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"roleName\":\"" FAKE_CONTROLLER_ROLE
                    "\",\"adoptionPolicy\":\"Adopt\"}");
    assert_condition(world, "cart", "Ready", "False RoleNameTaken");
    assert_int_equal(world->aws.trespasses, 0);
}

/* Its finalizer was taken away: role and tags are there, and everything on the role was ours. */
static void one_of_a_former_binding_keeps_nothing_that_the_spec_does_not_want(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(REFUSING);

    (void)state;
    lose_binding(world);
    fake_pairs_put(&role(world)->policies, "Revoke", DENY);
    bind_and_settle(world, "cart", SPEC(",\"permissionPolicy\":" POLICY));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
    assert_non_null(fake_pairs_get(&role(world)->policies, "Policy1"));
    assert_non_null(fake_pairs_get(&role(world)->policies, "Revoke"));
    assert_int_equal(role(world)->attached.count, 0);
    assert_int_equal(effects(world, "DeleteRole"), 0);
}

static void what_the_spec_drops_goes_if_we_put_it(void **state)
{
    AUTO_WORLD struct fake_world *world =
        world_adopted(SPEC(",\"tags\":{\"stage\":\"live\"},\"permissionPolicy\":" POLICY
                           ",\"permissionPolicyARNs\":[\"" ATTACHED "\",\"" THEIRS "\"]"));

    (void)state;
    fake_world_restart(world);
    bind_and_settle(world, "cart", SPEC(""));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_null(fake_pairs_get(&role(world)->policies, "Policy1"));
    assert_null(fake_pairs_get(&role(world)->attached, ATTACHED));
    assert_null(tag(world, "stage"));
    assert_theirs_stand(world); /* also what the spec named and was there before */
}

static void asks_nothing_more_once_it_was_looked_at_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_calls, 0);
    world->wire.now_ms += 600000;
    fake_world_look(world);
    assert_true(fake_world_settle(world)); /* its pages differ from what we wrote: read once */
    fake_world_reset(world);
    world->wire.now_ms += 600000;
    fake_world_look(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 0);
    assert_int_equal(world->wire.aws_writes, 0);
}

static void what_others_change_is_told_and_not_repaired(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    fake_pairs_remove(&role(world)->attached, ATTACHED);
    fake_text_set(&role(world)->boundary, NULL);
    look_again(world);
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_contains(message_of(world, "cart", "Ready"), "attach " ATTACHED);
    assert_contains(message_of(world, "cart", "Ready"), "boundary");
    assert_int_equal(world->wire.aws_writes, 0);
    fake_world_restart(world);
    look_again(world);
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_int_equal(world->wire.aws_writes, 0);
    bind_and_settle(world, "cart", SPEC(",\"permissionPolicyARNs\":[\"" ATTACHED "\"]"));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(role(world)->boundary, FAKE_BOUNDARY);
    assert_non_null(fake_pairs_get(&role(world)->attached, ATTACHED));
}

static void what_others_add_is_nothing_to_tell(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    fake_pairs_put(&role(world)->attached, "arn:aws:iam::aws:policy/More", "");
    look_again(world);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 0);
    assert_warned(world, "policy/More");
}

static void what_would_be_adopted_is_said_and_not_done(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);
    const char *const *pending;

    (void)state;
    bind_and_settle(world, "cart", SPEC(",\"mode\":\"Observe\""));
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    pending = fake_world_binding(world, "cart")->status.pending_changes;
    assert_string_equal(pending[0], "Adopt role " ARN ", which was not made for this binding");
    assert_contains(fake_world_binding(world, "cart")->status.warnings[0], "keeps what others put");
    assert_int_equal(world->wire.aws_writes, 0);
    assert_string_equal(role(world)->trust, TRUST_OF_OTHERS);
}

/* Until somebody changes it, or takes it away. */
static void what_waits_to_be_adopted_is_not_read_after_each_sweep(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    (void)state;
    bind_and_settle(world, "cart", SPEC(",\"mode\":\"Observe\""));
    fake_world_reset(world);
    look(world);
    look(world);
    assert_int_equal(world->wire.aws_calls, 4); /* pages */
    fake_pairs_put(&role(world)->attached, "arn:aws:iam::aws:policy/More", "");
    look(world);
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 1);
    assert_warned(world, "policy/More");
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.aws_calls, 2);
    fake_aws_drop_role(&world->aws, NAME);
    look(world);
    assert_pending_contains(world, "Create role " ARN "\n");
}

/* A description stands in no page. */
static void what_no_page_shows_of_it_is_read_again_in_its_own_time(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    (void)state;
    bind_and_settle(world, "cart", SPEC(",\"roleDescription\":\"ours\",\"mode\":\"Observe\""));
    assert_pending_contains(world, ": set description");
    fake_world_reset(world);
    look(world);
    assert_int_equal(world->wire.aws_calls, 2); /* pages */
    fake_text_set(&role(world)->description, "ours");
    assert_true(fake_world_pass(world, 6 * 60 * 60 * 1000));
    look(world);
    assert_int_equal(fake_counts_get(&world->wire.operations, "GetRole"), 1);
    assert_pending_contains(world, "Adopt role ");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void without_the_grant_for_adoption_an_observer_says_that_it_stays(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    fake_world_grant(world, "shop", GRANT(""));
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":" POLICY
                    ",\"maxSessionDuration\":3600,\"roleName\":\"" NAME "\",\"mode\":\"Observe\"}");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_contains(fake_world_binding(world, "cart")->status.pending_changes[0],
                    "not written to while no grant lists it in adoption.roles");
    assert_string_equal(fake_world_binding(world, "cart")->status.pending_changes[1],
                        "Change role " NAME ": detach " ATTACHED);
    assert_int_equal(world->wire.aws_writes, 0);
}

static void without_the_grant_for_adoption_it_is_only_narrowed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    fake_world_grant(world, "shop", GRANT(""));
    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":["
                    "\"arn:aws:iam::aws:policy/New\"],\"roleName\":\"" NAME "\"}");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_contains(message_of(world, "cart", "Ready"), "adoption.roles");
    assert_null(fake_pairs_get(&role(world)->attached, "arn:aws:iam::aws:policy/New"));
    assert_null(fake_pairs_get(&role(world)->attached, ATTACHED));
    assert_null(fake_pairs_get(&role(world)->policies, "Policy1"));
}

/* The spec is not granted, and the role that it would adopt is not ours yet. */
static void a_spec_that_is_not_granted_takes_nothing_from_a_role_of_others(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(REFUSING);

    (void)state;
    lose_binding(world);
    bind_and_settle(world, "cart", BOUND_TO("cart"));
    assert_condition(world, "cart", "Ready", "True Ready");
    fake_world_reset(world);
    fake_world_grant(world, "shop",
                     "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
                     "\"existingRoles\":{\"arns\":[\"arn:aws:iam::*:role/*/*\"]},\"managedRoles\":{"
                     "\"roleNames\":[\"*\"]},\"adoption\":{\"roles\":[\"" ARN "\"]}}");
    bind_and_settle(world, "cart", SPEC(",\"permissionPolicyARNs\":[\"" ATTACHED "\"]"));
    assert_condition(world, "cart", "Ready", "False NotGranted");
    assert_int_equal(world->aws.effects.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adopts_boundary_first_then_tags_and_leaves_what_is_theirs),
        cmocka_unit_test(takes_nothing_over_unless_spec_and_grant_say_so),
        cmocka_unit_test(a_namesake_on_another_path_is_not_meant),
        cmocka_unit_test(a_role_of_another_living_binding_is_nobodys_to_take),
        cmocka_unit_test(the_controllers_own_role_is_never_adopted),
        cmocka_unit_test(one_of_a_former_binding_keeps_nothing_that_the_spec_does_not_want),
        cmocka_unit_test(what_the_spec_drops_goes_if_we_put_it),
        cmocka_unit_test(asks_nothing_more_once_it_was_looked_at_again),
        cmocka_unit_test(what_others_change_is_told_and_not_repaired),
        cmocka_unit_test(what_others_add_is_nothing_to_tell),
        cmocka_unit_test(what_would_be_adopted_is_said_and_not_done),
        cmocka_unit_test(what_waits_to_be_adopted_is_not_read_after_each_sweep),
        cmocka_unit_test(what_no_page_shows_of_it_is_read_again_in_its_own_time),
        cmocka_unit_test(without_the_grant_for_adoption_an_observer_says_that_it_stays),
        cmocka_unit_test(without_the_grant_for_adoption_it_is_only_narrowed),
        cmocka_unit_test(a_spec_that_is_not_granted_takes_nothing_from_a_role_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
