#include "reconcilers/serviceaccount.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "kube/events.h"
#include "reconcilers/grants.h"
#include "reconcilers/ledger.h"
#include "reconcilers/namespaces.h"
#include "reconcilers/report.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/shorthand.h"
#include "reconcilers/work.h"

/* Two small objects and what is said of them. */
enum { ARENA_MAX = 4 << 20 };

enum deed { DEED_NONE, DEED_CREATE, DEED_UPDATE, DEED_DELETE };

struct keeper {
    struct work work;
    const char *namespace_name, *name;
    const struct serviceaccount_metadata *account; /* NULL: it does not exist */
    const struct podidentitybinding *binding;      /* of the same name; NULL: there is none */
    enum deed deed;
    struct error refusal; /* the API server does not take what the annotation asks for */
    struct reconcile_result result;
    reconcile_done_fn done;
    void *context;
};

static struct keeper *keeper_of(struct work *work)
{
    return container_of(work, struct keeper, work);
}

/* What is to be done --------------------------------------------------------------------------- */

static bool granted(struct keeper *keeper)
{
    if (grants_allow_annotation(keeper->namespace_name, keeper->name, keeper->work.scene))
        return true;
    work_tell(&keeper->work, true, "NotGranted", "Bind",
              "No PodIdentityGrant for namespace %s, ServiceAccount %s says "
              "allowServiceAccountAnnotation: true, so the annotation " ROLE_ARN_ANNOTATION
              " changes nothing. Ask the platform team for one, or write a PodIdentityBinding",
              keeper->namespace_name, keeper->name);
    return false;
}

static void tell_taken(struct keeper *keeper)
{
    work_tell(&keeper->work, true, "NameTaken", "Bind",
              "PodIdentityBinding %s/%s was not made for this annotation and is left alone: remove "
              "the annotation " ROLE_ARN_ANNOTATION " if that binding is meant, or delete it",
              keeper->namespace_name, keeper->name);
}

/* The namesake that may come has its time. */
static bool waited(struct keeper *keeper)
{
    struct work *work = &keeper->work;
    struct ledger_entry *ledger =
        ledger_entry(work->scene->ledger, keeper->binding->record.key, keeper->binding->record.uid);
    int64_t waited_ms;

    if (ledger->abandoned_ms == 0)
        ledger->abandoned_ms = work->now_ms;
    waited_ms = work->now_ms - ledger->abandoned_ms;
    if (waited_ms >= SERVICEACCOUNT_WAIT_MS)
        return true;
    work->outcome.again_ms = (uint64_t)(SERVICEACCOUNT_WAIT_MS - (waited_ms > 0 ? waited_ms : 0));
    return false;
}

static void found_again(struct keeper *keeper)
{
    const struct record *record = &keeper->binding->record;

    ledger_entry(keeper->work.scene->ledger, record->key, record->uid)->abandoned_ms = 0;
}

static enum deed choose(struct keeper *keeper)
{
    const char *role_arn = keeper->account ? keeper->account->role_arn : NULL;
    const struct podidentitybinding *binding = keeper->binding;

    if (namespace_ends(keeper->work.scene, keeper->namespace_name))
        return DEED_NONE;
    if (!binding)
        return role_arn && granted(keeper) ? DEED_CREATE : DEED_NONE;
    if (!shorthand_is(binding)) {
        if (role_arn)
            tell_taken(keeper);
        return DEED_NONE;
    }
    if (binding->meta.deleted_ms != 0)
        return DEED_NONE; /* made anew when it is gone */
    if (!keeper->account)
        return waited(keeper) ? DEED_DELETE : DEED_NONE;
    found_again(keeper);
    if (!role_arn)
        return DEED_DELETE;
    if (shorthand_says(&binding->spec, role_arn))
        return DEED_NONE;
    return granted(keeper) ? DEED_UPDATE : DEED_NONE;
}

static enum verdict compare_ask(struct work *work, struct request *request)
{
    (void)request;
    keeper_of(work)->deed = choose(keeper_of(work));
    return VERDICT_NEXT;
}

/* Deleting ------------------------------------------------------------------------------------- */

/* A binding that goes takes credentials away: the ServiceAccount is read once more before. */
static enum verdict account_ask(struct work *work, struct request *request)
{
    const struct keeper *keeper = keeper_of(work);

    if (keeper->deed != DEED_DELETE)
        return VERDICT_NEXT;
    kube_get(work->arena, request, &serviceaccount_resource, keeper->namespace_name, keeper->name);
    return VERDICT_SEND;
}

static enum verdict account_answer(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *object = NULL;
    const struct serviceaccount_metadata *account;
    bool annotated;

    if (!kube_reply_good(&work->request, reply, &work->error))
        return row_gone(work) ? VERDICT_NEXT : VERDICT_FAIL;
    object = kube_decode(reply->body, reply->body_length, &work->error);
    account = object ? serviceaccount_read(object, &work->error) : NULL;
    if (!account) {
        work->error.kind = ERROR_RETRY; /* it is there, but the answer came garbled */
        return VERDICT_FAIL;
    }
    annotated = account->role_arn != NULL;
    record_unref(account);
    if (!annotated)
        return VERDICT_NEXT;
    error_set(&work->error, ERROR_RETRY, "the ServiceAccount is annotated again");
    return VERDICT_FAIL;
}

static enum verdict delete_ask(struct work *work, struct request *request)
{
    const struct keeper *keeper = keeper_of(work);
    const struct record *record;

    if (keeper->deed != DEED_DELETE)
        return VERDICT_NEXT;
    record = &keeper->binding->record;
    kube_delete(work->arena, request, &podidentitybinding_resource, record->namespace_name,
                record->name, record->uid, record->resource_version);
    return VERDICT_SEND;
}

static enum verdict delete_answer(struct work *work, const struct reply *reply)
{
    if (!kube_reply_good(&work->request, reply, &work->error) && !row_gone(work))
        return VERDICT_FAIL;
    work_tell(work, false, "BindingDeleted", "Unbind",
              "Deleted PodIdentityBinding %s: the annotation " ROLE_ARN_ANNOTATION " is gone",
              keeper_of(work)->binding->record.key);
    return VERDICT_NEXT;
}

/* Making and changing -------------------------------------------------------------------------- */

static enum verdict create_ask(struct work *work, struct request *request)
{
    const struct keeper *keeper = keeper_of(work);
    AUTO_JSON json_t *body = NULL;

    if (keeper->deed != DEED_CREATE)
        return VERDICT_NEXT;
    body = shorthand_object(keeper->namespace_name, keeper->name, keeper->account->role_arn);
    kube_create(work->arena, request, &podidentitybinding_resource, keeper->namespace_name, body);
    return VERDICT_SEND;
}

/* What the API server refuses is told the person who wrote the annotation; an answer that another
 * version of the object is there, or none, brings the key back. */
static enum verdict refused(struct work *work)
{
    struct keeper *keeper = keeper_of(work);

    if (work->error.kind != ERROR_REFUSED || text_equal(work->error.code, "NotFound"))
        return VERDICT_FAIL;
    work_tell(work, true, "BindingRefused", "Bind",
              "The API server takes no PodIdentityBinding %s/%s with the roleARN of the "
              "annotation " ROLE_ARN_ANNOTATION ": %s",
              keeper->namespace_name, keeper->name, work->error.text);
    keeper->refusal = work->error;
    error_clear(&work->error);
    return VERDICT_NEXT;
}

static enum verdict create_answer(struct work *work, const struct reply *reply)
{
    const struct keeper *keeper = keeper_of(work);

    if (!kube_reply_good(&work->request, reply, &work->error))
        return refused(work);
    work_tell(work, false, "BindingCreated", "Bind",
              "Made PodIdentityBinding %s/%s with role %s, which says how far it is",
              keeper->namespace_name, keeper->name, keeper->account->role_arn);
    return VERDICT_NEXT;
}

static enum verdict update_ask(struct work *work, struct request *request)
{
    const struct keeper *keeper = keeper_of(work);
    AUTO_JSON json_t *patch = NULL;

    if (keeper->deed != DEED_UPDATE)
        return VERDICT_NEXT;
    patch = shorthand_patch(&keeper->binding->spec, keeper->name, keeper->account->role_arn);
    kube_patch(work->arena, request, &podidentitybinding_resource, keeper->namespace_name,
               keeper->name, NULL, keeper->binding->record.resource_version, patch);
    return VERDICT_SEND;
}

static enum verdict update_answer(struct work *work, const struct reply *reply)
{
    const struct keeper *keeper = keeper_of(work);

    if (!kube_reply_good(&work->request, reply, &work->error))
        return refused(work);
    work_tell(work, false, "BindingUpdated", "Bind",
              "PodIdentityBinding %s says what the annotation says: role %s and no more",
              keeper->binding->record.key, keeper->account->role_arn);
    return VERDICT_NEXT;
}

/* Telling -------------------------------------------------------------------------------------- */

static struct event_subject subject_of(const struct keeper *keeper)
{
    const struct record *record = &keeper->account->metadata.record;

    return (struct event_subject){
        .api_version = "v1",
        .kind = serviceaccount_resource.kind,
        .namespace_name = record->namespace_name,
        .name = record->name,
        .uid = record->uid,
        .resource_version = record->resource_version,
    };
}

/* A ServiceAccount that is gone takes no Event; the log has the deletion of its binding. */
static enum verdict tell_ask(struct work *work, struct request *request)
{
    const struct keeper *keeper = keeper_of(work);
    struct event_subject subject;

    if (!keeper->account)
        return VERDICT_NEXT;
    subject = subject_of(keeper);
    return report_tell_ask(work, request, &subject);
}

static enum verdict tell_answer(struct work *work, const struct reply *reply)
{
    struct event_subject subject = subject_of(keeper_of(work));

    return report_tell_answer(work, reply, &subject);
}

static const struct step keeper_plan[] = {
    {"Compare", compare_ask, NULL, FACET_ALLOWED},
    {"GetServiceAccount", account_ask, account_answer, FACET_ALLOWED},
    {"DeleteBinding", delete_ask, delete_answer, FACET_ALLOWED},
    {"CreateBinding", create_ask, create_answer, FACET_ALLOWED},
    {"PatchBinding", update_ask, update_answer, FACET_ALLOWED},
    {"TellEvents", tell_ask, tell_answer, FACET_ALLOWED},
    {0},
};

/* Running -------------------------------------------------------------------------------------- */

static void finished(struct work *work)
{
    struct keeper *keeper = keeper_of(work);
    struct reconcile_result *result = &keeper->result;

    result->requests = work->requests;
    result->events_trouble = work->outcome.events_trouble;
    result->told = work->outcome.told;
    result->told_count = work->outcome.told_count;
    result->delay_ms = work->outcome.again_ms;
    result->error = &work->error;
    if (work->failed) {
        result->failed_step = work->failed->name;
        result->end = RECONCILE_RETRY;
    } else if (keeper->refusal.kind != ERROR_NONE) {
        result->error = &keeper->refusal;
        result->end = RECONCILE_REFUSED;
    }
    keeper->done(keeper->context, result);
    record_unref(keeper->account);
    record_unref(keeper->binding);
    arena_destroy(work->arena);
    free(keeper);
}

static const void *held(const struct store *store, const char *key)
{
    const void *record = store_get(store, key);

    return record ? record_ref(record) : NULL;
}

void reconcile_service_account_start(struct scene *scene, struct transport *transport,
                                     struct events *events, const char *key, int64_t now_ms,
                                     reconcile_done_fn done, void *context)
{
    struct keeper *keeper = memory_alloc(sizeof(*keeper));
    struct arena *arena = arena_create(ARENA_MAX);
    size_t length = strcspn(key, "/");

    assert(key[length] == '/');
    keeper->namespace_name = arena_printf(arena, "%.*s", (int)length, key);
    keeper->name = arena_string(arena, key + length + 1);
    keeper->account = held(scene->service_accounts, key);
    keeper->binding = held(scene->bindings, key);
    keeper->done = done;
    keeper->context = context;
    keeper->result.plan = "shorthand";
    keeper->work = (struct work){
        .transport = transport,
        .done = finished,
        .arena = arena,
        .scene = scene,
        .events = events,
        .now_ms = now_ms,
    };
    plan_start(&keeper->work, keeper_plan);
}
