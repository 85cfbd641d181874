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
    if (work->want.managed || work->have.verified || reading(work))
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
static enum verdict refuse_trust(struct work *work, const struct trust_subject *subject,
                                 const struct trust_judgement *judgement)
{
    bool unknown = judgement->verdict == TRUST_UNKNOWN;

    ledger_keep(&work->ledger->required_trust,
                trust_statement(work->arena, subject, TRUST_SERVICE_ACCOUNT));
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
static enum verdict refuse_consent(struct work *work, const struct trust_subject *subject)
{
    ledger_keep(&work->ledger->required_trust,
                trust_statement(work->arena, subject, TRUST_SERVICE_ACCOUNT));
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
    struct trust_subject subject = trust_subject_of(work->binding, work->scene);

    return existing && !is_of_another(work, existing) &&
           trust_judge(work->arena, existing->trust, &subject).verdict == TRUST_ADMITS;
}

enum verdict existing_role_judge(struct work *work, struct request *request)
{
    const struct picture_existing *existing;
    struct trust_judgement judgement;
    struct trust_subject subject;

    (void)request;
    if (work->want.managed || work->have.verified)
        return VERDICT_NEXT;
    existing = picture_existing(work->scene->picture, work->want.role_arn);
    if (is_of_another(work, existing))
        return work_refuse(work, FACET_ROLE, "RoleForbidden",
                           "Role %s is tagged for namespace %s and serves no other. Name another "
                           "role in spec.roleARN",
                           work->want.role_arn, existing->tagged_namespace);
    subject = trust_subject_of(work->binding, work->scene);
    judgement = trust_judge(work->arena, existing->trust, &subject);
    if (judgement.verdict != TRUST_ADMITS)
        return refuse_trust(work, &subject, &judgement);
    work->ledger->consented = grants_consent(work->arena, existing->trust, &subject);
    if (work->needs_consent && !work->ledger->consented)
        return refuse_consent(work, &subject);
    ledger_keep(&work->ledger->required_trust, NULL);
    return VERDICT_NEXT;
}
