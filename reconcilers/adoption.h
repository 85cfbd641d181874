#pragma once

/*
 * What was there before us and was taken over: spec.adoptionPolicy Adopt, and a grant. The tags of
 * the thing say so (origin "adopted"), and from then on they decide, not the spec.
 *
 * What always holds: it is never deleted. What others put there stays; only what the spec wants is
 * added or set, and only what we put there (placed.h) is taken away again. It is written to when a
 * person changes the spec, and not to repair what others changed since: that is told. And only
 * while a grant allows the adoption.
 */

#include <stdbool.h>
#include <stddef.h>

#include "reconcilers/difference.h"
#include "reconcilers/ledger.h"

struct work;

#define TAG_PREFIX "podidentity.io/"

/*
 * As difference_tags, for a thing that is adopted or about to be: tags of others stay, the origin
 * is "adopted", and tags_put remembers what is put.
 */
void adoption_tags(struct difference *difference, struct arena *arena, const struct aws_tags *want,
                   const struct aws_tags *have, enum tag_keys keys);

/*
 * As difference_role, for a role that is adopted or about to be; want's trust is the merged one.
 * former: it was made by us for a binding that is gone, so that what hangs on it counts as put by
 * us. False when the tag that remembers is full.
 */
bool adoption_difference(struct difference *difference, struct arena *arena,
                         const struct want *want, const struct iam_role_detail *have, bool former);

/* The policies of others that stay on it, in words, in the arena; NULL: none. */
char *adoption_rest(struct arena *arena, const struct want *want,
                    const struct iam_role_detail *have, bool former);

/* The keys of the tags that are ours on an adopted thing, for letting it go; in the arena. */
const char *const *adoption_own_keys(struct arena *arena, const struct aws_tags *have,
                                     size_t *count);

/* Was this very spec made true of the part before? Then what differs is the work of others. */
bool adoption_is_settled(const struct work *work, enum drift_part part);

/*
 * Tells that a part differs from the spec and stays as it is, in words for a person: the condition
 * is False, ChangesPending, as long as it holds. NULL: it does not differ, or may be written to.
 */
void adoption_keep(struct work *work, enum drift_part part, const char *words);
/* True when it was told so: the condition is set. */
bool adoption_tell_kept(struct work *work, enum drift_part part);
