/*
 * Deletes a role of ours that was chosen (removal.c): it gets a lost boundary back first and is
 * emptied before, as IAM wants it. What somebody else hung it into stays, and is told.
 */

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/picture.h"
#include "reconcilers/removal_parts.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* A retired role that somebody uses elsewhere is nobody's hurry. */
enum { IN_USE_RETRY_MS = 60 * 60 * 1000 };

static bool deleting(const struct work *work)
{
    return work->doomed.read && work->doomed.delete_now;
}

enum verdict removal_boundary_ask(struct work *work, struct request *request)
{
    const char *boundary = work->scene->settings.boundary_arn;
    const char *own = work->binding->spec.permissions_boundary_arn;

    if (!deleting(work) || !boundary || text_equal(work->doomed.role.boundary_arn, boundary) ||
        (own && text_equal(work->doomed.role.boundary_arn, own)))
        return VERDICT_NEXT;
    iam_put_boundary(work->arena, request, removal_name(work), boundary);
    return VERDICT_SEND;
}

enum verdict removal_boundary_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply))
        return VERDICT_FAIL;
    work->doomed.role.boundary_arn = work->scene->settings.boundary_arn;
    return VERDICT_NEXT;
}

typedef bool (*read_page_fn)(struct arena *arena, const struct reply *reply, struct iam_page *page,
                             struct error *error);

/* What is over the ceiling is found when the plan runs again, since DeleteRole is refused while
 * something hangs on the role. */
static enum verdict listed(struct work *work, const struct reply *reply, read_page_fn read,
                           struct hanging *hanging)
{
    struct iam_page page;

    if (!row_good(work, reply) || !read(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    (void)role_names_add(work, &hanging->names, &hanging->count, &page);
    work->have.marker = page.marker;
    hanging->listed = !page.marker;
    return page.marker ? VERDICT_REPEAT : VERDICT_NEXT;
}

/* The next that hangs there; NULL: none is left. */
static const char *next_hanging(const struct work *work, const struct hanging *hanging)
{
    return deleting(work) && hanging->next < hanging->count ? hanging->names[hanging->next] : NULL;
}

/* Gone already is what we wanted. */
static bool removed(struct work *work, const struct reply *reply)
{
    return row_good(work, reply) || row_gone(work);
}

static enum verdict taken_off(struct work *work, const struct reply *reply, struct hanging *hanging)
{
    if (!removed(work, reply))
        return VERDICT_FAIL;
    hanging->next++;
    return VERDICT_REPEAT;
}

enum verdict removal_policies_list_ask(struct work *work, struct request *request)
{
    if (!deleting(work) || work->doomed.policies.listed)
        return VERDICT_NEXT;
    iam_list_role_policies(work->arena, request, removal_name(work), work->have.marker);
    return VERDICT_SEND;
}

enum verdict removal_policies_list_answer(struct work *work, const struct reply *reply)
{
    return listed(work, reply, iam_read_policy_names, &work->doomed.policies);
}

enum verdict removal_policy_delete_ask(struct work *work, struct request *request)
{
    const char *name = next_hanging(work, &work->doomed.policies);

    if (!name)
        return VERDICT_NEXT;
    iam_delete_role_policy(work->arena, request, removal_name(work), name);
    return VERDICT_SEND;
}

enum verdict removal_policy_delete_answer(struct work *work, const struct reply *reply)
{
    return taken_off(work, reply, &work->doomed.policies);
}

enum verdict removal_attached_list_ask(struct work *work, struct request *request)
{
    if (!deleting(work) || work->doomed.attached.listed)
        return VERDICT_NEXT;
    iam_list_attached_role_policies(work->arena, request, removal_name(work), work->have.marker);
    return VERDICT_SEND;
}

enum verdict removal_attached_list_answer(struct work *work, const struct reply *reply)
{
    return listed(work, reply, iam_read_policy_arns, &work->doomed.attached);
}

enum verdict removal_detach_ask(struct work *work, struct request *request)
{
    const char *arn = next_hanging(work, &work->doomed.attached);

    if (!arn)
        return VERDICT_NEXT;
    iam_detach_role_policy(work->arena, request, removal_name(work), arn);
    return VERDICT_SEND;
}

enum verdict removal_detach_answer(struct work *work, const struct reply *reply)
{
    return taken_off(work, reply, &work->doomed.attached);
}

/* Instance profiles are not ours to change: somebody made one for this role, and instances may run
 * with it. The binding says so and goes on by itself once the role is out of it. */
static enum verdict say_in_use(struct work *work)
{
    const struct doomed *doomed = &work->doomed;
    const char *words = arena_printf(
        work->arena,
        "Role %s cannot be deleted while somebody's instance profile holds it: %s. Take it out: "
        "aws iam remove-role-from-instance-profile --role-name %s --instance-profile-name NAME",
        doomed->role.arn, doomed->profiles, doomed->role.name);

    if (work->binding->meta.deleted_ms != 0 || work->withdrawn || work->purge) {
        work_find(work, FACET_ASSOCIATION, CONDITION_UNKNOWN, "RoleInUse",
                  "Deleted before the role; new pods get nothing");
        return work_refuse(work, FACET_ROLE, "RoleInUse", "%s", words);
    }
    work_warn(work, "%s", words);
    work_tell(work, true, "RoleInUse", "DeleteRole", "%s", words);
    return removal_leave(work, work->now_ms + IN_USE_RETRY_MS);
}

enum verdict removal_profiles_ask(struct work *work, struct request *request)
{
    if (!deleting(work) || !work->doomed.refused || work->doomed.emptied_again)
        return VERDICT_NEXT;
    iam_list_instance_profiles(work->arena, request, removal_name(work), NULL);
    return VERDICT_SEND;
}

enum verdict removal_profiles_answer(struct work *work, const struct reply *reply)
{
    struct doomed *doomed = &work->doomed;
    struct iam_page page;

    if (!row_good(work, reply) ||
        !iam_read_instance_profiles(work->arena, reply, &page, &work->error))
        return VERDICT_FAIL;
    if (page.count > 0) {
        doomed->profiles = arena_join(work->arena, page.items, page.count, ", ");
        return say_in_use(work);
    }
    /* Then somebody attached a policy since they were listed: once more from the lists. */
    doomed->emptied_again = true;
    doomed->policies = doomed->attached = (struct hanging){0};
    return VERDICT_TOP;
}

enum verdict removal_delete_ask(struct work *work, struct request *request)
{
    if (!deleting(work))
        return VERDICT_NEXT;
    iam_delete_role(work->arena, request, removal_name(work));
    return VERDICT_SEND;
}

enum verdict removal_delete_answer(struct work *work, const struct reply *reply)
{
    if (!removed(work, reply)) {
        if (!aws_delete_conflict(&work->error) || work->doomed.refused)
            return VERDICT_FAIL;
        error_clear(&work->error);
        work->doomed.refused = true;
        return VERDICT_TOP;
    }
    work_tell(work, false, "RoleDeleted", "DeleteRole", "Deleted role %s", work->doomed.role.arn);
    picture_remove_role(work->scene->picture, removal_name(work));
    return removal_done(work);
}
