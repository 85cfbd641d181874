/*
 * A change that narrows our role waits until the association that stands does not need what it
 * takes away: its trust while session tags are off, the right to assume the former target role. The
 * association is changed first, and EKS needs a while until every pod gets by it.
 * "Update that narrows: association first, trust when nothing old needs it" (design rule 6.2).
 */

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/changes.h"
#include "reconcilers/rows.h"
#include "reconcilers/trust.h"
#include "reconcilers/work.h"

/* As long as an edited trust takes to be known everywhere. */
enum { ASSOCIATION_AGE_MS = 30 * 1000 };

/* Our association gives this role to pods now. */
static bool in_use(const struct work *work)
{
    return work->have.association == PRESENCE_PRESENT &&
           (work->have.association_owner == OWNER_OURS ||
            work->have.association_owner == OWNER_ADOPTED) &&
           text_equal(work->have.found.role_arn, work->want.role_arn);
}

static bool is_young(const struct work *work)
{
    return work->have.found.modified_ms + ASSOCIATION_AGE_MS > work->now_ms;
}

/*
 * The wanted trust asks for session tags that the association does not send, or did not until a
 * moment ago. Only where the present trust serves both: one that admits nobody is mended at once.
 */
static bool trust_must_wait(struct work *work)
{
    const struct trust_subject tagged = trust_subject_of(work->binding, work->scene);

    return work->todo.trust && work->want.trust_needs_tags &&
           (work->have.found.disable_session_tags || is_young(work)) &&
           trust_judge_ours(work->arena, work->have.detail.role.trust, &tagged).verdict !=
               TRUST_REFUSES;
}

/* The association goes to another target role, or went a moment ago. */
static bool target_must_wait(const struct work *work)
{
    return is_young(work) ||
           (work->have.found.target_role_arn &&
            !text_equal(work->have.found.target_role_arn, work->want.target_role_arn));
}

/* Leaves out of the list the rights to assume former target roles. */
static void keep_target_policies(struct work *work)
{
    struct difference *todo = &work->todo;
    const char **left = arena_array(work->arena, todo->policies_deleted_count + 1, sizeof(*left));
    size_t count = 0;

    for (size_t i = 0; i < todo->policies_deleted_count; i++)
        if (!text_starts(todo->policies_deleted[i], TARGET_POLICY_PREFIX))
            left[count++] = todo->policies_deleted[i];
    if (count < todo->policies_deleted_count)
        work->progress.held_back = true;
    todo->policies_deleted = left;
    todo->policies_deleted_count = count;
}

void narrowing_hold_back(struct work *work)
{
    if (!in_use(work))
        return;
    if (trust_must_wait(work)) {
        work->todo.trust = false;
        work->progress.held_back = true;
        if (role_is_adopted(work))
            changes_pend_narrowing(work);
    }
    if (target_must_wait(work))
        keep_target_policies(work);
}

uint64_t narrowing_due_ms(const struct work *work)
{
    int64_t due_ms = work->have.found.modified_ms + ASSOCIATION_AGE_MS;

    return due_ms > work->now_ms ? (uint64_t)(due_ms - work->now_ms) : 1;
}
