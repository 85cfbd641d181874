#include "reconcilers/adoption.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/placed.h"
#include "reconcilers/policy.h"
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

/* What we put before and is still there, and what is put now: what is gone is forgotten with the
 * next thing that is put. */
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

/* Puts the tag that remembers, where there is more to remember than it says. */
static void put_placed(struct difference *difference, struct arena *arena,
                       const struct placed *after, const struct aws_tags *have)
{
    struct placed said;
    struct aws_tag *put;

    placed_read(&said, have);
    if (!is_more(after, &said))
        return;
    put = arena_array(arena, difference->tags_put.count + 1, sizeof(*put));
    if (difference->tags_put.count > 0)
        memcpy(put, difference->tags_put.items, difference->tags_put.count * sizeof(*put));
    put[difference->tags_put.count] = (struct aws_tag){TAG_PLACED, placed_text(arena, after)};
    difference->tags_put.items = put;
    difference->tags_put.count++;
}

/* All but the tag that remembers, which comes last. */
static void compare_tags(struct difference *difference, struct arena *arena,
                         const struct aws_tags *want, const struct aws_tags *have,
                         enum tag_keys keys, const struct placed *before)
{
    struct aws_tags wish = as_adopted(arena, want);

    difference_tags(difference, arena, &wish, have, keys);
    keep_foreign(difference, arena, before);
}

void adoption_tags(struct difference *difference, struct arena *arena, const struct aws_tags *want,
                   const struct aws_tags *have, enum tag_keys keys)
{
    struct placed before, after = {0};

    placed_read(&before, have);
    compare_tags(difference, arena, want, have, keys, &before);
    note_tags(&after, &before, difference, have);
    put_placed(difference, arena, &after, have);
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

/* Roles ---------------------------------------------------------------------------------------- */

/* A role of ours has nothing of others but policies that only deny (difference.h), so what hangs on
 * one that a former binding left was put by us. */
static void place_all(struct placed *placed, const struct iam_role_detail *have)
{
    for (size_t i = 0; i < have->inline_count; i++)
        if (!policy_only_denies(have->inline_policies[i].document))
            placed_add(placed, PLACED_INLINE_POLICY, have->inline_policies[i].name);
    for (size_t i = 0; i < have->attached_count; i++)
        placed_add(placed, PLACED_ATTACHED_POLICY, have->attached_arns[i]);
    for (size_t i = 0; i < have->role.tags.count; i++)
        if (!text_starts(have->role.tags.items[i].key, TAG_PREFIX) &&
            !text_starts(have->role.tags.items[i].key, "aws:"))
            placed_add(placed, PLACED_TAG, have->role.tags.items[i].key);
}

static void placed_before(struct placed *placed, const struct iam_role_detail *have, bool former)
{
    placed_read(placed, &have->role.tags);
    if (former)
        place_all(placed, have);
}

static bool is_inline_wanted(const struct want *want, const char *name)
{
    return iam_policy_named(want->inline_policies, want->inline_count, name) != NULL;
}

/* Inline policies of others that only deny are among those that stay. */
static void keep_foreign_policies(struct difference *difference, struct arena *arena,
                                  const struct want *want, const struct iam_role_detail *have,
                                  const struct placed *placed)
{
    const char **deleted = arena_array(arena, have->inline_count + 1, sizeof(*deleted));
    const char **detached = arena_array(arena, difference->detached_count + 1, sizeof(*detached));
    size_t deleted_count = 0, detached_count = 0;

    for (size_t i = 0; i < have->inline_count; i++)
        if (!is_inline_wanted(want, have->inline_policies[i].name) &&
            placed_has(placed, PLACED_INLINE_POLICY, have->inline_policies[i].name))
            deleted[deleted_count++] = have->inline_policies[i].name;
    for (size_t i = 0; i < difference->detached_count; i++)
        if (placed_has(placed, PLACED_ATTACHED_POLICY, difference->detached[i]))
            detached[detached_count++] = difference->detached[i];
    difference->policies_deleted = deleted;
    difference->policies_deleted_count = deleted_count;
    difference->detached = detached;
    difference->detached_count = detached_count;
    difference->foreign_denies_count = 0;
}

static void note_policies(struct placed *after, const struct placed *before,
                          const struct difference *difference, const struct iam_role_detail *have)
{
    for (size_t i = 0; i < difference->policies_put_count; i++)
        placed_add(after, PLACED_INLINE_POLICY, difference->policies_put[i].name);
    for (size_t i = 0; i < difference->attached_count; i++)
        placed_add(after, PLACED_ATTACHED_POLICY, difference->attached[i]);
    for (size_t i = 0; i < have->inline_count; i++)
        if (placed_has(before, PLACED_INLINE_POLICY, have->inline_policies[i].name))
            placed_add(after, PLACED_INLINE_POLICY, have->inline_policies[i].name);
    for (size_t i = 0; i < have->attached_count; i++)
        if (placed_has(before, PLACED_ATTACHED_POLICY, have->attached_arns[i]))
            placed_add(after, PLACED_ATTACHED_POLICY, have->attached_arns[i]);
}

bool adoption_difference(struct difference *difference, struct arena *arena,
                         const struct want *want, const struct iam_role_detail *have, bool former)
{
    struct placed before, after = {0};

    placed_before(&before, have, former);
    difference_role(difference, arena, want, have);
    compare_tags(difference, arena, &want->tags, &have->role.tags, TAG_KEYS_OF_IAM, &before);
    keep_foreign_policies(difference, arena, want, have, &before);
    note_policies(&after, &before, difference, have);
    note_tags(&after, &before, difference, &have->role.tags);
    put_placed(difference, arena, &after, &have->role.tags);
    return !after.full;
}

char *adoption_rest(struct arena *arena, const struct want *want,
                    const struct iam_role_detail *have, bool former)
{
    size_t count = 0, room = have->inline_count + have->attached_count + 1;
    const char **rest = arena_array(arena, room, sizeof(*rest));
    struct placed before;

    placed_before(&before, have, former);
    for (size_t i = 0; i < have->inline_count; i++)
        if (!is_inline_wanted(want, have->inline_policies[i].name) &&
            !placed_has(&before, PLACED_INLINE_POLICY, have->inline_policies[i].name))
            rest[count++] = arena_printf(arena, "inline policy %s", have->inline_policies[i].name);
    for (size_t i = 0; i < have->attached_count; i++)
        if (!text_among_first(have->attached_arns[i], want->attached_arns, want->attached_count) &&
            !placed_has(&before, PLACED_ATTACHED_POLICY, have->attached_arns[i]))
            rest[count++] = have->attached_arns[i];
    return count > 0 ? arena_join(arena, rest, count, ", ") : NULL;
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
    work->outcome.kept[part] = words;
}

bool adoption_tell_kept(struct work *work, enum drift_part part)
{
    const char *words = work->have.verified ? work->ledger->kept[part] : work->outcome.kept[part];

    if (!words)
        return false;
    work_pend(work, "%s", words);
    work_find(work, parts[part].facet, CONDITION_FALSE, "ChangesPending", "%s", words);
    return true;
}
