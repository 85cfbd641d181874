#include "tests/fake/fake_aws.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

enum { CALL_ARENA_MAX = 64 << 20, LINES_MAX = 1 << 16 };

bool fake_text_set(char **place, const char *text)
{
    bool same = text_equal(*place, text);

    if (!same) {
        free(*place);
        *place = memory_string(text);
    }
    return !same;
}

static struct fake_pair *pair_of(const struct fake_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return &pairs->items[i];
    return NULL;
}

bool fake_pairs_put(struct fake_pairs *pairs, const char *key, const char *value)
{
    struct fake_pair *pair = pair_of(pairs, key);

    if (pair)
        return fake_text_set(&pair->value, value);
    pairs->items = memory_resize(pairs->items, pairs->count + 1, sizeof(*pairs->items));
    pairs->items[pairs->count++] =
        (struct fake_pair){.key = memory_string(key), .value = memory_string(value)};
    return true;
}

bool fake_pairs_remove(struct fake_pairs *pairs, const char *key)
{
    struct fake_pair *pair = pair_of(pairs, key);

    if (!pair)
        return false;
    free(pair->key);
    free(pair->value);
    *pair = pairs->items[--pairs->count];
    return true;
}

const char *fake_pairs_get(const struct fake_pairs *pairs, const char *key)
{
    const struct fake_pair *pair = pair_of(pairs, key);

    return pair ? pair->value : NULL;
}

void fake_pairs_finish(struct fake_pairs *pairs)
{
    while (pairs->count > 0)
        fake_pairs_remove(pairs, pairs->items[0].key);
    free(pairs->items);
}

/* Who is asked. */
static void answer(struct fake_server *server, const struct request *request,
                   struct fake_answer *answer)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(CALL_ARENA_MAX);
    struct fake_call call = {.aws = container_of(server, struct fake_aws, server),
                             .arena = arena,
                             .request = request,
                             .answer = answer};

    answer->status = 200;
    if (request->service == SERVICE_IAM)
        fake_iam_answer(&call);
    else if (request->service == SERVICE_STS)
        fake_sts_answer(&call);
    else
        fake_eks_answer(&call);
}

void fake_aws_init(struct fake_aws *aws, const int64_t *now_ms)
{
    *aws = (struct fake_aws){.server = {.answer = answer},
                             .now_ms = now_ms,
                             .cluster = FAKE_CLUSTER,
                             .issuer = FAKE_ISSUER};
}

void fake_aws_finish(struct fake_aws *aws)
{
    while (aws->role_count > 0)
        fake_iam_forget(aws, aws->roles[0]);
    while (aws->association_count > 0)
        fake_eks_forget(aws, aws->associations[0]);
    fake_oidc_finish(aws);
    fake_addons_finish(aws);
    free(aws->roles);
    free(aws->associations);
}

void fake_aws_reset(struct fake_aws *aws)
{
    aws->effects = (struct fake_counts){0};
    aws->idle_writes = aws->trespasses = aws->gaps = 0;
    aws->idle_operation = NULL;
}

static bool has_target_policy(const struct fake_role *role, const char *target_role_arn)
{
    for (size_t i = 0; i < role->policies.count; i++)
        if (strstr(role->policies.items[i].value, target_role_arn))
            return true;
    return false;
}

/* Is this association of no use with the role of ours that it names? */
static bool is_gap(const struct fake_aws *aws, const struct fake_association *association)
{
    const struct fake_role *role = fake_aws_role_by_arn(aws, association->role_arn);

    if (association->foreign || (role && role->foreign))
        return false;
    if (!role || (association->disable_session_tags && strstr(role->trust, "aws:RequestTag")))
        return true;
    return association->target_role_arn && !has_target_policy(role, association->target_role_arn);
}

/* Every role is looked for by its name: worlds of thousands are for other questions. */
enum { GAPS_LOOKED_FOR_MAX = 64 };

static void count_gaps(struct fake_aws *aws)
{
    if (aws->association_count > GAPS_LOOKED_FOR_MAX)
        return;
    for (size_t i = 0; i < aws->association_count; i++)
        aws->gaps += is_gap(aws, aws->associations[i]);
}

void fake_aws_wrote(struct fake_call *call, bool changed, bool foreign)
{
    struct fake_aws *aws = call->aws;

    if (foreign)
        aws->trespasses++;
    if (changed) {
        fake_counts_add(&aws->effects, call->request->operation);
        count_gaps(aws);
    } else {
        aws->idle_writes++;
        aws->idle_operation = call->request->operation;
    }
}

struct fake_role *fake_aws_role(const struct fake_aws *aws, const char *name)
{
    for (size_t i = 0; i < aws->role_count; i++)
        if (strcasecmp(aws->roles[i]->name, name) == 0)
            return aws->roles[i];
    return NULL;
}

const char *fake_role_arn(struct arena *arena, const struct fake_role *role)
{
    return arena_printf(arena, "arn:aws:iam::" FAKE_ACCOUNT ":role%s%s", role->path, role->name);
}

struct fake_role *fake_aws_role_by_arn(const struct fake_aws *aws, const char *arn)
{
    const char *slash = strrchr(arn, '/');
    struct fake_role *role = slash ? fake_aws_role(aws, slash + 1) : NULL;
    AUTO(arena_destroy) struct arena *arena = arena_create(4096);

    return role && strcmp(fake_role_arn(arena, role), arn) == 0 ? role : NULL;
}

struct fake_association *fake_aws_association(const struct fake_aws *aws,
                                              const char *namespace_name,
                                              const char *service_account)
{
    for (size_t i = 0; i < aws->association_count; i++)
        if (strcmp(aws->associations[i]->namespace_name, namespace_name) == 0 &&
            strcmp(aws->associations[i]->service_account, service_account) == 0)
            return aws->associations[i];
    return NULL;
}

struct fake_role *fake_aws_add_role(struct fake_aws *aws, const char *path, const char *name,
                                    const char *trust)
{
    struct fake_role *role = memory_alloc(sizeof(*role));

    role->name = memory_string(name);
    role->path = memory_string(path);
    role->trust = memory_string(trust);
    role->description = memory_string("");
    role->max_session_s = 3600;
    role->created_ms = *aws->now_ms;
    role->foreign = true;
    aws->roles = memory_resize(aws->roles, aws->role_count + 1, sizeof(*aws->roles));
    aws->roles[aws->role_count++] = role;
    return role;
}

void fake_iam_forget(struct fake_aws *aws, struct fake_role *role)
{
    size_t i = 0;

    while (aws->roles[i] != role)
        i++;
    aws->roles[i] = aws->roles[--aws->role_count];
    free(role->name);
    free(role->path);
    free(role->trust);
    free(role->description);
    free(role->boundary);
    fake_pairs_finish(&role->tags);
    fake_pairs_finish(&role->policies);
    fake_pairs_finish(&role->attached);
    fake_pairs_finish(&role->profiles);
    free(role);
}

struct fake_association *fake_aws_add_association(struct fake_aws *aws, const char *namespace_name,
                                                  const char *service_account, const char *role_arn)
{
    struct fake_association *association = memory_alloc(sizeof(*association));
    char id[] = "a-00000000";

    for (unsigned rest = ++aws->ids, i = 9; rest > 0; rest /= 10, i--)
        id[i] = (char)('0' + rest % 10);
    association->namespace_name = memory_string(namespace_name);
    association->service_account = memory_string(service_account);
    association->role_arn = memory_string(role_arn);
    association->id = memory_string(id);
    association->created_ms = association->modified_ms = *aws->now_ms;
    association->foreign = true;
    aws->associations =
        memory_resize(aws->associations, aws->association_count + 1, sizeof(*aws->associations));
    aws->associations[aws->association_count++] = association;
    return association;
}

void fake_eks_forget(struct fake_aws *aws, struct fake_association *association)
{
    size_t i = 0;

    while (aws->associations[i] != association)
        i++;
    aws->associations[i] = aws->associations[--aws->association_count];
    free(association->namespace_name);
    free(association->service_account);
    free(association->role_arn);
    free(association->id);
    free(association->owner_arn);
    free(association->token);
    free(association->target_role_arn);
    free(association->policy);
    fake_pairs_finish(&association->tags);
    free(association);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct lines {
    struct arena *arena;
    const char **list;
    size_t count;
};

/* When a role was retired is a time like any other. */
static void add_pairs(struct lines *lines, const char *of, const char *what,
                      const struct fake_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *value = pairs->items[i].value;

        assert(lines->count < LINES_MAX);
        if (text_ends(pairs->items[i].key, "/retired-at"))
            value = "(a time)";
        lines->list[lines->count++] =
            arena_printf(lines->arena, "%s %s %s %s", of, what, pairs->items[i].key, value);
    }
}

static void add_role(struct lines *lines, const struct fake_role *role)
{
    const char *arn = fake_role_arn(lines->arena, role);

    lines->list[lines->count++] = arena_printf(
        lines->arena, "%s trust %s description %s boundary %s session %lld", arn, role->trust,
        role->description, role->boundary ? role->boundary : "-", (long long)role->max_session_s);
    add_pairs(lines, arn, "tag", &role->tags);
    add_pairs(lines, arn, "inline", &role->policies);
    add_pairs(lines, arn, "attached", &role->attached);
    add_pairs(lines, arn, "profile", &role->profiles);
}

static void add_association(struct lines *lines, const struct fake_association *association)
{
    const char *of = arena_printf(lines->arena, "association %s/%s", association->namespace_name,
                                  association->service_account);

    lines->list[lines->count++] =
        arena_printf(lines->arena, "%s role %s owner %s", of, association->role_arn,
                     association->owner_arn ? association->owner_arn : "-");
    if (association->disable_session_tags || association->target_role_arn || association->policy)
        lines->list[lines->count++] =
            arena_printf(lines->arena, "%s target %s session tags %s policy %s", of,
                         association->target_role_arn ? association->target_role_arn : "-",
                         association->disable_session_tags ? "off" : "on",
                         association->policy ? association->policy : "-");
    add_pairs(lines, of, "tag", &association->tags);
}

static void add_provider(struct lines *lines, const struct fake_provider *provider)
{
    lines->list[lines->count++] = provider->arn;
    add_pairs(lines, provider->arn, "client", &provider->client_ids);
    add_pairs(lines, provider->arn, "tag", &provider->tags);
}

static void add_addon(struct lines *lines, const struct fake_addon *addon)
{
    const char *of = arena_printf(lines->arena, "addon %s", addon->name);

    lines->list[lines->count++] = arena_printf(lines->arena, "%s %s role %s", of, addon->status,
                                               addon->role_arn ? addon->role_arn : "-");
    add_pairs(lines, of, "association", &addon->associations);
    add_pairs(lines, of, "tag", &addon->tags);
}

void fake_aws_describe(const struct fake_aws *aws, struct text *text)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(CALL_ARENA_MAX);
    struct lines lines = {.arena = arena,
                          .list = arena_array(arena, LINES_MAX, sizeof(*lines.list))};

    for (size_t i = 0; i < aws->role_count; i++)
        add_role(&lines, aws->roles[i]);
    for (size_t i = 0; i < aws->association_count; i++)
        add_association(&lines, aws->associations[i]);
    for (size_t i = 0; i < aws->provider_count; i++)
        add_provider(&lines, aws->providers[i]);
    for (size_t i = 0; i < aws->addon_count; i++)
        add_addon(&lines, aws->addons[i]);
    qsort(lines.list, lines.count, sizeof(*lines.list), compare_lines);
    for (size_t i = 0; i < lines.count; i++)
        text_printf(text, "%s\n", lines.list[i]);
}

void fake_aws_drop_role(struct fake_aws *aws, const char *name)
{
    fake_iam_forget(aws, fake_aws_role(aws, name));
}

void fake_aws_drop_association(struct fake_aws *aws, const char *namespace_name,
                               const char *service_account)
{
    fake_eks_forget(aws, fake_aws_association(aws, namespace_name, service_account));
}
