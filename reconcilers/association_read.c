/*
 * Finds the association of a binding's ServiceAccount and whose it is. IDs come from AWS alone
 * (the picture, List), never from an object that users may write.
 */

#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/ownership.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* 409 → List → Describe → 404 → …: AWS is eventually consistent; the queue tries again later. */
enum { LOOKUPS_MAX = 2 };

static const char *cluster(const struct work *work)
{
    return work->scene->settings.cluster_name;
}

enum verdict association_expect(struct work *work, struct request *request)
{
    const struct picture_association *known;

    (void)request;
    if (work->have.verified || work->have.association != PRESENCE_UNKNOWN ||
        work->have.association_id || work->have.association_lookup)
        return VERDICT_NEXT;
    known = picture_association(work->scene->picture, work->binding->record.namespace_name,
                                work->binding->spec.service_account);
    if (known)
        work->have.association_id = arena_string(work->arena, known->id);
    else
        work->have.association = PRESENCE_ABSENT;
    return VERDICT_NEXT;
}

enum verdict association_look_for(struct work *work, struct request *request)
{
    const struct picture_association *known =
        picture_association(work->scene->picture, work->binding->record.namespace_name,
                            work->binding->spec.service_account);

    (void)request;
    if (work->have.verified || work->have.association != PRESENCE_UNKNOWN ||
        work->have.association_id || work->have.association_lookup)
        return VERDICT_NEXT;
    if (known)
        work->have.association_id = arena_string(work->arena, known->id);
    else
        work->have.association_lookup = true;
    return VERDICT_NEXT;
}

enum verdict association_list_ask(struct work *work, struct request *request)
{
    if (work->have.verified || !work->have.association_lookup)
        return VERDICT_NEXT;
    eks_list_associations(work->arena, request, cluster(work), work->binding->record.namespace_name,
                          work->binding->spec.service_account, work->have.marker);
    return VERDICT_SEND;
}

/* The one of the page that is for exactly our names: a filter is a wish, not a promise. */
static const struct eks_association *ours_among(const struct work *work,
                                                const struct eks_association_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        if (text_equal(page->items[i].namespace_name, work->binding->record.namespace_name) &&
            text_equal(page->items[i].service_account, work->binding->spec.service_account))
            return &page->items[i];
    return NULL;
}

static enum verdict listed(struct work *work, const struct eks_association *found)
{
    const struct record *record = &work->binding->record;

    work->have.association_lookup = false;
    if (!found && work->have.association_named) {
        error_set(&work->error, ERROR_RETRY,
                  "EKS says that ServiceAccount %s has an association, and does not list it yet",
                  work->binding->spec.service_account);
        return VERDICT_FAIL;
    }
    work->have.association_id = found ? found->id : NULL;
    work->have.association = found ? PRESENCE_UNKNOWN : PRESENCE_ABSENT;
    if (found)
        picture_put_association(work->scene->picture, record->namespace_name,
                                work->binding->spec.service_account, found->id,
                                found->owner_arn != NULL);
    return VERDICT_NEXT;
}

enum verdict association_list_answer(struct work *work, const struct reply *reply)
{
    struct eks_association_page page;
    const struct eks_association *found;

    if (!row_good(work, reply) || !eks_read_associations(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    found = ours_among(work, &page);
    work->have.marker = found ? NULL : page.next_token;
    return work->have.marker ? VERDICT_REPEAT : listed(work, found);
}

enum verdict association_describe_ask(struct work *work, struct request *request)
{
    if (work->have.verified || work->have.association != PRESENCE_UNKNOWN ||
        !work->have.association_id)
        return VERDICT_NEXT;
    eks_describe_association(work->arena, request, cluster(work), work->have.association_id);
    return VERDICT_SEND;
}

/* It was there, and is not any more: ask List what is. */
static enum verdict vanished(struct work *work)
{
    picture_remove_association(work->scene->picture, work->binding->record.namespace_name,
                               work->binding->spec.service_account);
    if (work->have.lookups++ == LOOKUPS_MAX)
        return VERDICT_FAIL;
    error_clear(&work->error);
    work->have.association_id = NULL;
    work->have.association_lookup = true;
    return VERDICT_TOP;
}

static bool is_for_us(const struct work *work, const struct eks_association *found)
{
    return text_equal(found->cluster, cluster(work)) &&
           text_equal(found->namespace_name, work->binding->record.namespace_name) &&
           text_equal(found->service_account, work->binding->spec.service_account);
}

enum verdict association_describe_answer(struct work *work, const struct reply *reply)
{
    struct eks_association *found = &work->have.found;

    if (!row_good(work, reply)) {
        if (!aws_not_found(&work->error))
            return VERDICT_FAIL;
        error_set_code(&work->error, ERROR_RETRY, "ResourceNotFoundException",
                       "association %s comes and goes", work->have.association_id);
        return vanished(work);
    }
    if (!eks_read_association(work->arena, reply, found, &work->error))
        return VERDICT_FAIL;
    if (!is_for_us(work, found)) {
        error_set(&work->error, ERROR_RETRY, "association %s is for %s/%s of cluster %s", found->id,
                  found->namespace_name, found->service_account, found->cluster);
        return vanished(work);
    }
    work->have.association = PRESENCE_PRESENT;
    work->have.association_owner = ownership_of(&found->tags, work->binding, work->scene);
    return VERDICT_NEXT;
}
