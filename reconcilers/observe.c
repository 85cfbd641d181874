/*
 * The plan of mode Observe: it reads and judges by the rows of provision, and says in
 * status.pendingChanges what provision would write. No row of it writes, neither to AWS nor to
 * Kubernetes: what is not in the table cannot happen. What was seen is remembered, and is not asked
 * again before the binding changes or a sweep shows something else.
 */

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/annotations.h"
#include "reconcilers/changes.h"
#include "reconcilers/difference.h"
#include "reconcilers/drift.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Memory --------------------------------------------------------------------------------------- */

/* Not verified by a run of this plan, yet it need not ask: the sweep at start shows all of it. */
static void remember_from_picture(struct ledger_entry *ledger)
{
    for (int part = 0; part < DRIFT_PARTS; part++)
        ledger->observed[part].sighting = SIGHTING_AS_WANTED;
}

static enum verdict remember(struct work *work, struct request *request)
{
    struct ledger_entry *ledger = work->ledger;
    bool before = ledger->verified;

    provision_remember(work, request);
    if (work->have.verified && !before)
        remember_from_picture(ledger);
    if (work->have.verified && ledger->observed[DRIFT_ASSOCIATION].sighting == SIGHTING_ABSENT)
        work->have.association = PRESENCE_ABSENT;
    work->doubts = ledger->doubts;
    return VERDICT_NEXT;
}

/* The sentences of one part of AWS, from this run or from the one that read it. */
static void recall(struct work *work, enum drift_part part)
{
    const char *line = work->ledger->observed[part].changes;

    while (line && *line) {
        size_t length = strcspn(line, "\n");

        work_pend(work, "%.*s", (int)length, line);
        line += length + 1;
    }
}

/* Somebody changed it since it was seen last: whether it came nearer to the wish the list says. */
static void tell_drift(struct work *work, enum drift_part part)
{
    work->outcome.drift_found[part] = true;
    work_tell(work, true, "DriftFound", part == DRIFT_ROLE ? "ReadRole" : "ReadAssociation",
              "%s was made, changed or deleted by somebody else and is left as it is (mode: "
              "Observe); status.pendingChanges says what differs now",
              part == DRIFT_ROLE ? arena_printf(work->arena, "Role %s", work->want.role_arn)
                                 : arena_printf(work->arena, "The association of ServiceAccount %s",
                                                work->binding->spec.service_account));
}

/* Keeps what this run saw of a part, and the sentences that it added to the list. */
static void keep(struct work *work, enum drift_part part, enum sighting sighting, size_t first)
{
    struct ledger_observed *observed = &work->ledger->observed[part];
    struct ledger_drift *drift = &work->ledger->drift[part];
    const char *changes = "";

    for (size_t i = first; i < work_pending_count(work); i++)
        changes = arena_printf(work->arena, "%s%s\n", changes, work->outcome.pending[i]);
    if ((drift->suspected || drift->missing) &&
        (observed->sighting != sighting ||
         !text_equal(observed->changes ? observed->changes : "", changes)))
        tell_drift(work, part);
    observed->sighting = sighting;
    ledger_keep(&observed->changes, changes[0] ? changes : NULL);
    drift->suspected = drift->missing = drift->told = false;
    drift->slowed_until_ms = 0;
}

/* The role ------------------------------------------------------------------------------------- */

/* Asking to create it would be the cheaper question, and is not ours to put. */
static enum verdict expect_role(struct work *work, struct request *request)
{
    (void)request;
    work->have.role_named = true;
    return VERDICT_NEXT;
}

/* With the wish as it will be in the end: what provision holds back until it is not needed any more
 * is to come as well. */
static enum verdict compare(struct work *work, struct request *request)
{
    enum verdict verdict = VERDICT_NEXT;

    (void)request;
    if (!work->want.managed || work->have.verified || work->progress.compared)
        return VERDICT_NEXT;
    if (work->have.role == PRESENCE_ABSENT)
        role_suppose_made(work);
    else
        verdict = role_list_changes(work);
    work->progress.compared = true;
    return verdict;
}

static enum sighting sight_role(const struct work *work)
{
    if (work->want.managed && work->have.role == PRESENCE_ABSENT)
        return SIGHTING_ABSENT;
    return difference_empty(&work->todo) ? SIGHTING_AS_WANTED : SIGHTING_DIFFERENT;
}

/* What the pages of the next sweeps are held against. */
static void expect_pages(struct work *work)
{
    struct ledger_entry *ledger = work->ledger;

    drift_remember_role(work);
    ledger_keep(&ledger->accepted_digest, NULL);
    if (work->have.role == PRESENCE_PRESENT)
        difference_digest(ledger->wish_digest, work->arena, &work->have.detail);
}

static bool waits_for_adoption(const struct work *work)
{
    return role_is_adopted(work) && work->have.role_owner != OWNER_ADOPTED;
}

/* Who waits for an adoption need not hear at once that a description fits by now. */
static void note_unpaged(struct work *work, bool provider_pending)
{
    struct ledger_entry *ledger = work->ledger;

    ledger->unpaged = provider_pending || work->todo.role;
    ledger->unpaged_ms = !provider_pending && waits_for_adoption(work)
                             ? work->now_ms + (int64_t)work->scene->settings.describe_interval_ms
                             : 0;
}

static void see_role(struct work *work)
{
    size_t first = work_pending_count(work);
    const char *why_kept = role_keep_ungranted(work);

    note_unpaged(work, provider_pend(work));
    if (work->have.role == PRESENCE_ABSENT)
        work_pend(work, "Create role %s", work->want.role_arn);
    if (waits_for_adoption(work))
        work_pend(work, "Adopt role %s, which was not made for this binding", work->want.role_arn);
    if (why_kept)
        work_pend(work, "%s", why_kept);
    changes_pend_role(work, &work->todo);
    keep(work, DRIFT_ROLE, sight_role(work), first);
    ledger_keep(&work->ledger->role_arn, work->want.role_arn);
    if (work->want.managed)
        ledger_keep(&work->ledger->required_trust, NULL);
    expect_pages(work);
}

static void say_role(struct work *work)
{
    const struct ledger_observed *observed = &work->ledger->observed[DRIFT_ROLE];

    if (observed->sighting == SIGHTING_ABSENT)
        work_find(work, FACET_ROLE, CONDITION_FALSE, "ChangesPending",
                  "Role %s does not exist, and mode: Observe does not make it",
                  work->want.role_arn);
    else if (observed->changes)
        work_find(work, FACET_ROLE, CONDITION_FALSE, "ChangesPending",
                  "Role %s, or what it needs, is not as the spec wants it: see "
                  "status.pendingChanges",
                  work->want.role_arn);
    else
        role_say_ready(work);
}

static enum verdict show_role(struct work *work, struct request *request)
{
    (void)request;
    if (work->have.verified)
        recall(work, DRIFT_ROLE);
    else
        see_role(work);
    say_role(work);
    return VERDICT_NEXT;
}

static enum verdict show_rest(struct work *work, struct request *request)
{
    (void)request;
    role_warn_of_rest(work);
    return VERDICT_NEXT;
}

/* The association ------------------------------------------------------------------------------ */

static bool is_left_over(const struct work *work)
{
    return work->have.association == PRESENCE_PRESENT &&
           work->have.association_owner == OWNER_FORMER;
}

static enum sighting sight_association(struct work *work)
{
    if (work->have.association == PRESENCE_ABSENT)
        return work->want.pod_identity ? SIGHTING_ABSENT : SIGHTING_AS_WANTED;
    return !work->want.pod_identity || is_left_over(work) || association_differs(work)
               ? SIGHTING_DIFFERENT
               : SIGHTING_AS_WANTED;
}

static void pend_association(struct work *work)
{
    const struct eks_association *found = &work->have.found;
    bool there = work->have.association == PRESENCE_PRESENT && !is_left_over(work);
    const char *why_kept = there ? association_why_kept(work) : NULL;

    if (is_left_over(work))
        work_pend(work, "Delete association %s, which a former binding left", found->id);
    if (there && work->have.association_owner == OWNER_FOREIGN)
        work_pend(work, "Adopt association %s, which others made with role %s", found->id,
                  found->role_arn);
    if (why_kept)
        work_pend(work, "%s", why_kept);
    else if (there && work->want.pod_identity)
        changes_pend_association(work);
    else if (there)
        changes_pend_withdrawal(work);
    else if (work->want.pod_identity)
        changes_pend_new_association(work);
}

static void see_association(struct work *work)
{
    struct ledger_entry *ledger = work->ledger;
    const struct eks_association *found = &work->have.found;
    enum sighting sighting = sight_association(work);
    bool serves = sighting == SIGHTING_AS_WANTED && work->want.pod_identity;
    size_t first = work_pending_count(work);

    if (work->have.association == PRESENCE_ABSENT)
        work->have.found = (struct eks_association){0};
    pend_association(work);
    keep(work, DRIFT_ASSOCIATION, sighting, first);
    ledger_keep(&ledger->association_id, found->id);
    ledger_keep(&ledger->external_id, found->external_id);
    ledger->made_ms = serves ? found->created_ms : 0;
    ledger->changed_ms = serves ? found->modified_ms : 0;
    ledger->settled_ms = found->modified_ms + (int64_t)work->scene->settings.settle_ms;
}

static void say_association(struct work *work)
{
    const struct ledger_entry *ledger = work->ledger;

    switch (ledger->observed[DRIFT_ASSOCIATION].sighting) {
    case SIGHTING_ABSENT:
        work_find(work, FACET_ASSOCIATION, CONDITION_FALSE, "ChangesPending",
                  "ServiceAccount %s has no association, and mode: Observe does not make it",
                  work->binding->spec.service_account);
        break;
    case SIGHTING_DIFFERENT:
        work_find(work, FACET_ASSOCIATION, CONDITION_FALSE, "ChangesPending",
                  "Association %s is not as the spec wants it: see status.pendingChanges",
                  ledger->association_id);
        break;
    default:
        if (work->want.pod_identity)
            association_say_associated(work);
    }
}

static enum verdict show_association(struct work *work, struct request *request)
{
    (void)request;
    if (work->have.verified)
        recall(work, DRIFT_ASSOCIATION);
    else
        see_association(work);
    say_association(work);
    return VERDICT_NEXT;
}

/* The cluster ---------------------------------------------------------------------------------- */

static enum verdict show_account(struct work *work, struct request *request)
{
    const char *account = work->binding->spec.service_account;

    (void)request;
    created_account_pend(work);
    if (!work->want.web_identity && annotations_are_ours(work))
        changes_pend_take_back(work, "");
    if (!work->want.web_identity || annotations_show(work))
        return VERDICT_NEXT;
    work_pend(work, "Annotate ServiceAccount %s: its new pods get web identity for role %s",
              account, work->want.role_arn);
    if (work->outcome.findings[FACET_ROLE].status == CONDITION_TRUE)
        work_find(work, FACET_ROLE, CONDITION_FALSE, "ChangesPending",
                  "ServiceAccount %s is not annotated with role %s", account, work->want.role_arn);
    return VERDICT_NEXT;
}

static enum verdict show_retired(struct work *work, struct request *request)
{
    size_t first = work_pending_count(work);

    (void)request;
    removal_pend_retired(work);
    work->ledger->retired_pending = work_pending_count(work) > first;
    return VERDICT_NEXT;
}

static enum verdict seen(struct work *work, struct request *request)
{
    struct ledger_entry *ledger = work->ledger;

    (void)request;
    if (work->have.verified)
        return VERDICT_NEXT;
    ledger->verified = ledger->doubts == work->doubts; /* else it was moved meanwhile */
    ledger->generation = work->binding->meta.generation;
    ledger->web_identity_held = false;
    for (int part = 0; part < DRIFT_PARTS; part++)
        ledger_keep(&ledger->kept[part], NULL);
    return VERDICT_NEXT;
}

const struct step observe_plan[] = {
    {"Suspended", drift_suspended, NULL, FACET_ALLOWED},
    {"Allowed", provision_allow, NULL, FACET_ALLOWED},
    {"LookForServiceAccount", provision_look_for_account, NULL, FACET_ALLOWED},
    {"Account", account_known, NULL, FACET_ROLE},
    {"Wish", provision_wish, NULL, FACET_ROLE},
    {"Remember", remember, NULL, FACET_ROLE},
    {"LookAtAddons", addons_look, NULL, FACET_ROLE},

    {"GetExistingRole", existing_role_get_ask, existing_role_get_answer, FACET_ROLE},
    {"JudgeTrust", existing_role_judge, NULL, FACET_ROLE},
    {"GetOpenIDConnectProvider", provider_get_ask, provider_get_answer, FACET_ROLE},
    {"JudgeProvider", provider_judge, NULL, FACET_ROLE},

    {"LookForAssociation", association_look_for, NULL, FACET_ASSOCIATION},
    {"ListPodIdentityAssociations", association_list_ask, association_list_answer,
     FACET_ASSOCIATION},
    {"DescribePodIdentityAssociation", association_describe_ask, association_describe_answer,
     FACET_ASSOCIATION},

    {"ExpectRole", expect_role, NULL, FACET_ROLE},
    {"GetRole", role_get_ask, role_get_answer, FACET_ROLE},
    {"ListRolePolicies", role_policies_list_ask, role_policies_list_answer, FACET_ROLE},
    {"GetRolePolicy", role_policy_get_ask, role_policy_get_answer, FACET_ROLE},
    {"ListAttachedRolePolicies", role_attached_list_ask, role_attached_list_answer, FACET_ROLE},
    {"Compare", compare, NULL, FACET_ROLE},
    {"GetServiceAccount", annotations_owner_ask, annotations_owner_answer, FACET_ALLOWED},

    /* From here on nothing is asked: what there is to say stands in the order of provision. */
    {"ShowRole", show_role, NULL, FACET_ROLE},
    {"WhatStays", drift_tell_what_stays, NULL, FACET_ROLE},
    {"WhatOthersPut", show_rest, NULL, FACET_ROLE},
    {"LookAtCompute", pods_compute, NULL, FACET_ASSOCIATION},
    {"JudgeAssociation", association_judge, NULL, FACET_ASSOCIATION},
    {"ShowAssociation", show_association, NULL, FACET_ASSOCIATION},
    {"ShowServiceAccount", show_account, NULL, FACET_ALLOWED},
    {"ShowRetiredRoles", show_retired, NULL, FACET_ROLE},
    {"Seen", seen, NULL, FACET_ASSOCIATION},
    {0},
};
