/*
 * Reads what hangs on a role of ours. A role that neither the picture nor CreateRole's answer
 * knows is not looked for: asking to create it is the cheaper question.
 */

#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/mechanism.h"
#include "reconcilers/ownership.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* The most names that are kept of one list: IAM's quotas are 25 attached policies and 10,240
 * characters of inline ones. */
enum { POLICIES_MAX = 200 };

bool role_is_pictured_as_wanted(const struct work *work)
{
    const struct picture_role *role = picture_role(work->scene->picture, work->want.role_name);
    char digest[DIGEST_SIZE];

    difference_wish_digest(digest, work->arena, &work->want);
    return role && text_equal(role->binding_uid, work->binding->record.uid) &&
           text_equal(role->digest, digest);
}

enum verdict role_get_ask(struct work *work, struct request *request)
{
    if (!work->want.managed || work->have.verified || work->have.role != PRESENCE_UNKNOWN)
        return VERDICT_NEXT;
    if (!work->have.role_named && !picture_role(work->scene->picture, work->want.role_name)) {
        work->have.role = PRESENCE_ABSENT;
        return VERDICT_NEXT;
    }
    iam_get_role(work->arena, request, work->want.role_name);
    return VERDICT_SEND;
}

/* What release cannot know from the cluster: a new binding's status names no association yet. */
static const char *release_flags(struct work *work)
{
    const struct settings *settings = &work->scene->settings;

    return arena_printf(work->arena, "--cluster-name %s --region %s --role-path %s",
                        settings->cluster_name, settings->region, settings->role_path);
}

static enum verdict refuse_name(struct work *work, const struct iam_role *role, enum owner owner)
{
    const struct kube_meta *meta = &work->binding->meta;

    if (owner == OWNER_FORMER)
        return work_refuse(work, FACET_ROLE, "RoleOfFormerBinding",
                           "Role %s was made for a binding that is gone (UID %s) and is not "
                           "handed on. Remove it: kubectl podidentity release %s/%s --purge %s",
                           role->arn, aws_tags_get(&role->tags, TAG_BINDING_UID),
                           meta->namespace_name, meta->name, release_flags(work));
    return work_refuse(work, FACET_ROLE, "RoleNameTaken",
                       "The name %s is taken by role %s, which was not made for this binding. "
                       "Choose another spec.roleName in a new binding, or bind the role itself "
                       "with spec.roleARN",
                       role->name, role->arn);
}

enum verdict role_get_answer(struct work *work, const struct reply *reply)
{
    struct iam_role *role = &work->have.detail.role;
    enum owner owner;

    if (!row_good(work, reply)) {
        if (!aws_not_found(&work->error))
            return VERDICT_FAIL;
        error_clear(&work->error);
        picture_remove_role(work->scene->picture, work->want.role_name);
        work->have.role = PRESENCE_ABSENT;
        return VERDICT_NEXT;
    }
    if (!iam_read_role(work->arena, reply, role, &work->error))
        return VERDICT_FAIL;
    owner = ownership_of(&role->tags, work->binding, work->scene);
    /* Of two bindings of one ServiceAccount this is the one that counts: what the other has passes
     * on, by the tags that are compared below. */
    if ((owner != OWNER_OURS && owner != OWNER_OTHER) ||
        strcmp(role->arn, work->want.role_arn) != 0)
        return refuse_name(work, role, owner);
    picture_put_role(work->scene->picture, role->name, aws_tags_get(&role->tags, TAG_BINDING_UID),
                     "");
    work->have.role = PRESENCE_PRESENT;
    return VERDICT_NEXT;
}

bool role_names_add(struct work *work, const char *const **names, size_t *count,
                    const struct iam_page *page)
{
    size_t room = POLICIES_MAX - *count;
    size_t taken = page->count < room ? page->count : room;
    const char **all = arena_array(work->arena, *count + taken + 1, sizeof(*all));

    if (*count > 0)
        memcpy(all, *names, *count * sizeof(*all));
    if (taken > 0)
        memcpy(all + *count, page->items, taken * sizeof(*all));
    *names = all;
    *count += taken;
    return taken == page->count;
}

static enum verdict too_many(struct work *work)
{
    error_set(&work->error, ERROR_RETRY, "the role has over %d policies", POLICIES_MAX);
    return VERDICT_FAIL;
}

enum verdict role_policies_list_ask(struct work *work, struct request *request)
{
    if (work->have.role != PRESENCE_PRESENT || work->have.inline_listed)
        return VERDICT_NEXT;
    iam_list_role_policies(work->arena, request, work->want.role_name, work->have.marker);
    return VERDICT_SEND;
}

/* Names become entries whose documents are still to be fetched. */
static void inline_add(struct work *work, const struct iam_page *page)
{
    struct iam_role_detail *detail = &work->have.detail;
    struct iam_policy *all =
        arena_array(work->arena, detail->inline_count + page->count + 1, sizeof(*all));

    if (detail->inline_count > 0)
        memcpy(all, detail->inline_policies, detail->inline_count * sizeof(*all));
    for (size_t i = 0; i < page->count; i++)
        all[detail->inline_count + i].name = page->items[i];
    detail->inline_policies = work->have.documents = all;
    detail->inline_count += page->count;
}

enum verdict role_policies_list_answer(struct work *work, const struct reply *reply)
{
    struct iam_page page;

    if (!row_good(work, reply) || !iam_read_policy_names(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    if (work->have.detail.inline_count + page.count > POLICIES_MAX)
        return too_many(work);
    inline_add(work, &page);
    work->have.marker = page.marker;
    work->have.inline_listed = !page.marker;
    return page.marker ? VERDICT_REPEAT : VERDICT_NEXT;
}

enum verdict role_policy_get_ask(struct work *work, struct request *request)
{
    const struct iam_role_detail *detail = &work->have.detail;

    if (work->have.role != PRESENCE_PRESENT || work->have.documents_read == detail->inline_count)
        return VERDICT_NEXT;
    iam_get_role_policy(work->arena, request, work->want.role_name,
                        detail->inline_policies[work->have.documents_read].name);
    return VERDICT_SEND;
}

enum verdict role_policy_get_answer(struct work *work, const struct reply *reply)
{
    struct iam_policy *policy = &work->have.documents[work->have.documents_read];

    if (!row_good(work, reply)) {
        if (!aws_not_found(&work->error))
            return VERDICT_FAIL;
        /* Deleted since it was listed: read the list again. */
        error_clear(&work->error);
        work->have.detail.inline_count = work->have.documents_read = 0;
        work->have.inline_listed = false;
        return VERDICT_TOP;
    }
    if (!iam_read_role_policy(work->arena, reply, &policy->document, &work->error))
        return VERDICT_FAIL;
    work->have.documents_read++;
    return VERDICT_REPEAT;
}

enum verdict role_attached_list_ask(struct work *work, struct request *request)
{
    if (work->have.role != PRESENCE_PRESENT || work->have.attached_listed)
        return VERDICT_NEXT;
    iam_list_attached_role_policies(work->arena, request, work->want.role_name, work->have.marker);
    return VERDICT_SEND;
}

enum verdict role_attached_list_answer(struct work *work, const struct reply *reply)
{
    struct iam_role_detail *detail = &work->have.detail;
    struct iam_page page;

    if (!row_good(work, reply) || !iam_read_policy_arns(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    if (!role_names_add(work, &detail->attached_arns, &detail->attached_count, &page))
        return too_many(work);
    work->have.marker = page.marker;
    work->have.attached_listed = !page.marker;
    return page.marker ? VERDICT_REPEAT : VERDICT_NEXT;
}

void role_list_changes(struct work *work)
{
    difference_role(&work->todo, work->arena, &work->want, &work->have.detail);
}

enum verdict role_compare(struct work *work, struct request *request)
{
    (void)request;
    if (!work->want.managed || work->have.verified || work->progress.compared ||
        work->have.role != PRESENCE_PRESENT)
        return VERDICT_NEXT;
    mechanism_hold_trust(work);
    role_list_changes(work);
    narrowing_hold_back(work);
    work->progress.compared = true;
    work->progress.writes_before_role = work->writes;
    return VERDICT_NEXT;
}
