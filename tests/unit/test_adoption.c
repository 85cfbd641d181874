/* Whose associations are adopted, and what of them is ours from then on. */

#include "reconcilers/placed.h"
#include "tests/unit/their_association.h"

#define GRANT(adoption)                                                                            \
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],\"existingRoles\":{"       \
    "\"arns\":[\"arn:aws:iam::*:role/*/*\"]},\"managedRoles\":{}" adoption "}"

static void adopts_by_tags_first_and_updates_what_differs(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(OTHER);
    AUTO_FREE char *id = memory_string(cart(world)->id);

    (void)state;
    bind_and_settle(world, "cart", ADOPTING);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(cart(world)->id, id);
    assert_string_equal(cart(world)->role_arn, EXISTING);
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
    assert_string_equal(tag(world, TAG_BINDING_UID), fake_world_binding(world, "cart")->record.uid);
    assert_string_equal(tag(world, "team"), "blue");
    assert_non_null(strstr(world->wire.log.bytes, "TagResource UpdatePodIdentityAssociation"));
    assert_int_equal(effects(world, "TagResource"), 1);
    assert_int_equal(effects(world, "UpdatePodIdentityAssociation"), 1);
    assert_int_equal(effects(world, "DeletePodIdentityAssociation"), 0);
    assert_int_equal(fake_kubernetes_events(&world->kubernetes, "AssociationAdopted"), 1);
}

static void one_that_is_as_wanted_only_gets_our_tags(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(EXISTING);

    (void)state;
    bind_and_settle(world, "cart", ADOPTING);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 1);
    assert_int_equal(effects(world, "TagResource"), 1);
    assert_null(tag(world, TAG_PLACED));
}

static void waits_for_a_role_that_we_make(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(OTHER);

    (void)state;
    world->aws.eks_settles_ms = 9000;
    bind_and_settle(world, "cart", ADOPTING_MANAGED);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(effects(world, "TagResource"), 1);
    assert_int_equal(effects(world, "UpdatePodIdentityAssociation"), 1);
    assert_non_null(strstr(cart(world)->role_arn, FAKE_ROLE_PATH));
}

/* The picture does not know it: 409 tells. */
static void adopts_what_a_conflict_shows(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);

    (void)state;
    fake_aws_add_association(&world->aws, "shop", "cart", OTHER)->foreign = false;
    bind_and_settle(world, "cart", ADOPTING);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
}

static void takes_nothing_over_unless_spec_and_grant_say_so(void **state)
{
    static const struct {
        const char *spec, *grant, *condition, *words;
    } cases[] = {
        {REFUSING, GRANT(",\"adoption\":{\"associations\":true}"), "False AssociationForeign",
         "spec.adoptionPolicy: Adopt"},
        {ADOPTING, GRANT(""), "False NotGranted", "adoption"},
        {ADOPTING, GRANT(",\"adoption\":{\"roles\":[\"arn:aws:iam::*:role/*/*/*/*\"]}"),
         "False AssociationForeign", "adoption.associations: true"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_WORLD struct fake_world *world = world_with_theirs(OTHER);

        fake_world_grant(world, "shop", cases[i].grant);
        bind_and_settle(world, "cart", cases[i].spec);
        assert_condition(world, "cart", "Ready", cases[i].condition);
        assert_contains(message_of(world, "cart", "Ready"), cases[i].words);
        assert_int_equal(world->wire.aws_writes, 0);
    }
}

static void an_add_ons_is_never_adopted(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(OTHER);

    (void)state;
    fake_text_set(&cart(world)->owner_arn, "arn:aws:eks:eu-west-1:123456789012:addon/main/ebs/1");
    assert_true(fake_world_sweep(world));
    bind_and_settle(world, "cart", ADOPTING);
    assert_condition(world, "cart", "Ready", "False AddonManaged");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void one_in_the_way_of_web_identity_is_not_deleted(void **state)
{
    static const char irsa[] = "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"" ADOPT "}";
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING_MANAGED);

    (void)state;
    world->scene.settings.manage_oidc_provider = true;
    bind_and_settle(world, "cart", irsa);
    assert_condition(world, "cart", "Associated", "False AssociationForeign");
    assert_contains(message_of(world, "cart", "Associated"), "spec.mechanism IRSA");
    assert_non_null(cart(world));
}

static void a_binding_made_anew_does_not_inherit_it(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    lose_binding(world);
    assert_non_null(tag(world, TAG_ORIGIN));
    bind_and_settle(world, "cart", REFUSING);
    assert_condition(world, "cart", "Ready", "False AssociationForeign");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void tags_of_the_spec_come_and_go_and_those_of_others_stay(void **state)
{
    static const char two[] = "{\"serviceAccountName\":\"cart\",\"tags\":{\"stage\":\"live\","
                              "\"team\":\"blue\"},\"roleARN\":\"" EXISTING "\"" ADOPT "}";
    AUTO_WORLD struct fake_world *world = world_adopted(two);

    (void)state;
    assert_non_null(tag(world, TAG_PLACED));
    bind_and_settle(world, "cart", ADOPTING);
    assert_null(tag(world, "stage"));
    assert_string_equal(tag(world, "team"), "blue"); /* it was there before us */
    assert_int_equal(world->wire.aws_writes, 1);
}

static void asks_nothing_when_nothing_changed(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    fake_world_reconcile(world, "cart");
    assert_int_equal(world->wire.aws_calls, 0);
    fake_world_restart(world);
    fake_world_reset(world);
    assert_true(fake_world_settle(world));
    assert_int_equal(world->wire.aws_calls, 0);
    assert_condition(world, "cart", "Ready", "True Ready");
}

/* Only a spec that changes makes it write again: here its generation does. */
static void what_others_change_is_told_and_not_repaired(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    fake_text_set(&cart(world)->role_arn, OTHER);
    look_again(world);
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_contains(message_of(world, "cart", "Ready"), OTHER);
    assert_contains(fake_world_binding(world, "cart")->status.pending_changes[0], OTHER);
    assert_string_equal(cart(world)->role_arn, OTHER);
    assert_int_equal(world->wire.aws_writes, 0);

    look_again(world); /* and so it stays */
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_int_equal(world->wire.aws_writes, 0);

    bind_and_settle(world, "cart",
                    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING
                    "\",\"tags\":{\"a\":\"b\"}" ADOPT "}");
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(cart(world)->role_arn, EXISTING);
    assert_null(fake_world_binding(world, "cart")->status.pending_changes[0]);
}

static void what_is_changed_back_is_ready_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    fake_text_set(&cart(world)->role_arn, OTHER);
    look_again(world);
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    fake_text_set(&cart(world)->role_arn, EXISTING);
    look_again(world);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void what_is_adopted_stays_so_when_the_spec_says_refuse(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" OTHER "\"}");
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_string_equal(cart(world)->role_arn, OTHER);
    assert_string_equal(tag(world, TAG_ORIGIN), ORIGIN_ADOPTED);
}

static void without_the_grant_for_adoption_it_is_kept_and_not_written_to(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(ADOPTING);

    (void)state;
    fake_world_grant(world, "shop", GRANT(""));
    bind_and_settle(world, "cart", "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" OTHER "\"}");
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_contains(message_of(world, "cart", "Ready"), "adoption.associations");
    assert_int_equal(world->wire.aws_writes, 0);
    fake_world_unbind(world, "cart");
    assert_true(fake_world_settle(world));
    assert_non_null(cart(world));
    assert_null(tag(world, TAG_ORIGIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adopts_by_tags_first_and_updates_what_differs),
        cmocka_unit_test(one_that_is_as_wanted_only_gets_our_tags),
        cmocka_unit_test(waits_for_a_role_that_we_make),
        cmocka_unit_test(adopts_what_a_conflict_shows),
        cmocka_unit_test(takes_nothing_over_unless_spec_and_grant_say_so),
        cmocka_unit_test(an_add_ons_is_never_adopted),
        cmocka_unit_test(one_in_the_way_of_web_identity_is_not_deleted),
        cmocka_unit_test(a_binding_made_anew_does_not_inherit_it),
        cmocka_unit_test(tags_of_the_spec_come_and_go_and_those_of_others_stay),
        cmocka_unit_test(asks_nothing_when_nothing_changed),
        cmocka_unit_test(what_others_change_is_told_and_not_repaired),
        cmocka_unit_test(what_is_changed_back_is_ready_again),
        cmocka_unit_test(what_is_adopted_stays_so_when_the_spec_says_refuse),
        cmocka_unit_test(without_the_grant_for_adoption_it_is_kept_and_not_written_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
