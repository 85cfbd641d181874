#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/unit/child.h"

/* Under the address sanitizer calloc shall fail as it does elsewhere, not report. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Volatile, or the compiler would see that the requests are absurd. Four quarters wrap around. */
static volatile size_t half = SIZE_MAX / 2, quarter = SIZE_MAX / 4 + 1;

static void asks_for_too_much(void)
{
    memory_alloc(half);
}

static void asks_for_an_overflowing_array(void)
{
    memory_array(quarter, 4);
}

static void resizes_past_the_address_space(void)
{
    static char *volatile bytes; /* valgrind shall find it when the process ends */

    bytes = memory_alloc(1);
    bytes = memory_resize(bytes, quarter, 4);
}

static void running_out_ends_the_process_with_a_line(void **state)
{
    static void (*const bodies[])(void) = {asks_for_too_much, asks_for_an_overflowing_array,
                                           resizes_past_the_address_space};

    (void)state;
    for (size_t b = 0; b < COUNT(bodies); b++) {
        char said[4096];

        assert_int_equal(child_exit_code(child_run(bodies[b], said, sizeof(said))), EXIT_FAILURE);
        assert_non_null(strstr(said, "podidentity: out of memory ("));
        assert_true(text_ends(said, " bytes)\n"));
    }
}

static void new_memory_is_zeroed(void **state)
{
    static const char zeroes[600];
    AUTO_FREE char *bytes = memory_alloc(sizeof(zeroes));
    AUTO_FREE char *array = memory_array(100, 6);

    (void)state;
    assert_memory_equal(bytes, zeroes, sizeof(zeroes));
    assert_memory_equal(array, zeroes, sizeof(zeroes));
}

static void nothing_is_still_a_pointer(void **state)
{
    AUTO_FREE char *bytes = memory_alloc(0);
    AUTO_FREE char *array = memory_array(0, 8);
    AUTO_FREE char *resized = memory_resize(memory_alloc(8), 0, 0);
    AUTO_FREE char *copy = memory_copy(NULL, 0);

    (void)state;
    assert_non_null(bytes);
    assert_non_null(array);
    assert_non_null(resized);
    assert_non_null(copy);
}

static void resizing_keeps_what_was_there(void **state)
{
    AUTO_FREE char *bytes = memory_string("abc");

    (void)state;
    bytes = memory_resize(bytes, 1000, 100);
    assert_string_equal(bytes, "abc");
}

static void copies_are_their_own(void **state)
{
    static const char source[] = {'a', '\0', 'b'};
    AUTO_FREE char *copy = memory_copy(source, sizeof(source));
    AUTO_FREE char *text = memory_text("abcdef", 3);
    AUTO_FREE char *whole = memory_text("abc", 100);
    AUTO_FREE char *empty = memory_text(NULL, 0);

    (void)state;
    assert_memory_equal(copy, source, sizeof(source));
    assert_string_equal(text, "abc");
    assert_string_equal(whole, "abc");
    assert_string_equal(empty, "");
    assert_null(memory_string(NULL));
}

static void wiping_leaves_zeroes_and_takes_null(void **state)
{
    char secret[] = "secret";

    (void)state;
    memory_wipe(secret, 6);
    assert_memory_equal(secret, "\0\0\0\0\0\0", 6);
    memory_wipe(NULL, 6);
}

static void taking_leaves_null_behind(void **state)
{
    AUTO_FREE char *first = memory_string("abc");
    char *kept = first;
    AUTO_FREE char *second = TAKE(first);

    (void)state;
    assert_null(first);
    assert_ptr_equal(second, kept);
}

static int destroyed;

struct thing {
    int number;
};

static void thing_destroy(struct thing *thing)
{
    destroyed += thing->number;
}
DEFINE_AUTO(struct thing *, thing_destroy);

static void auto_destroys_at_the_end_of_the_scope_but_not_null(void **state)
{
    struct thing one = {1}, two = {2};

    (void)state;
    {
        AUTO(thing_destroy) struct thing *first = &one;
        AUTO(thing_destroy) struct thing *second = &two;
        struct thing *taken = TAKE(second);

        assert_ptr_equal(taken, &two);
        assert_ptr_equal(first, &one);
        assert_int_equal(destroyed, 0);
    }
    assert_int_equal(destroyed, 1);
}

static void container_of_finds_the_struct_around_a_member(void **state)
{
    struct {
        long before;
        struct thing inner;
    } outer;

    (void)state;
    assert_ptr_equal(container_of(&outer.inner, __typeof__(outer), inner), &outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_out_ends_the_process_with_a_line),
        cmocka_unit_test(new_memory_is_zeroed),
        cmocka_unit_test(nothing_is_still_a_pointer),
        cmocka_unit_test(resizing_keeps_what_was_there),
        cmocka_unit_test(copies_are_their_own),
        cmocka_unit_test(wiping_leaves_zeroes_and_takes_null),
        cmocka_unit_test(taking_leaves_null_behind),
        cmocka_unit_test(auto_destroys_at_the_end_of_the_scope_but_not_null),
        cmocka_unit_test(container_of_finds_the_struct_around_a_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
