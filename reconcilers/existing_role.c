/*
 * A role of others: read once for all bindings that name it, judged for this one, never changed.
 */

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/grants.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/trust.h"
#include "reconcilers/work.h"

/* How long one reading serves all bindings of a role; a failed binding wants a newer one. */
enum { READING_SERVES_MS = 10 * 60 * 1000 };

static const struct picture_existing *reading(const struct work *work)
{
    const struct picture_existing *existing =
        picture_existing(work->scene->picture, work->want.role_arn);

    if (!existing || existing->read_ms + READING_SERVES_MS <= work->now_ms)
        return NULL;
    return existing->read_ms > work->ledger->failed_ms ? existing : NULL;
}

enum verdict existing_role_get_ask(struct work *work, struct request *request)
{
    if (work->want.managed || work->want.unreadable || work->have.verified || reading(work))
        return VERDICT_NEXT;
    iam_get_role(work->arena, request, work->want.role_name);
    return VERDICT_SEND;
}

enum verdict existing_role_get_answer(struct work *work, const struct reply *reply)
{
    struct iam_role role;

    if (!row_good(work, reply)) {
        if (!aws_not_found(&work->error))
            return VERDICT_FAIL;
        picture_remove_existing(work->scene->picture, work->want.role_arn);
        return work_refuse(work, FACET_ROLE, "RoleMissing",
                           "Role %s does not exist. AWS says: %s. Create it, or correct "
                           "spec.roleARN",
                           work->want.role_arn, work->error.text);
    }
    if (!iam_read_role(work->arena, reply, &role, &work->error))
        return VERDICT_FAIL;
    if (!text_equal(role.arn, work->want.role_arn))
        return work_refuse(work, FACET_ROLE, "RoleMissing",
                           "Role %s does not exist; the role of that name is %s. Correct "
                           "spec.roleARN",
                           work->want.role_arn, role.arn);
    picture_put_existing(work->scene->picture, role.arn, role.trust,
                         aws_tags_get_any_case(&role.tags, TAG_NAMESPACE), work->now_ms);
    return VERDICT_NEXT;
}

/* Tells what the role's owner has to add; the text stays in the ledger until the trust is fine. */
static void require(struct work *work, const struct trust_subject *subjects, size_t count)
{
    ledger_keep(&work->ledger->required_trust,
                trust_statements(work->arena, subjects, count, TRUST_SERVICE_ACCOUNT));
}

static enum verdict refuse_trust(struct work *work, const struct trust_judgement *judgement)
{
    bool unknown = judgement->verdict == TRUST_UNKNOWN;

    return work_refuse(work, FACET_ROLE, unknown ? "TrustUnknown" : "TrustInsufficient",
                       "%s of role %s: %s. Ask the role's owner to add the statement in "
                       "status.requiredTrust",
                       unknown
                           ? "We cannot tell whether the trust policy admits this "
                             "ServiceAccount, so nothing was changed; trust policy"
                           : "The trust policy does not admit this ServiceAccount; trust policy",
                       work->want.role_arn, judgement->why);
}

/* The trust admits us as it admits others; the grant wants it to name us (requireTrustConsent). */
static enum verdict refuse_consent(struct work *work)
{
    require(work, work->want.ways, work->want.way_count);
    return work_refuse(work, FACET_ROLE, "TrustInsufficient",
                       "The grant of role %s has requireTrustConsent, and the role's trust policy "
                       "admits this ServiceAccount without naming cluster, namespace and "
                       "ServiceAccount alone. Ask the role's owner to put the statement in "
                       "status.requiredTrust in its place",
                       work->want.role_arn);
}

/* Tagged for another namespace, it serves no other. */
static bool is_of_another(const struct work *work, const struct picture_existing *existing)
{
    return existing->tagged_namespace &&
           !text_equal(existing->tagged_namespace, work->binding->record.namespace_name);
}

bool existing_role_is_good(struct work *work)
{
    const struct picture_existing *existing =
        picture_existing(work->scene->picture, work->want.role_arn);

    if (work->want.unreadable)
        return true; /* for all we can see */
    if (!existing || is_of_another(work, existing))
        return false;
    for (size_t i = 0; i < work->want.way_count; i++)
        if (trust_judge(work->arena, existing->trust, &work->want.ways[i]).verdict != TRUST_ADMITS)
            return false;
    return true;
}

/* Every way that pods take must be open: what each of the others lacks is told together, and why of
 * the first that is surely closed. */
static struct trust_judgement judge_ways(struct work *work, const char *trust)
{
    struct trust_judgement worst = {.verdict = TRUST_ADMITS};
    struct trust_subject missing[WANT_WAYS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < work->want.way_count; i++) {
        struct trust_judgement one = trust_judge(work->arena, trust, &work->want.ways[i]);

        if (one.verdict == TRUST_ADMITS)
            continue;
        missing[count++] = work->want.ways[i];
        if (worst.verdict == TRUST_ADMITS ||
            (worst.verdict == TRUST_UNKNOWN && one.verdict == TRUST_REFUSES))
            worst = one;
    }
    if (count > 0)
        require(work, missing, count);
    return worst;
}

static bool consents(struct work *work, const char *trust)
{
    for (size_t i = 0; i < work->want.way_count; i++)
        if (!grants_consent(work->arena, trust, &work->want.ways[i]))
            return false;
    return true;
}

/* In another account: STS there asks the trust, and the provider of that account, which only its
 * owner can read. That it names us is not ours to see either. */
static enum verdict judge_unseen(struct work *work)
{
    require(work, work->want.ways, work->want.way_count);
    if (!work->needs_consent)
        return VERDICT_NEXT;
    return work_refuse(work, FACET_ROLE, "TrustUnknown",
                       "The grant of role %s has requireTrustConsent, and the trust policy of a "
                       "role in another account cannot be read. Ask for a grant without it",
                       work->want.role_arn);
}

enum verdict existing_role_judge(struct work *work, struct request *request)
{
    const struct picture_existing *existing;
    struct trust_judgement judgement;

    (void)request;
    if (work->want.managed || work->have.verified)
        return VERDICT_NEXT;
    if (work->want.unreadable)
        return judge_unseen(work);
    existing = picture_existing(work->scene->picture, work->want.role_arn);
    if (is_of_another(work, existing))
        return work_refuse(work, FACET_ROLE, "RoleForbidden",
                           "Role %s is tagged for namespace %s and serves no other. Name another "
                           "role in spec.roleARN",
                           work->want.role_arn, existing->tagged_namespace);
    judgement = judge_ways(work, existing->trust);
    if (judgement.verdict != TRUST_ADMITS)
        return refuse_trust(work, &judgement);
    work->ledger->consented = consents(work, existing->trust);
    if (work->needs_consent && !work->ledger->consented)
        return refuse_consent(work);
    ledger_keep(&work->ledger->required_trust, NULL);
    return VERDICT_NEXT;
}
