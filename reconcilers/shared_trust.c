#include "reconcilers/shared_trust.h"

#include "base/arena.h"
#include "reconcilers/ledger.h"
#include "reconcilers/policy.h"
#include "reconcilers/rows.h"
#include "reconcilers/trust_merge.h"
#include "reconcilers/work.h"

/* Who edits the trust at the same moment is seen by then: "after 10-20 s" (design rule 6.10). */
enum { TRUST_CHECK_MS = 15 * 1000 };

/* Somebody who takes the same statements away each time wants it so. */
enum { TRUST_RESTORES_MAX = 3 };

/* Before a write ------------------------------------------------------------------------------- */

static enum verdict refuse(struct work *work, const char *code, const char *text)
{
    return work_refuse(work, FACET_ROLE, arena_string(work->arena, code),
                       "Role %s cannot be adopted as it is: %s", work->want.role_arn, text);
}

/* What others say there may forbid what we add. */
static enum verdict judge(struct work *work)
{
    for (size_t i = 0; i < work->want.way_count; i++) {
        struct trust_judgement judgement =
            trust_judge_ours(work->arena, work->want.trust, &work->want.ways[i]);

        if (judgement.verdict == TRUST_REFUSES)
            return refuse(work, "TrustInsufficient",
                          arena_printf(work->arena,
                                       "its trust policy would refuse this ServiceAccount "
                                       "whatever is added: %s. Have that statement changed",
                                       judgement.why));
    }
    return VERDICT_NEXT;
}

/* Ours among the statements that are there; and those that were there before our last write, if
 * somebody wrote over them since without knowing. */
static bool merge(struct work *work, struct error *error)
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
    if (shared_trust_check_is_due(work))
        ledger_keep(&ledger->trust_before, NULL);
    return true;
}

enum verdict shared_trust_merge(struct work *work)
{
    struct error error = {0};

    return merge(work, &error) ? judge(work) : refuse(work, error.code, error.text);
}

/* After a write -------------------------------------------------------------------------------- */

void shared_trust_remember(struct work *work)
{
    if (role_is_adopted(work))
        ledger_keep(&work->ledger->trust_before, work->want.trust);
}

uint64_t shared_trust_check_ms(const struct work *work)
{
    int64_t due_ms = work->ledger->trust_edited_ms + TRUST_CHECK_MS;

    if (!work->ledger->trust_before)
        return 0;
    return due_ms > work->now_ms ? (uint64_t)(due_ms - work->now_ms) : 1;
}

bool shared_trust_check_is_due(const struct work *work)
{
    return work->ledger->trust_before &&
           work->now_ms >= work->ledger->trust_edited_ms + TRUST_CHECK_MS;
}

enum verdict shared_trust_verify_ask(struct work *work, struct request *request)
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
        return refuse(work, error.code, error.text);
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

enum verdict shared_trust_verify_answer(struct work *work, const struct reply *reply)
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

enum verdict shared_trust_refuse(struct work *work)
{
    return work_refuse(work, FACET_ROLE, "TrustInsufficient",
                       "AWS does not take the trust policy of role %s, which was adopted, with the "
                       "statements of others as they are: %s. A principal that is gone is shown by "
                       "its ID and must be taken out by who wrote it",
                       work->want.role_arn, arena_string(work->arena, work->error.text));
}

void shared_trust_forget(struct work *work)
{
    ledger_keep(&work->ledger->trust_before, NULL);
}
