/* The survey of add-ons, and what bindings are told of it. */

#include "tests/unit/plans.h"

#include "aws/addons.h"
#include "reconcilers/survey.h"

#define IRSA_TRUST                                                                                 \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"             \
    "\"Federated\""                                                                                \
    ":\"arn:aws:iam::1:oidc-provider/"                                                             \
    "x\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\""                              \
    ":{\"StringEquals\":{\"x:sub\":\"system:serviceaccount:shop:cart\"}}}]}"

struct end {
    bool done, changed, failed;
};

static void surveyed(void *context, bool changed, const struct error *error)
{
    *(struct end *)context = (struct end){.done = true, .changed = changed, .failed = error};
}

static struct end run(struct fake_world *world, struct survey *survey)
{
    struct end end = {0};

    survey_start(survey, world->wire.now_ms, surveyed, &end);
    fake_run(&world->wire);
    assert_true(end.done);
    return end;
}

static struct survey *survey_in(struct fake_world *world, bool manage_agent)
{
    struct survey *survey = survey_create(&world->scene, &world->wire.transport, manage_agent);

    world->scene.survey = survey;
    return survey;
}

static const char *first_warning(const struct fake_world *world)
{
    const char *warning = fake_world_binding(world, "cart")->status.warnings[0];

    return warning ? warning : "";
}

static void a_missing_agent_is_a_warning_on_every_binding(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO(survey_destroy) struct survey *survey = survey_in(world, false);

    (void)state;
    assert_true(run(world, survey).changed);
    assert_int_equal(survey_agent(survey), AGENT_MISSING);
    bind_and_settle(world, "cart", MANAGED);
    assert_condition(world, "cart", "Ready", "True Ready");
    assert_contains(first_warning(world), "AgentMissing");
    assert_contains(first_warning(world), "aws eks create-addon");
    assert_null(fake_world_binding(world, "cart")->status.warnings[1]);

    fake_aws_add_addon(&world->aws, ADDON_AGENT);
    assert_true(run(world, survey).changed);
    assert_int_equal(survey_agent(survey), AGENT_PRESENT);
    fake_world_reconcile(world, "cart");
    assert_string_equal(first_warning(world), "");
    assert_false(run(world, survey).changed);
}

static void auto_mode_has_the_agent_built_in(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO(survey_destroy) struct survey *survey = survey_in(world, true);

    (void)state;
    world->aws.auto_mode = true;
    run(world, survey);
    assert_int_equal(survey_agent(survey), AGENT_AUTO_MODE);
    assert_int_equal(world->wire.aws_writes, 0);
}

static void every_status_of_the_agent_means_something(void **state)
{
    static const struct {
        const char *status;
        enum agent_state agent;
    } rows[] = {
        {"ACTIVE", AGENT_PRESENT},   {"UPDATING", AGENT_PRESENT},      {"CREATING", AGENT_COMING},
        {"DEGRADED", AGENT_FAILING}, {"CREATE_FAILED", AGENT_FAILING}, {"DELETING", AGENT_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO_WORLD struct fake_world *world = world_with(NULL);
        AUTO(survey_destroy) struct survey *survey = survey_in(world, false);

        fake_text_set(&fake_aws_add_addon(&world->aws, ADDON_AGENT)->status, rows[i].status);
        run(world, survey);
        assert_int_equal(survey_agent(survey), rows[i].agent);
    }
}

static void a_missing_agent_is_made_when_the_settings_say_so(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO(survey_destroy) struct survey *survey = survey_in(world, true);
    struct fake_addon *made;

    (void)state;
    assert_false(run(world, survey).failed);
    made = fake_aws_addon(&world->aws, ADDON_AGENT);
    assert_non_null(made);
    assert_string_equal(fake_pairs_get(&made->tags, TAG_CLUSTER), FAKE_CLUSTER_ARN);
    assert_int_equal(survey_agent(survey), AGENT_COMING);
    run(world, survey);
    assert_int_equal(fake_counts_get(&world->wire.operations, "CreateAddon"), 1);
}

static void an_agent_that_may_not_be_made_is_told_with_the_mend(void **state)
{
    AUTO_WORLD struct fake_world *world = world_with(NULL);
    AUTO(survey_destroy) struct survey *survey = survey_in(world, true);

    (void)state;
    world->wire.failures[0] = (struct fake_failure){.call = 3, .fault = FAULT_ACCESS_DENIED};
    assert_true(run(world, survey).failed);
    assert_int_equal(survey_agent(survey), AGENT_MISSING);
    bind_and_settle(world, "cart", MANAGED);
    assert_contains(first_warning(world), "(AccessDenied");
    assert_contains(first_warning(world), "aws-setup --print --manage-agent-addon");

    assert_true(run(world, survey).changed);
    assert_int_equal(survey_agent(survey), AGENT_COMING);
    fake_world_reconcile(world, "cart");
    assert_string_equal(first_warning(world), "");
}

static void what_an_addon_uses_by_irsa_is_refused_with_its_command(void **state)
{
    static const char *const specs[] = {MANAGED, BOUND_TO("cart"), BOUND_TO("till")};
    static const char *const names[] = {"cart", "cart", "till"};

    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        AUTO_WORLD struct fake_world *world = world_with(NULL);
        AUTO(survey_destroy) struct survey *survey = survey_in(world, false);
        struct fake_addon *addon = fake_aws_add_addon(&world->aws, "aws-ebs-csi-driver");

        fake_text_set(&addon->role_arn, EXISTING);
        if (i == 0) /* by its ServiceAccount; else by its role */
            fake_text_set(&fake_aws_role(&world->aws, "reader")->trust, IRSA_TRUST);
        run(world, survey);
        fake_world_reset(world);
        bind_and_settle(world, names[i], specs[i]);
        assert_condition(world, names[i], "Ready", "False AddonManaged");
        assert_contains(message_of(world, names[i], "Ready"),
                        "aws eks update-addon --cluster-name main --addon-name aws-ebs-csi-driver");
        assert_int_equal(world->wire.aws_writes, 0);
    }
}

static void a_survey_that_fails_leaves_what_was_known(void **state)
{
    (void)state;
    for (unsigned call = 1; call <= 4; call++)
        for (int fault = 0; fault < FAULT_COUNT; fault++) {
            AUTO_WORLD struct fake_world *world = world_with(NULL);
            AUTO(survey_destroy) struct survey *survey = survey_in(world, false);

            fake_text_set(&fake_aws_add_addon(&world->aws, ADDON_AGENT)->role_arn, EXISTING);
            run(world, survey);
            fake_world_reset(world);
            world->wire.failures[0] =
                (struct fake_failure){.call = call, .fault = (enum fake_fault)fault};
            run(world, survey);
            assert_int_equal(survey_agent(survey), AGENT_PRESENT);
            assert_string_equal(survey_addon_of(survey, EXISTING, "a", "b"), ADDON_AGENT);
            run(world, survey);
            assert_int_equal(survey_agent(survey), AGENT_PRESENT);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_agent_is_a_warning_on_every_binding),
        cmocka_unit_test(auto_mode_has_the_agent_built_in),
        cmocka_unit_test(every_status_of_the_agent_means_something),
        cmocka_unit_test(a_missing_agent_is_made_when_the_settings_say_so),
        cmocka_unit_test(an_agent_that_may_not_be_made_is_told_with_the_mend),
        cmocka_unit_test(what_an_addon_uses_by_irsa_is_refused_with_its_command),
        cmocka_unit_test(a_survey_that_fails_leaves_what_was_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
