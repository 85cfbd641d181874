/*
 * Whose the role-arn annotation of a ServiceAccount is: only the API server's managedFields say.
 * Asked once, by the plan that must not find out by taking back what it believes to be ours.
 */

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "kube/object.h"
#include "reconcilers/annotations.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/work.h"

/* Before the finalizer was stored nothing of ours was written; and what this process applied or
 * took back it knows. */
static bool is_unknown(const struct work *work)
{
    return !work->want.web_identity && !work->ledger->annotations &&
           !work->ledger->annotations_ours &&
           kube_meta_has_finalizer(&work->binding->meta, PODIDENTITYBINDING_FINALIZER) &&
           annotations_are_there(work);
}

bool annotations_are_ours(const struct work *work)
{
    return (work->ledger->annotations || work->ledger->annotations_ours) &&
           annotations_are_there(work);
}

enum verdict annotations_owner_ask(struct work *work, struct request *request)
{
    if (!is_unknown(work))
        return VERDICT_NEXT;
    kube_get_with_managers(work->arena, request, &serviceaccount_resource,
                           work->binding->record.namespace_name,
                           work->binding->spec.service_account);
    return VERDICT_SEND;
}

static bool applied_by_us(const json_t *account)
{
    const json_t *managers = json_path(account, "metadata.managedFields");
    char field[80];

    snprintf(field, sizeof(field), "f:%s", webidentity_annotations[WEBIDENTITY_ROLE_ARN]);
    for (size_t i = 0; i < json_array_size(managers); i++) {
        const json_t *entry = json_array_get(managers, i);
        const json_t *fields = json_path(entry, "fieldsV1.f:metadata.f:annotations");

        if (text_equal(json_path_text(entry, "manager"), KUBE_FIELD_MANAGER) &&
            json_object_get(fields, field))
            return true;
    }
    return false;
}

static enum verdict learnt(struct work *work, bool ours)
{
    if (ours)
        work->ledger->annotations_ours = true;
    else
        ledger_keep(&work->ledger->annotations, "");
    return VERDICT_NEXT;
}

/* An object that kube_decode has to mend first was not written by us. What it cannot read at all is
 * none. */
static enum verdict unreadable(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *mended = kube_decode(reply->body, reply->body_length, &work->error);

    if (mended)
        return learnt(work, false);
    work->error.kind = ERROR_RETRY;
    return VERDICT_FAIL;
}

enum verdict annotations_owner_answer(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *account = NULL;
    struct error ignored = {0};

    if (!kube_reply_good(&work->request, reply, &work->error)) {
        if (!row_gone(work))
            return VERDICT_FAIL;
        return learnt(work, false);
    }
    account = json_parse(reply->body, reply->body_length, &ignored);
    return account ? learnt(work, applied_by_us(account)) : unreadable(work, reply);
}
