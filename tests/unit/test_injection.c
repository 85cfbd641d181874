/* What pods show of an association: the pure look. */

#include "reconcilers/injection.h"
#include "tests/unit/plans.h"

enum { CONTAINER = POD_CONTAINER_CREDENTIALS, TOKEN = POD_WEB_IDENTITY, NONE = POD_NO_CREDENTIALS };

/* An association made at second 100 and settled at 110. */
static const struct injection_question asked = {
    .wanted = POD_CONTAINER_CREDENTIALS,
    .made_ms = 100500,
    .settled_ms = 110500,
    .changed_ms = 100500,
    .cached_ms = 3600000,
    .now_ms = 200000,
};

static const struct sight {
    const char *name;
    struct pod pods[3];
    size_t count;
    struct injection_answer answer; /* its sight, total, current and outdated */
} sights[] = {
    {"no pod", {{0}}, 0, {INJECTION_NOT_SEEN, .total = 0}},
    {"one from before", {{1, 99, NONE, 0}}, 1, {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
    {"one from before an earlier association",
     {{1, 99, CONTAINER, 0}},
     1,
     {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
    {"one of the very second",
     {{1, 100, CONTAINER, 0}},
     1,
     {INJECTION_SEEN, .total = 1, .current = 1}},
    {"one too early to be missed",
     {{1, 110, NONE, 0}},
     1,
     {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
    {"one that was missed", {{1, 111, NONE, 0}}, 1, {INJECTION_MISSING, .total = 1, .outdated = 1}},
    {"one with a token",
     {{1, 111, TOKEN, 0}},
     1,
     {INJECTION_MISSING, .missing_has_token = true, .total = 1, .outdated = 1}},
    {"a newer one has them",
     {{1, 111, NONE, 0}, {2, 112, CONTAINER, 0}},
     2,
     {INJECTION_SEEN, .total = 2, .current = 1, .outdated = 1}},
    {"a newer one has none",
     {{1, 113, NONE, 0}, {2, 112, CONTAINER, 0}},
     2,
     {INJECTION_MISSING, .total = 2, .current = 1, .outdated = 1}},
    {"two of one second",
     {{1, 112, NONE, 0}, {2, 112, CONTAINER, 0}},
     2,
     {INJECTION_MISSING, .total = 2, .current = 1, .outdated = 1}},
    {"the same the other way round",
     {{1, 112, CONTAINER, 0}, {2, 112, NONE, 0}},
     2,
     {INJECTION_MISSING, .total = 2, .current = 1, .outdated = 1}},
    {"one that ends", {{1, 120, NONE, POD_TERMINATING}}, 1, {INJECTION_NOT_SEEN, .total = 0}},
    {"one that wants none", {{1, 120, NONE, POD_OPTED_OUT}}, 1, {INJECTION_NOT_SEEN, .total = 1}},
    {"one on Fargate", {{1, 120, CONTAINER, POD_FARGATE}}, 1, {INJECTION_NOT_SEEN, .total = 1}},
    {"one on Windows", {{1, 120, NONE, POD_WINDOWS}}, 1, {INJECTION_NOT_SEEN, .total = 1}},
    {"one of unknown age",
     {{1, 0, CONTAINER, 0}},
     1,
     {INJECTION_NOT_SEEN, .total = 1, .outdated = 1}},
};

static void looks_at_the_newest_pod_after_settling(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sights); i++) {
        const struct injection_answer *wanted = &sights[i].answer;
        struct injection_question question = asked;
        struct injection_answer answer;

        question.pods = sights[i].pods;
        question.count = sights[i].count;
        answer = injection_look(&question);
        if (answer.sight != wanted->sight || answer.total != wanted->total ||
            answer.current != wanted->current || answer.outdated != wanted->outdated ||
            answer.missing_has_token != wanted->missing_has_token)
            fail_msg("%s: sight %d, %zu/%zu current, %zu outdated", sights[i].name, answer.sight,
                     answer.current, answer.total, answer.outdated);
    }
}

static void blames_nobody_before_the_association_has_settled(void **state)
{
    static const struct pod pods[] = {{1, 150, NONE, 0}, {2, 150, CONTAINER, 0}};
    struct injection_question question = asked;
    struct injection_answer answer;

    (void)state;
    question.pods = pods;
    question.count = COUNT(pods);
    question.settled_ms = INT64_MAX;
    answer = injection_look(&question);
    assert_int_equal(answer.sight, INJECTION_SEEN);
    question.made_ms = question.changed_ms = INT64_MAX;
    answer = injection_look(&question);
    assert_int_equal(answer.sight, INJECTION_NOT_SEEN);
    assert_int_equal(answer.current, 0);
    assert_int_equal(answer.outdated, 2);
}

/* Injection does not depend on the role: a change of it makes pods outdated, not unseen. */
static void counts_pods_from_before_a_change_of_role_until_they_have_renewed(void **state)
{
    static const struct pod pods[] = {{1, 120, CONTAINER, 0}};
    struct injection_question question = asked;
    struct injection_answer answer;

    (void)state;
    question.pods = pods;
    question.count = 1;
    question.changed_ms = 150000;
    answer = injection_look(&question);
    assert_int_equal(answer.sight, INJECTION_SEEN);
    assert_int_equal(answer.outdated, 1);
    assert_int_equal(answer.fresh_ms, 150000 + 3600000);
    question.now_ms = answer.fresh_ms;
    answer = injection_look(&question);
    assert_int_equal(answer.current, 1);
    assert_int_equal(answer.fresh_ms, 0);
}

static void takes_a_token_for_what_web_identity_wants(void **state)
{
    static const struct pod pods[] = {{1, 120, TOKEN, POD_FARGATE}};
    struct injection_question question = asked;

    (void)state;
    question.pods = pods;
    question.count = 1;
    question.wanted = POD_WEB_IDENTITY;
    assert_int_equal(injection_look(&question).sight, INJECTION_SEEN);
    assert_int_equal(injection_look(&question).current, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_the_newest_pod_after_settling),
        cmocka_unit_test(blames_nobody_before_the_association_has_settled),
        cmocka_unit_test(counts_pods_from_before_a_change_of_role_until_they_have_renewed),
        cmocka_unit_test(takes_a_token_for_what_web_identity_wants),
    };

    return cmocka_run_group_tests_name("injection", tests, NULL, NULL);
}
