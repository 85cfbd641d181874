#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "kube/object.h"
#include "kube/record.h"

/* A kind of record that has something of everything. */
struct sample {
    struct record record;
    struct kube_meta meta;
    const char *label, *nothing;
    const int64_t *numbers;
    size_t number_count;
    const char *const *names;
};

static void fill(void *record, struct pack *pack, void *context)
{
    struct sample *sample = record;
    const struct sample *from = context;
    int64_t *numbers;

    *sample = *from;
    record_identify_meta(&sample->record, pack, &sample->meta);
    sample->label = pack_string(pack, from->label);
    sample->nothing = pack_string(pack, from->nothing);
    numbers = pack_array(pack, from->number_count, sizeof(*numbers));
    for (size_t i = 0; numbers && i < from->number_count; i++)
        numbers[i] = from->numbers[i];
    sample->numbers = numbers;
    sample->names = pack_list(pack, from->names);
}

static const char *const none[] = {NULL};
static const char *const finalizers[] = {"podidentity.io/aws", "other.example/one", NULL};

static struct sample sample_of(const char *namespace_name)
{
    return (struct sample){
        .meta =
            {
                .namespace_name = namespace_name,
                .name = "cart",
                .uid = "6c1f8d5e",
                .resource_version = "42",
                .generation = 7,
                .deletion_timestamp = "",
                .finalizers = none,
            },
    };
}

static bool inside(const struct sample *sample, const void *pointer)
{
    const char *start = (const char *)sample;

    return (const char *)pointer >= start && (const char *)pointer < start + sample->record.size;
}

static void keeps_everything_in_one_block(void **state)
{
    static const int64_t numbers[] = {1, -2, INT64_MAX};
    static const char *const names[] = {"a", "", "a longer one", NULL};
    struct sample from = sample_of("shop");
    const struct sample *sample;

    (void)state;
    from.label = "odd"; /* four bytes: what follows has to be aligned */
    from.numbers = numbers;
    from.number_count = COUNT(numbers);
    from.names = names;
    from.meta.finalizers = finalizers;
    from.meta.deletion_approved = "2026-11-25T04:15:24Z";
    sample = record_create(sizeof(*sample), fill, &from);

    assert_string_equal(sample->label, "odd");
    assert_true(inside(sample, sample->label) && sample->label != from.label);
    assert_null(sample->nothing);
    assert_int_equal((uintptr_t)sample->numbers % sizeof(int64_t), 0);
    assert_memory_equal(sample->numbers, numbers, sizeof(numbers));
    for (size_t i = 0; i < COUNT(names) - 1; i++) {
        assert_string_equal(sample->names[i], names[i]);
        assert_true(inside(sample, sample->names[i]));
    }
    assert_null(sample->names[3]);
    assert_string_equal(sample->meta.finalizers[1], "other.example/one");
    assert_string_equal(sample->meta.deletion_approved, "2026-11-25T04:15:24Z");
    assert_null(sample->meta.suspended);
    assert_true(inside(sample, sample->meta.finalizers) && inside(sample, sample->meta.uid));
    assert_int_equal(sample->meta.generation, 7);
    record_unref(sample);
}

static void is_keyed_by_namespace_and_name(void **state)
{
    struct sample from = sample_of("shop");
    const struct sample *sample = record_create(sizeof(*sample), fill, &from);

    (void)state;
    assert_string_equal(sample->record.key, "shop/cart");
    assert_string_equal(sample->record.name, "cart");
    assert_string_equal(sample->record.namespace_name, "shop");
    assert_string_equal(sample->record.uid, "6c1f8d5e");
    assert_string_equal(sample->record.resource_version, "42");
    record_unref(sample);
}

static void is_keyed_by_name_alone_when_cluster_scoped(void **state)
{
    struct sample from = sample_of("");
    const struct sample *sample = record_create(sizeof(*sample), fill, &from);

    (void)state;
    assert_string_equal(sample->record.key, "cart");
    assert_string_equal(sample->record.namespace_name, "");
    record_unref(sample);
}

static void takes_no_byte_more_than_it_asked_for(void **state)
{
    struct sample from = sample_of("");
    const struct sample *small = record_create(sizeof(*small), fill, &from);
    const struct sample *large;

    (void)state;
    from.label = "123456789";
    large = record_create(sizeof(*large), fill, &from);
    /* ten bytes and at most the padding of the two arrays behind them */
    assert_in_range(large->record.size - small->record.size, 10, 16);
    record_unref(small);
    record_unref(large);
}

static void lives_until_the_last_reference_goes(void **state)
{
    struct sample from = sample_of("shop");
    const struct sample *sample = record_create(sizeof(*sample), fill, &from);

    (void)state;
    assert_ptr_equal(record_ref(sample), sample);
    assert_int_equal(sample->record.references, 2);
    record_unref(sample);
    assert_string_equal(sample->record.key, "shop/cart");
    record_unref(sample);
    record_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_everything_in_one_block),
        cmocka_unit_test(is_keyed_by_namespace_and_name),
        cmocka_unit_test(is_keyed_by_name_alone_when_cluster_scoped),
        cmocka_unit_test(takes_no_byte_more_than_it_asked_for),
        cmocka_unit_test(lives_until_the_last_reference_goes),
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
