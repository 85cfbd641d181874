#pragma once

/*
 * What we put on a thing that others made: policies and tags, remembered in a tag of the thing
 * itself. So a new process, or a cluster that was restored from a backup, still knows what is ours
 * to take back when the spec wants it no more, and what was there before us and stays.
 *
 * The tag's value holds a short hash of each, because a value has 256 characters: 30 bits of
 * SHA-256, which name one of a role's few dozens. Who writes the tag himself gains nothing: he may
 * write to the thing.
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/tags.h"

struct arena;

#define TAG_PLACED "podidentity.io/placed"

/* As many as a tag's 256 characters take, each with a space. */
enum { PLACED_MAX = 36, PLACED_HASH_SIZE = 7 };

enum placed_kind { PLACED_TAG, PLACED_INLINE_POLICY, PLACED_ATTACHED_POLICY };

struct placed {
    char hashes[PLACED_MAX][PLACED_HASH_SIZE];
    size_t count;
    bool full; /* something found no room: it stays when the spec drops it */
};

/* From the tags of the thing; empty when there is no such tag. What is no hash is skipped. */
void placed_read(struct placed *placed, const struct aws_tags *tags);
/* Keys of tags are alike whatever their case. */
bool placed_has(const struct placed *placed, enum placed_kind kind, const char *name);
/* True when it was not there before. */
bool placed_add(struct placed *placed, enum placed_kind kind, const char *name);
/* The value of the tag, in the arena. */
const char *placed_text(struct arena *arena, const struct placed *placed);
