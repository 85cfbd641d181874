#include "reconcilers/changes.h"

#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Of one role; the schema takes 20 in all. */
enum { ROLE_CHANGES_MAX = 12 };

const char *changes_of_association(struct work *work, const struct eks_association *before)
{
    const struct want *want = &work->want;
    struct eks_association_change change;
    const char *role = "", *target = "", *tags = "";

    difference_association(&change, work->arena, want, before);
    if (change.role_arn)
        role =
            arena_printf(work->arena, "; role %s (before: %s)", want->role_arn, before->role_arn);
    if (change.target_role_arn)
        target = arena_printf(work->arena, "; target role %s (before: %s)",
                              want->target_role_arn ? want->target_role_arn : "none",
                              before->target_role_arn ? before->target_role_arn : "none");
    if (change.session_tags != EKS_SESSION_TAGS_STAY)
        tags = want->disable_session_tags ? "; session tags off" : "; session tags on";
    return arena_printf(work->arena, "%s%s%s%s", role, target, tags,
                        change.policy ? "; another session policy" : "");
}

const char *changes_of_new_association(struct work *work)
{
    return arena_printf(work->arena, "new pods of ServiceAccount %s get role %s",
                        work->binding->spec.service_account, work->want.role_arn);
}

void changes_pend_role(struct work *work, const struct difference *todo)
{
    const char *const *lines = difference_describe(work->arena, todo);
    size_t count = difference_count(todo);
    size_t shown = count > ROLE_CHANGES_MAX ? ROLE_CHANGES_MAX - 1 : count;

    for (size_t i = 0; i < shown; i++)
        work_pend(work, "Change role %s: %s", work->want.role_name, lines[i]);
    if (shown < count)
        work_pend(work, "Change role %s in %zu more ways", work->want.role_name, count - shown);
}

static const char *keys_of(struct work *work, const struct aws_tags *tags)
{
    const char **keys = arena_array(work->arena, tags->count + 1, sizeof(*keys));

    for (size_t i = 0; i < tags->count; i++)
        keys[i] = tags->items[i].key;
    return arena_join(work->arena, keys, tags->count, ", ");
}

void changes_pend_association(struct work *work)
{
    const struct eks_association *found = &work->have.found;
    const char *changes = changes_of_association(work, found);
    struct difference tags = {0};

    if (changes[0])
        work_pend(work, "Change association %s%s", found->id, changes);
    association_compare_tags(work, &tags);
    if (tags.tags_put.count > 0)
        work_pend(work, "Tag association %s: %s", found->id, keys_of(work, &tags.tags_put));
    if (tags.tags_removed_count > 0)
        work_pend(work, "Remove tags of association %s: %s", found->id,
                  arena_join(work->arena, tags.tags_removed, tags.tags_removed_count, ", "));
}

void changes_pend_new_association(struct work *work)
{
    work_pend(work, "Create association: %s", changes_of_new_association(work));
}

void changes_pend_withdrawal(struct work *work)
{
    work_pend(work, "Delete association %s when the annotations of ServiceAccount %s have settled",
              work->have.found.id, work->binding->spec.service_account);
}

#define NARROW "Narrow the trust policy of role "
#define TAKE_BACK "Take web identity back: "

void changes_pend_narrowing(struct work *work)
{
    work_pend(work, NARROW "%s when its association has settled", work->want.role_name);
}

bool changes_is_on_its_way(const char *sentence)
{
    return text_starts(sentence, NARROW) || text_starts(sentence, TAKE_BACK);
}

void changes_pend_take_back(struct work *work, const char *until)
{
    work_pend(work,
              TAKE_BACK "our annotations of ServiceAccount %s, and its statement in "
                        "the trust policy of a role of ours, when no pod needs it any more%s",
              work->binding->spec.service_account, until);
}
