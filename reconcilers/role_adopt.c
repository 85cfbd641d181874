/*
 * A role of the wanted name that is not ours: told and left alone; or, with spec.adoptionPolicy
 * Adopt and a grant for its ARN, taken over: the boundary first, then our tags, so that whoever is
 * interrupted there goes on, then what the spec wants. Others keep their policies and tags, and
 * their statements in the trust policy (trust_merge.h), which are looked at again after each write.
 */

#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/adoption.h"
#include "reconcilers/changes.h"
#include "reconcilers/grants.h"
#include "reconcilers/ledger.h"
#include "reconcilers/ownership.h"
#include "reconcilers/policy.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/trust_merge.h"
#include "reconcilers/work.h"

/* Who edits the trust at the same moment is seen by then: "after 10-20 s" (design rule 6.10). */
enum { TRUST_CHECK_MS = 15 * 1000 };

/* Somebody who takes the same statements away each time wants it so. */
enum { TRUST_RESTORES_MAX = 3 };

/* What is kept of others' policies, in words; the schema takes warnings of 512 characters. */
enum { REST_MAX = 400 };

/* Whose it is ---------------------------------------------------------------------------------- */

bool role_is_adopted(const struct work *work)
{
    enum owner owner = work->have.role_owner;

    return work->have.role == PRESENCE_PRESENT && owner != OWNER_OURS && owner != OWNER_OTHER;
}

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

/* What a person changed, once it was made true, differs by the work of others; but not while a
 * change of ours waits for something. */
static bool is_settled(const struct work *work)
{
    const char *const *pending = work->binding->status.pending_changes;

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

static enum verdict refuse_trust(struct work *work, const char *code, const char *text)
{
    return work_refuse(work, FACET_ROLE, arena_string(work->arena, code),
                       "Role %s cannot be adopted as it is: %s", work->want.role_arn, text);
}

/* What others say there may forbid what we add. */
static enum verdict judge_trust(struct work *work)
{
    for (size_t i = 0; i < work->want.way_count; i++) {
        struct trust_judgement judgement =
            trust_judge_ours(work->arena, work->want.trust, &work->want.ways[i]);

        if (judgement.verdict == TRUST_REFUSES)
            return refuse_trust(work, "TrustInsufficient",
                                arena_printf(work->arena,
                                             "its trust policy would refuse this ServiceAccount "
                                             "whatever is added: %s. Have that statement changed",
                                             judgement.why));
    }
    return VERDICT_NEXT;
}

static bool trust_check_is_due(const struct work *work)
{
    return work->ledger->trust_before &&
           work->now_ms >= work->ledger->trust_edited_ms + TRUST_CHECK_MS;
}

/* Ours among the statements that are there; and those that were there before our last write, if
 * somebody wrote over them since without knowing. */
static bool merge_trust(struct work *work, struct error *error)
{
    struct ledger_entry *ledger = work->ledger;
    const struct trust_subject *subject = &work->want.ways[0];
    const char *merged =
        trust_merge(work->arena, work->have.detail.role.trust, work->want.trust, subject, error);

    if (!merged)
        return false;
    work->want.own_trust = work->want.trust;
    work->want.trust = merged;
    if (ledger->trust_generation != work->binding->meta.generation)
        ledger->trust_restores = 0;
    ledger->trust_generation = work->binding->meta.generation;
    if (ledger->trust_before && ledger->trust_restores < TRUST_RESTORES_MAX) {
        work->progress.trust_checked = true;
        work->want.trust = trust_restore(work->arena, merged, ledger->trust_before, subject);
        ledger->trust_restores +=
            !policy_equal(work->arena, work->want.trust, work->have.detail.role.trust);
    }
    if (trust_check_is_due(work))
        ledger_keep(&ledger->trust_before, NULL);
    return true;
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
    struct error error = {0};
    enum verdict verdict;

    leave_fields(work);
    if (!merge_trust(work, &error))
        return refuse_trust(work, error.code, error.text);
    verdict = judge_trust(work);
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
    ledger_keep(&work->ledger->trust_before, NULL);
    ledger_keep(&work->ledger->role_rest, NULL);
}

void role_settle_adopted(struct work *work)
{
    if (!work->have.verified && !role_is_adopted(work))
        forget_adopted(work);
    if (role_trust_check_ms(work) > 0)
        work_return(work, (int64_t)role_trust_check_ms(work));
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

/* After a write of the trust ------------------------------------------------------------------- */

void role_remember_trust(struct work *work)
{
    if (role_is_adopted(work))
        ledger_keep(&work->ledger->trust_before, work->want.trust);
}

uint64_t role_trust_check_ms(const struct work *work)
{
    int64_t due_ms = work->ledger->trust_edited_ms + TRUST_CHECK_MS;

    if (!work->ledger->trust_before)
        return 0;
    return due_ms > work->now_ms ? (uint64_t)(due_ms - work->now_ms) : 1;
}

bool role_trust_waits_for_check(const struct work *work)
{
    return trust_check_is_due(work);
}

enum verdict role_verify_trust_ask(struct work *work, struct request *request)
{
    if (!work->progress.trust || work->progress.trust_verified || !role_is_adopted(work))
        return VERDICT_NEXT;
    iam_get_role(work->arena, request, work->want.role_name);
    return VERDICT_SEND;
}

/* Somebody wrote at the same moment and did not know what was there: both are to stand. */
static enum verdict write_again(struct work *work, const char *restored)
{
    struct error error = {0};
    const char *merged =
        trust_merge(work->arena, restored, work->want.own_trust, &work->want.ways[0], &error);

    if (!merged)
        return refuse_trust(work, error.code, error.text);
    if (work->ledger->trust_restores == TRUST_RESTORES_MAX) {
        error_set(&work->error, ERROR_RETRY, "somebody else writes the trust policy of role %s",
                  work->want.role_arn);
        return VERDICT_FAIL;
    }
    work->ledger->trust_restores++;
    work->want.trust = merged;
    work->progress.trust = false;
    work->todo.trust = true;
    return VERDICT_TOP;
}

enum verdict role_verify_trust_answer(struct work *work, const struct reply *reply)
{
    struct iam_role role;
    const char *restored;

    if (!row_good(work, reply) || !iam_read_role(work->arena, reply, &role, &work->error))
        return VERDICT_FAIL;
    restored = trust_restore(work->arena, role.trust, work->want.trust, &work->want.ways[0]);
    if (restored != role.trust)
        return write_again(work, restored);
    work->progress.trust_verified = true;
    return VERDICT_NEXT;
}

enum verdict role_refuse_trust_of_others(struct work *work)
{
    return work_refuse(work, FACET_ROLE, "TrustInsufficient",
                       "AWS does not take the trust policy of role %s, which was adopted, with the "
                       "statements of others as they are: %s. A principal that is gone is shown by "
                       "its ID and must be taken out by who wrote it",
                       work->want.role_arn, arena_string(work->arena, work->error.text));
}
