#include "base/map.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

/* Most maps hold a handful of keys; the array doubles whenever keys outnumber buckets. */
enum { BUCKETS_MIN = 16 };

struct entry {
    struct entry *next;
    void *value;
    uint32_t hash;
    char key[];
};

struct map {
    struct entry **buckets;
    size_t room; /* a power of two */
    size_t count;
};

static uint64_t seed[2];

/* Keys are names that users choose: without a secret seed they could choose names that collide. */
static void seed_once(void)
{
    while (seed[0] == 0 && getentropy(seed, sizeof(seed)) != 0)
        continue;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012): short keys, and nobody without the seed can aim at a
 * bucket. Words are read in the machine's order; the value never leaves the process.
 */
static uint32_t hash_key(const char *key, size_t length)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
                     seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573};
    uint64_t word;
    uint64_t last = (uint64_t)length << 56;

    for (; length >= 8; key += 8, length -= 8) {
        memcpy(&word, key, 8);
        sip_word(v, word);
    }
    word = 0;
    memcpy(&word, key, length);
    sip_word(v, last | word);
    v[2] ^= 0xff;
    for (int round = 0; round < 3; round++)
        sip_round(v);
    word = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (uint32_t)(word ^ word >> 32);
}

struct map *map_create(void)
{
    struct map *map = memory_alloc(sizeof(*map));

    seed_once();
    map->room = BUCKETS_MIN;
    map->buckets = memory_array(map->room, sizeof(struct entry *));
    return map;
}

void map_destroy(struct map *map)
{
    if (!map)
        return;
    map_clear(map, NULL);
    free(map->buckets);
    free(map);
}

/* The link that points at the key's entry, or the NULL link where it would go. */
static struct entry **find(const struct map *map, const char *key, uint32_t hash)
{
    struct entry **link = &map->buckets[hash & (map->room - 1)];

    while (*link && ((*link)->hash != hash || strcmp((*link)->key, key) != 0))
        link = &(*link)->next;
    return link;
}

static void grow(struct map *map)
{
    size_t former_room = map->room;
    AUTO_FREE struct entry **former = map->buckets;

    map->room *= 2;
    map->buckets = memory_array(map->room, sizeof(struct entry *));
    for (size_t b = 0; b < former_room; b++) {
        for (struct entry *entry = former[b], *next; entry; entry = next) {
            struct entry **bucket = &map->buckets[entry->hash & (map->room - 1)];

            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
}

uint32_t map_hash(const char *key)
{
    seed_once();
    return hash_key(key, strlen(key));
}

void *map_get(const struct map *map, const char *key)
{
    struct entry *entry = *find(map, key, hash_key(key, strlen(key)));

    return entry ? entry->value : NULL;
}

void *map_put(struct map *map, const char *key, void *value)
{
    size_t length = strlen(key);
    uint32_t hash = hash_key(key, length);
    struct entry **link = find(map, key, hash);
    struct entry *entry = *link;

    assert(value);
    if (entry) {
        void *former = entry->value;

        entry->value = value;
        return former;
    }
    entry = memory_alloc(offsetof(struct entry, key) + length + 1);
    entry->value = value;
    entry->hash = hash;
    memcpy(entry->key, key, length);
    *link = entry;
    if (++map->count > map->room)
        grow(map);
    return NULL;
}

void *map_remove(struct map *map, const char *key)
{
    struct entry **link = find(map, key, hash_key(key, strlen(key)));
    AUTO_FREE struct entry *entry = *link;

    if (!entry)
        return NULL;
    *link = entry->next;
    map->count--;
    return entry->value;
}

size_t map_count(const struct map *map)
{
    return map->count;
}

void map_each(const struct map *map, map_visit_fn visit, void *context)
{
    for (size_t b = 0; b < map->room; b++) {
        for (struct entry *entry = map->buckets[b]; entry; entry = entry->next)
            visit(entry->key, entry->value, context);
    }
}

void map_filter(struct map *map, bool (*keep)(const void *value, const void *context),
                const void *context, void (*destroy)(void *value))
{
    for (size_t b = 0; b < map->room; b++) {
        struct entry **link = &map->buckets[b];

        while (*link) {
            struct entry *entry = *link;

            if (keep(entry->value, context)) {
                link = &entry->next;
                continue;
            }
            *link = entry->next;
            destroy(entry->value);
            free(entry);
            map->count--;
        }
    }
}

void map_clear(struct map *map, void (*destroy)(void *value))
{
    for (size_t b = 0; b < map->room; b++) {
        struct entry *entry = map->buckets[b];

        map->buckets[b] = NULL;
        while (entry) {
            struct entry *next = entry->next;

            if (destroy)
                destroy(entry->value);
            free(entry);
            entry = next;
        }
    }
    map->count = 0;
}
