/*
 * The ServiceAccount of spec.createServiceAccount: made when it is missing and marked with the
 * binding's UID; taken away with the binding when the mark is still there, nobody else has written
 * to it and no pod uses it. What stays, and why, is told. A ServiceAccount that cannot be made
 * holds nothing back, since EKS knows it by name only.
 */

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/pods.h"
#include "informers/store.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

static const char *account_key(struct work *work)
{
    return arena_printf(work->arena, "%s/%s", work->binding->record.namespace_name,
                        work->binding->spec.service_account);
}

/* What the API server refuses is told in status, which takes a report; other trouble is tried again
 * without one. */
static enum verdict fail(struct work *work, const char *what)
{
    if (work->error.kind != ERROR_REFUSED)
        return VERDICT_FAIL;
    work->request = (struct request){0};
    return work_refuse(work, FACET_ALLOWED, "AccessDenied",
                       "ServiceAccount %s cannot be %s as spec.createServiceAccount asks for. The "
                       "API server says: %s",
                       work->binding->spec.service_account, what,
                       arena_string(work->arena, work->error.text));
}

/* What is written, in words: for a refusal, for what says that it is so already, for the Event. */
struct deed {
    const char *done, *already, *event, *action, *told;
};

static enum verdict answered(struct work *work, const struct reply *reply, const struct deed *deed)
{
    work->created_account.asked = true;
    if (kube_reply_good(&work->request, reply, &work->error)) {
        work_tell(work, false, deed->event, deed->action, "%s ServiceAccount %s", deed->told,
                  work->binding->spec.service_account);
        return VERDICT_NEXT;
    }
    if (!text_equal(work->error.code, deed->already))
        return fail(work, deed->done);
    error_clear(&work->error); /* somebody was faster, maybe we */
    return VERDICT_NEXT;
}

/* Making --------------------------------------------------------------------------------------- */

static bool is_missing(struct work *work)
{
    return work->binding->spec.create_service_account &&
           !store_get(work->scene->service_accounts, account_key(work));
}

void created_account_pend(struct work *work)
{
    if (is_missing(work))
        work_pend(work, "Create ServiceAccount %s", work->binding->spec.service_account);
}

enum verdict created_account_make_ask(struct work *work, struct request *request)
{
    const struct podidentitybinding *binding = work->binding;
    AUTO_JSON json_t *account = NULL;

    if (work->created_account.asked || !is_missing(work))
        return VERDICT_NEXT;
    account = json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}}", "apiVersion", "v1", "kind",
                        "ServiceAccount", "metadata", "name", binding->spec.service_account,
                        "namespace", binding->record.namespace_name, "annotations",
                        ANNOTATION_CREATED_FOR, binding->record.uid);
    kube_create(work->arena, request, &serviceaccount_resource, binding->record.namespace_name,
                account);
    return VERDICT_SEND;
}

enum verdict created_account_make_answer(struct work *work, const struct reply *reply)
{
    static const struct deed made = {"made", "AlreadyExists", "ServiceAccountCreated", "Create",
                                     "Created"};

    return answered(work, reply, &made);
}

/* Taking away ---------------------------------------------------------------------------------- */

/* The store may not have it yet, so it is not asked. */
static bool may_be_ours(const struct work *work)
{
    return work->binding->spec.create_service_account && work->binding->meta.deleted_ms != 0 &&
           !work->binding->spec.observe && !work->keep_roles;
}

enum verdict created_account_get_ask(struct work *work, struct request *request)
{
    if (work->created_account.looked || !may_be_ours(work))
        return VERDICT_NEXT;
    kube_get_with_managers(work->arena, request, &serviceaccount_resource,
                           work->binding->record.namespace_name,
                           work->binding->spec.service_account);
    return VERDICT_SEND;
}

/* Nobody but us has written to it. Without managedFields that cannot be said. */
static bool only_ours(const json_t *account)
{
    const json_t *managers = json_path(account, "metadata.managedFields");

    for (size_t i = 0; i < json_array_size(managers); i++)
        if (!text_equal(json_path_text(json_array_get(managers, i), "manager"), KUBE_FIELD_MANAGER))
            return false;
    return json_array_size(managers) > 0;
}

static bool marked(const struct work *work, const json_t *account)
{
    const json_t *annotations = json_path(account, "metadata.annotations");

    return text_equal(json_string_value(json_object_get(annotations, ANNOTATION_CREATED_FOR)),
                      work->binding->record.uid);
}

/* Why it stays, in words; NULL: it goes. */
static const char *why_it_stays(struct work *work, const json_t *account)
{
    size_t count = 0;

    if (!only_ours(account))
        return "somebody else has written to it";
    if (!pods_known(work->scene->pods))
        return "pods are not watched, so one may use it";
    (void)pods_of(work->scene->pods, account_key(work), &count);
    return count > 0 ? "pods use it" : NULL;
}

static void judge(struct work *work, const json_t *account)
{
    const char *why;

    if (!marked(work, account))
        return; /* it was there before us */
    why = why_it_stays(work, account);
    if (why) {
        work_tell(work, false, "ServiceAccountKept", "Delete",
                  "ServiceAccount %s was made for this binding and stays: %s",
                  work->binding->spec.service_account, why);
        return;
    }
    work->created_account.uid = json_take_text(work->arena, account, "metadata.uid");
    work->created_account.resource_version =
        json_take_text(work->arena, account, "metadata.resourceVersion");
}

/* What kube_decode has to mend first was not written by us, and stays. What it cannot read at all
 * is no object. */
static bool is_object(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *mended = kube_decode(reply->body, reply->body_length, &work->error);

    if (!mended)
        work->error.kind = ERROR_RETRY;
    return mended != NULL;
}

enum verdict created_account_get_answer(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *account = NULL;
    struct error unreadable = {0};

    if (!kube_reply_good(&work->request, reply, &work->error)) {
        if (!row_gone(work))
            return fail(work, "read");
        work->created_account.looked = true;
        return VERDICT_NEXT;
    }
    account = json_parse(reply->body, reply->body_length, &unreadable);
    if (!account && !is_object(work, reply))
        return VERDICT_FAIL;
    work->created_account.looked = true;
    if (account)
        judge(work, account);
    return VERDICT_NEXT;
}

enum verdict created_account_delete_ask(struct work *work, struct request *request)
{
    const struct created_account *account = &work->created_account;

    if (!account->uid || !account->resource_version || account->asked)
        return VERDICT_NEXT;
    kube_delete(work->arena, request, &serviceaccount_resource,
                work->binding->record.namespace_name, work->binding->spec.service_account,
                account->uid, account->resource_version);
    return VERDICT_SEND;
}

/* Changed since it was read: the plan runs again and looks who has written to it. */
enum verdict created_account_delete_answer(struct work *work, const struct reply *reply)
{
    static const struct deed deleted = {"deleted", "NotFound", "ServiceAccountDeleted", "Delete",
                                        "Deleted"};

    return answered(work, reply, &deleted);
}
