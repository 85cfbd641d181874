#include "reconcilers/survey.h"

#include <stdio.h>
#include <string.h>

#include "aws/addons.h"
#include "aws/eks.h"
#include "aws/faults.h"
#include "aws/iam.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* EKS offers some sixty add-ons; a trust policy has at most 8 kB. */
enum { ARENA_MAX = 32 << 20, ADDONS_MAX = 200, SERVICE_ACCOUNT_SIZE = 600 };

struct used {
    char *addon, *role_arn;
    char *trust; /* NULL: the role does not exist, or is not ours to read */
};

/* What is known of the add-ons; one for bindings, one that is being filled. */
struct sight {
    enum agent_state agent;
    char *trouble;
    struct used *used;
    size_t used_count, addons;
};

struct survey {
    struct scene *scene;
    struct transport *transport;
    bool manage_agent, busy;
    struct sight now, next;
    struct work work;
    const char *names[ADDONS_MAX]; /* in the work's arena */
    size_t name_count, name_next, trust_next;
    survey_done_fn done;
    void *context;
};

static void sight_finish(struct sight *sight)
{
    for (size_t i = 0; i < sight->used_count; i++) {
        free(sight->used[i].addon);
        free(sight->used[i].role_arn);
        free(sight->used[i].trust);
    }
    free(sight->used);
    free(sight->trouble);
    *sight = (struct sight){0};
}

struct survey *survey_create(struct scene *scene, struct transport *transport, bool manage_agent)
{
    struct survey *survey = memory_alloc(sizeof(*survey));

    survey->scene = scene;
    survey->transport = transport;
    survey->manage_agent = manage_agent;
    return survey;
}

void survey_destroy(struct survey *survey)
{
    if (!survey)
        return;
    if (survey->busy)
        arena_destroy(survey->work.arena);
    sight_finish(&survey->now);
    sight_finish(&survey->next);
    free(survey);
}

/* Reading -------------------------------------------------------------------------------------- */

static struct survey *survey_of(struct work *work)
{
    return container_of(work, struct survey, work);
}

static const char *cluster(const struct work *work)
{
    return work->scene->settings.cluster_name;
}

static enum verdict cluster_ask(struct work *work, struct request *request)
{
    eks_describe_cluster(work->arena, request, cluster(work));
    return VERDICT_SEND;
}

static enum verdict cluster_answer(struct work *work, const struct reply *reply)
{
    struct eks_cluster found;

    if (!row_good(work, reply) || !eks_read_cluster(work->arena, reply, &found, &work->error))
        return VERDICT_FAIL;
    survey_of(work)->next.agent = found.auto_mode ? AGENT_AUTO_MODE : AGENT_MISSING;
    return VERDICT_NEXT;
}

static enum verdict list_ask(struct work *work, struct request *request)
{
    addon_list(work->arena, request, cluster(work), work->have.marker);
    return VERDICT_SEND;
}

static enum verdict list_answer(struct work *work, const struct reply *reply)
{
    struct survey *survey = survey_of(work);
    struct addon_page page;

    if (!row_good(work, reply) || !addon_read_page(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    for (size_t i = 0; i < page.count && survey->name_count < ADDONS_MAX; i++)
        survey->names[survey->name_count++] = page.names[i];
    survey->next.addons = survey->name_count;
    work->have.marker = page.next_token;
    return page.next_token ? VERDICT_REPEAT : VERDICT_NEXT;
}

static enum verdict addon_ask(struct work *work, struct request *request)
{
    struct survey *survey = survey_of(work);

    if (survey->name_next == survey->name_count)
        return VERDICT_NEXT;
    addon_describe(work->arena, request, cluster(work), survey->names[survey->name_next]);
    return VERDICT_SEND;
}

static void read_agent(struct sight *sight, const struct addon *addon)
{
    static const char *const coming[] = {"CREATING", NULL};
    static const char *const failing[] = {"CREATE_FAILED", "DEGRADED", "DELETE_FAILED", NULL};
    static const char *const going[] = {"DELETING", NULL};

    if (sight->agent == AGENT_AUTO_MODE)
        return;
    sight->agent = text_among(addon->status, coming)    ? AGENT_COMING
                   : text_among(addon->status, failing) ? AGENT_FAILING
                   : text_among(addon->status, going)   ? AGENT_MISSING
                                                        : AGENT_PRESENT;
    if (sight->agent == AGENT_FAILING && addon->issue_count > 0)
        sight->trouble = memory_string(addon->issues[0].message ? addon->issues[0].message
                                                                : addon->issues[0].code);
}

static void add_used(struct sight *sight, const struct addon *addon)
{
    sight->used = memory_resize(sight->used, sight->used_count + 1, sizeof(*sight->used));
    sight->used[sight->used_count++] =
        (struct used){.addon = memory_string(addon->name),
                      .role_arn = memory_string(addon->service_account_role_arn)};
}

static enum verdict addon_answer(struct work *work, const struct reply *reply)
{
    struct survey *survey = survey_of(work);
    struct addon addon;

    survey->name_next++;
    if (!row_good(work, reply))
        return row_gone(work) ? VERDICT_REPEAT /* removed since it was listed */ : VERDICT_FAIL;
    if (!addon_read(work->arena, reply, &addon, &work->error))
        return VERDICT_FAIL;
    if (text_equal(addon.name, ADDON_AGENT))
        read_agent(&survey->next, &addon);
    if (addon.service_account_role_arn)
        add_used(&survey->next, &addon);
    return VERDICT_REPEAT;
}

/* An add-on tells its role but not its ServiceAccount: the role's trust names that. */
static enum verdict trust_ask(struct work *work, struct request *request)
{
    struct survey *survey = survey_of(work);
    const char *role_arn;

    if (survey->trust_next == survey->next.used_count)
        return VERDICT_NEXT;
    role_arn = survey->next.used[survey->trust_next].role_arn;
    iam_get_role(work->arena, request, strrchr(role_arn, '/') ? strrchr(role_arn, '/') + 1 : "");
    return VERDICT_SEND;
}

static enum verdict trust_answer(struct work *work, const struct reply *reply)
{
    struct survey *survey = survey_of(work);
    struct used *used = &survey->next.used[survey->trust_next++];
    struct iam_role role;

    if (!row_good(work, reply)) {
        if (work->error.kind != ERROR_REFUSED)
            return VERDICT_FAIL;
        error_clear(&work->error); /* then only the role itself is known to be used */
        return VERDICT_REPEAT;
    }
    if (!iam_read_role(work->arena, reply, &role, &work->error))
        return VERDICT_FAIL;
    used->trust = memory_string(role.trust);
    return VERDICT_REPEAT;
}

static enum verdict create_ask(struct work *work, struct request *request)
{
    static struct aws_tag tags[2];
    struct addon_wish wish = {.name = ADDON_AGENT};
    char token[SHA256_HEX_SIZE];
    const char *intent = arena_printf(work->arena, "%s %lld", ADDON_AGENT, (long long)work->now_ms);

    if (!survey_of(work)->manage_agent || survey_of(work)->next.agent != AGENT_MISSING ||
        !work->scene->account.known)
        return VERDICT_NEXT;
    tags[0] = (struct aws_tag){.key = TAG_MANAGED, .value = "true"};
    tags[1] = (struct aws_tag){.key = TAG_CLUSTER, .value = work->scene->account.cluster_arn};
    wish.tags = (struct aws_tags){.items = tags, .count = COUNT(tags)};
    encode_sha256_hex(intent, strlen(intent), token);
    wish.client_request_token = arena_string(work->arena, token);
    addon_create(work->arena, request, cluster(work), &wish);
    return VERDICT_SEND;
}

static enum verdict create_answer(struct work *work, const struct reply *reply)
{
    struct survey *survey = survey_of(work);

    if (!row_good(work, reply)) {
        /* The code alone: each attempt has a request id of its own, which is no news. */
        if (work->error.kind == ERROR_REFUSED && !aws_already_exists(&work->error))
            survey->next.trouble = memory_string(work->error.code);
        if (!aws_already_exists(&work->error))
            return VERDICT_FAIL;
        error_clear(&work->error); /* somebody was faster */
    }
    survey->next.agent = AGENT_COMING;
    survey->next.addons++;
    return VERDICT_NEXT;
}

static const struct step survey_plan[] = {
    {"DescribeCluster", cluster_ask, cluster_answer, FACET_ROLE},
    {"ListAddons", list_ask, list_answer, FACET_ROLE},
    {"DescribeAddon", addon_ask, addon_answer, FACET_ROLE},
    {"GetRole", trust_ask, trust_answer, FACET_ROLE},
    {"CreateAddon", create_ask, create_answer, FACET_ROLE},
    {0},
};

static bool same_used(const struct sight *a, const struct sight *b)
{
    bool same = a->used_count == b->used_count;

    for (size_t i = 0; same && i < a->used_count; i++)
        same = text_equal(a->used[i].role_arn, b->used[i].role_arn) &&
               text_equal(a->used[i].trust, b->used[i].trust);
    return same;
}

static void surveyed(struct work *work)
{
    struct survey *survey = survey_of(work);
    struct error error = work->error;
    /* A failed CreateAddon says nothing about what was read. */
    bool read = !work->failed || text_equal(work->failed->name, "CreateAddon");
    bool changed = false;

    if (read) {
        changed = survey->next.agent != survey->now.agent ||
                  !text_equal(survey->next.trouble, survey->now.trouble) ||
                  !same_used(&survey->next, &survey->now);
        sight_finish(&survey->now);
        survey->now = survey->next;
        survey->next = (struct sight){0};
    }
    sight_finish(&survey->next);
    arena_destroy(work->arena);
    survey->work = (struct work){0};
    survey->busy = false;
    survey->done(survey->context, changed, error.kind != ERROR_NONE ? &error : NULL);
}

void survey_start(struct survey *survey, int64_t now_ms, survey_done_fn done, void *context)
{
    if (survey->busy)
        return;
    survey->busy = true;
    survey->done = done;
    survey->context = context;
    survey->name_count = survey->name_next = survey->trust_next = 0;
    survey->work = (struct work){
        .transport = survey->transport,
        .done = surveyed,
        .arena = arena_create(ARENA_MAX),
        .scene = survey->scene,
        .now_ms = now_ms,
    };
    plan_start(&survey->work, survey_plan);
}

/* Telling -------------------------------------------------------------------------------------- */

enum agent_state survey_agent(const struct survey *survey)
{
    return survey->now.agent;
}

const char *survey_agent_trouble(const struct survey *survey)
{
    return survey->now.trouble ? survey->now.trouble : "";
}

size_t survey_addons(const struct survey *survey)
{
    return survey->now.addons;
}

const char *survey_addon_of(const struct survey *survey, const char *role_arn,
                            const char *namespace_name, const char *service_account)
{
    char subject[SERVICE_ACCOUNT_SIZE];

    snprintf(subject, sizeof(subject), "\"system:serviceaccount:%s:%s\"", namespace_name,
             service_account);
    for (size_t i = 0; i < survey->now.used_count; i++) {
        const struct used *used = &survey->now.used[i];

        if (text_equal(used->role_arn, role_arn) || (used->trust && strstr(used->trust, subject)))
            return used->addon;
    }
    return NULL;
}
