#include "reconcilers/placed.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/text.h"

/* A policy's name has 128 characters, an ARN 2,048, a tag's key 128. */
enum { HASH_BITS = 30, NAMED_MAX = 4096 };

static void hash_of(char hash[PLACED_HASH_SIZE], enum placed_kind kind, const char *name)
{
    static const char *const kinds[] = {"tag", "inline", "attached"};
    AUTO_TEXT struct text named = TEXT_INIT(NAMED_MAX);
    unsigned char digest[SHA256_SIZE];

    text_printf(&named, "%s\n", kinds[kind]);
    for (; *name; name++) {
        char byte = kind == PLACED_TAG ? (char)tolower((unsigned char)*name) : *name;

        text_add(&named, &byte, 1);
    }
    encode_sha256(named.bytes, named.length, digest);
    encode_base32(digest, HASH_BITS, hash);
}

void placed_read(struct placed *placed, const struct aws_tags *tags)
{
    const char *rest = aws_tags_get(tags, TAG_PLACED);

    *placed = (struct placed){0};
    while (rest && *rest && placed->count < PLACED_MAX) {
        size_t length = strcspn(rest, " ");

        if (length == PLACED_HASH_SIZE - 1)
            memcpy(placed->hashes[placed->count++], rest, length);
        rest += length + strspn(rest + length, " ");
    }
}

static bool has_hash(const struct placed *placed, const char *hash)
{
    for (size_t i = 0; i < placed->count; i++)
        if (strcmp(placed->hashes[i], hash) == 0)
            return true;
    return false;
}

bool placed_has(const struct placed *placed, enum placed_kind kind, const char *name)
{
    char hash[PLACED_HASH_SIZE];

    hash_of(hash, kind, name);
    return has_hash(placed, hash);
}

bool placed_add(struct placed *placed, enum placed_kind kind, const char *name)
{
    char hash[PLACED_HASH_SIZE];

    hash_of(hash, kind, name);
    if (has_hash(placed, hash))
        return false;
    if (placed->count == PLACED_MAX) {
        placed->full = true;
        return false;
    }
    memcpy(placed->hashes[placed->count++], hash, sizeof(hash));
    return true;
}

const char *placed_text(struct arena *arena, const struct placed *placed)
{
    char *text = arena_alloc(arena, PLACED_MAX * PLACED_HASH_SIZE + 1);
    size_t length = 0;

    for (size_t i = 0; i < placed->count; i++)
        length += (size_t)snprintf(text + length, PLACED_HASH_SIZE + 1, "%s%s", i > 0 ? " " : "",
                                   placed->hashes[i]);
    return text;
}
