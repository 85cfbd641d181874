/*
 * A role of the wanted name that is not ours: told and left alone; or, with spec.adoptionPolicy
 * Adopt and a grant for its ARN, taken over: the boundary first, then our tags, so that whoever is
 * interrupted there goes on, then what the spec wants. Others keep their policies and tags, and
 * their statements in the trust policy (shared_trust.h).
 */

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/adoption.h"
#include "reconcilers/changes.h"
#include "reconcilers/grants.h"
#include "reconcilers/ledger.h"
#include "reconcilers/ownership.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/shared_trust.h"
#include "reconcilers/work.h"

/* What is kept of others' policies, in words; the schema takes warnings of 512 characters. */
enum { REST_MAX = 400 };

/* Whose it is ---------------------------------------------------------------------------------- */

static bool is_adopted_already(const struct work *work)
{
    return work->have.role_owner == OWNER_ADOPTED;
}

/* What release cannot know from the cluster: a new binding's status names no association yet. */
static const char *release_flags(struct work *work)
{
    const struct settings *settings = &work->scene->settings;

    return arena_printf(work->arena, "--cluster-name %s --region %s --role-path %s",
                        settings->cluster_name, settings->region, settings->role_path);
}

static enum verdict refuse_former(struct work *work, const struct iam_role *role, const char *mend)
{
    const struct kube_meta *meta = &work->binding->meta;

    return work_refuse(work, FACET_ROLE, "RoleOfFormerBinding",
                       "Role %s was made for a binding that is gone (UID %s) and is not "
                       "handed on. Remove it: kubectl podidentity release %s/%s --purge %s. %s",
                       role->arn, aws_tags_get(&role->tags, TAG_BINDING_UID), meta->namespace_name,
                       meta->name, release_flags(work), mend);
}

static enum verdict refuse_taken(struct work *work, const struct iam_role *role, const char *mend)
{
    return work_refuse(work, FACET_ROLE, "RoleNameTaken",
                       "The name %s is taken by role %s, which was not made for this binding. "
                       "Choose another spec.roleName in a new binding, or bind the role itself "
                       "with spec.roleARN%s",
                       role->name, role->arn, mend);
}

/* Names are unique in an account whatever the path, and another binding's or our own role is
 * nobody's to take. */
static bool can_be_adopted(const struct work *work, const struct iam_role *role)
{
    return strcmp(role->arn, work->want.role_arn) == 0 &&
           !text_equal(role->name, work->scene->account.caller_role) &&
           !ownership_of_another(&role->tags, work->binding, work->scene);
}

static bool grant_allows(const struct work *work)
{
    return grants_allow_adoption_of_role(work->binding, work->scene, work->want.role_arn);
}

static enum verdict refuse(struct work *work, const struct iam_role *role, enum owner owner)
{
    const char *mend =
        work->binding->spec.adopt
            ? "To adopt it, a grant for this ServiceAccount has to list its ARN in adoption.roles"
            : "Or adopt it: spec.adoptionPolicy: Adopt and a grant with its ARN in adoption.roles";

    if (owner == OWNER_FORMER)
        return refuse_former(work, role, mend);
    return refuse_taken(work, role,
                        can_be_adopted(work, role) ? arena_printf(work->arena, ". %s", mend) : "");
}

enum verdict role_judge_owner(struct work *work, const struct iam_role *role)
{
    enum owner owner = ownership_of(&role->tags, work->binding, work->scene);

    work->have.role_owner = owner;
    if (strcmp(role->arn, work->want.role_arn) != 0)
        return refuse(work, role, owner);
    /* Of two bindings of one ServiceAccount this is the one that counts: what the other has passes
     * on, by the tags that are compared later. */
    if (owner == OWNER_OURS || owner == OWNER_OTHER || owner == OWNER_ADOPTED)
        return VERDICT_NEXT;
    if (work->binding->spec.adopt && can_be_adopted(work, role) && grant_allows(work))
        return VERDICT_NEXT;
    return refuse(work, role, owner);
}

/* What is to be done --------------------------------------------------------------------------- */

/* Only what takes back what we put ourselves. */
static struct difference narrowing_of(const struct difference *todo)
{
    return (struct difference){
        .tags_removed = todo->tags_removed,
        .tags_removed_count = todo->tags_removed_count,
        .policies_deleted = todo->policies_deleted,
        .policies_deleted_count = todo->policies_deleted_count,
        .detached = todo->detached,
        .detached_count = todo->detached_count,
    };
}

/* The trust was edited for the association a moment ago by a process that is gone, and cannot look
 * at it again. */
static bool was_left_waiting(const struct work *work)
{
    const struct condition *associated =
        podidentitybinding_condition(&work->binding->status, "Associated");

    return work->ledger->trust_edited_ms == 0 && associated &&
           text_equal(associated->reason, "WaitingForRole");
}

/* What a person changed, once it was made true, differs by the work of others; but not while a
 * change of ours waits for something. */
static bool is_settled(const struct work *work)
{
    const char *const *pending = work->binding->status.pending_changes;

    if (was_left_waiting(work))
        return false;
    for (; pending && *pending; pending++)
        if (changes_is_on_its_way(*pending))
            return false;
    return adoption_is_settled(work, DRIFT_ROLE) && !work->progress.trust_checked;
}

/* What of the list would give or repair, in words; NULL: nothing, or it is not adopted yet. */
static const char *giving_words(struct work *work)
{
    struct difference others = work->todo;

    others.tags_removed_count = others.policies_deleted_count = others.detached_count = 0;
    return is_adopted_already(work) ? difference_sentence(work->arena, &others) : NULL;
}

/* Leaves out of the list what no grant allows any more; true when that is something. */
static bool keep_ungranted(struct work *work, const char *words)
{
    if (!words || grant_allows(work))
        return false;
    adoption_keep(work, DRIFT_ROLE,
                  arena_printf(work->arena,
                               "Role %s, which was adopted, is not as the spec wants it: %s. It is "
                               "not written to while no grant lists it in adoption.roles",
                               work->want.role_arn, words));
    work->todo = narrowing_of(&work->todo);
    return true;
}

/* And what would repair. */
static void keep(struct work *work)
{
    const char *words = giving_words(work);

    if (keep_ungranted(work, words) || !words || !is_settled(work))
        return;
    adoption_keep(work, DRIFT_ROLE,
                  arena_printf(work->arena,
                               "Role %s, which was adopted, was changed by somebody else, and what "
                               "is adopted is not repaired. As the spec wants it: %s. Change it "
                               "back, or change the spec: then it is written anew",
                               work->want.role_arn, words));
    work->todo = narrowing_of(&work->todo);
}

/* A description or a duration that the spec does not name stays theirs. */
static void leave_fields(struct work *work)
{
    const struct podidentitybinding_spec *spec = &work->binding->spec;
    const struct iam_role *role = &work->have.detail.role;

    if (!spec->role_description)
        work->want.description = role->description ? role->description : "";
    if (!spec->max_session_s)
        work->want.max_session_s = role->max_session_s;
}

static void note_rest(struct work *work)
{
    char *rest = adoption_rest(work->arena, &work->want, &work->have.detail,
                               work->have.role_owner == OWNER_FORMER);

    if (rest)
        text_cut(rest, REST_MAX);
    ledger_keep(&work->ledger->role_rest, rest);
}

enum verdict role_compare_adopted(struct work *work)
{
    enum verdict verdict;

    leave_fields(work);
    verdict = shared_trust_merge(work);
    if (verdict != VERDICT_NEXT)
        return verdict;
    if (!adoption_difference(&work->todo, work->arena, &work->want, &work->have.detail,
                             work->have.role_owner == OWNER_FORMER))
        work_warn(work,
                  "More is put on role %s, which was adopted, than its tag podidentity.io/placed "
                  "can remember: what the spec drops later may stay",
                  work->want.role_name);
    note_rest(work);
    return VERDICT_NEXT;
}

const char *role_keep_ungranted(struct work *work)
{
    return role_is_adopted(work) && keep_ungranted(work, giving_words(work))
               ? work->outcome.kept[DRIFT_ROLE]
               : NULL;
}

void role_keep_adopted(struct work *work)
{
    if (role_is_adopted(work))
        keep(work);
}

void role_warn_of_rest(struct work *work)
{
    if (work->want.managed && work->ledger->role_rest)
        work_warn(work, "Role %s was adopted and keeps what others put there: %s",
                  work->want.role_name, work->ledger->role_rest);
}

/* What is made anew, or named by roleARN, has nothing of that. */
static void forget_adopted(struct work *work)
{
    shared_trust_forget(work);
    ledger_keep(&work->ledger->role_rest, NULL);
}

void role_settle_adopted(struct work *work)
{
    if (!work->have.verified && !role_is_adopted(work))
        forget_adopted(work);
    if (shared_trust_check_ms(work) > 0)
        work_return(work, (int64_t)shared_trust_check_ms(work));
    role_warn_of_rest(work);
}

/* Adopting ------------------------------------------------------------------------------------- */

enum verdict role_adopt_ask(struct work *work, struct request *request)
{
    if (!work->progress.compared || !role_is_adopted(work) || is_adopted_already(work))
        return VERDICT_NEXT;
    iam_tag_role(work->arena, request, work->want.role_name, &work->todo.tags_put);
    return VERDICT_SEND;
}

enum verdict role_adopt_answer(struct work *work, const struct reply *reply)
{
    bool former = work->have.role_owner == OWNER_FORMER;

    if (!row_good(work, reply))
        return VERDICT_FAIL;
    work->progress.tags_put = work->progress.role_adopted = true;
    work->have.role_owner = OWNER_ADOPTED;
    work_tell(work, false, "RoleAdopted", "TagRole",
              "Adopted role %s, which %s. It is never deleted", work->want.role_arn,
              former ? "was made for a binding that is gone" : "others made");
    return VERDICT_NEXT;
}
