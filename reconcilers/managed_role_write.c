/*
 * Writes what a role of ours lacks or has too much. Order: the role with trust, boundary and tags
 * in the CreateRole itself; a lost boundary before any other write; what widens before what
 * narrows, unless old and new inline policies do not fit beside each other.
 */

#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/adoption.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/policy.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/shared_trust.h"
#include "reconcilers/work.h"

/* IAM shows a role everywhere within seconds; what is said about it before is waited out. */
enum { YOUNG_ROLE_RETRY_MS = 3000 };

enum verdict role_create_ask(struct work *work, struct request *request)
{
    const struct want *want = &work->want;
    struct iam_role_wish wish;

    if (work->have.role != PRESENCE_ABSENT)
        return VERDICT_NEXT;
    wish = (struct iam_role_wish){
        .name = want->role_name,
        .path = want->role_path,
        .trust = want->trust,
        .description = want->description[0] ? want->description : NULL,
        .boundary_arn = want->boundary_arn,
        .max_session_s = want->max_session_s,
        .tags = want->tags,
    };
    /* From here on it may exist, whatever becomes of the answer. */
    picture_put_role(work->scene->picture, want->role_name, work->binding->record.uid, "");
    iam_create_role(work->arena, request, &wish);
    return VERDICT_SEND;
}

void role_suppose_made(struct work *work)
{
    struct iam_role *role = &work->have.detail.role;

    work->have.role_owner = OWNER_OURS;
    role->name = work->want.role_name;
    role->arn = work->want.role_arn;
    role->trust = work->want.trust;
    role->description = work->want.description;
    role->boundary_arn = work->want.boundary_arn;
    role->max_session_s = work->want.max_session_s;
    role->tags = work->want.tags;
    difference_role(&work->todo, work->arena, &work->want, &work->have.detail);
    work->progress.compared = true;
}

static void role_made(struct work *work)
{
    work->have.role = PRESENCE_MADE;
    role_suppose_made(work);
    work_tell(work, false, "RoleCreated", "CreateRole", "Created role %s", work->want.role_arn);
}

/* CreateRole says that the name is taken, GetRole that there is none: it is young, ours or not. */
static enum verdict wait_until_shown(struct work *work)
{
    return work_wait(work, FACET_ROLE, "WaitingForRole", YOUNG_ROLE_RETRY_MS,
                     "A role named %s was made a moment ago and AWS does not show it yet",
                     work->want.role_name);
}

/* The role is good and its boundary is not there: that is what a person must be told. */
static enum verdict refuse_boundary(struct work *work)
{
    return work_refuse(work, FACET_ROLE, "PolicyNotFound",
                       "Policy %s cannot be the permissions boundary of role %s. AWS says: %s. "
                       "Create it, or correct spec.permissionsBoundaryARN or the controller's "
                       "--permissions-boundary",
                       work->want.boundary_arn, work->want.role_arn,
                       arena_string(work->arena, work->error.text));
}

enum verdict role_create_answer(struct work *work, const struct reply *reply)
{
    struct iam_role made;

    if (!row_good(work, reply)) {
        if (aws_already_exists(&work->error)) {
            if (work->have.role_named)
                return wait_until_shown(work);
            error_clear(&work->error);
            work->have.role = PRESENCE_UNKNOWN;
            work->have.role_named = true;
            return VERDICT_TOP;
        }
        if (work->error.kind == ERROR_REFUSED)
            picture_remove_role(work->scene->picture, work->want.role_name);
        if (work->want.boundary_arn && aws_not_found(&work->error))
            return refuse_boundary(work);
        return VERDICT_FAIL;
    }
    if (!iam_read_role(work->arena, reply, &made, &work->error))
        return VERDICT_FAIL;
    if (strcmp(made.arn, work->want.role_arn) != 0)
        return work_refuse(work, FACET_ROLE, "RoleForbidden",
                           "AWS made role %s where %s was asked for; check --role-path and the "
                           "account of the controller's credentials",
                           made.arn, work->want.role_arn);
    role_made(work);
    return VERDICT_NEXT;
}

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
                   ? refuse_boundary(work)
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

/* Tells what an update did, once, in the words of the difference. */
static void tell_update(struct work *work)
{
    if (work->have.role == PRESENCE_PRESENT && !difference_empty(&work->todo))
        work_tell(work, false, "RoleUpdated", "UpdateRole", "Changed role %s: %s",
                  work->want.role_arn, difference_sentence(work->arena, &work->todo));
}

void role_say_ready(struct work *work)
{
    if (work->want.unreadable) {
        work_find(work, FACET_ROLE, CONDITION_UNKNOWN, "TrustUnknown",
                  "Role %s is in another account, where its trust policy cannot be read. Its "
                  "owner needs there the statement in status.requiredTrust and the OIDC provider "
                  "that it names",
                  work->want.role_arn);
        return;
    }
    work_find(work, FACET_ROLE, CONDITION_TRUE, "Ready", "Role %s %s", work->want.role_arn,
              work->want.managed ? "is as the spec wants it"
                                 : "exists and its trust policy admits this ServiceAccount");
}

enum verdict role_settled(struct work *work, struct request *request)
{
    (void)request;
    work->progress.writes_before_association = work->writes;
    if (work->want.managed && !work->have.verified && !work->progress.settled) {
        work->progress.settled = true;
        tell_update(work);
        ledger_keep(&work->ledger->required_trust, NULL);
        /* Without digest: until the next sweep the ledger knows that it is as wanted. */
        picture_put_role(work->scene->picture, work->want.role_name, work->binding->record.uid, "");
    }
    role_settle_adopted(work);
    if (!adoption_tell_kept(work, DRIFT_ROLE))
        role_say_ready(work);
    return VERDICT_NEXT;
}
