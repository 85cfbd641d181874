#include "reconcilers/difference.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "reconcilers/policy.h"

enum { DESCRIBED_MAX = 20, DESCRIBED_SIZE = 512, DIGESTED_MAX = 1 << 20 };

/* The members of a that are not in b; a list in the arena. */
static const char *const *without(struct arena *arena, const char *const *a, size_t a_count,
                                  const char *const *b, size_t b_count, size_t *count)
{
    const char **left = arena_array(arena, a_count + 1, sizeof(*left));

    *count = 0;
    for (size_t i = 0; i < a_count; i++)
        if (!text_among_first(a[i], b, b_count))
            left[(*count)++] = a[i];
    return left;
}

void difference_tags(struct difference *difference, struct arena *arena,
                     const struct aws_tags *want, const struct aws_tags *have, enum tag_keys keys)
{
    const char *(*get)(const struct aws_tags *, const char *) =
        keys == TAG_KEYS_OF_IAM ? aws_tags_get_any_case : aws_tags_get;
    struct aws_tag *put = arena_array(arena, want->count + 1, sizeof(*put));
    const char **removed = arena_array(arena, have->count + 1, sizeof(*removed));
    size_t put_count = 0, removed_count = 0;

    for (size_t i = 0; i < want->count; i++) {
        const char *value = aws_tags_get(have, want->items[i].key);

        if (!value || !text_equal(value, want->items[i].value))
            put[put_count++] = want->items[i];
    }
    for (size_t i = 0; i < have->count; i++)
        if (!get(want, have->items[i].key) && !text_starts(have->items[i].key, "aws:"))
            removed[removed_count++] = have->items[i].key;
    difference->tags_put = (struct aws_tags){.items = put, .count = put_count};
    difference->tags_removed = removed;
    difference->tags_removed_count = removed_count;
}

static void difference_inline_missing(struct difference *difference, struct arena *arena,
                                      const struct want *want, const struct iam_role_detail *have)
{
    struct iam_policy *put = arena_array(arena, want->inline_count + 1, sizeof(*put));

    for (size_t i = 0; i < want->inline_count; i++) {
        const struct iam_policy *wanted = &want->inline_policies[i];
        const struct iam_policy *found =
            iam_policy_named(have->inline_policies, have->inline_count, wanted->name);

        if (!found || !policy_equal(arena, found->document, wanted->document))
            put[difference->policies_put_count++] = *wanted;
    }
    difference->policies_put = put;
}

static void difference_inline_foreign(struct difference *difference, struct arena *arena,
                                      const struct want *want, const struct iam_role_detail *have)
{
    const char **deleted = arena_array(arena, have->inline_count + 1, sizeof(*deleted));
    const char **denies = arena_array(arena, have->inline_count + 1, sizeof(*denies));

    for (size_t i = 0; i < have->inline_count; i++) {
        const struct iam_policy *found = &have->inline_policies[i];

        if (iam_policy_named(want->inline_policies, want->inline_count, found->name))
            continue;
        if (policy_only_denies(found->document))
            denies[difference->foreign_denies_count++] = found->name;
        else
            deleted[difference->policies_deleted_count++] = found->name;
    }
    difference->policies_deleted = deleted;
    difference->foreign_denies = denies;
}

void difference_role(struct difference *difference, struct arena *arena, const struct want *want,
                     const struct iam_role_detail *have)
{
    const struct iam_role *role = &have->role;

    *difference = (struct difference){
        .boundary = want->boundary_arn && !text_equal(want->boundary_arn, role->boundary_arn),
        .trust = !policy_equal(arena, want->trust, role->trust),
        .role = !text_equal(want->description, role->description) ||
                want->max_session_s != role->max_session_s,
    };
    difference_tags(difference, arena, &want->tags, &role->tags, TAG_KEYS_OF_IAM);
    difference_inline_missing(difference, arena, want, have);
    difference_inline_foreign(difference, arena, want, have);
    difference->attached =
        without(arena, want->attached_arns, want->attached_count, have->attached_arns,
                have->attached_count, &difference->attached_count);
    difference->detached =
        without(arena, have->attached_arns, have->attached_count, want->attached_arns,
                want->attached_count, &difference->detached_count);
}

/* NULL when a is b; else b, or "" to clear it. */
static const char *changed_text(const char *have, const char *want)
{
    if (text_equal(have, want))
        return NULL;
    return want ? want : "";
}

/* EKS may give the text back in another layout. */
static const char *changed_policy(struct arena *arena, const char *have, const char *want)
{
    if (have && want && policy_equal(arena, have, want))
        return NULL;
    return changed_text(have, want);
}

bool difference_association(struct eks_association_change *change, struct arena *arena,
                            const struct want *want, const struct eks_association *have)
{
    *change = (struct eks_association_change){
        .role_arn = changed_text(have->role_arn, want->role_arn),
        .target_role_arn = changed_text(have->target_role_arn, want->target_role_arn),
        .policy = changed_policy(arena, have->policy, want->session_policy),
    };
    if (have->disable_session_tags != want->disable_session_tags)
        change->session_tags =
            want->disable_session_tags ? EKS_SESSION_TAGS_OFF : EKS_SESSION_TAGS_ON;
    return change->role_arn || change->target_role_arn || change->policy ||
           change->session_tags != EKS_SESSION_TAGS_STAY;
}

bool difference_empty(const struct difference *difference)
{
    return difference_count(difference) == 0;
}

size_t difference_count(const struct difference *difference)
{
    return (size_t)(difference->boundary + difference->trust + difference->role) +
           difference->tags_put.count + difference->tags_removed_count +
           difference->policies_put_count + difference->policies_deleted_count +
           difference->attached_count + difference->detached_count;
}

struct description {
    struct arena *arena;
    const char **lines;
    size_t count;
};

static void describe(struct description *description, const char *what, const char *which)
{
    char *line;

    if (description->count == DESCRIBED_MAX)
        return;
    line = arena_printf(description->arena, "%s%s", what, which);
    text_cut(line, DESCRIBED_SIZE);
    description->lines[description->count++] = line;
}

static void describe_all(struct description *description, const char *what,
                         const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        describe(description, what, names[i]);
}

const char *const *difference_describe(struct arena *arena, const struct difference *difference)
{
    struct description lines = {
        .arena = arena, .lines = arena_array(arena, DESCRIBED_MAX + 1, sizeof(*lines.lines))};

    if (difference->boundary)
        describe(&lines, "put the permissions boundary", "");
    if (difference->trust)
        describe(&lines, "write the trust policy", "");
    if (difference->role)
        describe(&lines, "set description and maximum session duration", "");
    for (size_t i = 0; i < difference->tags_put.count; i++)
        describe(&lines, "tag ", difference->tags_put.items[i].key);
    describe_all(&lines, "remove tag ", difference->tags_removed, difference->tags_removed_count);
    for (size_t i = 0; i < difference->policies_put_count; i++)
        describe(&lines, "put inline policy ", difference->policies_put[i].name);
    describe_all(&lines, "delete inline policy ", difference->policies_deleted,
                 difference->policies_deleted_count);
    describe_all(&lines, "attach ", difference->attached, difference->attached_count);
    describe_all(&lines, "detach ", difference->detached, difference->detached_count);
    return lines.lines;
}

char *difference_sentence(struct arena *arena, const struct difference *difference)
{
    const char *const *lines = difference_describe(arena, difference);
    size_t count = difference_count(difference);

    return count > 0 ? arena_join(arena, lines, count < DESCRIBED_MAX ? count : DESCRIBED_MAX, "; ")
                     : NULL;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "trust {...}": a word, perhaps a name, and a document that is too long for printf's taste. */
static const char *line_of(struct arena *arena, const char *word, const char *name,
                           const char *document)
{
    const char *const parts[] = {word, name, document};

    return name ? arena_join(arena, parts, 3, " ")
                : arena_join(arena, (const char *const[]){word, document}, 2, " ");
}

/* Everything GetAccountAuthorizationDetails shows, a line each, in one order whatever AWS's. */
void difference_digest(char digest[DIGEST_SIZE], struct arena *arena,
                       const struct iam_role_detail *have)
{
    size_t count = 0, room = 2 + have->role.tags.count + have->inline_count + have->attached_count;
    const char **lines = arena_array(arena, room, sizeof(*lines));
    AUTO_TEXT struct text all = TEXT_INIT(DIGESTED_MAX);
    char hex[SHA256_HEX_SIZE];

    lines[count++] = line_of(arena, "trust", NULL, policy_canonical(arena, have->role.trust));
    lines[count++] =
        line_of(arena, "boundary", NULL, have->role.boundary_arn ? have->role.boundary_arn : "");
    for (size_t i = 0; i < have->role.tags.count; i++)
        if (!text_starts(have->role.tags.items[i].key, "aws:")) /* no wish has them */
            lines[count++] = arena_printf(arena, "tag %s=%s", have->role.tags.items[i].key,
                                          have->role.tags.items[i].value);
    for (size_t i = 0; i < have->inline_count; i++)
        lines[count++] = line_of(arena, "inline", have->inline_policies[i].name,
                                 policy_canonical(arena, have->inline_policies[i].document));
    for (size_t i = 0; i < have->attached_count; i++)
        lines[count++] = line_of(arena, "attached", NULL, have->attached_arns[i]);
    qsort(lines, count, sizeof(*lines), compare_lines);
    for (size_t i = 0; i < count; i++) {
        text_add_string(&all, lines[i]);
        text_add_char(&all, '\n');
    }
    encode_sha256_hex(all.bytes, all.length, hex);
    snprintf(digest, DIGEST_SIZE, "%.32s", hex);
}

void difference_wish_digest(char digest[DIGEST_SIZE], struct arena *arena, const struct want *want)
{
    struct iam_role_detail as_wanted = {
        .role = {.trust = want->trust, .boundary_arn = want->boundary_arn, .tags = want->tags},
        .inline_policies = want->inline_policies,
        .inline_count = want->inline_count,
        .attached_arns = want->attached_arns,
        .attached_count = want->attached_count,
    };

    difference_digest(digest, arena, &as_wanted);
}
