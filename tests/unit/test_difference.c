#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/unit/wanted_role.h"

static void a_role_as_wanted_differs_in_nothing(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct want want = want_all();
    const struct iam_role_detail have = have_all();
    const struct difference difference = differ(arena, &want, &have);

    (void)state;
    assert_true(difference_empty(&difference));
    assert_null(difference_describe(arena, &difference)[0]);
}

static void other_words_of_equal_meaning_are_no_difference(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct iam_policy told_otherwise[] = {{"Policy2", WRITE},
                                                {"Policy1", READ_IN_OTHER_WORDS}};
    const char *const turned[] = {arns[1], arns[0]};
    const struct aws_tag turned_tags[] = {tags[1], tags[0]};
    const struct want want = want_all();
    struct iam_role_detail have = have_all();
    struct difference difference;

    (void)state;
    have.role.trust = TRUST_IN_OTHER_WORDS;
    have.role.tags.items = turned_tags;
    have.inline_policies = told_otherwise;
    have.attached_arns = turned;
    difference = differ(arena, &want, &have);
    assert_true(difference_empty(&difference));
}

static void an_empty_role_lacks_everything(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct want want = want_all();
    const struct iam_role_detail have = {
        .role = {.trust = READ, .description = "", .max_session_s = 43200}};
    const struct difference difference = differ(arena, &want, &have);

    (void)state;
    assert_false(difference_empty(&difference));
    assert_true(difference.boundary && difference.trust && difference.role);
    assert_int_equal(difference.tags_put.count, 2);
    assert_int_equal(difference.tags_removed_count, 0);
    assert_int_equal(difference.policies_put_count, 2);
    assert_string_equal(difference.policies_put[1].name, "Policy2");
    assert_string_equal(difference.policies_put[1].document, WRITE);
    assert_int_equal(difference.policies_deleted_count, 0);
    assert_int_equal(difference.attached_count, 2);
    assert_string_equal(difference.attached[0], arns[0]);
    assert_int_equal(difference.detached_count, 0);
}

static void what_nobody_wants_goes(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct want want = want_all();
    const struct iam_role_detail have = have_all();
    struct difference difference;

    (void)state;
    want.inline_count = want.attached_count = 1;
    want.tags.count = 1;
    difference = differ(arena, &want, &have);
    assert_false(difference_empty(&difference));
    assert_int_equal(difference.policies_deleted_count, 1);
    assert_string_equal(difference.policies_deleted[0], "Policy2");
    assert_int_equal(difference.detached_count, 1);
    assert_string_equal(difference.detached[0], arns[1]);
    assert_int_equal(difference.tags_removed_count, 1);
    assert_string_equal(difference.tags_removed[0], "cost");
    assert_int_equal(
        difference.policies_put_count + difference.attached_count + difference.tags_put.count, 0);
}

static void each_single_thing_too_much_makes_a_difference(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct iam_role_detail have = have_all();

    (void)state;
    for (int thing = 0; thing < 3; thing++) {
        struct want want = want_all();
        struct difference difference;

        want.inline_count -= thing == 0;
        want.attached_count -= thing == 1;
        want.tags.count -= thing == 2;
        difference = differ(arena, &want, &have);
        assert_false(difference_empty(&difference));
        assert_null(difference_describe(arena, &difference)[1]);
    }
}

static void each_single_thing_missing_or_other_makes_a_difference(void **state)
{
    static const struct aws_tag other_value[] = {{"team", "ops"}, {"cost", "17"}};
    static const struct iam_policy other_document[] = {{"Policy1", WRITE}, {"Policy2", WRITE}};
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct want want = want_all();

    (void)state;
    for (int thing = 0; thing < 10; thing++) {
        struct iam_role_detail have = have_all();
        struct difference difference;

        switch (thing) {
        case 0:
            have.role.trust = READ;
            break;
        case 1:
            have.role.description = "other";
            break;
        case 2:
            have.role.max_session_s = 7200;
            break;
        case 3:
            have.role.boundary_arn = NULL;
            break;
        case 4:
            have.role.boundary_arn = "arn:aws:iam::aws:policy/A";
            break;
        case 5:
            have.role.tags.items = other_value;
            break;
        case 6:
            have.inline_policies = other_document;
            break;
        case 7:
            have.inline_count = 1;
            break;
        case 8:
            have.attached_count = 1;
            break;
        default:
            have.role.tags.count = 1;
        }
        difference = differ(arena, &want, &have);
        assert_false(difference_empty(&difference));
        assert_non_null(difference_describe(arena, &difference)[0]);
        assert_null(difference_describe(arena, &difference)[1]);
    }
}

static void a_foreign_policy_that_only_denies_is_told_and_stays(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct iam_policy with_denial[] = {
        policies[0], policies[1], {"AWSRevokeOlderSessions", DENY}};
    const struct want want = want_all();
    struct iam_role_detail have = have_all();
    struct difference difference;

    (void)state;
    have.inline_policies = with_denial;
    have.inline_count = COUNT(with_denial);
    difference = differ(arena, &want, &have);
    assert_true(difference_empty(&difference));
    assert_int_equal(difference.foreign_denies_count, 1);
    assert_string_equal(difference.foreign_denies[0], "AWSRevokeOlderSessions");
}

static void a_boundary_that_nobody_asked_for_stays(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    struct want want = want_all();
    const struct iam_role_detail have = have_all();
    struct difference difference;

    (void)state;
    want.boundary_arn = NULL;
    difference = differ(arena, &want, &have);
    assert_true(difference_empty(&difference));
}

static void tags_of_aws_are_not_removed_nor_what_differs_by_case_where_AWS_replaces_it(void **state)
{
    static const struct aws_tag theirs[] = {
        {"Team", "shop"}, {"aws:cloudformation:stack-name", "x"}, {"cost", "17"}, {"old", ""}};
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct aws_tags want = {.items = tags, .count = COUNT(tags)};
    struct difference difference = {0};

    (void)state;
    difference_tags(&difference, arena, &want,
                    &(struct aws_tags){.items = theirs, .count = COUNT(theirs)}, TAG_KEYS_OF_IAM);
    assert_int_equal(difference.tags_put.count, 1);
    assert_string_equal(difference.tags_put.items[0].key, "team");
    assert_int_equal(difference.tags_removed_count, 1);
    assert_string_equal(difference.tags_removed[0], "old");

    difference_tags(&difference, arena, &want,
                    &(struct aws_tags){.items = theirs, .count = COUNT(theirs)}, TAG_KEYS_OF_EKS);
    assert_int_equal(difference.tags_put.count, 1);
    assert_int_equal(difference.tags_removed_count, 2);
    assert_string_equal(difference.tags_removed[0], "Team");
    assert_string_equal(difference.tags_removed[1], "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_as_wanted_differs_in_nothing),
        cmocka_unit_test(other_words_of_equal_meaning_are_no_difference),
        cmocka_unit_test(an_empty_role_lacks_everything),
        cmocka_unit_test(what_nobody_wants_goes),
        cmocka_unit_test(each_single_thing_too_much_makes_a_difference),
        cmocka_unit_test(each_single_thing_missing_or_other_makes_a_difference),
        cmocka_unit_test(a_foreign_policy_that_only_denies_is_told_and_stays),
        cmocka_unit_test(a_boundary_that_nobody_asked_for_stays),
        cmocka_unit_test(
            tags_of_aws_are_not_removed_nor_what_differs_by_case_where_AWS_replaces_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
