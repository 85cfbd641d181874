#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/records.h"
#include "informers/store.h"
#include "tests/property/random.h"

/* 100,000 ServiceAccounts must cost less than this each, everything counted (design.md 11). */
enum { BYTES_PER_OBJECT_MAX = 200 };

struct thing {
    struct record record;
    const char *colour, *other_colour; /* NULL: not indexed */
};

static void fill(void *record, struct pack *pack, void *context)
{
    struct thing *thing = record;
    const struct thing *from = context;

    record_identify(&thing->record, pack, from->record.namespace_name, from->record.name,
                    from->record.uid, from->record.resource_version);
    thing->colour = pack_string(pack, from->colour);
    thing->other_colour = pack_string(pack, from->other_colour);
}

static const void *thing(const char *name, const char *version, const char *colour,
                         const char *other_colour)
{
    struct thing from = {
        .record =
            {
                .namespace_name = "shop",
                .name = name,
                .uid = "u",
                .resource_version = version,
            },
        .colour = colour,
        .other_colour = other_colour,
    };

    return record_create(sizeof(from), fill, &from);
}

static void colours(const void *record, store_index_add_fn add, void *context)
{
    const struct thing *thing = record;

    if (thing->colour)
        add(context, thing->colour);
    if (thing->other_colour)
        add(context, thing->other_colour);
}

static void namespaces(const void *record, store_index_add_fn add, void *context)
{
    add(context, ((const struct record *)record)->namespace_name);
}

static const struct store_index indices[] = {
    {"colour", colours},
    {"namespace", namespaces},
    {0},
};

static void write_name(void *context, const void *record)
{
    text_printf(context, "%s ", ((const struct record *)record)->name);
}

/* The names an index has under a value, "a b " in the order of keys. */
#define assert_indexed(store, index, value, names)                                                 \
    do {                                                                                           \
        AUTO_TEXT struct text text_ = TEXT_INIT(4096);                                             \
        store_each_with(store, index, value, write_name, &text_);                                  \
        assert_string_equal(text_.bytes, names);                                                   \
    } while (0)

static void holds_the_newest_version_by_key(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(NULL);

    (void)state;
    assert_null(store_get(store, "shop/a"));
    assert_true(store_put(store, thing("a", "1", NULL, NULL)));
    assert_true(store_put(store, thing("a", "2", NULL, NULL)));
    assert_int_equal(store_count(store), 1);
    assert_string_equal(((const struct record *)store_get(store, "shop/a"))->resource_version, "2");
    assert_true(store_remove(store, "shop/a"));
    assert_false(store_remove(store, "shop/a"));
    assert_null(store_get(store, "shop/a"));
}

static void takes_the_same_version_for_no_news(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(indices);
    const void *first = thing("a", "1", "red", NULL);

    (void)state;
    assert_true(store_put(store, first));
    assert_false(store_put(store, thing("a", "1", "red", NULL)));
    assert_int_equal(store_changes(store), 1);
    assert_ptr_equal(store_get(store, "shop/a"), first);
}

static void keeps_what_somebody_still_refers_to(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(indices);
    const struct record *held;

    (void)state;
    store_put(store, thing("a", "1", "red", NULL));
    held = record_ref(store_get(store, "shop/a"));
    store_put(store, thing("a", "2", "blue", NULL));
    store_remove(store, "shop/a");
    assert_string_equal(held->resource_version, "1");
    record_unref(held);
}

static void a_walk_goes_on_behind_the_key_where_it_stopped(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(NULL);

    (void)state;
    assert_null(store_after(store, ""));
    store_put(store, thing("till", "1", NULL, NULL));
    store_put(store, thing("cart", "1", NULL, NULL));
    assert_ptr_equal(store_after(store, ""), store_get(store, "shop/cart"));
    assert_ptr_equal(store_after(store, "shop/cart"), store_get(store, "shop/till"));
    assert_ptr_equal(store_after(store, "shop/gone"), store_get(store, "shop/till"));
    assert_null(store_after(store, "shop/till"));
}

static void moves_a_record_between_index_values(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(indices);

    (void)state;
    store_put(store, thing("b", "1", "red", NULL));
    store_put(store, thing("a", "2", "red", "green"));
    assert_indexed(store, "colour", "red", "a b ");
    assert_indexed(store, "colour", "green", "a ");
    store_put(store, thing("a", "3", "blue", "red"));
    assert_indexed(store, "colour", "red", "a b ");
    assert_indexed(store, "colour", "green", "");
    assert_indexed(store, "colour", "blue", "a ");
    store_put(store, thing("a", "4", NULL, NULL));
    assert_indexed(store, "colour", "red", "b ");
    assert_indexed(store, "colour", "blue", "");
    assert_indexed(store, "namespace", "shop", "a b ");
    store_remove(store, "shop/b");
    assert_indexed(store, "colour", "red", "");
    assert_indexed(store, "namespace", "shop", "a ");
}

static void bears_a_record_that_names_a_value_twice(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(indices);

    (void)state;
    store_put(store, thing("a", "1", "red", "red"));
    assert_indexed(store, "colour", "red", "a ");
    store_put(store, thing("a", "2", "red", NULL));
    assert_indexed(store, "colour", "red", "a ");
    store_remove(store, "shop/a");
    assert_indexed(store, "colour", "red", "");
}

struct told {
    struct text text;
    struct store *store;
};

/* "+a@2 ~b@1>3 -c@1 ", and the store has all of it already. */
static void write_change(void *context, const void *before, const void *after)
{
    struct told *told = context;
    const struct record *old = before;
    const struct record *new = after;

    if (old && new)
        text_printf(&told->text, "~%s@%s>%s ", new->name, old->resource_version,
                    new->resource_version);
    else
        text_printf(&told->text, "%c%s@%s ", old ? '-' : '+', (old ? old : new)->name,
                    (old ? old : new)->resource_version);
    assert_string_equal(((const struct record *)store_get(told->store, "shop/z"))->resource_version,
                        "9");
    assert_indexed(told->store, "colour", "gone", "");
}

static void replaces_all_at_once_and_tells_each_difference(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(indices);
    struct told told = {.text = TEXT_INIT(4096), .store = store};
    struct records fresh = {0};
    const void *same = thing("d", "1", "red", NULL);
    uint64_t changes;

    (void)state;
    store_put(store, thing("b", "1", "red", NULL));
    store_put(store, thing("c", "1", "gone", NULL));
    store_put(store, same);
    store_put(store, thing("x", "1", "gone", NULL));
    changes = store_changes(store);
    record_unref(records_put(&fresh, thing("z", "9", "blue", NULL)));
    record_unref(records_put(&fresh, thing("a", "2", "red", NULL)));
    record_unref(records_put(&fresh, thing("b", "3", "blue", NULL)));
    record_unref(records_put(&fresh, thing("d", "1", "red", NULL)));
    store_replace(store, &fresh, write_change, &told);

    assert_string_equal(told.text.bytes, "+a@2 ~b@1>3 -c@1 -x@1 +z@9 ");
    assert_int_equal(store_changes(store) - changes, 5);
    assert_int_equal(fresh.count, 0);
    assert_int_equal(store_count(store), 4);
    assert_ptr_equal(store_get(store, "shop/d"), same);
    assert_indexed(store, "colour", "red", "a d ");
    assert_indexed(store, "colour", "blue", "b z ");
    assert_indexed(store, "namespace", "shop", "a b d z ");
    text_finish(&told.text);
}

static void tells_of_an_object_made_again_under_its_name(void **state)
{
    AUTO(store_destroy) struct store *store = store_create(indices);
    struct thing again = {
        .record = {
            .namespace_name = "shop", .name = "a", .uid = "another", .resource_version = "1"}};

    (void)state;
    store_put(store, thing("a", "1", NULL, NULL));
    assert_true(store_put(store, record_create(sizeof(again), fill, &again)));
    assert_string_equal(((const struct record *)store_get(store, "shop/a"))->uid, "another");
}

/* Puts and removes at random; the indices must say what a walk over all records says. */
static void keeps_indices_in_step_through_a_random_walk(void **state)
{
    static const char *const values[] = {NULL, "red", "green", "blue"};
    AUTO(store_destroy) struct store *store = store_create(indices);
    int colour_of[50];
    struct random numbers = {7};

    (void)state;
    memset(colour_of, -1, sizeof(colour_of));
    for (unsigned step = 0; step < 5000; step++) {
        size_t i = random_below(&numbers, COUNT(colour_of));
        size_t colour = random_below(&numbers, COUNT(values) + 1);
        char name[8], key[16], version[16];

        snprintf(name, sizeof(name), "n%02zu", i);
        snprintf(key, sizeof(key), "shop/%s", name);
        snprintf(version, sizeof(version), "%u", step);
        if (colour == COUNT(values)) {
            assert_int_equal(store_remove(store, key), colour_of[i] >= 0);
            colour_of[i] = -1;
        } else {
            assert_true(store_put(store, thing(name, version, values[colour], NULL)));
            colour_of[i] = (int)colour;
        }
        for (unsigned value = 1; value < COUNT(values) && step % 50 == 0; value++) {
            AUTO_TEXT struct text want = TEXT_INIT(4096);

            for (unsigned n = 0; n < COUNT(colour_of); n++)
                if (colour_of[n] == (int)value)
                    text_printf(&want, "n%02u ", n);
            assert_indexed(store, "colour", values[value], want.bytes);
        }
    }
}

static void fill_metadata(void *record, struct pack *pack, void *context)
{
    struct metadata *metadata = record;
    const struct record *from = context;

    record_identify(&metadata->record, pack, from->namespace_name, from->name, from->uid,
                    from->resource_version);
}

static void holds_100000_service_accounts_in_little_memory(void **state)
{
    enum { COUNT_OF_THEM = 100000 };
    AUTO(store_destroy) struct store *store = store_create(NULL);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    size_t each;

    (void)state;
    for (unsigned i = 0; i < COUNT_OF_THEM; i++) {
        char name[32], version[16];
        struct record from = {.namespace_name = "team-blue-production",
                              .name = name,
                              .uid = "0a7a2c1e-5e3b-4a57-9df1-2f0b6f4f8f11",
                              .resource_version = version};

        snprintf(name, sizeof(name), "service-account-%06u", i);
        snprintf(version, sizeof(version), "%u", 1000000 + i);
        store_put(store, record_create(sizeof(struct metadata), fill_metadata, &from));
    }
    each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / COUNT_OF_THEM;
    if (each) /* sanitizers and valgrind bring an allocator that does not count */
        print_message("%zu bytes for each of %d ServiceAccounts (ceiling %d)\n", each,
                      COUNT_OF_THEM, BYTES_PER_OBJECT_MAX);
    assert_int_equal(store_count(store), COUNT_OF_THEM);
    assert_in_range(each, 0, BYTES_PER_OBJECT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_newest_version_by_key),
        cmocka_unit_test(takes_the_same_version_for_no_news),
        cmocka_unit_test(keeps_what_somebody_still_refers_to),
        cmocka_unit_test(a_walk_goes_on_behind_the_key_where_it_stopped),
        cmocka_unit_test(moves_a_record_between_index_values),
        cmocka_unit_test(bears_a_record_that_names_a_value_twice),
        cmocka_unit_test(replaces_all_at_once_and_tells_each_difference),
        cmocka_unit_test(tells_of_an_object_made_again_under_its_name),
        cmocka_unit_test(keeps_indices_in_step_through_a_random_walk),
        cmocka_unit_test(holds_100000_service_accounts_in_little_memory),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
