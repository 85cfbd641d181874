/*
 * Writes what a role of ours lacks or has too much. Order: a lost boundary before any other write;
 * what widens before what narrows, unless old and new inline policies do not fit beside each other.
 */

#include <string.h>

#include "aws/faults.h"
#include "base/text.h"
#include "reconcilers/ledger.h"
#include "reconcilers/policy.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/shared_trust.h"
#include "reconcilers/work.h"

/* True while rows may write to the role. */
static bool writing(const struct work *work)
{
    return work->progress.compared &&
           (work->have.role == PRESENCE_PRESENT || work->have.role == PRESENCE_MADE);
}

/*
 * The common end of a write to the role. A role made a moment ago may not be there yet for the
 * next call: that is waited for.
 */
static bool written(struct work *work, const struct reply *reply)
{
    if (row_good(work, reply))
        return true;
    if (aws_not_found(&work->error) && work->have.role == PRESENCE_MADE &&
        strstr(work->error.text, "role with name"))
        work_wait(work, FACET_ROLE, "WaitingForRole", YOUNG_ROLE_RETRY_MS,
                  "Role %s was made a moment ago and AWS does not show it everywhere yet",
                  work->want.role_arn);
    return false;
}

/* This very spec was made true before: what differs now is the work of others. */
static bool was_as_wanted(const struct work *work)
{
    const struct condition *ready =
        podidentitybinding_condition(&work->binding->status, "RoleReady");

    return ready && ready->status == CONDITION_TRUE &&
           ready->observed_generation == work->binding->meta.generation;
}

enum verdict role_boundary_ask(struct work *work, struct request *request)
{
    if (!writing(work) || !work->todo.boundary || work->progress.boundary)
        return VERDICT_NEXT;
    iam_put_boundary(work->arena, request, work->want.role_name, work->want.boundary_arn);
    return VERDICT_SEND;
}

enum verdict role_boundary_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply))
        return aws_not_found(&work->error) && work->error.kind == ERROR_REFUSED &&
                       !strstr(work->error.text, "role with name")
                   ? role_refuse_boundary(work)
                   : VERDICT_FAIL;
    work->progress.boundary = true;
    if (!role_is_adopted(work) && (!work->have.detail.role.boundary_arn || was_as_wanted(work)))
        work_tell(work, true, "BoundaryRestored", "PutRolePermissionsBoundary",
                  "Put the permissions boundary %s back on role %s: somebody had removed or "
                  "changed it",
                  work->want.boundary_arn, work->want.role_arn);
    return VERDICT_NEXT;
}

enum verdict role_trust_ask(struct work *work, struct request *request)
{
    if (!writing(work) || !work->todo.trust || work->progress.trust)
        return VERDICT_NEXT;
    /* From here on it may be another, whatever becomes of the answer. */
    work->ledger->trust_edited_ms = work->now_ms;
    shared_trust_remember(work);
    iam_update_trust(work->arena, request, work->want.role_name, work->want.trust);
    return VERDICT_SEND;
}

enum verdict role_trust_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply))
        return role_is_adopted(work) && text_equal(work->error.code, "MalformedPolicyDocument")
                   ? shared_trust_refuse(work)
                   : VERDICT_FAIL;
    work->progress.trust = true;
    if (!role_is_adopted(work) && was_as_wanted(work))
        work_tell(work, true, "TrustRestored", "UpdateAssumeRolePolicy",
                  "Wrote the trust policy of role %s anew: somebody had changed it",
                  work->want.role_arn);
    return VERDICT_NEXT;
}

enum verdict role_update_ask(struct work *work, struct request *request)
{
    if (!writing(work) || !work->todo.role || work->progress.role)
        return VERDICT_NEXT;
    /* Both always: leaving the duration out would reset it to one hour. */
    iam_update_role(work->arena, request, work->want.role_name, work->want.description,
                    work->want.max_session_s);
    return VERDICT_SEND;
}

enum verdict role_update_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply))
        return VERDICT_FAIL;
    work->progress.role = true;
    return VERDICT_NEXT;
}

enum verdict role_tag_ask(struct work *work, struct request *request)
{
    if (!writing(work) || work->todo.tags_put.count == 0 || work->progress.tags_put)
        return VERDICT_NEXT;
    iam_tag_role(work->arena, request, work->want.role_name, &work->todo.tags_put);
    return VERDICT_SEND;
}

enum verdict role_tag_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply))
        return VERDICT_FAIL;
    work->progress.tags_put = true;
    return VERDICT_NEXT;
}

enum verdict role_untag_ask(struct work *work, struct request *request)
{
    if (!writing(work) || work->todo.tags_removed_count == 0 || work->progress.tags_removed)
        return VERDICT_NEXT;
    iam_untag_role(work->arena, request, work->want.role_name, work->todo.tags_removed,
                   work->todo.tags_removed_count);
    return VERDICT_SEND;
}

enum verdict role_untag_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply))
        return VERDICT_FAIL;
    work->progress.tags_removed = true;
    return VERDICT_NEXT;
}

/* True when the old inline policies leave no room for the new ones. */
static bool crowded(const struct work *work)
{
    size_t size = 0;

    for (size_t i = 0; i < work->have.detail.inline_count; i++)
        size += policy_size(work->have.detail.inline_policies[i].document);
    for (size_t i = 0; i < work->todo.policies_put_count; i++)
        size += policy_size(work->todo.policies_put[i].document);
    return size > POLICY_INLINE_MAX;
}

enum verdict role_policy_delete_first_ask(struct work *work, struct request *request)
{
    if (!writing(work) || !crowded(work))
        return VERDICT_NEXT;
    return role_policy_delete_ask(work, request);
}

enum verdict role_policy_put_ask(struct work *work, struct request *request)
{
    const struct iam_policy *policy;

    if (!writing(work) || work->progress.policies_put == work->todo.policies_put_count)
        return VERDICT_NEXT;
    policy = &work->todo.policies_put[work->progress.policies_put];
    iam_put_role_policy(work->arena, request, work->want.role_name, policy->name, policy->document);
    return VERDICT_SEND;
}

enum verdict role_policy_put_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply))
        return VERDICT_FAIL;
    work->progress.policies_put++;
    return VERDICT_REPEAT;
}

enum verdict role_attach_ask(struct work *work, struct request *request)
{
    if (!writing(work) || work->progress.attached == work->todo.attached_count)
        return VERDICT_NEXT;
    iam_attach_role_policy(work->arena, request, work->want.role_name,
                           work->todo.attached[work->progress.attached]);
    return VERDICT_SEND;
}

enum verdict role_attach_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply)) {
        if (aws_not_found(&work->error) && work->error.kind == ERROR_REFUSED)
            return work_refuse(work, FACET_ROLE, "PolicyNotFound",
                               "Policy %s cannot be attached to role %s. AWS says: %s. Correct "
                               "spec.permissionPolicyARNs",
                               work->todo.attached[work->progress.attached], work->want.role_arn,
                               work->error.text);
        return VERDICT_FAIL;
    }
    work->progress.attached++;
    return VERDICT_REPEAT;
}

enum verdict role_policy_delete_ask(struct work *work, struct request *request)
{
    if (!writing(work) || work->progress.policies_deleted == work->todo.policies_deleted_count)
        return VERDICT_NEXT;
    iam_delete_role_policy(work->arena, request, work->want.role_name,
                           work->todo.policies_deleted[work->progress.policies_deleted]);
    return VERDICT_SEND;
}

/* Somebody was faster: it is gone, which is what we wanted. */
static bool gone_already(struct work *work)
{
    if (!aws_not_found(&work->error) || work->error.kind != ERROR_REFUSED)
        return false;
    error_clear(&work->error);
    return true;
}

enum verdict role_policy_delete_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply) && !gone_already(work))
        return VERDICT_FAIL;
    work->progress.policies_deleted++;
    return VERDICT_REPEAT;
}

enum verdict role_detach_ask(struct work *work, struct request *request)
{
    if (!writing(work) || work->progress.detached == work->todo.detached_count)
        return VERDICT_NEXT;
    iam_detach_role_policy(work->arena, request, work->want.role_name,
                           work->todo.detached[work->progress.detached]);
    return VERDICT_SEND;
}

enum verdict role_detach_answer(struct work *work, const struct reply *reply)
{
    if (!written(work, reply) && !gone_already(work))
        return VERDICT_FAIL;
    work->progress.detached++;
    return VERDICT_REPEAT;
}
