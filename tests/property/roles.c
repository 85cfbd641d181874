#include "tests/property/roles.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

static const char *const tag_names[] = {"team", "Team", "cost", "podidentity.io/managed",
                                        "podidentity.io/origin"};
static const char *const policy_names[] = {"Policy1", "podidentity-a", "podidentity-b",
                                           "AWSRevokeOlderSessions"};
static const char *const policy_arns[] = {"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B",
                                          "arn:aws:iam::111122223333:policy/a"};
static const char *const boundaries[] = {NULL, "arn:aws:iam::111122223333:policy/edge",
                                         "arn:aws:iam::111122223333:policy/other"};
static const char *const descriptions[] = {"", "for the cart"};

static const char *print_into(struct arena *arena, struct random *random, json_t *tree, bool loose)
{
    char *text = generator_print(random, tree, loose);
    const char *kept = arena_string(arena, text);

    free(text);
    json_decref(tree);
    return kept;
}

static json_t *tree_of(const char *text)
{
    return json_loads(text, 0, NULL);
}

/* The wished document in other words, or something else. */
static const char *document_had(struct arena *arena, struct random *random, const char *wished,
                                bool alike, struct forms *forms)
{
    json_t *tree = tree_of(wished), *other;

    if (alike || random_chance(random, 60)) {
        other = rewriting_of(random, tree, forms);
    } else {
        other = mutation_of(random, tree);
    }
    json_decref(tree);
    return print_into(arena, random, other, true);
}

static const char *document_new(struct arena *arena, struct random *random,
                                const struct world *world, enum document_kind kind,
                                struct forms *forms)
{
    return print_into(arena, random, generator_document(random, world, kind, false, forms), false);
}

/* Tags with the wish's keys in the wish's case, but for those that only the role has. */
static struct aws_tags tags_had(struct arena *arena, struct random *random,
                                const struct aws_tags *wished, bool alike)
{
    struct aws_tag *items = arena_array(arena, ROLE_ITEMS_MAX, sizeof(*items));
    size_t count = 0;

    for (size_t i = wished->count; i > 0; i--) {
        if (alike || random_chance(random, 70)) {
            items[count] = wished->items[i - 1];
            if (!alike && random_chance(random, 30))
                items[count].value = "stale";
            count++;
        }
    }
    for (size_t i = 0; !alike && i < sizeof(tag_names) / sizeof(*tag_names); i++) {
        struct aws_tags so_far = {items, count};

        if (random_chance(random, 20) && !aws_tags_get_any_case(&so_far, tag_names[i]))
            items[count++] = (struct aws_tag){tag_names[i], "mine"};
    }
    if (random_chance(random, 20))
        items[count++] = (struct aws_tag){"aws:cloudformation:stack-name", "s"};
    return (struct aws_tags){items, count};
}

static void want_make(struct role_pair *pair, struct arena *arena, struct random *random,
                      struct forms *forms)
{
    struct want *want = &pair->want;
    struct aws_tag *tags = arena_array(arena, ROLE_ITEMS_MAX, sizeof(*tags));
    struct iam_policy *policies = arena_array(arena, ROLE_ITEMS_MAX, sizeof(*policies));
    const char **arns = arena_array(arena, ROLE_ITEMS_MAX, sizeof(*arns));

    want->managed = true;
    want->role_name = "shop_cart";
    want->trust = document_new(arena, random, &pair->world, DOCUMENT_TRUST, forms);
    want->boundary_arn = RANDOM_PICK(random, boundaries);
    want->description = RANDOM_PICK(random, descriptions);
    want->max_session_s = random_chance(random, 50) ? 3600 : 7200;
    for (size_t i = random_below(random, 2); i < 5; i += 1 + random_below(random, 3)) {
        struct aws_tags so_far = {tags, want->tags.count};

        if (!aws_tags_get_any_case(&so_far, tag_names[i]))
            tags[want->tags.count++] =
                (struct aws_tag){tag_names[i], random_chance(random, 50) ? "a" : "b"};
    }
    for (size_t i = random_below(random, 3); i < 3; i += 1 + random_below(random, 2))
        policies[want->inline_count++] = (struct iam_policy){
            policy_names[i], document_new(arena, random, &pair->world, DOCUMENT_PERMISSION, forms)};
    for (size_t i = random_below(random, 3); i < 3; i += 1 + random_below(random, 2))
        arns[want->attached_count++] = policy_arns[i];
    want->tags.items = tags;
    want->inline_policies = policies;
    want->attached_arns = arns;
}

static void policies_had(struct role_pair *pair, struct arena *arena, struct random *random,
                         bool alike, struct forms *forms)
{
    struct iam_policy *policies = arena_array(arena, ROLE_ITEMS_MAX, sizeof(*policies));
    const char **arns = arena_array(arena, ROLE_ITEMS_MAX, sizeof(*arns));
    struct iam_role_detail *have = &pair->have;

    for (size_t i = 0; i < sizeof(policy_names) / sizeof(*policy_names); i++) {
        const char *wished = NULL;

        for (size_t j = 0; j < pair->want.inline_count; j++) {
            if (!strcmp(pair->want.inline_policies[j].name, policy_names[i]))
                wished = pair->want.inline_policies[j].document;
        }
        if (wished && (alike || random_chance(random, 80)))
            policies[have->inline_count++] = (struct iam_policy){
                policy_names[i], document_had(arena, random, wished, alike, forms)};
        else if (!wished && !alike && random_chance(random, 40))
            policies[have->inline_count++] =
                (struct iam_policy){policy_names[i], document_new(arena, random, &pair->world,
                                                                  DOCUMENT_PERMISSION, forms)};
    }
    if (!alike && random_chance(random, 20))
        arns[have->attached_count++] = "arn:aws:iam::aws:policy/AdministratorAccess";
    for (size_t i = pair->want.attached_count; i > 0; i--) {
        if (alike || random_chance(random, 70))
            arns[have->attached_count++] = pair->want.attached_arns[i - 1];
    }
    if (!alike && random_chance(random, 20))
        arns[have->attached_count++] = "arn:aws:iam::aws:policy/IAMFullAccess";
    have->inline_policies = policies;
    have->attached_arns = arns;
}

void role_pair_make(struct role_pair *pair, struct arena *arena, struct random *random, bool alike,
                    struct forms *forms)
{
    struct iam_role *role = &pair->have.role;

    *pair = (struct role_pair){0};
    world_make(&pair->world, random);
    want_make(pair, arena, random, forms);
    policies_had(pair, arena, random, alike, forms);
    role->name = pair->want.role_name;
    role->trust = document_had(arena, random, pair->want.trust, alike, forms);
    role->boundary_arn = pair->want.boundary_arn;
    role->description = pair->want.description;
    role->max_session_s = pair->want.max_session_s;
    role->tags = tags_had(arena, random, &pair->want.tags, alike);
    if (alike)
        return;
    if (random_chance(random, 20))
        role->boundary_arn = RANDOM_PICK(random, boundaries);
    if (random_chance(random, 20))
        role->description = RANDOM_PICK(random, descriptions);
    if (random_chance(random, 20))
        role->max_session_s = 43200;
}

static bool listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(names[i], name))
            return true;
    }
    return false;
}

/* TagRole and UntagRole: a key replaces its namesake of any case. Removal goes last: it must not
 * take what was just put. */
static void tags_apply(struct aws_tags *tags, struct arena *arena,
                       const struct difference *difference)
{
    struct aws_tag *items = arena_array(arena, 4 * ROLE_ITEMS_MAX, sizeof(*items));
    const struct aws_tags *sources[] = {tags, &difference->tags_put};
    size_t count = 0;

    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < sources[s]->count; i++) {
            size_t at = 0;

            while (at < count && strcasecmp(items[at].key, sources[s]->items[i].key) != 0)
                at++;
            items[at] = sources[s]->items[i];
            count += at == count;
        }
    }
    for (size_t i = 0; i < difference->tags_removed_count; i++) {
        for (size_t at = 0; at < count; at++) {
            if (!strcasecmp(items[at].key, difference->tags_removed[i]))
                items[at--] = items[--count];
        }
    }
    *tags = (struct aws_tags){items, count};
}

static void policies_apply(struct iam_role_detail *role, struct arena *arena,
                           const struct difference *difference)
{
    struct iam_policy *kept = arena_array(arena, 4 * ROLE_ITEMS_MAX, sizeof(*kept));
    size_t count = 0;

    for (size_t i = 0; i < difference->policies_put_count; i++)
        kept[count++] = difference->policies_put[i];
    for (size_t i = 0; i < role->inline_count; i++) {
        const struct iam_policy *policy = &role->inline_policies[i];
        size_t at = 0;

        while (at < difference->policies_put_count && strcmp(kept[at].name, policy->name) != 0)
            at++;
        if (at == difference->policies_put_count &&
            !listed(difference->policies_deleted, difference->policies_deleted_count, policy->name))
            kept[count++] = *policy;
    }
    role->inline_policies = kept;
    role->inline_count = count;
}

void role_apply(struct iam_role_detail *role, struct arena *arena, const struct want *want,
                const struct difference *difference)
{
    const char **arns = arena_array(arena, 4 * ROLE_ITEMS_MAX, sizeof(*arns));
    size_t count = 0;

    if (difference->boundary)
        role->role.boundary_arn = want->boundary_arn;
    if (difference->trust)
        role->role.trust = want->trust;
    if (difference->role) {
        role->role.description = want->description;
        role->role.max_session_s = want->max_session_s;
    }
    tags_apply(&role->role.tags, arena, difference);
    policies_apply(role, arena, difference);
    for (size_t i = 0; i < role->attached_count; i++) {
        if (!listed(difference->detached, difference->detached_count, role->attached_arns[i]))
            arns[count++] = role->attached_arns[i];
    }
    for (size_t i = 0; i < difference->attached_count; i++)
        arns[count++] = difference->attached[i];
    role->attached_arns = arns;
    role->attached_count = count;
}
