/*
 * Reads what hangs on a role of ours. A role that neither the picture nor CreateRole's answer
 * knows is not looked for: asking to create it is the cheaper question.
 */

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/ledger.h"
#include "reconcilers/mechanism.h"
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

enum verdict role_get_answer(struct work *work, const struct reply *reply)
{
    struct iam_role *role = &work->have.detail.role;
    enum verdict verdict;
    const char *uid;

    if (!row_good(work, reply)) {
        if (!row_gone(work))
            return VERDICT_FAIL;
        picture_remove_role(work->scene->picture, work->want.role_name);
        work->have.role = PRESENCE_ABSENT;
        return VERDICT_NEXT;
    }
    if (!iam_read_role(work->arena, reply, role, &work->error))
        return VERDICT_FAIL;
    verdict = role_judge_owner(work, role);
    if (verdict != VERDICT_NEXT)
        return verdict;
    uid = aws_tags_get(&role->tags, TAG_BINDING_UID);
    picture_put_role(work->scene->picture, role->name, uid ? uid : "", "",
                     work->have.role_owner == OWNER_ADOPTED);
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
        if (!row_gone(work))
            return VERDICT_FAIL;
        /* Deleted since it was listed: read the list again. */
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

enum verdict role_list_changes(struct work *work)
{
    if (role_is_adopted(work))
        return role_compare_adopted(work);
    difference_role(&work->todo, work->arena, &work->want, &work->have.detail);
    ledger_keep(&work->ledger->role_rest, NULL);
    return VERDICT_NEXT;
}

enum verdict role_compare(struct work *work, struct request *request)
{
    enum verdict verdict;

    (void)request;
    if (!work->want.managed || work->have.verified || work->progress.compared ||
        work->have.role != PRESENCE_PRESENT)
        return VERDICT_NEXT;
    mechanism_hold_trust(work);
    verdict = role_list_changes(work);
    if (verdict != VERDICT_NEXT)
        return verdict;
    narrowing_hold_back(work);
    role_keep_adopted(work);
    work->progress.compared = true;
    work->progress.writes_before_role = work->writes;
    return VERDICT_NEXT;
}
