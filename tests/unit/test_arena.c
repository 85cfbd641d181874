#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "tests/unit/child.h"

enum { CEILING = 100000 };

static void gives_zeroed_aligned_room_of_any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4000, 4096, 20000, 3};
    static const char zeroes[20000];
    AUTO(arena_destroy) struct arena *arena = arena_create(CEILING);

    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++) {
        char *bytes = arena_alloc(arena, sizes[s]);

        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        assert_memory_equal(bytes, zeroes, sizes[s]);
        memset(bytes, 'x', sizes[s]);
    }
}

static void earlier_allocations_stay_as_they_were(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(CEILING);
    char *texts[500];

    (void)state;
    for (int t = 0; t < 500; t++)
        texts[t] = arena_printf(arena, "text number %d", t);
    for (int t = 0; t < 500; t++) {
        char expected[32];

        snprintf(expected, sizeof(expected), "text number %d", t);
        assert_string_equal(texts[t], expected);
    }
}

static void copies_end_with_nul_and_null_stays_null(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(CEILING);

    (void)state;
    assert_string_equal(arena_text(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_text(arena, NULL, 0), "");
    assert_string_equal(arena_string(arena, "abc"), "abc");
    assert_null(arena_string(arena, NULL));
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    assert_int_equal(strlen(arena_printf(arena, "%9000d", 1)), 9000);
}

static void after_a_reset_the_room_is_back_and_zeroed(void **state)
{
    static const char zeroes[64];
    AUTO(arena_destroy) struct arena *arena = arena_create(CEILING);

    (void)state;
    for (int round = 0; round < 5; round++) {
        char *bytes = arena_alloc(arena, sizeof(zeroes));

        assert_memory_equal(bytes, zeroes, sizeof(zeroes));
        memset(bytes, 'x', sizeof(zeroes));
        memset(arena_alloc(arena, 90000), 'x', 90000);
        assert_in_range(arena_used(arena), 90064, 90080);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
        assert_int_equal(arena_room(arena), CEILING);
    }
}

static void every_byte_up_to_the_ceiling_can_be_had(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1001);

    (void)state;
    arena_alloc(arena, 1000);
    assert_true(arena_used(arena) + arena_room(arena) == 1001);
    while (arena_room(arena) > 0)
        arena_alloc(arena, 1);
    arena_alloc(arena, 0);
    assert_int_equal(arena_used(arena), 1001);
}

static void takes_one_byte_too_many(void)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1000);

    arena_alloc(arena, 1001);
}

static void takes_many_small_pieces(void)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(10000);

    for (int i = 0; i < 10001; i++)
        arena_alloc(arena, 1);
}

static void takes_an_overflowing_array(void)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1000);

    arena_array(arena, SIZE_MAX / 2 + 2, 2);
}

static void past_the_ceiling_the_process_ends_with_a_line(void **state)
{
    static void (*const bodies[])(void) = {takes_one_byte_too_many, takes_many_small_pieces,
                                           takes_an_overflowing_array};

    (void)state;
    for (size_t b = 0; b < COUNT(bodies); b++) {
        char said[1024];

        assert_int_equal(child_exit_code(child_run(bodies[b], said, sizeof(said))), EXIT_FAILURE);
        assert_non_null(strstr(said, "podidentity: arena is full"));
    }
}

static void destroying_null_is_fine(void **state)
{
    (void)state;
    arena_destroy(NULL);
}

static void joins_texts_with_a_separator_between(void **state)
{
    static const char *const parts[] = {"a", "", "bc"};
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);

    (void)state;
    assert_string_equal(arena_join(arena, parts, 3, ", "), "a, , bc");
    assert_string_equal(arena_join(arena, parts, 1, ", "), "a");
    assert_string_equal(arena_join(arena, NULL, 0, ", "), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_room_of_any_size),
        cmocka_unit_test(earlier_allocations_stay_as_they_were),
        cmocka_unit_test(copies_end_with_nul_and_null_stays_null),
        cmocka_unit_test(after_a_reset_the_room_is_back_and_zeroed),
        cmocka_unit_test(every_byte_up_to_the_ceiling_can_be_had),
        cmocka_unit_test(past_the_ceiling_the_process_ends_with_a_line),
        cmocka_unit_test(destroying_null_is_fine),
        cmocka_unit_test(joins_texts_with_a_separator_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
