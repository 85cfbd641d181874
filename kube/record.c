#include "kube/record.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kube/object.h"

/* Every array in a record holds pointers, 64-bit numbers or structs of these. */
enum { PACK_ALIGNMENT = 8 };

static void *pack_take(struct pack *pack, size_t size)
{
    char *room = pack->block ? pack->block + pack->used : NULL;

    assert(size <= SIZE_MAX / 2 - pack->used);
    pack->used += size;
    assert(!pack->block || pack->used <= pack->size);
    return room;
}

void *pack_array(struct pack *pack, size_t count, size_t size)
{
    size_t padding = -pack->used & (PACK_ALIGNMENT - 1);

    assert(size == 0 || count <= SIZE_MAX / 4 / size);
    pack_take(pack, padding);
    return pack_take(pack, count * size);
}

const char *pack_string(struct pack *pack, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = text ? pack_take(pack, size) : NULL;

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

const char *const *pack_list(struct pack *pack, const char *const *list)
{
    size_t count = 0;
    const char **copies;

    while (list && list[count])
        count++;
    copies = pack_array(pack, count + 1, sizeof(*copies));
    for (size_t i = 0; i < count; i++) {
        const char *copy = pack_string(pack, list[i]);

        if (copies)
            copies[i] = copy;
    }
    return copies;
}

void record_identify(struct record *record, struct pack *pack, const char *namespace_name,
                     const char *name, const char *uid, const char *resource_version)
{
    size_t prefix = *namespace_name ? strlen(namespace_name) + 1 : 0;
    char *key = pack_take(pack, prefix + strlen(name) + 1);

    if (key) {
        if (prefix) {
            memcpy(key, namespace_name, prefix - 1);
            key[prefix - 1] = '/';
        }
        memcpy(key + prefix, name, strlen(name) + 1);
        record->key = key;
        record->name = key + prefix;
    }
    record->namespace_name = pack_string(pack, namespace_name);
    record->uid = pack_string(pack, uid);
    record->resource_version = pack_string(pack, resource_version);
}

void record_identify_meta(struct record *record, struct pack *pack, struct kube_meta *meta)
{
    record_identify(record, pack, meta->namespace_name, meta->name, meta->uid,
                    meta->resource_version);
    meta->namespace_name = record->namespace_name;
    meta->name = record->name;
    meta->uid = record->uid;
    meta->resource_version = record->resource_version;
    meta->deletion_timestamp = pack_string(pack, meta->deletion_timestamp);
    meta->finalizers = pack_list(pack, meta->finalizers);
    meta->suspended = pack_string(pack, meta->suspended);
    meta->deletion_approved = pack_string(pack, meta->deletion_approved);
}

void *record_create(size_t size, record_fill_fn fill, void *context)
{
    AUTO_FREE void *scratch = memory_alloc(size);
    struct pack counting = {.used = size};
    struct pack copying = {.used = size};
    struct record *record;

    assert(size >= sizeof(struct record));
    fill(scratch, &counting, context);
    /* an object comes in one line or page of at most 16 MiB, so this holds by far */
    assert(counting.used <= UINT_MAX);

    record = memory_alloc(counting.used);
    copying.block = (char *)record;
    copying.size = counting.used;
    fill(record, &copying, context);
    assert(copying.used == copying.size);

    record->references = 1;
    record->size = (unsigned)copying.size;
    return record;
}

/* The count is the only part of a record that moves; nothing else is written after create. */
static struct record *counted(const void *record)
{
    union {
        const void *read_only;
        struct record *record;
    } cast = {.read_only = record};

    return cast.record;
}

const void *record_ref(const void *record)
{
    struct record *held = counted(record);

    assert(held->references > 0 && held->references < UINT_MAX);
    held->references++;
    return record;
}

void record_unref(const void *record)
{
    struct record *held = counted(record);

    if (!held)
        return;
    assert(held->references > 0);
    if (--held->references == 0)
        free(held);
}
