#include "reconcilers/adoption.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/placed.h"
#include "reconcilers/work.h"

/* Tags ----------------------------------------------------------------------------------------- */

static bool is_ours(const struct placed *placed, const char *key)
{
    return text_starts(key, TAG_PREFIX) || placed_has(placed, PLACED_TAG, key);
}

/* The wish with the origin that an adopted thing has. */
static struct aws_tags as_adopted(struct arena *arena, const struct aws_tags *want)
{
    struct aws_tag *tags = arena_array(arena, want->count + 1, sizeof(*tags));

    for (size_t i = 0; i < want->count; i++)
        tags[i] = text_equal(want->items[i].key, TAG_ORIGIN)
                      ? (struct aws_tag){TAG_ORIGIN, ORIGIN_ADOPTED}
                      : want->items[i];
    return (struct aws_tags){.items = tags, .count = want->count};
}

/* Of what is too much, only what is ours. */
static void keep_foreign(struct difference *difference, struct arena *arena,
                         const struct placed *placed)
{
    const char **removed = arena_array(arena, difference->tags_removed_count + 1, sizeof(*removed));
    size_t count = 0;

    for (size_t i = 0; i < difference->tags_removed_count; i++) {
        const char *key = difference->tags_removed[i];

        if (!text_equal(key, TAG_PLACED) && is_ours(placed, key))
            removed[count++] = key;
    }
    difference->tags_removed = removed;
    difference->tags_removed_count = count;
}

/* What we put before and is still there or wanted, and what is put now: what is gone is forgotten
 * with the next thing that is put. */
static void note_tags(struct placed *after, const struct placed *before,
                      const struct difference *difference, const struct aws_tags *have)
{
    for (size_t i = 0; i < have->count; i++)
        if (placed_has(before, PLACED_TAG, have->items[i].key))
            placed_add(after, PLACED_TAG, have->items[i].key);
    for (size_t i = 0; i < difference->tags_put.count; i++)
        if (!text_starts(difference->tags_put.items[i].key, TAG_PREFIX))
            placed_add(after, PLACED_TAG, difference->tags_put.items[i].key);
}

static bool is_more(const struct placed *after, const struct placed *before)
{
    size_t known = 0;

    for (size_t i = 0; i < after->count; i++)
        for (size_t j = 0; j < before->count; j++)
            known += strcmp(after->hashes[i], before->hashes[j]) == 0;
    return known < after->count;
}

/* Puts the tag that remembers, where there is more to remember than before. */
static void put_placed(struct difference *difference, struct arena *arena,
                       const struct placed *after, const struct placed *before)
{
    struct aws_tag *put;

    if (!is_more(after, before))
        return;
    put = arena_array(arena, difference->tags_put.count + 1, sizeof(*put));
    if (difference->tags_put.count > 0)
        memcpy(put, difference->tags_put.items, difference->tags_put.count * sizeof(*put));
    put[difference->tags_put.count] = (struct aws_tag){TAG_PLACED, placed_text(arena, after)};
    difference->tags_put.items = put;
    difference->tags_put.count++;
}

void adoption_tags(struct difference *difference, struct arena *arena, const struct aws_tags *want,
                   const struct aws_tags *have, enum tag_keys keys)
{
    struct aws_tags wish = as_adopted(arena, want);
    struct placed before, after = {0};

    placed_read(&before, have);
    difference_tags(difference, arena, &wish, have, keys);
    keep_foreign(difference, arena, &before);
    note_tags(&after, &before, difference, have);
    put_placed(difference, arena, &after, &before);
}

const char *const *adoption_own_keys(struct arena *arena, const struct aws_tags *have,
                                     size_t *count)
{
    const char **keys = arena_array(arena, have->count + 1, sizeof(*keys));
    struct placed placed;

    placed_read(&placed, have);
    *count = 0;
    for (size_t i = 0; i < have->count; i++)
        if (is_ours(&placed, have->items[i].key))
            keys[(*count)++] = have->items[i].key;
    return keys;
}

/* What others changed -------------------------------------------------------------------------- */

static const struct {
    enum facet facet;
    const char *type;
} parts[DRIFT_PARTS] = {
    [DRIFT_ROLE] = {FACET_ROLE, "RoleReady"},
    [DRIFT_ASSOCIATION] = {FACET_ASSOCIATION, "Associated"},
};

bool adoption_is_settled(const struct work *work, enum drift_part part)
{
    const struct condition *before =
        podidentitybinding_condition(&work->binding->status, parts[part].type);

    return before && before->observed_generation == work->binding->meta.generation &&
           (before->status == CONDITION_TRUE || text_equal(before->reason, "Settling") ||
            text_equal(before->reason, "ChangesPending"));
}

void adoption_keep(struct work *work, enum drift_part part, const char *words)
{
    ledger_keep(&work->ledger->kept[part], words);
}

bool adoption_tell_kept(struct work *work, enum drift_part part)
{
    const char *words = work->ledger->kept[part];

    if (!words)
        return false;
    work_pend(work, "%s", words);
    work_find(work, parts[part].facet, CONDITION_FALSE, "ChangesPending", "%s", words);
    return true;
}
