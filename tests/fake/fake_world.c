#include "tests/fake/fake_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "crds/podidentitygrant.h"
#include "informers/pods.h"
#include "informers/store.h"
#include "kube/events.h"
#include "reconcilers/audit.h"
#include "reconcilers/drift.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/serviceaccount.h"
#include "reconcilers/sweep.h"

enum {
    CONFLICT_MS = 20,
    RETRY_MS = 500,
    RETRY_MOST_MS = 300000,
    REFUSED_MS = 5000,
    REFUSALS_MAX = 3,
    FAILURES_MAX = 40,
    ROUNDS_MAX = 20000,
};

/* What every test may bind; tests that are about grants take it away first. */
static const char grant_spec[] =
    "{\"namespaces\":{\"names\":[\"shop\"]},\"serviceAccounts\":[\"*\"],"
    "\"existingRoles\":{\"arns\":[\"arn:aws:iam::*:role/*\",\"arn:aws:iam::*:role/*/*\"]},"
    "\"managedRoles\":{\"permissionPolicyARNs\":[\"arn:aws:iam::*:policy/*\"],"
    "\"inlinePolicies\":\"Allow\",\"roleNames\":[\"*\"],"
    "\"permissionsBoundaryARNs\":[\"arn:aws:iam::*:policy/*\"],"
    "\"trustScopes\":[\"Cluster\",\"Account\"],\"wellKnownPolicies\":["
    "{\"name\":\"externalDNS\",\"unscoped\":true},{\"name\":\"imageBuilder\",\"unscoped\":true}]},"
    "\"targetRoleARNs\":[\"arn:aws:iam::*:role/*\"],\"allowRetain\":true,"
    "\"allowServiceAccountAnnotation\":true,"
    "\"adoption\":{\"roles\":[\"arn:aws:iam::*:role/*/*/*/*\"],\"associations\":true}}";

static const struct settings settings = {
    .cluster_name = FAKE_CLUSTER,
    .region = "eu-west-1",
    .role_path = FAKE_ROLE_PATH,
    .boundary_arn = FAKE_BOUNDARY,
    .controller_namespace = "podidentity-system",
    .settle_ms = 10000,
    .drift_interval_ms = 10 * 60 * 1000,
    .describe_interval_ms = 6 * 60 * 60 * 1000,
    .eks_rate = 10,
    .retired_role_ms = 6 * 60 * 60 * 1000,
    .deletion_limit = 0,
};

static json_t *parse(const char *text)
{
    struct error error = {0};
    json_t *json = json_parse(text, strlen(text), &error);

    assert(json);
    return json;
}

/* Memory of the process, new and empty. */
static void begin_process(struct fake_world *world)
{
    world->scene = (struct scene){
        /* Flags of the program: the next process has those of the one before. */
        .settings = world->scene.settings.cluster_name ? world->scene.settings : settings,
        .bindings = world->bindings,
        .grants = world->grants,
        .service_accounts = world->service_accounts,
        .namespaces = world->namespaces,
        .pods = world->pods,
        .picture = picture_create(),
        .ledger = ledger_create(),
    };
    world->events = events_create("podidentity.io/controller", "test");
    world->audit = audit_create(&world->scene, &world->wire.transport, world->events, NULL, NULL);
}

static void end_process(struct fake_world *world)
{
    audit_destroy(world->audit);
    account_finish(&world->scene.account);
    picture_destroy(world->scene.picture);
    ledger_destroy(world->scene.ledger);
    events_destroy(world->events);
}

static void make_stores(struct fake_world *world)
{
    world->bindings = store_create(binding_indices);
    world->grants = store_create(NULL);
    world->service_accounts = store_create(service_account_indices);
    world->namespaces = store_create(NULL);
}

static void drop_stores(struct fake_world *world)
{
    store_destroy(world->bindings);
    store_destroy(world->grants);
    store_destroy(world->service_accounts);
    store_destroy(world->namespaces);
}

static struct fake_key *any_key_of(struct fake_world *world, const char *key,
                                   bool of_service_account)
{
    for (size_t i = 0; i < world->key_count; i++)
        if (strcmp(world->keys[i].key, key) == 0 &&
            world->keys[i].of_service_account == of_service_account)
            return &world->keys[i];
    world->keys = memory_resize(world->keys, world->key_count + 1, sizeof(*world->keys));
    world->keys[world->key_count] = (struct fake_key){
        .key = memory_string(key), .of_service_account = of_service_account, .due_ms = INT64_MAX};
    return &world->keys[world->key_count++];
}

static struct fake_key *key_of(struct fake_world *world, const char *key)
{
    return any_key_of(world, key, false);
}

static void make_due(const struct fake_world *world, struct fake_key *entry)
{
    entry->due_ms = world->wire.now_ms;
    entry->failures = entry->refusals = 0;
}

static void due_now(struct fake_world *world, const char *key)
{
    make_due(world, key_of(world, key));
}

/* Once a ServiceAccount is annotated its key stays in play: a look that finds nothing costs
 * nothing. */
static void account_due(struct fake_world *world, const char *key)
{
    const struct serviceaccount_metadata *account = store_get(world->service_accounts, key);
    const struct podidentitybinding *binding = store_get(world->bindings, key);

    for (size_t i = 0; i < world->key_count; i++)
        if (world->keys[i].of_service_account && strcmp(world->keys[i].key, key) == 0)
            make_due(world, &world->keys[i]);
    if ((account && account->role_arn) || (binding && binding->from_shorthand))
        make_due(world, any_key_of(world, key, true));
}

static void accounts_due(struct fake_world *world)
{
    for (size_t i = 0; i < world->key_count; i++)
        if (world->keys[i].of_service_account)
            make_due(world, &world->keys[i]);
}

static void record_due(void *context, const void *record)
{
    due_now(context, ((const struct record *)record)->key);
}

struct kind {
    const struct kube_resource *resource;
    void *(*read)(const json_t *object, struct error *error);
};
static const struct kind kinds[] = {
    {&podidentitybinding_resource, podidentitybinding_read},
    {&podidentitygrant_resource, podidentitygrant_read},
    {&serviceaccount_resource, serviceaccount_read},
    {&namespace_resource, namespace_read},
};

static struct store *store_of(struct fake_world *world, size_t kind)
{
    struct store *const stores[] = {world->bindings, world->grants, world->service_accounts,
                                    world->namespaces};

    return stores[kind];
}

static size_t kind_of(const char *id)
{
    size_t kind = 0;

    while (strncmp(id, kinds[kind].resource->plural, strcspn(id, "/")) != 0)
        kind++;
    return kind;
}

/* The binding itself and its rivals, as the controller does. */
static void binding_news(struct fake_world *world, const char *key, const void *record)
{
    const struct podidentitybinding *binding = record;
    char account[600];

    if (binding && reconcile_is_own_write(&world->scene, key, binding->record.uid,
                                          binding->record.resource_version))
        return;
    due_now(world, key);
    account_due(world, key);
    if (!binding)
        return;
    snprintf(account, sizeof(account), "%s/%s", binding->record.namespace_name,
             binding->spec.service_account);
    store_each_with(world->bindings, INDEX_SERVICE_ACCOUNT, account, record_due, world);
}

static void take_change(struct fake_world *world, const struct fake_change *change)
{
    size_t kind = kind_of(change->id);
    const char *key = strchr(change->id, '/') + 1;
    struct error error = {0};
    void *record = change->object ? kinds[kind].read(change->object, &error) : NULL;

    key += *key == '/';
    assert(record || !change->object);
    if (record)
        store_put(store_of(world, kind), record);
    else
        store_remove(store_of(world, kind), key);
    if (kind == 0) {
        binding_news(world, key, record);
        return;
    }
    store_each(world->bindings, record_due, world);
    if (kinds[kind].resource == &serviceaccount_resource)
        account_due(world, key);
    else
        accounts_due(world);
}

void fake_world_watch(struct fake_world *world)
{
    struct fake_change *change;

    while ((change = fake_kubernetes_take_change(&world->kubernetes))) {
        take_change(world, change);
        fake_change_free(change);
    }
}

static void swept(void *context, const struct error *error, unsigned requests)
{
    (void)requests;
    *(bool *)context = !error;
}

bool fake_world_sweep(struct fake_world *world)
{
    bool good = false;

    sweep_start(&world->scene, &world->wire.transport, world->wire.now_ms, swept, &good);
    fake_run(&world->wire);
    return good;
}

static void drift_due(void *context, const char *key)
{
    due_now(context, key);
}

bool fake_world_look(struct fake_world *world)
{
    AUTO(drift_look_end) struct drift_look *look = NULL;

    fake_world_watch(world);
    if (!fake_world_sweep(world))
        return false;
    look = drift_look_begin(&world->scene, drift_due, world);
    while (drift_look_on(look, 2, world->wire.now_ms))
        continue;
    audit_begin(world->audit);
    while (audit_on(world->audit, 2, world->wire.now_ms))
        continue;
    fake_run(&world->wire);
    return true;
}

struct fake_world *fake_world_create(void)
{
    struct fake_world *world = memory_alloc(sizeof(*world));

    fake_wire_init(&world->wire, FAKE_START_MS);
    fake_aws_init(&world->aws, &world->wire.now_ms);
    fake_kubernetes_init(&world->kubernetes, &world->wire.now_ms);
    world->wire.servers[SERVICE_KUBERNETES] = &world->kubernetes.server;
    world->wire.servers[SERVICE_IAM] = world->wire.servers[SERVICE_STS] =
        world->wire.servers[SERVICE_EKS] = &world->aws.server;
    make_stores(world);
    begin_process(world);
    fake_kubernetes_apply(&world->kubernetes, "namespaces", "", "shop", json_object());
    fake_kubernetes_apply(&world->kubernetes, "serviceaccounts", "shop", "cart", json_object());
    fake_world_grant(world, "shop", grant_spec);
    fake_world_watch(world);
    while (!fake_world_sweep(world))
        world->wire.now_ms += 1000;
    fake_world_reset(world);
    return world;
}

void fake_world_destroy(struct fake_world *world)
{
    end_process(world);
    drop_stores(world);
    pods_destroy(world->pods);
    fake_kubernetes_finish(&world->kubernetes);
    fake_aws_finish(&world->aws);
    fake_wire_finish(&world->wire);
    for (size_t i = 0; i < world->key_count; i++)
        free(world->keys[i].key);
    free(world->keys);
    free(world);
}

void fake_world_reset(struct fake_world *world)
{
    fake_wire_reset(&world->wire);
    fake_aws_reset(&world->aws);
    fake_kubernetes_reset(&world->kubernetes);
    world->reconciles = 0;
    world->first_failure = ERROR_NONE;
    error_clear(&world->last_error);
}

void fake_world_bind(struct fake_world *world, const char *name, const char *spec)
{
    fake_kubernetes_apply(&world->kubernetes, podidentitybinding_resource.plural, "shop", name,
                          json_pack("{s:o}", "spec", parse(spec)));
}

void fake_world_unbind(struct fake_world *world, const char *name)
{
    fake_kubernetes_delete(&world->kubernetes, podidentitybinding_resource.plural, "shop", name);
}

void fake_world_annotate(struct fake_world *world, const char *role_arn)
{
    fake_kubernetes_apply(
        &world->kubernetes, serviceaccount_resource.plural, "shop", "cart",
        json_pack("{s:{s:{s:s?}}}", "metadata", "annotations", ROLE_ARN_ANNOTATION, role_arn));
}

void fake_world_grant(struct fake_world *world, const char *name, const char *spec)
{
    fake_kubernetes_apply(&world->kubernetes, podidentitygrant_resource.plural, "", name,
                          json_pack("{s:o}", "spec", parse(spec)));
}

/* Pods ----------------------------------------------------------------------------------------- */

/* As controller/consequences.c, but at once. */
static void due_if_pods_matter(void *context, const void *record)
{
    struct fake_world *world = context;

    if (reconcile_looks_at_pods(&world->scene, record))
        record_due(world, record);
}

static void pods_news(void *context, const char *account)
{
    struct fake_world *world = context;

    store_each_with(world->bindings, INDEX_SERVICE_ACCOUNT, account, due_if_pods_matter, world);
}

void fake_world_watch_pods(struct fake_world *world)
{
    if (world->pods)
        return;
    world->pods = pods_create(pods_news, world);
    pods_sink.complete(world->pods);
    world->scene.pods = world->pods;
}

static json_t *pod_object(const struct fake_world *world, unsigned number,
                          enum pod_credentials credentials, int flags)
{
    static const char *const variables[] = {"PATH", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                            "AWS_WEB_IDENTITY_TOKEN_FILE"};
    char time[ENCODE_TIME_SIZE], uid[32];
    json_t *object;

    encode_time(world->wire.now_ms, time);
    snprintf(uid, sizeof(uid), "pod-%u", number);
    object = json_pack("{s:{s:s,s:s,s:s},s:{s:s,s:{s:s},s:[{s:[{s:s,s:s}]}]}}", "metadata",
                       "namespace", "shop", "uid", uid, "creationTimestamp", time, "spec",
                       "serviceAccountName", "cart", "os", "name",
                       flags & POD_WINDOWS ? "windows" : "linux", "containers", "env", "name",
                       variables[credentials], "value", "http://169.254.170.23/v1/credentials");
    assert(object);
    if (flags & POD_FARGATE)
        json_object_set_new(json_path(object, "spec"), "schedulerName",
                            json_string("fargate-scheduler"));
    if (flags & POD_TERMINATING)
        json_object_set_new(json_path(object, "metadata"), "deletionTimestamp", json_string(time));
    return object;
}

void fake_world_pod(struct fake_world *world, unsigned number, enum pod_credentials credentials,
                    int flags)
{
    json_t *object = pod_object(world, number, credentials, flags);
    struct error error = {0};
    bool put;

    fake_world_watch_pods(world);
    put = pods_sink.put(world->pods, object, &error);
    assert(put);
    json_decref(object);
}

void fake_world_remove_pod(struct fake_world *world, unsigned number)
{
    json_t *object = pod_object(world, number, POD_NO_CREDENTIALS, 0);
    struct error error = {0};
    bool removed = pods_sink.remove(world->pods, object, &error);

    assert(removed);
    json_decref(object);
}

/* Reconciling ---------------------------------------------------------------------------------- */

struct run {
    struct fake_world *world;
    struct fake_key *key;
    bool done;
};

static int64_t back_off(unsigned failures, int64_t base_ms)
{
    for (; failures > 1 && base_ms < RETRY_MOST_MS; failures--)
        base_ms *= 2;
    return base_ms < RETRY_MOST_MS ? base_ms : RETRY_MOST_MS;
}

static void count_refusal(struct fake_key *key, const char *code)
{
    if (!text_equal(key->refused_for, code))
        key->refusals = 0;
    snprintf(key->refused_for, sizeof(key->refused_for), "%s", code);
    key->refusals++;
}

/* When the queue would bring the key back (controller/jobs.c). */
static int64_t due_after(struct fake_key *key, const struct reconcile_result *result,
                         int64_t now_ms)
{
    int64_t delay_ms = (int64_t)result->delay_ms;

    if (result->end == RECONCILE_DONE) {
        key->failures = key->refusals = 0;
        return delay_ms > 0 ? now_ms + delay_ms : INT64_MAX;
    }
    if (result->end == RECONCILE_REFUSED) {
        count_refusal(key, result->error->code);
        return now_ms + (delay_ms > 0 ? delay_ms : REFUSED_MS);
    }
    key->failures++;
    if (result->error->kind == ERROR_CONFLICT)
        return now_ms + CONFLICT_MS;
    return now_ms + back_off(key->failures, delay_ms > 0 ? delay_ms : RETRY_MS);
}

static void reconciled(void *context, const struct reconcile_result *result)
{
    struct run *run = context;
    struct fake_world *world = run->world;

    run->done = true;
    run->key->due_ms = due_after(run->key, result, world->wire.now_ms);
    if (result->error->kind == ERROR_NONE)
        return;
    if (world->first_failure == ERROR_NONE)
        world->first_failure = result->error->kind;
    world->last_error = *result->error;
}

static void reconcile_key(struct fake_world *world, struct fake_key *key)
{
    struct run run = {.world = world, .key = key};

    key->due_ms = INT64_MAX;
    world->reconciles += !key->of_service_account;
    if (key->of_service_account)
        reconcile_service_account_start(&world->scene, &world->wire.transport, world->events,
                                        key->key, world->wire.now_ms, reconciled, &run);
    else
        reconcile_start(&world->scene, &world->wire.transport, world->events, key->key,
                        world->wire.now_ms, reconciled, &run);
    fake_run(&world->wire);
    assert(run.done);
}

void fake_world_reconcile_unseen(struct fake_world *world, const char *name)
{
    char key[300];

    snprintf(key, sizeof(key), "shop/%s", name);
    reconcile_key(world, key_of(world, key));
}

void fake_world_reconcile(struct fake_world *world, const char *name)
{
    fake_world_watch(world);
    fake_world_reconcile_unseen(world, name);
    fake_world_watch(world);
}

static void released(void *context, const struct reconcile_result *result)
{
    *(bool *)context = result->error->kind == ERROR_NONE;
}

bool fake_world_release(struct fake_world *world, const char *name, enum release release)
{
    char key[300];
    bool good = false;

    snprintf(key, sizeof(key), "shop/%s", name);
    reconcile_release_start(&world->scene, &world->wire.transport, key, release, world->wire.now_ms,
                            released, &good);
    fake_run(&world->wire);
    return good;
}

/* The key that is due first; NULL when none is before until_ms. */
static struct fake_key *first_due(struct fake_world *world, int64_t until_ms)
{
    struct fake_key *first = NULL;

    for (size_t i = 0; i < world->key_count; i++) {
        struct fake_key *key = &world->keys[i];

        if (key->due_ms > until_ms || key->refusals >= REFUSALS_MAX)
            continue;
        if (!first || key->due_ms < first->due_ms)
            first = key;
    }
    return first;
}

static bool run_until(struct fake_world *world, int64_t until_ms, int64_t horizon_ms)
{
    struct fake_key *key;

    fake_world_watch(world);
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        int64_t reach_ms = horizon_ms > 0 ? world->wire.now_ms + horizon_ms : until_ms;

        key = first_due(world, reach_ms);
        if (!key || world->wire.dead)
            return true;
        if (key->failures > FAILURES_MAX)
            return false;
        if (key->due_ms > world->wire.now_ms)
            world->wire.now_ms = key->due_ms;
        reconcile_key(world, key);
        fake_world_watch(world);
    }
    return false;
}

bool fake_world_settle(struct fake_world *world)
{
    return run_until(world, 0, FAKE_HORIZON_MS);
}

bool fake_world_pass(struct fake_world *world, int64_t ms)
{
    int64_t until_ms = world->wire.now_ms + ms;
    bool quiet = run_until(world, until_ms, 0);

    if (world->wire.now_ms < until_ms)
        world->wire.now_ms = until_ms;
    return quiet;
}

/* Lists what the API server has now, as a new process does. */
static void list_all(struct fake_world *world)
{
    struct fake_change *change;
    const char *id;
    json_t *object;

    while ((change = fake_kubernetes_take_change(&world->kubernetes)))
        fake_change_free(change);
    json_object_foreach(world->kubernetes.objects, id, object)
    {
        struct fake_change listed = {.id = (char *)id, .object = object};

        take_change(world, &listed);
    }
}

void fake_world_restart(struct fake_world *world)
{
    end_process(world);
    drop_stores(world);
    for (size_t i = 0; i < world->key_count; i++)
        world->keys[i].due_ms = INT64_MAX;
    make_stores(world);
    begin_process(world);
    list_all(world);
    world->wire.death_call = 0;
    world->wire.dead = false;
    while (!fake_world_sweep(world))
        world->wire.now_ms += 1000;
}

/* Looking -------------------------------------------------------------------------------------- */

const struct podidentitybinding *fake_world_binding(const struct fake_world *world,
                                                    const char *name)
{
    char key[300];

    snprintf(key, sizeof(key), "shop/%s", name);
    return store_get(world->bindings, key);
}

const char *fake_world_condition(const struct fake_world *world, const char *name, const char *type)
{
    static const char *const statuses[] = {"Unknown", "True", "False"};
    static char words[200];
    const struct podidentitybinding *binding = fake_world_binding(world, name);
    const struct condition *condition =
        binding ? podidentitybinding_condition(&binding->status, type) : NULL;

    if (!condition)
        return "";
    snprintf(words, sizeof(words), "%s %s", statuses[condition->status], condition->reason);
    return words;
}

/* Conditions as type, status and reason: messages hold IDs and request ids. */
static void describe_conditions(const json_t *object, struct text *text)
{
    const json_t *conditions = json_path(object, "status.conditions");
    const json_t *condition;
    size_t i;

    json_array_foreach(conditions, i, condition)
        text_printf(text, " %s=%s/%s", json_path_text(condition, "type"),
                    json_path_text(condition, "status"), json_path_text(condition, "reason"));
}

static void describe_finalizers(const json_t *object, struct text *text)
{
    const json_t *finalizers = json_path(object, "metadata.finalizers");
    const json_t *finalizer;
    size_t i;

    json_array_foreach(finalizers, i, finalizer)
        text_printf(text, " finalizer %s", json_string_value(finalizer));
}

static void describe_annotations(const json_t *object, struct text *text)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)json_path(object, "metadata.annotations"), key, value)
        text_printf(text, " annotation %s=%s", key, json_string_value(value));
}

static void describe_pending(const json_t *object, struct text *text)
{
    text_printf(text, " pending %zu", json_array_size(json_path(object, "status.pendingChanges")));
}

void fake_world_describe(const struct fake_world *world, struct text *text)
{
    const char *id;
    json_t *object;

    fake_aws_describe(&world->aws, text);
    json_object_foreach(world->kubernetes.objects, id, object)
    {
        const char *role = json_path_text(object, "status.roleARN");

        text_printf(text, "%s role %s association %s", id, role ? role : "-",
                    json_path_text(object, "status.associationID") ? "yes" : "no");
        describe_finalizers(object, text);
        describe_annotations(object, text);
        describe_pending(object, text);
        describe_conditions(object, text);
        text_add_char(text, '\n');
    }
}
