/*
 * The rows that write annotations (annotations.h): apply what is wanted, again where somebody took
 * it off, but not for ever; and take back what is not wanted any more. Only by server-side apply:
 * what is left out of it goes, if it is ours.
 */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/store.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "reconcilers/annotations.h"
#include "reconcilers/annotations_parts.h"
#include "reconcilers/edited_trust.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/mechanism.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Within which annotations are applied again so many times only. */
enum { RESTORES_WINDOW_MS = 60 * 60 * 1000 };

/* "uid mismatch": the ServiceAccount that was meant is gone. */
#define UID_MISMATCH "uid mismatch"

/* Applying ------------------------------------------------------------------------------------- */

static enum verdict wait_for_account(struct work *work)
{
    work_find(work, FACET_ROLE, CONDITION_UNKNOWN, "WaitingForServiceAccount",
              "ServiceAccount %s does not exist. When it does, it is annotated with role %s",
              work->binding->spec.service_account, work->want.role_arn);
    work->outcome.reconciling = "WaitingForServiceAccount";
    return VERDICT_NEXT;
}

/* They were there as wanted, by this process, and are not any more. */
static bool is_restored(struct work *work, const struct serviceaccount_metadata *account)
{
    struct annotations_wish wish = annotations_wish(work, account);

    return work->ledger->annotations &&
           annotations_are_applied(work, account, annotations_text(work, &wish));
}

/* The place of the next one in the ring: the oldest. */
static int64_t *oldest_restore(struct ledger_entry *ledger)
{
    int64_t *oldest = &ledger->restored_ms[0];

    for (size_t i = 1; i < LEDGER_RESTORES; i++)
        if (ledger->restored_ms[i] < *oldest)
            oldest = &ledger->restored_ms[i];
    return oldest;
}

static enum verdict leave_to_others(struct work *work, int64_t until_ms)
{
    char time[ENCODE_TIME_SIZE];

    encode_time(until_ms, time);
    work_refuse(work, FACET_ROLE, "AnnotationOwnedByOther",
                "Somebody took our annotations off ServiceAccount %s again, %d times within an "
                "hour. They are applied the next time after %s. Put %s: %s into the manifest that "
                "is applied, or apply it with --server-side",
                work->binding->spec.service_account, LEDGER_RESTORES + 1, time,
                webidentity_annotations[WEBIDENTITY_ROLE_ARN], work->want.role_arn);
    work->outcome.retry_ms = (uint64_t)(until_ms - work->now_ms) + 1;
    return VERDICT_FAIL;
}

static void apply(struct work *work, struct request *request, const struct record *account,
                  json_t *annotations)
{
    kube_apply_annotations(work->arena, request, &serviceaccount_resource, account->namespace_name,
                           account->name, account->uid, annotations);
}

enum verdict annotations_apply_ask(struct work *work, struct request *request)
{
    const struct serviceaccount_metadata *account = annotations_account(work);
    struct ledger_entry *ledger = work->ledger;
    AUTO_JSON json_t *annotations = NULL;
    struct annotations_wish wish;

    if (!work->want.web_identity)
        return VERDICT_NEXT;
    if (!account)
        return wait_for_account(work);
    if (annotations_fit(work, account)) {
        if (ledger->annotated_ms == 0)
            ledger->annotated_ms = work->now_ms;
        return VERDICT_NEXT;
    }
    if (edited_trust_rest_ms(work) > 0)
        return work_wait(work, FACET_ROLE, "WaitingForRole", edited_trust_rest_ms(work), "%s",
                         edited_trust_words(work));
    if (is_restored(work, account) && *oldest_restore(ledger) != 0 &&
        *oldest_restore(ledger) + RESTORES_WINDOW_MS > work->now_ms)
        return leave_to_others(work, *oldest_restore(ledger) + RESTORES_WINDOW_MS);
    wish = annotations_wish(work, account);
    annotations = annotations_object(&wish);
    apply(work, request, &account->metadata.record, annotations);
    return VERDICT_SEND;
}

/* The ServiceAccount may have gone while the answer was on its way: then there is nothing to
 * remember, and the watch brings the news. */
static void remember(struct work *work, const struct serviceaccount_metadata *account,
                     const char *text, const struct reply *reply)
{
    struct ledger_entry *ledger = work->ledger;
    struct error ignored = {0};
    AUTO_JSON json_t *object = kube_decode(reply->body, reply->body_length, &ignored);
    const char *version =
        object ? json_take_text(work->arena, object, "metadata.resourceVersion") : NULL;

    ledger_keep(&ledger->annotations, text);
    ledger_keep(&ledger->account_uid, account->metadata.record.uid);
    ledger_keep(&ledger->account_version, version);
}

/* A refusal that a person must hear of; what other trouble with the API server there is passes. */
static enum verdict refused(struct work *work, const struct reply *reply)
{
    const char *owner = kube_reply_owner(work->arena, reply);
    const char *words = arena_string(work->arena, work->error.text);
    const char *name = work->binding->spec.service_account;

    if (!owner && work->error.kind != ERROR_REFUSED)
        return VERDICT_FAIL;
    work->request = (struct request){0}; /* the answer came: it is told, as AWS's are */
    error_clear(&work->error);
    if (owner)
        return work_refuse(work, FACET_ROLE, "AnnotationOwnedByOther",
                           "ServiceAccount %s cannot be annotated for role %s: %s. Remove the "
                           "annotation from what manages it, then: kubectl -n %s annotate "
                           "serviceaccount %s %s-",
                           name, work->want.role_arn, owner, work->binding->record.namespace_name,
                           name, webidentity_annotations[WEBIDENTITY_ROLE_ARN]);
    return work_refuse(work, FACET_ROLE, "AccessDenied",
                       "ServiceAccount %s cannot be annotated. The API server says: %s. The "
                       "controller needs the right to patch ServiceAccounts (config/rbac)",
                       name, words);
}

static void tell_applied(struct work *work, bool restored)
{
    const char *name = work->binding->spec.service_account;

    if (restored)
        work_tell(work, true, "AnnotationsRestored", "ApplyServiceAccount",
                  "Annotated ServiceAccount %s anew: somebody had changed or removed what was "
                  "applied for role %s",
                  name, work->want.role_arn);
    else
        work_tell(work, false, "ServiceAccountAnnotated", "ApplyServiceAccount",
                  "Annotated ServiceAccount %s: its new pods get web identity for role %s", name,
                  work->want.role_arn);
}

enum verdict annotations_apply_answer(struct work *work, const struct reply *reply)
{
    const struct serviceaccount_metadata *account = annotations_account(work);
    struct ledger_entry *ledger = work->ledger;
    struct annotations_wish wish;
    bool restored;

    if (!kube_reply_good(&work->request, reply, &work->error))
        return refused(work, reply);
    if (!account)
        return wait_for_account(work);
    restored = is_restored(work, account);
    if (restored)
        *oldest_restore(ledger) = work->now_ms;
    else
        ledger->annotated_ms = work->now_ms;
    if (!restored && !work->want.pod_identity)
        ledger->made_ms = ledger->changed_ms = work->now_ms;
    wish = annotations_wish(work, account);
    remember(work, account, annotations_text(work, &wish), reply);
    tell_applied(work, restored);
    return VERDICT_NEXT;
}

/* Taking back ---------------------------------------------------------------------------------- */

static enum verdict take_back(struct work *work, struct request *request)
{
    apply(work, request, &annotations_account(work)->metadata.record, NULL);
    return VERDICT_SEND;
}

enum verdict annotations_take_back_ask(struct work *work, struct request *request)
{
    if (work->want.web_identity || work->have.verified || !annotations_are_there(work) ||
        !mechanism_may_take_back(work))
        return VERDICT_NEXT;
    return take_back(work, request);
}

struct succession {
    const struct podidentitybinding *self;
    bool wants_web_identity;
};

static void look_at_heir(void *context, const void *record)
{
    const struct podidentitybinding *other = record;
    struct succession *succession = context;

    if (other != succession->self && other->meta.deleted_ms == 0 && !other->spec.observe &&
        other->spec.mechanism != MECHANISM_POD_IDENTITY)
        succession->wants_web_identity = true;
}

/* Another binding of the ServiceAccount writes the annotations from now on: with the same manager,
 * so its own would go with ours. */
static bool has_heir(const struct work *work, const struct serviceaccount_metadata *account)
{
    struct succession succession = {.self = work->binding};

    store_each_with(work->scene->bindings, INDEX_SERVICE_ACCOUNT, account->metadata.record.key,
                    look_at_heir, &succession);
    return succession.wants_web_identity;
}

static bool has_any(const struct serviceaccount_metadata *account)
{
    for (size_t i = 0; i < WEBIDENTITY_ANNOTATIONS; i++)
        if (account->hashes[i] != 0)
            return true;
    return false;
}

enum verdict annotations_remove_ask(struct work *work, struct request *request)
{
    const struct podidentitybinding *binding = work->binding;
    const struct serviceaccount_metadata *account = annotations_account(work);

    if (binding->spec.observe || (work->purge && binding->meta.deleted_ms == 0) || !account ||
        text_equal(work->ledger->annotations, "") || has_heir(work, account))
        return VERDICT_NEXT;
    if (binding->spec.mechanism == MECHANISM_POD_IDENTITY ? !annotations_are_there(work)
                                                          : !has_any(account))
        return VERDICT_NEXT;
    return take_back(work, request);
}

enum verdict annotations_take_back_answer(struct work *work, const struct reply *reply)
{
    const struct serviceaccount_metadata *account = annotations_account(work);

    if (!kube_reply_good(&work->request, reply, &work->error)) {
        if (!text_equal(work->error.code, "NotFound") && !strstr(work->error.text, UID_MISMATCH))
            return refused(work, reply);
        error_clear(&work->error); /* the ServiceAccount is gone, and with it what it said */
    }
    work->ledger->annotated_ms = 0;
    if (account)
        remember(work, account, "", reply);
    return VERDICT_NEXT;
}
