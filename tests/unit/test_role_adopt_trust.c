/* The trust of an adopted role: our statement among those of others. */

#include "tests/unit/their_role.h"

static void the_association_waits_until_the_edited_trust_is_known(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);
    int64_t before_ms = world->wire.now_ms;

    (void)state;
    bind_and_settle(world, "cart", WITH_TWO);
    assert_true(fake_aws_association(&world->aws, "shop", "cart")->created_ms >= before_ms + 30000);
}

static void a_trust_that_cannot_be_merged_is_refused_before_any_write(void **state)
{
    static const struct {
        const char *trust, *condition;
    } cases[] = {
        {"{\"Statement\":[],\"Statement\":[]}", "False TrustUnknown"},
        {"{\"Version\":\"2012-10-17\",\"Statement\":\"x\"}", "False TrustUnknown"},
        {"{\"Version\":\"2012-10-17\",\"Statement\":[" OF_OTHERS ",{\"Effect\":\"Deny\","
         "\"Principal\":\"*\",\"Action\":\"sts:*\"}]}",
         "False TrustInsufficient"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_WORLD struct fake_world *world = world_with_theirs(cases[i].trust);

        bind_and_settle(world, "cart", WITH_TWO);
        assert_condition(world, "cart", "Ready", cases[i].condition);
        assert_int_equal(world->aws.effects.used, 0);
    }
}

static void a_trust_that_would_be_too_large_is_refused(void **state)
{
    AUTO_TEXT struct text trust = TEXT_INIT(8192);
    struct fake_world *world;

    (void)state;
    text_printf(&trust, "{\"Version\":\"2012-10-17\",\"Statement\":[" OF_OTHERS);
    for (int i = 0; i < 18; i++)
        text_printf(&trust,
                    ",{\"Sid\":\"Them%d\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"
                    "\"arn:aws:iam::1:root\"},\"Action\":\"sts:AssumeRole\"}",
                    i);
    text_printf(&trust, "]}");
    world = world_with_theirs(trust.bytes);
    bind_and_settle(world, "cart", WITH_TWO);
    assert_condition(world, "cart", "Ready", "False TrustTooLarge");
    assert_int_equal(world->aws.effects.used, 0);
    fake_world_destroy(world);
}

/* Somebody reads before our write and writes after it: what he wrote lacks ours, and what he did
 * not know. It is seen by the look some seconds later. */
static void a_write_that_crosses_ours_is_merged_again(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(
        "{\"Version\":\"2012-10-17\",\"Statement\":[" OF_OTHERS "," OF_OTHERS2 "]}");

    (void)state;
    fake_world_bind(world, "cart", WITH_TWO);
    fake_world_watch(world);
    fake_world_reconcile(world, "cart");
    assert_int_equal(effects(world, "UpdateAssumeRolePolicy"), 1);
    fake_text_set(&role(world)->trust,
                  "{\"Version\":\"2012-10-17\",\"Statement\":[" OF_OTHERS "," OF_OTHERS3 "]}");
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_non_null(strstr(role(world)->trust, OF_OTHERS2));
    assert_non_null(strstr(role(world)->trust, OF_OTHERS3));
    assert_non_null(strstr(role(world)->trust, "\"Sid\":\"PodIdentity"));
}

/* The trust is written, and the association waits for it; then somebody writes this, and the
 * process dies before it looks again. */
static struct fake_world *world_that_died_before_the_second_look(const char *trust)
{
    struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    fake_world_bind(world, "cart", WITH_TWO);
    fake_world_watch(world);
    fake_world_reconcile(world, "cart");
    fake_world_watch(world);
    assert_condition(world, "cart", "Associated", "Unknown WaitingForRole");
    if (trust)
        fake_text_set(&role(world)->trust, trust);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    return world;
}

static void a_start_looks_at_what_the_process_before_wrote(void **state)
{
    AUTO_WORLD struct fake_world *world = world_that_died_before_the_second_look(NULL);

    (void)state;
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_int_equal(effects(world, "UpdateAssumeRolePolicy"), 1);
}

static void what_was_lost_of_ours_before_a_start_is_put_back_while_it_is_waited_for(void **state)
{
    AUTO_WORLD struct fake_world *world = world_that_died_before_the_second_look(
        "{\"Version\":\"2012-10-17\",\"Statement\":[" OF_OTHERS "," OF_OTHERS3 "]}");

    (void)state;
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_non_null(strstr(role(world)->trust, OF_OTHERS3));
    assert_non_null(strstr(role(world)->trust, "\"Sid\":\"PodIdentity"));
}

static void what_was_lost_of_ours_later_is_told_by_the_start(void **state)
{
    AUTO_WORLD struct fake_world *world = world_adopted(WITH_TWO);

    (void)state;
    fake_text_set(&role(world)->trust, TRUST_OF_OTHERS);
    fake_world_restart(world);
    assert_true(fake_world_settle(world));
    assert_condition(world, "cart", "Ready", "False ChangesPending");
    assert_int_equal(world->wire.aws_writes, 0);
}

static void who_takes_a_statement_away_each_time_wants_it_so(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with_theirs(TRUST_OF_OTHERS);

    (void)state;
    fake_world_bind(world, "cart", WITH_TWO);
    for (int i = 0; i < 12; i++) {
        fake_world_watch(world);
        fake_world_reconcile(world, "cart");
        fake_text_set(&role(world)->trust, TRUST);
        world->wire.now_ms += 16000;
    }
    assert_true(effects(world, "UpdateAssumeRolePolicy") <= 4);
    assert_true(fake_world_settle(world));
    assert_null(strstr(role(world)->trust, OF_OTHERS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_association_waits_until_the_edited_trust_is_known),
        cmocka_unit_test(a_trust_that_cannot_be_merged_is_refused_before_any_write),
        cmocka_unit_test(a_trust_that_would_be_too_large_is_refused),
        cmocka_unit_test(a_write_that_crosses_ours_is_merged_again),
        cmocka_unit_test(a_start_looks_at_what_the_process_before_wrote),
        cmocka_unit_test(what_was_lost_of_ours_before_a_start_is_put_back_while_it_is_waited_for),
        cmocka_unit_test(what_was_lost_of_ours_later_is_told_by_the_start),
        cmocka_unit_test(who_takes_a_statement_away_each_time_wants_it_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
