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
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Two small objects and what is said of them. */
enum { ARENA_MAX = 4 << 20 };

enum deed { DEED_NONE, DEED_CREATE, DEED_UPDATE, DEED_DELETE };

struct shorthand {
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

static struct shorthand *shorthand_of(struct work *work)
{
    return container_of(work, struct shorthand, work);
}

bool serviceaccount_keeps(const struct podidentitybinding *binding)
{
    return binding->from_shorthand &&
           text_equal(binding->record.name, binding->spec.service_account);
}

/* What is to be done --------------------------------------------------------------------------- */

static bool granted(struct shorthand *shorthand)
{
    if (grants_allow_annotation(shorthand->namespace_name, shorthand->name, shorthand->work.scene))
        return true;
    work_tell(&shorthand->work, true, "NotGranted", "Bind",
              "No PodIdentityGrant for namespace %s, ServiceAccount %s says "
              "allowServiceAccountAnnotation: true, so the annotation " ROLE_ARN_ANNOTATION
              " changes nothing. Ask the platform team for one, or write a PodIdentityBinding",
              shorthand->namespace_name, shorthand->name);
    return false;
}

static void tell_taken(struct shorthand *shorthand)
{
    work_tell(&shorthand->work, true, "NameTaken", "Bind",
              "PodIdentityBinding %s/%s was not made for this annotation and is left alone: remove "
              "the annotation " ROLE_ARN_ANNOTATION " if that binding is meant, or delete it",
              shorthand->namespace_name, shorthand->name);
}

/* The namesake that may come has its time. */
static bool waited(struct shorthand *shorthand)
{
    struct work *work = &shorthand->work;
    struct ledger_entry *ledger = ledger_entry(work->scene->ledger, shorthand->binding->record.key,
                                               shorthand->binding->record.uid);
    int64_t waited_ms;

    if (ledger->abandoned_ms == 0)
        ledger->abandoned_ms = work->now_ms;
    waited_ms = work->now_ms - ledger->abandoned_ms;
    if (waited_ms >= SERVICEACCOUNT_WAIT_MS)
        return true;
    work->outcome.again_ms = (uint64_t)(SERVICEACCOUNT_WAIT_MS - (waited_ms > 0 ? waited_ms : 0));
    return false;
}

static void found_again(struct shorthand *shorthand)
{
    const struct record *record = &shorthand->binding->record;

    ledger_entry(shorthand->work.scene->ledger, record->key, record->uid)->abandoned_ms = 0;
}

/* Nothing but what the annotation can say. */
static bool is_plain(const struct podidentitybinding_spec *spec)
{
    return !spec->role_name && !spec->target_role_arn && !spec->policy && spec->tag_count == 0 &&
           !spec->disable_session_tags && !spec->create_service_account && !spec->irsa.audience &&
           spec->irsa.token_expiration_s == 0 && !spec->irsa.has_regional_endpoints &&
           spec->mechanism == MECHANISM_POD_IDENTITY && !spec->observe && !spec->adopt &&
           !spec->retain;
}

static enum deed choose(struct shorthand *shorthand)
{
    const char *role_arn = shorthand->account ? shorthand->account->role_arn : NULL;
    const struct podidentitybinding *binding = shorthand->binding;

    if (namespace_ends(shorthand->work.scene, shorthand->namespace_name))
        return DEED_NONE;
    if (!binding)
        return role_arn && granted(shorthand) ? DEED_CREATE : DEED_NONE;
    if (!serviceaccount_keeps(binding)) {
        if (role_arn)
            tell_taken(shorthand);
        return DEED_NONE;
    }
    if (binding->meta.deleted_ms != 0)
        return DEED_NONE; /* made anew when it is gone */
    if (!shorthand->account)
        return waited(shorthand) ? DEED_DELETE : DEED_NONE;
    found_again(shorthand);
    if (!role_arn)
        return DEED_DELETE;
    if (text_equal(binding->spec.role_arn, role_arn) && is_plain(&binding->spec))
        return DEED_NONE;
    return granted(shorthand) ? DEED_UPDATE : DEED_NONE;
}

static enum verdict compare_ask(struct work *work, struct request *request)
{
    (void)request;
    shorthand_of(work)->deed = choose(shorthand_of(work));
    return VERDICT_NEXT;
}

/* Deleting ------------------------------------------------------------------------------------- */

/* A binding that goes takes credentials away: the ServiceAccount is read once more before. */
static enum verdict account_ask(struct work *work, struct request *request)
{
    const struct shorthand *shorthand = shorthand_of(work);

    if (shorthand->deed != DEED_DELETE)
        return VERDICT_NEXT;
    kube_get(work->arena, request, &serviceaccount_resource, shorthand->namespace_name,
             shorthand->name);
    return VERDICT_SEND;
}

static enum verdict account_answer(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *object = NULL;
    const struct serviceaccount_metadata *account;
    bool annotated;

    if (!kube_reply_good(&work->request, reply, &work->error)) {
        if (!text_equal(work->error.code, "NotFound"))
            return VERDICT_FAIL;
        error_clear(&work->error);
        return VERDICT_NEXT;
    }
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
    const struct shorthand *shorthand = shorthand_of(work);
    const struct record *record;

    if (shorthand->deed != DEED_DELETE)
        return VERDICT_NEXT;
    record = &shorthand->binding->record;
    kube_delete(work->arena, request, &podidentitybinding_resource, record->namespace_name,
                record->name, record->uid, record->resource_version);
    return VERDICT_SEND;
}

static enum verdict delete_answer(struct work *work, const struct reply *reply)
{
    if (!kube_reply_good(&work->request, reply, &work->error)) {
        if (!text_equal(work->error.code, "NotFound"))
            return VERDICT_FAIL;
        error_clear(&work->error);
    }
    work_tell(work, false, "BindingDeleted", "Unbind",
              "Deleted PodIdentityBinding %s: the annotation " ROLE_ARN_ANNOTATION " is gone",
              shorthand_of(work)->binding->record.key);
    return VERDICT_NEXT;
}

/* Making and changing -------------------------------------------------------------------------- */

static json_t *spec_of(const struct shorthand *shorthand)
{
    return json_pack("{s:s, s:s}", "serviceAccountName", shorthand->name, "roleARN",
                     shorthand->account->role_arn);
}

static enum verdict create_ask(struct work *work, struct request *request)
{
    const struct shorthand *shorthand = shorthand_of(work);
    AUTO_JSON json_t *body = NULL;

    if (shorthand->deed != DEED_CREATE)
        return VERDICT_NEXT;
    body =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:o}", "apiVersion", "podidentity.io/v1alpha1",
                  "kind", podidentitybinding_resource.kind, "metadata", "name", shorthand->name,
                  "namespace", shorthand->namespace_name, "labels", PODIDENTITYBINDING_ORIGIN,
                  PODIDENTITYBINDING_FROM_SERVICE_ACCOUNT, "spec", spec_of(shorthand));
    kube_create(work->arena, request, &podidentitybinding_resource, shorthand->namespace_name,
                body);
    return VERDICT_SEND;
}

/* What the API server refuses is told the person who wrote the annotation; an answer that another
 * version of the object is there, or none, brings the key back. */
static enum verdict refused(struct work *work)
{
    struct shorthand *shorthand = shorthand_of(work);

    if (work->error.kind != ERROR_REFUSED || text_equal(work->error.code, "NotFound"))
        return VERDICT_FAIL;
    work_tell(work, true, "BindingRefused", "Bind",
              "The API server takes no PodIdentityBinding %s/%s with the roleARN of the "
              "annotation " ROLE_ARN_ANNOTATION ": %s",
              shorthand->namespace_name, shorthand->name, work->error.text);
    shorthand->refusal = work->error;
    error_clear(&work->error);
    return VERDICT_NEXT;
}

static enum verdict create_answer(struct work *work, const struct reply *reply)
{
    const struct shorthand *shorthand = shorthand_of(work);

    if (!kube_reply_good(&work->request, reply, &work->error))
        return refused(work);
    work_tell(work, false, "BindingCreated", "Bind",
              "Made PodIdentityBinding %s/%s with role %s, which says how far it is",
              shorthand->namespace_name, shorthand->name, shorthand->account->role_arn);
    return VERDICT_NEXT;
}

/* Everything a person may have added beside roleARN goes: the annotation says it all. */
static void remove_additions(json_t *spec)
{
    static const char *const fields[] = {
        "roleName", "targetRoleARN", "disableSessionTags", "policy", "createServiceAccount", "tags",
        "mechanism", "irsa", "mode", "adoptionPolicy", "deletionPolicy",
        /* never beside roleARN; the binding may have been changed to a role of ours */
        "rolePath", "roleDescription", "maxSessionDuration", "permissionPolicy",
        "permissionPolicyName", "permissionPolicyARNs", "wellKnownPolicies",
        "wellKnownPolicyScopes", "permissionsBoundaryARN", "trustScope"};

    for (size_t i = 0; i < COUNT(fields); i++)
        json_object_set_new(spec, fields[i], json_null());
}

static enum verdict update_ask(struct work *work, struct request *request)
{
    const struct shorthand *shorthand = shorthand_of(work);
    AUTO_JSON json_t *patch = NULL;
    json_t *spec;

    if (shorthand->deed != DEED_UPDATE)
        return VERDICT_NEXT;
    spec = spec_of(shorthand);
    if (!shorthand->binding->spec.role_arn || !is_plain(&shorthand->binding->spec))
        remove_additions(spec);
    patch = json_pack("{s:o}", "spec", spec);
    kube_patch(work->arena, request, &podidentitybinding_resource, shorthand->namespace_name,
               shorthand->name, NULL, shorthand->binding->record.resource_version, patch);
    return VERDICT_SEND;
}

static enum verdict update_answer(struct work *work, const struct reply *reply)
{
    const struct shorthand *shorthand = shorthand_of(work);

    if (!kube_reply_good(&work->request, reply, &work->error))
        return refused(work);
    work_tell(work, false, "BindingUpdated", "Bind",
              "PodIdentityBinding %s says what the annotation says: role %s and no more",
              shorthand->binding->record.key, shorthand->account->role_arn);
    return VERDICT_NEXT;
}

/* Telling -------------------------------------------------------------------------------------- */

static struct event_subject subject_of(const struct shorthand *shorthand)
{
    const struct record *record = &shorthand->account->metadata.record;

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
    const struct shorthand *shorthand = shorthand_of(work);
    struct event_subject subject;

    if (!shorthand->account)
        return VERDICT_NEXT;
    subject = subject_of(shorthand);
    return report_tell_ask(work, request, &subject);
}

static enum verdict tell_answer(struct work *work, const struct reply *reply)
{
    struct event_subject subject = subject_of(shorthand_of(work));

    return report_tell_answer(work, reply, &subject);
}

static const struct step shorthand_plan[] = {
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
    struct shorthand *shorthand = shorthand_of(work);
    struct reconcile_result *result = &shorthand->result;

    result->requests = work->requests;
    result->events_trouble = work->outcome.events_trouble;
    result->told = work->outcome.told;
    result->told_count = work->outcome.told_count;
    result->delay_ms = work->outcome.again_ms;
    result->error = &work->error;
    if (work->failed) {
        result->failed_step = work->failed->name;
        result->end = RECONCILE_RETRY;
    } else if (shorthand->refusal.kind != ERROR_NONE) {
        result->error = &shorthand->refusal;
        result->end = RECONCILE_REFUSED;
    }
    shorthand->done(shorthand->context, result);
    record_unref(shorthand->account);
    record_unref(shorthand->binding);
    arena_destroy(work->arena);
    free(shorthand);
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
    struct shorthand *shorthand = memory_alloc(sizeof(*shorthand));
    struct arena *arena = arena_create(ARENA_MAX);
    size_t length = strcspn(key, "/");

    assert(key[length] == '/');
    shorthand->namespace_name = arena_printf(arena, "%.*s", (int)length, key);
    shorthand->name = arena_string(arena, key + length + 1);
    shorthand->account = held(scene->service_accounts, key);
    shorthand->binding = held(scene->bindings, key);
    shorthand->done = done;
    shorthand->context = context;
    shorthand->result.plan = "shorthand";
    shorthand->work = (struct work){
        .transport = transport,
        .done = finished,
        .arena = arena,
        .scene = scene,
        .events = events,
        .now_ms = now_ms,
    };
    plan_start(&shorthand->work, shorthand_plan);
}
