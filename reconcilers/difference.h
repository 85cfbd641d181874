#pragma once

/*
 * Wish against facts: what has to change for AWS to be as wanted. Pure; equal meaning is no
 * difference. The same list is what rows write and what people are shown.
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/eks.h"
#include "aws/iam.h"
#include "reconcilers/want.h"

struct arena;

struct difference {
    bool boundary, trust, role; /* role: description or maximum session duration */
    struct aws_tags tags_put;
    const char *const *tags_removed;
    size_t tags_removed_count;
    const struct iam_policy *policies_put;
    size_t policies_put_count;
    const char *const *policies_deleted;
    size_t policies_deleted_count;
    const char *const *attached;
    size_t attached_count;
    const char *const *detached;
    size_t detached_count;
    const char *const *foreign_denies; /* inline policies of others that only deny: told */
    size_t foreign_denies_count;
};

/* Everything that a role of ours lacks or has too much. have->role.description and max_session_s
 * must be those of GetRole. Lists live in the arena. */
void difference_role(struct difference *difference, struct arena *arena, const struct want *want,
                     const struct iam_role_detail *have);

/* IAM takes keys that differ only by case for one: putting one replaces the other. EKS keeps
 * both. */
enum tag_keys { TAG_KEYS_OF_IAM, TAG_KEYS_OF_EKS };

/* tags_put and tags_removed alone, for associations. aws:* tags are nobody's to remove. */
void difference_tags(struct difference *difference, struct arena *arena,
                     const struct aws_tags *want, const struct aws_tags *have, enum tag_keys keys);

/*
 * What an update of the association must say: role, target role, session tags, session policy;
 * false when it is as wanted. "" where something is to be cleared. An update that turns session
 * tags on clears a policy with them, since want has none then.
 */
bool difference_association(struct eks_association_change *change, struct arena *arena,
                            const struct want *want, const struct eks_association *have);

bool difference_empty(const struct difference *difference);
/* How many lines difference_describe has, or would have without its ceiling. */
size_t difference_count(const struct difference *difference);

/* Sentences for status and logs ("attach arn:…"), NULL-terminated; at most 20 of 512 characters. */
const char *const *difference_describe(struct arena *arena, const struct difference *difference);
/* The same in one text, "; " between them; NULL when nothing differs. */
char *difference_sentence(struct arena *arena, const struct difference *difference);

/*
 * 32 hex digits over what GetAccountAuthorizationDetails shows of a role: trust, boundary, tags
 * (but AWS's own), policies, all by meaning. difference_wish_digest gives the same for a role that
 * is as wanted.
 */
enum { DIGEST_SIZE = 33 };
void difference_digest(char digest[DIGEST_SIZE], struct arena *arena,
                       const struct iam_role_detail *have);
void difference_wish_digest(char digest[DIGEST_SIZE], struct arena *arena, const struct want *want);
