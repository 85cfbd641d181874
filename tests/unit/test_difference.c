#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "reconcilers/difference.h"

enum { ARENA_MAX = 8 << 20, DESCRIBED_MAX = 20, DESCRIBED_SIZE = 512 };

#define TRUST "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":\"sts:AssumeRole\"}]}"
#define TRUST_IN_OTHER_WORDS                                                                       \
    "{\"Statement\":{\"Action\":[\"STS:assumerole\"]}, \"Version\":\"2012-10-17\"}"
#define READ "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"}}"
#define READ_IN_OTHER_WORDS "{\"Statement\":[{\"Action\":[\"S3:GetObject\"],\"Effect\":\"Allow\"}]}"
#define WRITE "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:PutObject\"}}"
#define DENY "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\"}}"

static const struct aws_tag tags[] = {{"team", "shop"}, {"cost", "17"}};
static const struct iam_policy policies[] = {{"Policy1", READ}, {"Policy2", WRITE}};
static const char *const arns[] = {"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"};

static struct want want_all(void)
{
    return (struct want){
        .managed = true,
        .role_name = "shop_cart",
        .trust = TRUST,
        .description = "for the cart",
        .boundary_arn = "arn:aws:iam::111122223333:policy/edge",
        .max_session_s = 3600,
        .inline_policies = policies,
        .inline_count = COUNT(policies),
        .attached_arns = arns,
        .attached_count = COUNT(arns),
        .tags = {.items = tags, .count = COUNT(tags)},
    };
}

/* The role as wanted. */
static struct iam_role_detail have_all(void)
{
    return (struct iam_role_detail){
        .role = {.name = "shop_cart",
                 .trust = TRUST,
                 .description = "for the cart",
                 .boundary_arn = "arn:aws:iam::111122223333:policy/edge",
                 .max_session_s = 3600,
                 .tags = {.items = tags, .count = COUNT(tags)}},
        .inline_policies = policies,
        .inline_count = COUNT(policies),
        .attached_arns = arns,
        .attached_count = COUNT(arns),
    };
}

static struct difference differ(struct arena *arena, const struct want *want,
                                const struct iam_role_detail *have)
{
    struct difference difference;

    difference_role(&difference, arena, want, have);
    return difference;
}

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

static void says_every_change_in_a_sentence(void **state)
{
    static const char *const sentences[] = {
        "put the permissions boundary",
        "write the trust policy",
        "set description and maximum session duration",
        "tag team",
        "tag cost",
        "remove tag old",
        "put inline policy Policy1",
        "put inline policy Policy2",
        "delete inline policy Theirs",
        "attach arn:aws:iam::aws:policy/A",
        "attach arn:aws:iam::aws:policy/B",
        "detach arn:aws:iam::aws:policy/C",
    };
    static const struct aws_tag old[] = {{"old", "1"}};
    static const struct iam_policy theirs[] = {{"Theirs", READ}};
    static const char *const attached[] = {"arn:aws:iam::aws:policy/C"};
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const struct want want = want_all();
    const struct iam_role_detail have = {
        .role = {.trust = READ, .description = "", .tags = {.items = old, .count = 1}},
        .inline_policies = theirs,
        .inline_count = 1,
        .attached_arns = attached,
        .attached_count = 1,
    };
    const struct difference difference = differ(arena, &want, &have);
    const char *const *lines = difference_describe(arena, &difference);

    (void)state;
    for (size_t i = 0; i < COUNT(sentences); i++)
        assert_string_equal(lines[i], sentences[i]);
    assert_null(lines[COUNT(sentences)]);
}

static void sentences_are_few_and_short(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
    const char *names[DESCRIBED_MAX + 10];
    struct difference difference = {.attached = names, .attached_count = COUNT(names)};
    const char *const *lines;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        names[i] = arena_printf(arena, "%0600zu", i);
    lines = difference_describe(arena, &difference);
    for (; lines[count]; count++)
        assert_true(strlen(lines[count]) <= DESCRIBED_SIZE);
    assert_int_equal(count, DESCRIBED_MAX);
}

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
        cmocka_unit_test(says_every_change_in_a_sentence),
        cmocka_unit_test(sentences_are_few_and_short),
        cmocka_unit_test(the_digest_of_a_role_as_wanted_is_the_wishs),
        cmocka_unit_test(the_digest_leaves_out_tags_that_are_aws_own),
        cmocka_unit_test(the_digest_sees_every_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
