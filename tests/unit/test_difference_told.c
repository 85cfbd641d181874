/* A difference in sentences. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "tests/unit/wanted_role.h"

enum { DESCRIBED_MAX = 20, DESCRIBED_SIZE = 512 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_every_change_in_a_sentence),
        cmocka_unit_test(sentences_are_few_and_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
