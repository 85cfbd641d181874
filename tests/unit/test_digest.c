/* The digest that a sweep compares instead of the role. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "tests/unit/wanted_role.h"

static void the_digest_of_a_role_as_wanted_is_the_wishs(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct iam_policy told_otherwise[] = {{"Policy2", WRITE},
                                                {"Policy1", READ_IN_OTHER_WORDS}};
    const char *const turned[] = {arns[1], arns[0]};
    const struct want want = want_all();
    struct iam_role_detail have = have_all();
    char wish[DIGEST_SIZE], seen[DIGEST_SIZE];

    (void)state;
    /* GetAccountAuthorizationDetails shows neither of these. */
    have.role.description = "";
    have.role.max_session_s = 0;
    have.role.trust = TRUST_IN_OTHER_WORDS;
    have.inline_policies = told_otherwise;
    have.attached_arns = turned;
    difference_wish_digest(wish, arena, &want);
    difference_digest(seen, arena, &have);
    assert_string_equal(wish, seen);
    assert_int_equal(strlen(wish), DIGEST_SIZE - 1);
    assert_int_equal(strspn(wish, "0123456789abcdef"), DIGEST_SIZE - 1);
}

static void the_digest_leaves_out_tags_that_are_aws_own(void **state)
{
    static const struct aws_tag and_aws_own[] = {
        {"aws:cloudformation:stack-name", "s"}, {"team", "shop"}, {"cost", "17"}};
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct want want = want_all();
    struct iam_role_detail have = have_all();
    char wish[DIGEST_SIZE], seen[DIGEST_SIZE];

    (void)state;
    have.role.tags = (struct aws_tags){.items = and_aws_own, .count = COUNT(and_aws_own)};
    difference_wish_digest(wish, arena, &want);
    difference_digest(seen, arena, &have);
    assert_string_equal(wish, seen);
}

static void the_digest_sees_every_change(void **state)
{
    static const struct aws_tag other_value[] = {{"team", "ops"}, {"cost", "17"}};
    static const struct aws_tag other_key[] = {{"crew", "shop"}, {"cost", "17"}};
    static const struct iam_policy other_document[] = {{"Policy1", WRITE}, {"Policy2", WRITE}};
    static const struct iam_policy other_name[] = {{"Policy1", READ}, {"Policy3", WRITE}};
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct iam_role_detail as_it_was = have_all();
    char before[DIGEST_SIZE], after[DIGEST_SIZE];

    (void)state;
    difference_digest(before, arena, &as_it_was);
    for (int thing = 0; thing < 9; thing++) {
        struct iam_role_detail have = have_all();

        switch (thing) {
        case 0:
            have.role.trust = READ;
            break;
        case 1:
            have.role.boundary_arn = NULL;
            break;
        case 2:
            have.role.tags.items = other_value;
            break;
        case 3:
            have.role.tags.count = 1;
            break;
        case 4:
            have.inline_policies = other_document;
            break;
        case 5:
            have.inline_policies = other_name;
            break;
        case 6:
            have.inline_count = 1;
            break;
        case 7:
            have.role.tags.items = other_key;
            break;
        default:
            have.attached_count = 1;
        }
        difference_digest(after, arena, &have);
        assert_string_not_equal(before, after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_of_a_role_as_wanted_is_the_wishs),
        cmocka_unit_test(the_digest_leaves_out_tags_that_are_aws_own),
        cmocka_unit_test(the_digest_sees_every_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
