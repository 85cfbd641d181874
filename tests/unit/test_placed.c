#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "reconcilers/placed.h"

static struct placed read_back(struct arena *arena, const struct placed *placed)
{
    struct aws_tag tag = {TAG_PLACED, placed_text(arena, placed)};
    struct aws_tags tags = {.items = &tag, .count = 1};
    struct placed read;

    placed_read(&read, &tags);
    return read;
}

static void what_is_written_is_read_back(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    struct placed placed = {0}, read;

    (void)state;
    assert_true(placed_add(&placed, PLACED_TAG, "team"));
    assert_true(placed_add(&placed, PLACED_INLINE_POLICY, "Policy1"));
    assert_false(placed_add(&placed, PLACED_INLINE_POLICY, "Policy1"));
    read = read_back(arena, &placed);
    assert_int_equal(read.count, 2);
    assert_true(placed_has(&read, PLACED_TAG, "team"));
    assert_true(placed_has(&read, PLACED_INLINE_POLICY, "Policy1"));
    assert_false(placed_has(&read, PLACED_ATTACHED_POLICY, "Policy1"));
    assert_false(placed_has(&read, PLACED_INLINE_POLICY, "policy1"));
}

/* IAM takes keys that differ only by case for one. */
static void keys_of_tags_are_alike_whatever_their_case(void **state)
{
    struct placed placed = {0};

    (void)state;
    placed_add(&placed, PLACED_TAG, "Team");
    assert_true(placed_has(&placed, PLACED_TAG, "tEAM"));
}

static void a_full_one_fits_into_a_tag_and_says_so(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    struct placed placed = {0}, read;
    char name[32];

    (void)state;
    for (int i = 0; i < PLACED_MAX; i++) {
        snprintf(name, sizeof(name), "policy-%d", i);
        assert_true(placed_add(&placed, PLACED_INLINE_POLICY, name));
    }
    assert_false(placed.full);
    assert_false(placed_add(&placed, PLACED_INLINE_POLICY, "one more"));
    assert_true(placed.full);
    assert_true(strlen(placed_text(arena, &placed)) <= 256);
    read = read_back(arena, &placed);
    assert_int_equal(read.count, PLACED_MAX);
    assert_true(placed_has(&read, PLACED_INLINE_POLICY, name));
}

static void what_is_no_hash_is_skipped(void **state)
{
    static const char *const values[] = {
        "", " ", "       ", "short", "much-too-long-for-one", "abcdef  ", " abcdef",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct aws_tag tag = {TAG_PLACED, values[i]};
        struct aws_tags tags = {.items = &tag, .count = 1};
        struct placed read;

        placed_read(&read, &tags);
        assert_int_equal(read.count, i >= 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(keys_of_tags_are_alike_whatever_their_case),
        cmocka_unit_test(a_full_one_fits_into_a_tag_and_says_so),
        cmocka_unit_test(what_is_no_hash_is_skipped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
