#include "reconcilers/conditions.h"

#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/injection.h"
#include "reconcilers/ledger.h"
#include "reconcilers/reasons.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

static const char *const facet_types[FACET_COUNT] = {"Allowed", "RoleReady", "Associated"};

struct draft {
    struct work *work;
    struct condition *conditions;
    size_t count;
    struct injection injection;
};

/* The message as people read it: code, text, mend. */
static const char *message_of(struct work *work, enum condition_status status, const char *reason,
                              const char *text)
{
    const char *code = status == CONDITION_TRUE ? NULL : reason_code(reason);
    const char *mend = reason_mend(reason);
    char *message;

    if (!code)
        return text;
    message = mend[0] ? arena_printf(work->arena, "PODIDENTITY-%s: %s. %s. See docs/errors.md#%s",
                                     code, text, mend, code)
                      : arena_printf(work->arena, "PODIDENTITY-%s: %s. See docs/errors.md#%s", code,
                                     text, code);
    text_cut(message, CONDITION_MESSAGE_MAX);
    return message;
}

static const struct condition *add(struct draft *draft, const char *type,
                                   enum condition_status status, const char *reason,
                                   const char *message)
{
    const struct podidentitybinding *binding = draft->work->binding;
    const struct condition *before = podidentitybinding_condition(&binding->status, type);
    struct condition *condition = &draft->conditions[draft->count++];

    *condition = (struct condition){
        .type = type,
        .status = status,
        .reason = reason,
        .message = message,
        .observed_generation = binding->meta.generation,
        .transition_ms = before && before->status == status ? before->transition_ms
                                                            : draft->work->now_ms / 1000 * 1000,
    };
    return condition;
}

/* As it was, and of the generation that it was judged for: withdrawal.c reads that again. */
static const struct condition *keep(struct draft *draft, const struct condition *before)
{
    add(draft, before->type, before->status, before->reason, before->message);
    draft->conditions[draft->count - 1].observed_generation = before->observed_generation;
    return &draft->conditions[draft->count - 1];
}

/* A facet that this run did not come to: as it was, or not known. What was wrong with it before may
 * be mended by now, so the facet that holds it back is all that can be said. */
static const struct condition *keep_facet(struct draft *draft, enum facet facet,
                                          const struct condition *holder)
{
    const struct condition *before =
        podidentitybinding_condition(&draft->work->binding->status, facet_types[facet]);

    if (before && (before->status == CONDITION_TRUE || !holder))
        return keep(draft, before);
    if (holder)
        return add(
            draft, facet_types[facet], CONDITION_UNKNOWN, holder->reason,
            arena_printf(draft->work->arena, "Not looked at while %s is not True", holder->type));
    return add(draft, facet_types[facet], CONDITION_UNKNOWN,
               draft->work->outcome.reconciling ? draft->work->outcome.reconciling
                                                : "WaitingForRole",
               "Not looked at yet");
}

static const struct condition *add_facet(struct draft *draft, enum facet facet,
                                         const struct condition *holder)
{
    const struct finding *finding = &draft->work->outcome.findings[facet];

    if (!finding->reason)
        return keep_facet(draft, facet, holder);
    return add(draft, facet_types[facet], finding->status, finding->reason,
               message_of(draft->work, finding->status, finding->reason, finding->message));
}

/* With web identity alone there is no association, and nothing to say of one that is not in the
 * way. */
static bool is_left_out(const struct work *work, enum facet facet)
{
    return facet == FACET_ASSOCIATION && work->binding->spec.mechanism == MECHANISM_IRSA &&
           !work->outcome.findings[facet].reason;
}

/* Only observed: what Enforce would change. */
static bool is_observed(const struct draft *draft, const struct condition *condition)
{
    return condition && draft->work->binding->spec.observe &&
           text_equal(condition->reason, "ChangesPending");
}

/* The first that is not True; what would stop Enforce, too, before what it would only change. */
static bool holds_back(const struct draft *draft, const struct condition *condition,
                       const struct condition *holder)
{
    return condition->status != CONDITION_TRUE &&
           (!holder || (is_observed(draft, holder) && !is_observed(draft, condition)));
}

/* The gate, the role, the association, and which of them holds Ready back (NULL: none). */
static const struct condition *add_facets(struct draft *draft)
{
    const struct condition *holder = NULL;

    for (int facet = 0; facet < FACET_COUNT; facet++) {
        const struct condition *condition;

        if (is_left_out(draft->work, (enum facet)facet))
            continue;
        condition = add_facet(draft, (enum facet)facet, is_observed(draft, holder) ? NULL : holder);
        if (holds_back(draft, condition, holder))
            holder = condition;
    }
    return holder;
}

static const struct condition *add_finding(struct draft *draft, const char *type,
                                           const struct finding *finding)
{
    const char *message =
        finding->status == CONDITION_FALSE
            ? message_of(draft->work, finding->status, finding->reason, finding->message)
            : finding->message;

    return add(draft, type, finding->status, finding->reason, message);
}

/* What the pods show; holder is NULL or what holds Ready back already. */
static const struct condition *add_pods(struct draft *draft, const struct condition *holder)
{
    const struct condition *injected;

    draft->injection = injection_judge(draft->work, &draft->conditions[draft->count - 1]);
    injected = add_finding(draft, "Injected", &draft->injection.injected);
    add_finding(draft, "PodsCurrent", &draft->injection.current);
    if (draft->work->binding->spec.observe)
        return holder; /* what pods get is not what Enforce would change */
    return !holder && injected->status == CONDITION_FALSE ? injected : holder;
}

/* With mode Observe, when nothing would stop Enforce. */
static const struct condition *add_observed(struct draft *draft)
{
    struct work *work = draft->work;
    const struct condition *before = podidentitybinding_condition(&work->binding->status, "Ready");
    size_t count = work_pending_count(work);

    if (work->failed && before)
        return keep(draft, before); /* trouble on the way: as it was seen last */
    if (count == 0)
        return add(draft, "Ready", CONDITION_TRUE, "Observed",
                   "AWS is as the spec wants it; mode: Observe writes nothing");
    return add(draft, "Ready", CONDITION_FALSE, "ChangesPending",
               message_of(work, CONDITION_FALSE, "ChangesPending",
                          arena_printf(work->arena,
                                       "mode: Observe writes nothing. %zu %s in "
                                       "status.pendingChanges. To make them set spec.mode: Enforce",
                                       count, count == 1 ? "change stands" : "changes stand")));
}

static const struct condition *add_ready(struct draft *draft, const struct condition *holder)
{
    const struct podidentitybinding_spec *spec = &draft->work->binding->spec;

    if (spec->observe && (!holder || is_observed(draft, holder)))
        return add_observed(draft);
    if (holder)
        return add(draft, "Ready", holder->status, holder->reason, holder->message);
    return add(draft, "Ready", CONDITION_TRUE, "Ready",
               spec->mechanism == MECHANISM_IRSA ? "Role and ServiceAccount are as the spec wants"
                                                 : CONDITION_READY);
}

static void add_summary(struct draft *draft, const struct condition *holder)
{
    struct work *work = draft->work;
    const char *reconciling = work->outcome.reconciling;
    const struct condition *ready = add_ready(draft, add_pods(draft, holder));

    if (reconciling)
        add(draft, "Reconciling", CONDITION_TRUE, reconciling,
            message_of(work, CONDITION_FALSE, reconciling,
                       work->outcome.waiting            ? work->outcome.waiting
                       : work->error.kind != ERROR_NONE ? work->error.text
                                                        : "In progress"));
    else if (ready->status == CONDITION_FALSE)
        add(draft, "Stalled", CONDITION_TRUE, ready->reason, ready->message);
}

/* A list in the arena that ends with NULL. */
static const char *const *warnings_of(struct work *work)
{
    const char **list = arena_array(work->arena, WORK_WARNINGS_MAX + 1, sizeof(*list));

    for (size_t i = 0; i < work->outcome.warning_count; i++)
        list[i] = work->outcome.warnings[i];
    return list;
}

/* What mode Observe came to; trouble on the way takes nothing from what was seen before. */
static const char *const *observed_changes(const struct work *work)
{
    return work->failed && work->error.kind != ERROR_REFUSED ? work->binding->status.pending_changes
                                                             : work->outcome.pending;
}

/* Nothing is pending for what is granted or removed; else what was announced stays. */
static const char *const *pending_of(const struct work *work)
{
    if (work->binding->spec.observe)
        return observed_changes(work);
    if (work->outcome.pending)
        return work->outcome.pending;
    if (work->outcome.removed || work->outcome.findings[FACET_ALLOWED].status == CONDITION_TRUE)
        return NULL;
    return work->binding->status.pending_changes;
}

/* What a failed row leaves behind, unless it said so itself. */
static void find_failure(struct work *work)
{
    enum facet facet = work->failed ? work->failed->facet : FACET_ROLE;
    struct outcome *outcome = &work->outcome;
    const char *reason = reason_of_error(&work->error, facet);

    if (work->error.kind == ERROR_REFUSED) {
        if (outcome->findings[facet].status != CONDITION_FALSE || !outcome->findings[facet].reason)
            work_find(work, facet, CONDITION_FALSE, reason, "%s", work->error.text);
        return;
    }
    if (!outcome->reconciling)
        outcome->reconciling = reason;
}

/* What the owner of the target role must add, once EKS has said under which external ID it comes.
 */
static void fill_target(struct podidentitybinding_status *status, struct work *work)
{
    const char *external_id = work->want.target_role_arn ? work->ledger->external_id : NULL;

    status->external_id = external_id;
    status->target_trust_policy =
        external_id ? want_target_trust(work->arena, &work->want, external_id) : NULL;
}

/* As this run read it, or as the status has it. */
static const char *arn_of_association(const struct work *work)
{
    const struct podidentitybinding_status *before = &work->binding->status;
    const char *id = work->ledger->association_id;

    if (text_equal(work->have.found.id, id))
        return work->have.found.arn;
    return text_equal(before->association_id, id) ? before->association_arn : NULL;
}

/* What is there, whether it is as wanted or not. */
static void fill_observed(struct podidentitybinding_status *status, struct work *work)
{
    const struct ledger_entry *ledger = work->ledger;

    if (work->failed)
        return;
    fill_target(status, work);
    status->role_arn =
        ledger->observed[DRIFT_ROLE].sighting == SIGHTING_ABSENT ? NULL : ledger->role_arn;
    status->association_id = ledger->association_id;
    status->association_arn = arn_of_association(work);
}

static void fill_identifiers(struct podidentitybinding_status *status, struct work *work)
{
    const struct ledger_entry *ledger = work->ledger;
    const struct podidentitybinding_status *before = &work->binding->status;
    bool verified = work->progress.associated ||
                    (ledger->verified && ledger->generation == work->binding->meta.generation);
    bool settled = work->outcome.findings[FACET_ROLE].status == CONDITION_TRUE;

    if (work->outcome.removed)
        return;
    status->role_arn = before->role_arn;
    status->association_id = before->association_id;
    status->association_arn = before->association_arn;
    status->external_id = before->external_id;
    status->target_trust_policy = before->target_trust_policy;
    if (verified && work->wanted)
        fill_target(status, work);
    if (settled && work->wanted)
        status->role_arn = work->want.role_arn;
    if (work->binding->spec.observe) {
        fill_observed(status, work);
    } else if (verified) {
        status->role_arn = ledger->role_arn;
        status->association_id = ledger->association_id;
        status->association_arn = arn_of_association(work);
    } else if (work->have.association == PRESENCE_MADE) {
        status->association_id = work->have.found.id;
        status->association_arn = work->have.found.arn;
    }
}

void conditions_compute(struct podidentitybinding_status *status, struct work *work)
{
    struct draft draft = {
        .work = work,
        .conditions = arena_array(work->arena, CONDITIONS_MAX, sizeof(struct condition)),
    };

    if (work->error.kind != ERROR_NONE)
        find_failure(work);
    add_summary(&draft, add_facets(&draft));
    *status = (struct podidentitybinding_status){
        .observed_generation = work->binding->meta.generation,
        .conditions = draft.conditions,
        .condition_count = draft.count,
        .required_trust = work->ledger->required_trust,
        .warnings = work->outcome.findings[FACET_ALLOWED].status == CONDITION_TRUE
                        ? warnings_of(work)
                        : work->binding->status.warnings,
        .pending_changes = pending_of(work),
        .has_pods = draft.injection.watched,
        .pods_total = draft.injection.total_count,
        .pods_current = draft.injection.current_count,
        .last_verified_ms =
            work->requests > 0 ? work->now_ms : work->binding->status.last_verified_ms,
    };
    fill_identifiers(status, work);
}
