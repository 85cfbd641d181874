/*
 * Makes the role, with trust, boundary and tags in the CreateRole itself: what is made was never
 * without them. Policies come after that, as with a role that was there (managed_role_write.c).
 */

#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

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
    picture_put_role(work->scene->picture, want->role_name, work->binding->record.uid, "", false);
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

enum verdict role_refuse_boundary(struct work *work)
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
            return role_refuse_boundary(work);
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
