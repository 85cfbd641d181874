#pragma once

/*
 * Random roles, wished and had, and what AWS makes of a difference: each of its parts done as the
 * API documents it (TagRole merges, keys alike whatever their case; PutRolePolicy replaces; …).
 */

#include "reconcilers/difference.h"
#include "tests/property/generator.h"

struct arena;

enum { ROLE_ITEMS_MAX = 12 };

/* A wish and a role; the role's documents are the wish's, rewritten, mutated or others. */
struct role_pair {
    struct world world;
    struct want want;
    struct iam_role_detail have;
};
/* Texts live in the arena. alike: the role is the wish in other words. */
void role_pair_make(struct role_pair *pair, struct arena *arena, struct random *random, bool alike,
                    struct forms *forms);

/* The role after AWS did what the difference says. */
void role_apply(struct iam_role_detail *role, struct arena *arena, const struct want *want,
                const struct difference *difference);
