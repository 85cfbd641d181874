#include "reconcilers/sweep.h"

#include <assert.h>
#include <string.h>

#include "aws/eks.h"
#include "aws/faults.h"
#include "aws/iam.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/indices.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* A page of 16 MiB, decoded; and roles a page: 200 with ten kilobytes each stay at 2 MB. */
enum { ARENA_MAX = 128 << 20, ROLES_PER_PAGE = 100 };

/* A page is read in one turn of the loop; its roles are judged some in each of the next ones. */
enum { ROLES_PER_TURN = 20 };

struct sweep {
    struct work work;
    char *marker; /* outlives the arena, which is emptied after each page */
    struct iam_detail_page page;
    size_t judged; /* roles of it */
    bool judging;
    sweep_pause_fn pause; /* NULL: all of a page at once */
    sweep_done_fn done;
    void *context;
};

static struct sweep *sweep_of(struct work *work)
{
    return container_of(work, struct sweep, work);
}

/* The page is read: keep its marker, drop the rest. */
static enum verdict turn_page(struct work *work, const char *marker)
{
    struct sweep *sweep = sweep_of(work);
    char *kept = memory_string(marker);

    free(sweep->marker);
    sweep->marker = kept;
    arena_reset(work->arena);
    return kept ? VERDICT_REPEAT : VERDICT_NEXT;
}

static enum verdict identity_ask(struct work *work, struct request *request)
{
    sts_get_caller_identity(work->arena, request);
    return VERDICT_SEND;
}

/* "arn:aws:sts::1:assumed-role/NAME/SESSION" → NAME; NULL for users. */
static char *role_of_caller(struct arena *arena, const char *arn)
{
    static const char marker[] = ":assumed-role/";
    const char *start = strstr(arn, marker);

    if (!start)
        return NULL;
    start += strlen(marker);
    return arena_text(arena, start, strcspn(start, "/"));
}

static enum verdict identity_answer(struct work *work, const struct reply *reply)
{
    struct account *account = &work->scene->account;
    struct sts_identity identity;

    if (!row_good(work, reply) ||
        !sts_read_caller_identity(work->arena, reply, &identity, &work->error))
        return VERDICT_FAIL;
    free(account->id);
    free(account->caller_role);
    account->id = memory_string(identity.account);
    account->caller_role = memory_string(role_of_caller(work->arena, identity.arn));
    return VERDICT_NEXT;
}

static enum verdict cluster_ask(struct work *work, struct request *request)
{
    eks_describe_cluster(work->arena, request, work->scene->settings.cluster_name);
    return VERDICT_SEND;
}

/* "arn:aws-cn:eks:…" → "aws-cn". */
static char *partition_of(const char *arn)
{
    const char *start = strchr(arn, ':');
    size_t length = start ? strcspn(start + 1, ":") : 0;

    return length > 0 ? memory_text(start + 1, length) : memory_string("aws");
}

static enum verdict cluster_answer(struct work *work, const struct reply *reply)
{
    struct account *account = &work->scene->account;
    struct eks_cluster cluster;

    if (!row_good(work, reply)) {
        if (aws_not_found(&work->error))
            error_set_code(&work->error, ERROR_REFUSED, "ClusterNotFound", "%s",
                           arena_string(work->arena, work->error.text));
        return VERDICT_FAIL;
    }
    if (!eks_read_cluster(work->arena, reply, &cluster, &work->error))
        return VERDICT_FAIL;
    free(account->cluster_arn);
    free(account->partition);
    free(account->issuer);
    account->issuer = memory_string(cluster.issuer);
    account->cluster_arn = memory_string(cluster.arn);
    account->partition = partition_of(cluster.arn);
    arena_reset(work->arena);
    return VERDICT_NEXT;
}

static enum verdict associations_ask(struct work *work, struct request *request)
{
    eks_list_associations(work->arena, request, work->scene->settings.cluster_name, NULL, NULL,
                          sweep_of(work)->marker);
    return VERDICT_SEND;
}

static enum verdict associations_answer(struct work *work, const struct reply *reply)
{
    struct eks_association_page page;

    if (!row_good(work, reply) || !eks_read_associations(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    for (size_t i = 0; i < page.count; i++) {
        const struct eks_association *item = &page.items[i];

        picture_seen_association(work->scene->picture, item->namespace_name, item->service_account,
                                 item->id, item->owner_arn != NULL);
    }
    return turn_page(work, page.next_token);
}

static enum verdict roles_ask(struct work *work, struct request *request)
{
    iam_get_account_details(work->arena, request, ROLES_PER_PAGE, sweep_of(work)->marker);
    return VERDICT_SEND;
}

static void count_record(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

static bool some_binding_names(const struct scene *scene, const char *arn)
{
    size_t count = 0;

    store_each_with(scene->bindings, INDEX_ROLE_ARN, arn, count_record, &count);
    return count > 0;
}

/* The UID of the binding that a role is tagged for; "" when it is none of this cluster's. */
static const char *binding_of(const struct work *work, const struct aws_tags *tags)
{
    const char *uid = aws_tags_get(tags, TAG_BINDING_UID);

    return uid && text_equal(aws_tags_get(tags, TAG_CLUSTER), work->scene->account.cluster_arn)
               ? uid
               : "";
}

/*
 * Roles under our path, and roles that bindings name; no others. Under our path only ours should
 * stand: another one holds the name of a role that is wanted, or waits to be adopted, and costs no
 * request while nothing about it changes.
 */
static void keep_role(struct work *work, const struct iam_role_detail *detail)
{
    const struct scene *scene = work->scene;
    const struct aws_tags *tags = &detail->role.tags;
    char digest[DIGEST_SIZE];

    if (some_binding_names(scene, detail->role.arn))
        picture_seen_existing(scene->picture, detail->role.arn, detail->role.trust,
                              aws_tags_get_any_case(tags, TAG_NAMESPACE), work->now_ms);
    if (!text_starts(detail->role.path, scene->settings.role_path))
        return;
    difference_digest(digest, work->arena, detail);
    picture_seen_role(scene->picture, detail->role.name, binding_of(work, tags), digest,
                      !text_equal(aws_tags_get(tags, TAG_ORIGIN), ORIGIN_CREATED));
}

/* False when the page is through. */
static bool judge_some(struct sweep *sweep, size_t count)
{
    for (; count > 0 && sweep->judged < sweep->page.count; count--)
        keep_role(&sweep->work, &sweep->page.roles[sweep->judged++]);
    return sweep->judged < sweep->page.count;
}

static enum verdict roles_answer(struct work *work, const struct reply *reply)
{
    struct sweep *sweep = sweep_of(work);

    if (!row_good(work, reply) ||
        !iam_read_account_details(work->arena, reply, &sweep->page, &work->error))
        return VERDICT_FAIL;
    sweep->judged = 0;
    sweep->judging = sweep->pause != NULL;
    if (sweep->judging)
        return VERDICT_STOP; /* sweep_on goes on */
    judge_some(sweep, sweep->page.count);
    return turn_page(work, sweep->page.marker);
}

void account_finish(struct account *account)
{
    free(account->id);
    free(account->partition);
    free(account->cluster_arn);
    free(account->caller_role);
    free(account->issuer);
    free(account->oidc.client_ids);
    *account = (struct account){0};
}

static const struct step sweep_plan[] = {
    {"GetCallerIdentity", identity_ask, identity_answer, FACET_ROLE},
    {"DescribeCluster", cluster_ask, cluster_answer, FACET_ROLE},
    {"ListPodIdentityAssociations", associations_ask, associations_answer, FACET_ASSOCIATION},
    {"GetAccountAuthorizationDetails", roles_ask, roles_answer, FACET_ROLE},
    {0},
};

/* Who we are does not change while we run. */
static const struct step *const sweep_plan_again = &sweep_plan[2];
static const struct step *const next_roles = &sweep_plan[3];

static void sweep_free(struct sweep *sweep)
{
    arena_destroy(sweep->work.arena);
    free(sweep->marker);
    free(sweep);
}

static void sweep_finish(struct sweep *sweep)
{
    struct work *work = &sweep->work;
    struct account *account = &work->scene->account;

    if (work->failed) {
        account->trouble = work->error;
        picture_drop_sweep(work->scene->picture);
    } else {
        error_clear(&account->trouble);
        account->known = true;
        picture_end_sweep(work->scene->picture, work->now_ms);
    }
    sweep->done(sweep->context, work->failed ? &work->error : NULL, work->requests);
    sweep_free(sweep);
}

static void swept(struct work *work)
{
    struct sweep *sweep = sweep_of(work);

    if (sweep->judging)
        sweep->pause(sweep->context, sweep);
    else
        sweep_finish(sweep);
}

void sweep_on(struct sweep *sweep)
{
    assert(sweep->judging);
    if (judge_some(sweep, ROLES_PER_TURN)) {
        sweep->pause(sweep->context, sweep);
        return;
    }
    sweep->judging = false;
    if (turn_page(&sweep->work, sweep->page.marker) == VERDICT_REPEAT)
        plan_start(&sweep->work, next_roles);
    else
        sweep_finish(sweep);
}

void sweep_drop(struct sweep *sweep)
{
    assert(sweep->judging);
    picture_drop_sweep(sweep->work.scene->picture);
    sweep_free(sweep);
}

void sweep_start_paced(struct scene *scene, struct transport *transport, int64_t now_ms,
                       sweep_pause_fn pause, sweep_done_fn done, void *context)
{
    struct sweep *sweep = memory_alloc(sizeof(*sweep));

    sweep->pause = pause;
    sweep->done = done;
    sweep->context = context;
    sweep->work = (struct work){
        .transport = transport,
        .done = swept,
        .arena = arena_create(ARENA_MAX),
        .scene = scene,
        .now_ms = now_ms,
    };
    picture_begin_sweep(scene->picture, now_ms);
    plan_start(&sweep->work, scene->account.known ? sweep_plan_again : sweep_plan);
}

void sweep_start(struct scene *scene, struct transport *transport, int64_t now_ms,
                 sweep_done_fn done, void *context)
{
    sweep_start_paced(scene, transport, now_ms, NULL, done, context);
}
