/*
 * Makes, changes and gives up the association of a binding. One left over by a former binding of
 * ours is deleted and made new, one of a living binding that gave way is retagged and kept; what
 * becomes of one that others made is in association_adopt.c.
 */

#include <inttypes.h>
#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "reconcilers/annotations.h"
#include "reconcilers/changes.h"
#include "reconcilers/ledger.h"
#include "reconcilers/ownership.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* After so long a role is not young any more: what EKS says about it is meant. */
enum { YOUNG_ROLE_MS = 10 * 60 * 1000 };

static const char *cluster(const struct work *work)
{
    return work->scene->settings.cluster_name;
}

enum verdict association_delete_left_over_ask(struct work *work, struct request *request)
{
    if (work->have.verified || work->have.association != PRESENCE_PRESENT ||
        work->have.association_owner != OWNER_FORMER)
        return VERDICT_NEXT;
    eks_delete_association(work->arena, request, cluster(work), work->have.found.id);
    return VERDICT_SEND;
}

enum verdict association_delete_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply) && !row_gone(work))
        return VERDICT_FAIL;
    picture_remove_association(work->scene->picture, work->binding->record.namespace_name,
                               work->binding->spec.service_account);
    work->have.association = PRESENCE_ABSENT;
    work->progress.association_deleted = true;
    work_tell(work, false, "AssociationDeleted", "DeletePodIdentityAssociation",
              "Deleted association %s", work->have.found.id);
    return VERDICT_NEXT;
}

/*
 * A token for this one intent: the same in every repeat within this run, another in the next, so
 * that AWS never answers with an association that somebody has deleted since.
 */
static const char *intent_token(struct work *work)
{
    char digest[SHA256_HEX_SIZE];
    const char *intent =
        arena_printf(work->arena, "%s %" PRId64 " %" PRId64 " %s", work->binding->record.uid,
                     work->binding->meta.generation, work->now_ms, work->want.role_arn);

    encode_sha256_hex(intent, strlen(intent), digest);
    return arena_string(work->arena, digest);
}

enum verdict association_create_ask(struct work *work, struct request *request)
{
    struct eks_association_wish wish = {
        .namespace_name = work->binding->record.namespace_name,
        .service_account = work->binding->spec.service_account,
        .role_arn = work->want.role_arn,
        .target_role_arn = work->want.target_role_arn,
        .policy = work->want.session_policy,
        .disable_session_tags = work->want.disable_session_tags,
        .tags = work->want.tags,
    };

    if (work->have.verified || !work->want.pod_identity ||
        work->have.association != PRESENCE_ABSENT)
        return VERDICT_NEXT;
    wish.client_request_token = intent_token(work);
    eks_create_association(work->arena, request, cluster(work), &wish);
    return VERDICT_SEND;
}

/* EKS does not see our new role yet. */
static enum verdict wait_for_role(struct work *work)
{
    const struct iam_role *role = &work->have.detail.role;

    if (work->have.role == PRESENCE_PRESENT && role->created_ms + YOUNG_ROLE_MS < work->now_ms)
        return VERDICT_FAIL;
    return work_wait(work, FACET_ASSOCIATION, "WaitingForRole", YOUNG_ROLE_RETRY_MS,
                     "EKS does not see role %s yet, which was made a moment ago: %s",
                     work->want.role_arn, arena_string(work->arena, work->error.text));
}

/* What Create, Update and List have in common when they fail. */
static enum verdict refused(struct work *work)
{
    if (aws_young_role(&work->error) && work->want.managed)
        return wait_for_role(work);
    return VERDICT_FAIL;
}

enum verdict association_create_answer(struct work *work, const struct reply *reply)
{
    struct eks_association *found = &work->have.found;

    if (!row_good(work, reply)) {
        if (!aws_already_exists(&work->error))
            return refused(work);
        work->error.kind = ERROR_RETRY; /* what stays if List does not show it yet */
        if (work->have.lookups++ > 0)
            return VERDICT_FAIL;
        error_clear(&work->error);
        work->have.association = PRESENCE_UNKNOWN;
        work->have.association_lookup = work->have.association_named = true;
        return VERDICT_TOP;
    }
    if (!eks_read_association(work->arena, reply, found, &work->error))
        return VERDICT_FAIL;
    picture_put_association(work->scene->picture, work->binding->record.namespace_name,
                            work->binding->spec.service_account, found->id, false);
    work->have.association = PRESENCE_MADE;
    work_tell(work, false, "AssociationCreated", "CreatePodIdentityAssociation",
              "Created association %s: %s", found->id, changes_of_new_association(work));
    return VERDICT_NEXT;
}

enum verdict association_update_ask(struct work *work, struct request *request)
{
    struct eks_association_change change;

    if (work->have.verified || !work->want.pod_identity || work->progress.association_kept ||
        work->have.association != PRESENCE_PRESENT ||
        !difference_association(&change, work->arena, &work->want, &work->have.found))
        return VERDICT_NEXT;
    change.client_request_token = intent_token(work);
    eks_update_association(work->arena, request, cluster(work), work->have.found.id, &change);
    return VERDICT_SEND;
}

enum verdict association_update_answer(struct work *work, const struct reply *reply)
{
    struct eks_association *found = &work->have.found;
    const struct eks_association before = *found;
    struct eks_association_change change;

    if (!row_good(work, reply))
        return refused(work);
    if (!eks_read_association(work->arena, reply, found, &work->error))
        return VERDICT_FAIL;
    found->tags = before.tags;
    /* That "" clears a member is not documented: what AWS answers counts. */
    if (difference_association(&change, work->arena, &work->want, found)) {
        error_set(&work->error, ERROR_RETRY,
                  "AWS took the update of association %s and answered with one that is not as it "
                  "was asked for",
                  found->id);
        return VERDICT_FAIL;
    }
    work_tell(work, false, "AssociationUpdated", "UpdatePodIdentityAssociation",
              "Changed association %s%s", found->id, changes_of_association(work, &before));
    return VERDICT_NEXT;
}

/* The tags of an association that was there; one that we made has them already. */
static bool retagging(struct work *work)
{
    if (work->have.verified || !work->want.pod_identity || work->progress.association_kept ||
        work->have.association != PRESENCE_PRESENT)
        return false;
    if (!work->progress.association_tags_compared) {
        association_compare_tags(work, &work->association_todo);
        work->progress.association_tags_compared = true;
    }
    return true;
}

enum verdict association_tag_ask(struct work *work, struct request *request)
{
    if (!retagging(work) || work->association_todo.tags_put.count == 0 ||
        work->progress.association_tags_put)
        return VERDICT_NEXT;
    eks_tag_resource(work->arena, request, work->have.found.arn, &work->association_todo.tags_put);
    return VERDICT_SEND;
}

enum verdict association_tag_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply))
        return VERDICT_FAIL;
    work->progress.association_tags_put = true;
    return VERDICT_NEXT;
}

enum verdict association_untag_ask(struct work *work, struct request *request)
{
    if (!retagging(work) || work->association_todo.tags_removed_count == 0 ||
        work->progress.association_tags_removed)
        return VERDICT_NEXT;
    eks_untag_resource(work->arena, request, work->have.found.arn,
                       work->association_todo.tags_removed,
                       work->association_todo.tags_removed_count);
    return VERDICT_SEND;
}

enum verdict association_untag_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply))
        return VERDICT_FAIL;
    work->progress.association_tags_removed = true;
    return VERDICT_NEXT;
}

/*
 * With web identity alone. As long as it stands every new pod gets its credentials, and so none
 * gets web identity; but it must not go before new pods find the annotations.
 */
enum verdict association_withdraw_ask(struct work *work, struct request *request)
{
    int64_t due_ms = work->ledger->annotated_ms + (int64_t)work->scene->settings.settle_ms;

    if (work->want.pod_identity || work->have.verified ||
        work->have.association != PRESENCE_PRESENT)
        return VERDICT_NEXT;
    changes_pend_withdrawal(work);
    if (!annotations_are_as_wanted(work))
        return VERDICT_NEXT; /* the row before says why */
    if (work->now_ms < due_ms) {
        work->outcome.reconciling = "Settling";
        work_return(work, due_ms - work->now_ms);
        return VERDICT_NEXT;
    }
    eks_delete_association(work->arena, request, cluster(work), work->have.found.id);
    return VERDICT_SEND;
}

/* From now on the trust needs no statement for it: the next run narrows. */
enum verdict association_withdraw_answer(struct work *work, const struct reply *reply)
{
    enum verdict verdict = association_delete_answer(work, reply);

    if (verdict != VERDICT_NEXT)
        return verdict;
    work->outcome.pending = NULL;
    work->ledger->annotated_ms = work->ledger->made_ms = work->ledger->changed_ms = work->now_ms;
    ledger_doubt(work->ledger);
    work_return(work, 0);
    work_warn(work,
              "Pods of ServiceAccount %s that run with the association's credentials keep them for "
              "three hours at least: restart what runs them",
              work->binding->spec.service_account);
    return VERDICT_NEXT;
}
