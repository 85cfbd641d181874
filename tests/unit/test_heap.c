#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/memory.h"

enum { MANY = 2000 };

/* A fixed sequence that is in no order (Knuth's multiplier). */
static uint64_t shuffled(uint64_t i)
{
    return i * 2654435761u % 100003;
}

static void assert_comes_out_in_order(struct heap *heap, size_t expected)
{
    uint64_t before = 0;

    for (; expected > 0; expected--) {
        struct heap_entry *entry = heap_first(heap);

        assert_non_null(entry);
        assert_true(entry->when >= before);
        before = entry->when;
        heap_remove(heap, entry);
        assert_int_equal(entry->place, 0);
    }
    assert_null(heap_first(heap));
}

static void gives_the_smallest_first(void **state)
{
    AUTO_FREE struct heap_entry *entries = memory_array(MANY, sizeof(*entries));
    struct heap heap;

    (void)state;
    heap_init(&heap);
    assert_null(heap_first(&heap));
    for (size_t i = 0; i < MANY; i++)
        heap_put(&heap, &entries[i], shuffled(i));
    assert_comes_out_in_order(&heap, MANY);
    heap_finish(&heap);
}

static void putting_again_moves_up_and_down(void **state)
{
    struct heap_entry entries[9] = {0};
    struct heap heap;

    (void)state;
    heap_init(&heap);
    for (size_t i = 0; i < COUNT(entries); i++)
        heap_put(&heap, &entries[i], 10 * (i + 1));
    heap_put(&heap, &entries[7], 1);
    assert_ptr_equal(heap_first(&heap), &entries[7]);
    heap_put(&heap, &entries[7], 1000);
    assert_ptr_equal(heap_first(&heap), &entries[0]);
    assert_int_equal(heap.count, COUNT(entries));
    assert_comes_out_in_order(&heap, COUNT(entries));
    heap_finish(&heap);
}

static void any_entry_can_be_removed(void **state)
{
    AUTO_FREE struct heap_entry *entries = memory_array(MANY, sizeof(*entries));
    struct heap heap;

    (void)state;
    heap_init(&heap);
    for (size_t i = 0; i < MANY; i++)
        heap_put(&heap, &entries[i], shuffled(i));
    for (size_t i = 0; i < MANY; i += 3)
        heap_remove(&heap, &entries[i]);
    heap_remove(&heap, &entries[0]);
    assert_comes_out_in_order(&heap, MANY - (MANY + 2) / 3);
    heap_finish(&heap);
}

static void finishing_lets_the_entries_go(void **state)
{
    struct heap_entry entry = {0};
    struct heap heap;

    (void)state;
    heap_init(&heap);
    heap_put(&heap, &entry, UINT64_MAX);
    heap_finish(&heap);
    assert_int_equal(entry.place, 0);
    assert_null(heap_first(&heap));
    heap_finish(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_smallest_first),
        cmocka_unit_test(putting_again_moves_up_and_down),
        cmocka_unit_test(any_entry_can_be_removed),
        cmocka_unit_test(finishing_lets_the_entries_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
