/*
 * What drift adds to the plan provision: nothing is written while a person suspended it, what is
 * gone is made again only after one more sweep, and what was found and repaired is told.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/store.h"
#include "reconcilers/drift.h"
#include "reconcilers/namespaces.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

static const enum facet facets[DRIFT_PARTS] = {FACET_ROLE, FACET_ASSOCIATION};

/* Suspension ----------------------------------------------------------------------------------- */

/* Where it is said, for the message; NULL: nowhere. */
static const char *suspended_by(struct work *work, const char **reason)
{
    const struct podidentitybinding *binding = work->binding;

    *reason = binding->meta.suspended;
    if (*reason)
        return arena_printf(work->arena, "podidentitybinding %s -n %s", binding->record.name,
                            binding->record.namespace_name);
    *reason = namespace_suspended(work->scene, binding->record.namespace_name);
    return *reason ? arena_printf(work->arena, "namespace %s", binding->record.namespace_name)
                   : NULL;
}

enum verdict drift_suspended(struct work *work, struct request *request)
{
    const char *reason, *where = suspended_by(work, &reason);

    (void)request;
    if (!where)
        return VERDICT_NEXT;
    ledger_doubt(work->ledger); /* who takes it up again finds whatever changed meanwhile */
    return work_refuse(work, FACET_ALLOWED, "Suspended",
                       "Nothing is made, changed or repaired while this is suspended%s%s. To go "
                       "on: kubectl annotate %s podidentity.io/suspended-",
                       *reason ? ": " : "", reason, where);
}

/* Before AWS is read --------------------------------------------------------------------------- */

static const char *part_of(struct work *work, enum drift_part part)
{
    return part == DRIFT_ROLE
               ? arena_printf(work->arena, "Role %s", work->ledger->role_arn)
               : arena_printf(work->arena, "Association %s", work->ledger->association_id);
}

static void count_found(struct work *work, enum drift_part part)
{
    work->outcome.drift_found[part] |= !work->ledger->drift[part].told;
    work->ledger->drift[part].told = true;
}

static const char *clock_text(struct work *work, int64_t wall_ms)
{
    char *text = arena_alloc(work->arena, ENCODE_TIME_SIZE);

    encode_time(wall_ms, text);
    return text;
}

/* It is repaired again and again: somebody and we want different things. */
static const char *slowed_text(struct work *work, enum drift_part part)
{
    return arena_printf(work->arena,
                        "%s was repaired %d times within an hour and is different again: it is "
                        "repaired next after %s. Find who changes it (CloudTrail), or suspend this "
                        "binding: kubectl annotate pib %s -n %s podidentity.io/suspended=REASON",
                        part_of(work, part), DRIFT_REPAIRS_MAX,
                        clock_text(work, work->ledger->drift[part].slowed_until_ms),
                        work->binding->record.name, work->binding->record.namespace_name);
}

static enum verdict wait_for_sweep(struct work *work, enum drift_part part)
{
    const struct ledger_drift *drift = &work->ledger->drift[part];
    const struct condition *before = podidentitybinding_condition(
        &work->binding->status, part == DRIFT_ROLE ? "RoleReady" : "Associated");
    bool slowed = drift->slowed_until_ms > work->now_ms;
    const char *text = slowed ? slowed_text(work, part)
                              : arena_printf(work->arena,
                                             "%s is gone: somebody deleted it. It is made again if "
                                             "the next look at AWS misses it too",
                                             part_of(work, part));

    count_found(work, part);
    if (slowed || !before || !text_equal(before->reason, "RepairingDeleted"))
        work_tell(work, true, slowed ? "DriftSlowed" : "RepairingDeleted", "Reconcile", "%s", text);
    return work_wait(work, facets[part], "RepairingDeleted", 0, "%s", text);
}

static void warn_of_slowness(struct work *work, enum drift_part part)
{
    const char *text;

    if (work->ledger->drift[part].slowed_until_ms <= work->now_ms)
        return;
    text = slowed_text(work, part);
    work_warn(work, "%s", text);
    work_tell(work, true, "DriftSlowed", "Reconcile", "%s", text);
}

enum verdict drift_hold(struct work *work, struct request *request)
{
    struct ledger_entry *entry = work->ledger;

    (void)request;
    if (entry->generation != work->binding->meta.generation) {
        for (int part = 0; part < DRIFT_PARTS; part++)
            entry->drift[part].missing = false; /* a person wants something else: at once */
        return VERDICT_NEXT;
    }
    for (int part = 0; part < DRIFT_PARTS; part++)
        if (entry->drift[part].missing)
            return wait_for_sweep(work, (enum drift_part)part);
    for (int part = 0; part < DRIFT_PARTS && !work->progress.warned; part++)
        warn_of_slowness(work, (enum drift_part)part);
    work->progress.warned = true;
    if (entry->drift[DRIFT_ROLE].suspected && !work->want.managed)
        count_found(work, DRIFT_ROLE); /* told by what the judgement says of it */
    return VERDICT_NEXT;
}

/* After it is as wanted ------------------------------------------------------------------------ */

void drift_remember_role(struct work *work)
{
    struct ledger_entry *entry = work->ledger;
    const struct picture_existing *existing =
        picture_existing(work->scene->picture, work->want.role_arn);

    entry->wish_digest[0] = '\0';
    entry->existing_print = 0;
    if (work->want.managed)
        difference_wish_digest(entry->wish_digest, work->arena, &work->want);
    else if (existing)
        entry->existing_print = drift_existing_print(existing->trust, existing->tagged_namespace);
}

/* What waits for pods before it narrows is different and no drift: only what was written counts. */
static bool role_was_written(const struct work *work)
{
    return work->want.managed &&
           (work->have.role == PRESENCE_MADE ||
            work->progress.writes_before_association > work->progress.writes_before_role);
}

static bool repaired(const struct work *work, enum drift_part part)
{
    if (part == DRIFT_ROLE)
        return role_was_written(work);
    return work->have.association == PRESENCE_MADE ||
           work->writes > work->progress.writes_before_association;
}

static void settle(struct work *work, enum drift_part part)
{
    struct ledger_drift *drift = &work->ledger->drift[part];

    if (drift->suspected && repaired(work, part)) {
        count_found(work, part);
        work->outcome.drift_repaired[part] = true;
        drift_repaired(drift, work->now_ms);
        work_tell(work, true, "DriftRepaired",
                  part == DRIFT_ROLE ? "RepairRole" : "RepairAssociation",
                  "%s was changed or deleted by somebody else and is as the spec wants it again",
                  part_of(work, part));
    }
    drift->suspected = drift->missing = drift->told = false;
    drift->slowed_until_ms = 0;
}

/* With nothing that had to be written, the pages will show just what was read now. */
static void accept(struct work *work)
{
    bool asked = work->have.role == PRESENCE_PRESENT && !role_was_written(work);
    char digest[DIGEST_SIZE];

    if (asked)
        difference_digest(digest, work->arena, &work->have.detail);
    ledger_keep(&work->ledger->accepted_digest, asked ? digest : NULL);
}

/* Somebody revoked sessions in an incident: that stays, and is told for as long as it does. */
static void note_denies(struct work *work)
{
    const struct difference *todo = &work->todo;
    const char *denies =
        todo->foreign_denies_count > 0
            ? arena_join(work->arena, todo->foreign_denies, todo->foreign_denies_count, ", ")
            : NULL;

    if (denies && !text_equal(denies, work->ledger->foreign_denies)) {
        count_found(work, DRIFT_ROLE);
        work_tell(work, true, "DriftFound", "ReadRole",
                  "Role %s has an inline policy that is not ours and only denies, and it is left "
                  "as it is: %s",
                  work->want.role_arn, denies);
    }
    ledger_keep(&work->ledger->foreign_denies, denies);
}

/* A boundary only narrows: one that the wish does not have is left as it is, too. Nobody but a
 * person knows why it stands there. */
static void note_boundary(struct work *work)
{
    const char *boundary_arn = work->have.detail.role.boundary_arn;

    if (work->have.role != PRESENCE_PRESENT || work->want.boundary_arn)
        boundary_arn = NULL;
    ledger_keep(&work->ledger->foreign_boundary, boundary_arn);
}

static void warn_of_what_stays(struct work *work)
{
    const struct ledger_entry *entry = work->ledger;

    if (entry->foreign_denies)
        work_warn(work, "Inline policy %s on role %s only denies and is not ours: left as it is",
                  entry->foreign_denies, work->want.role_name);
    if (entry->foreign_boundary)
        work_warn(work,
                  "Role %s has permissions boundary %s, which neither spec nor controller asks "
                  "for: left as it is. If nobody needs it: aws iam "
                  "delete-role-permissions-boundary --role-name %s",
                  work->want.role_name, entry->foreign_boundary, work->want.role_name);
}

enum verdict drift_tell_what_stays(struct work *work, struct request *request)
{
    (void)request;
    if (!work->have.verified) {
        note_denies(work);
        note_boundary(work);
    }
    warn_of_what_stays(work);
    return VERDICT_NEXT;
}

/* What was adopted is not repaired: the condition tells it, for as long as it holds. */
static void note_kept(struct work *work, enum drift_part part)
{
    if (work->outcome.kept[part] && !work->ledger->kept[part])
        count_found(work, part);
    ledger_keep(&work->ledger->kept[part], work->outcome.kept[part]);
}

enum verdict drift_settled(struct work *work, struct request *request)
{
    struct ledger_entry *entry = work->ledger;

    (void)drift_tell_what_stays(work, request);
    if (work->have.verified)
        return VERDICT_NEXT;
    if (work->writes > 0)
        entry->written_ms = work->now_ms;
    drift_remember_role(work);
    accept(work);
    for (int part = 0; part < DRIFT_PARTS; part++) {
        note_kept(work, (enum drift_part)part);
        settle(work, (enum drift_part)part);
    }
    return VERDICT_NEXT;
}
