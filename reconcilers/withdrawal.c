#include "reconcilers/withdrawal.h"

#include <stdio.h>
#include <string.h>

#include "aws/iam.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/grants.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/trust.h"
#include "reconcilers/work.h"

/* What stands ---------------------------------------------------------------------------------- */

static bool something_was_made(const struct podidentitybinding *binding)
{
    return kube_meta_has_finalizer(&binding->meta, PODIDENTITYBINDING_FINALIZER) &&
           (binding->status.role_arn || binding->status.association_id);
}

/* The last generation that passed the gate and got its role; -1: not known. */
static int64_t granted_generation(const struct podidentitybinding *binding)
{
    const struct condition *ready = podidentitybinding_condition(&binding->status, "RoleReady");

    return ready && ready->status == CONDITION_TRUE ? ready->observed_generation : -1;
}

static bool spec_is_the_granted_one(const struct work *work)
{
    return granted_generation(work->binding) == work->binding->meta.generation;
}

static bool is_ours(const struct work *work, const char *role_arn)
{
    struct iam_role_arn parts;

    return iam_role_arn_parse(work->arena, role_arn, &parts) &&
           text_starts(parts.path, work->scene->settings.role_path);
}

/*
 * Would the role that stands be granted today, whatever the spec has become? Asked of the role
 * alone: an edit must not turn every policy that somebody hung on it into a reason for deletion.
 */
static bool role_is_still_granted(const struct work *work)
{
    struct podidentitybinding standing = *work->binding;
    const char *role_arn = work->binding->status.role_arn;

    standing.spec = (struct podidentitybinding_spec){
        .service_account = work->binding->spec.service_account,
        .role_name = work->binding->spec.role_name,
    };
    if (role_arn && !is_ours(work, role_arn))
        standing.spec.role_arn = role_arn;
    return grants_decide(work->arena, &standing, work->scene).granted;
}

/* The grace ------------------------------------------------------------------------------------ */

#define ANNOUNCED "Delete association and role because the grant was withdrawn, after "

/* What an earlier run announced; a person may not write status, and a text that is no time does
 * not count. */
static int64_t announced_ms(const struct podidentitybinding *binding)
{
    int64_t due_ms;

    for (const char *const *change = binding->status.pending_changes; change && *change; change++)
        if (text_starts(*change, ANNOUNCED) &&
            encode_time_parse(*change + strlen(ANNOUNCED), &due_ms))
            return due_ms;
    return INT64_MAX;
}

/* Wall time of the removal: as announced, or sooner when the grace was made shorter. */
static int64_t removal_ms(const struct work *work)
{
    int64_t grace_ms = (int64_t)work->scene->settings.withdrawal_grace_ms;
    int64_t latest_ms = (work->now_ms + grace_ms) / 1000 * 1000;
    int64_t due_ms = announced_ms(work->binding);

    return due_ms < latest_ms ? due_ms : latest_ms;
}

static void announce(struct work *work, int64_t due_ms)
{
    const char **pending = arena_array(work->arena, 2, sizeof(*pending));
    char time[ENCODE_TIME_SIZE];

    encode_time(due_ms, time);
    pending[0] = arena_printf(work->arena, ANNOUNCED "%s", time);
    work->outcome.pending = pending;
    work->outcome.again_ms = (uint64_t)(due_ms - work->now_ms) + 1;
}

/* Narrowing ------------------------------------------------------------------------------------ */

static enum verdict wish(struct work *work, struct request *request)
{
    (void)request;
    if (work->wanted)
        return VERDICT_NEXT;
    if (!want_compute(&work->want, work->arena, work->binding, work->scene, &work->error)) {
        error_clear(&work->error); /* the refusal by the gate says enough */
        return VERDICT_STOP;
    }
    work->wanted = true;
    return VERDICT_NEXT;
}

/* A role that is not ours, or is as wanted already, has nothing to narrow. */
static enum verdict remember(struct work *work, struct request *request)
{
    const struct ledger_entry *ledger = work->ledger;

    (void)request;
    work->have.verified =
        !work->want.managed ||
        (ledger->verified && ledger->generation == work->binding->meta.generation) ||
        role_is_pictured_as_wanted(work);
    if (work->have.verified && work->ledger->retired_until_ms == 0 && removal_has_retired(work))
        work->ledger->retired_until_ms = work->now_ms; /* its tag says when; read it now */
    return VERDICT_NEXT;
}

/*
 * The trust that we write admits this ServiceAccount and nobody else: where the present one admits
 * it as well, in every way, to put ours in its place takes away and gives nothing. Not after an
 * edit: the association that stands may be without the session tags that the new trust asks for.
 */
static bool trust_only_narrows(struct work *work)
{
    const struct podidentitybinding *binding = work->binding;
    const char *trust = work->have.detail.role.trust;

    if (binding->spec.trust_scope && !text_equal(binding->spec.trust_scope, "ServiceAccount"))
        return false;
    for (size_t i = 0; i < work->want.way_count; i++)
        if (trust_judge_ours(work->arena, trust, &work->want.ways[i]).verdict != TRUST_ADMITS)
            return false;
    return true;
}

/* Leaves in the list what takes away. */
static enum verdict narrow(struct work *work, struct request *request)
{
    struct difference *todo = &work->todo;
    bool gives = todo->policies_put_count > 0 || todo->attached_count > 0 ||
                 work->outcome.kept[DRIFT_ROLE]; /* adopted: what gives was left out before */

    (void)request;
    if (work->have.role == PRESENCE_ABSENT &&
        text_equal(work->want.role_arn, work->binding->status.role_arn))
        work_find(work, FACET_ROLE, CONDITION_FALSE, "RoleMissing",
                  "Role %s is gone, and without a grant it is not made again", work->want.role_arn);
    if (!work->progress.compared || work->progress.narrowed)
        return VERDICT_NEXT;
    work->progress.narrowed = true;
    if (role_is_adopted(work) && work->have.role_owner != OWNER_ADOPTED) {
        *todo = (struct difference){0}; /* it could be adopted, and is not ours yet */
        return VERDICT_NEXT;
    }
    if (gives && !spec_is_the_granted_one(work)) {
        *todo = (struct difference){0};
        return VERDICT_NEXT;
    }
    *todo = (struct difference){
        .boundary = todo->boundary && spec_is_the_granted_one(work),
        .trust = todo->trust && spec_is_the_granted_one(work) && trust_only_narrows(work),
        .policies_deleted = todo->policies_deleted,
        .policies_deleted_count = todo->policies_deleted_count,
        .detached = todo->detached,
        .detached_count = todo->detached_count,
    };
    return VERDICT_NEXT;
}

/* Says once what was taken away. */
static enum verdict narrowed(struct work *work, struct request *request)
{
    const char *const *changes = difference_describe(work->arena, &work->todo);

    (void)request;
    if (!work->progress.narrowed || work->progress.settled)
        return VERDICT_NEXT;
    work->progress.settled = true;
    for (; *changes; changes++)
        work_tell(work, false, "RoleUpdated", "UpdateRole", "Changed role %s: %s",
                  work->want.role_arn, *changes);
    return VERDICT_NEXT;
}

#define NARROWING_ROWS                                                                             \
    {"Account", account_known, NULL, FACET_ROLE}, {"Wish", wish, NULL, FACET_ROLE},                \
        {"Remember", remember, NULL, FACET_ROLE},                                                  \
        {"GetRole", role_get_ask, role_get_answer, FACET_ROLE},                                    \
        {"ListRolePolicies", role_policies_list_ask, role_policies_list_answer, FACET_ROLE},       \
        {"GetRolePolicy", role_policy_get_ask, role_policy_get_answer, FACET_ROLE},                \
        {"ListAttachedRolePolicies", role_attached_list_ask, role_attached_list_answer,            \
         FACET_ROLE},                                                                              \
        {"Compare", role_compare, NULL, FACET_ROLE}, {"Narrow", narrow, NULL, FACET_ROLE},         \
        {"PutRolePermissionsBoundary", role_boundary_ask, role_boundary_answer, FACET_ROLE},       \
        {"UpdateAssumeRolePolicy", role_trust_ask, role_trust_answer, FACET_ROLE},                 \
        {"DeleteRolePolicy", role_policy_delete_ask, role_policy_delete_answer, FACET_ROLE},       \
        {"DetachRolePolicy", role_detach_ask, role_detach_answer, FACET_ROLE},                     \
    {                                                                                              \
        "Narrowed", narrowed, NULL, FACET_ROLE                                                     \
    }

/* After an edit: a role that the new spec does not want may be the one in use, so none is retired
 * or deleted. */
static const struct step edit_plan[] = {
    NARROWING_ROWS,
    {0},
};

static const struct step narrow_plan[] = {
    NARROWING_ROWS,
    RETIRED_ROLE_ROWS,
    {0},
};

/* Deciding ------------------------------------------------------------------------------------- */

/* Puts what stands before the gate's own words, which are long and may be cut at their end. */
static void say(struct work *work, const char *what)
{
    work_find(work, FACET_ALLOWED, CONDITION_FALSE, "NotGranted", "%s. %s", what, work->error.text);
}

static const char *standing_role(const struct work *work)
{
    const char *role_arn = work->binding->status.role_arn;

    return role_arn ? role_arn : "of an earlier spec";
}

static const struct step *after_edit(struct work *work)
{
    int64_t granted = granted_generation(work->binding);

    say(work, granted >= 0
                  ? arena_printf(work->arena,
                                 "The spec of generation %lld is not granted, so role %s stays as "
                                 "it is, with no more than generation %lld asked for",
                                 (long long)work->binding->meta.generation, standing_role(work),
                                 (long long)granted)
                  : arena_printf(work->arena,
                                 "The spec of generation %lld is not granted, so role %s stays as "
                                 "it is, with no more than an earlier one asked for",
                                 (long long)work->binding->meta.generation, standing_role(work)));
    return edit_plan;
}

static const struct step *after_withdrawal(struct work *work)
{
    const struct step *narrowing = spec_is_the_granted_one(work) ? narrow_plan : edit_plan;
    char time[ENCODE_TIME_SIZE];
    int64_t due_ms;

    if (!work->scene->settings.delete_on_withdrawal) {
        say(work, arena_printf(work->arena,
                               "The grant was withdrawn; role %s and its association stay, and "
                               "what is missing is not made again (--on-withdrawal Keep)",
                               standing_role(work)));
        return narrowing;
    }
    due_ms = removal_ms(work);
    encode_time(due_ms, time);
    say(work, arena_printf(work->arena,
                           "The grant was withdrawn; the association and then role %s are deleted "
                           "after %s (--on-withdrawal Delete)",
                           standing_role(work), time));
    if (work->now_ms >= due_ms) {
        work->withdrawn = true;
        return teardown_plan;
    }
    announce(work, due_ms);
    return narrowing;
}

const struct step *withdrawal_plan(struct work *work)
{
    if (!text_equal(work->error.code, "NotGranted") || work->binding->meta.deleted_ms != 0 ||
        work->binding->spec.observe || !something_was_made(work->binding))
        return NULL;
    if (!spec_is_the_granted_one(work) && role_is_still_granted(work))
        return after_edit(work);
    return after_withdrawal(work);
}

void withdrawal_settle(struct work *work)
{
    static const enum facet facets[] = {FACET_ROLE, FACET_ASSOCIATION};

    if (!work->withdrawn || work->draining)
        return;
    for (size_t i = 0; i < COUNT(facets); i++) {
        if (facets[i] == FACET_ASSOCIATION && work->binding->spec.mechanism == MECHANISM_IRSA)
            continue;
        work_find(work, facets[i], CONDITION_UNKNOWN, "NotGranted",
                  work->progress.association_left
                      ? "Let go, because the grant was withdrawn; what was adopted is not deleted"
                      : "Deleted, because the grant was withdrawn");
    }
    work->outcome.removed = true;
    ledger_doubt(work->ledger);
    work->ledger->drain_until_ms = 0;
    work->ledger->brake_passed = false; /* the next time it counts again */
}
