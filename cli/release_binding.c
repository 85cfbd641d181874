/*
 * One binding let go of. What it made is judged and taken away by the rows of the controller's own
 * teardown; here is how they get what they need: the bindings of the namespace and a sweep of AWS.
 */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/release.h"
#include "controller/aws_link.h"
#include "crds/metadata.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "net/loop.h"
#include "reconcilers/podidentitybinding.h"
#include "reconcilers/sweep.h"

/* A controller writes status a few times while AWS is being asked, not more. */
enum { CONFLICTS_MAX = 5 };

void release_add_row(struct release_command *command, const char *name, const char *value)
{
    if (command->row_count < RELEASE_ROWS_MAX)
        command->rows[command->row_count++] =
            (struct row){name, arena_string(command->arena, value)};
}

void release_warn(struct release_command *command, const char *text)
{
    command->warned = true;
    release_add_row(command, "warning", text);
}

/* The API server ------------------------------------------------------------------------------- */

struct exchange {
    struct release_command *command;
    const struct request *request;
    void (*read)(struct release_command *command, const struct reply *reply);
};

static void answered(void *context, const struct reply *reply)
{
    struct exchange *exchange = context;
    struct release_command *command = exchange->command;

    if (kube_reply_good(exchange->request, reply, &command->error) && exchange->read)
        exchange->read(command, reply);
    loop_stop(command->world.loop);
}

/* Asks the API server and waits; false with an error. */
static bool ask(struct release_command *command, const struct request *request,
                void (*read)(struct release_command *command, const struct reply *reply))
{
    struct exchange exchange = {command, request, read};

    command->world.transport.send(&command->world.transport, request, &exchange, answered);
    loop_run(command->world.loop);
    return command->error.kind == ERROR_NONE;
}

static void read_bindings(struct release_command *command, const struct reply *reply)
{
    AUTO_JSON json_t *list = kube_decode(reply->body, reply->body_length, &command->error);
    json_t *item;
    size_t index;

    json_array_foreach(json_path(list, "items"), index, item)
    {
        void *record = podidentitybinding_read(item, &command->error);

        if (!record) {
            error_wrap(&command->error, "a binding of namespace %s", command->namespace_name);
            return;
        }
        store_put(command->bindings, record);
    }
}

static void read_account(struct release_command *command, const struct reply *reply)
{
    AUTO_JSON json_t *object = kube_decode(reply->body, reply->body_length, &command->error);
    void *record = object ? serviceaccount_read(object, &command->error) : NULL;

    if (record)
        store_put(command->service_accounts, record);
}

/* With web identity it carries annotations that go with the binding. It may be gone. */
static bool read_service_account(struct release_command *command)
{
    const struct podidentitybinding *binding = store_get(command->bindings, command->key);
    struct request request = {0};

    if (binding->spec.mechanism == MECHANISM_POD_IDENTITY)
        return true;
    kube_get(command->arena, &request, &serviceaccount_resource, command->namespace_name,
             binding->spec.service_account);
    if (ask(command, &request, read_account))
        return true;
    if (!text_equal(command->error.code, "NotFound"))
        return false;
    error_clear(&command->error);
    return true;
}

/* All bindings of the namespace, and each must be readable: whose UID lives decides what a former
 * binding left. */
bool release_read_namespace(struct release_command *command)
{
    struct request request = {0};

    kube_get(command->arena, &request, &podidentitybinding_resource, command->namespace_name, NULL);
    if (!ask(command, &request, read_bindings))
        return false;
    if (store_get(command->bindings, command->key))
        return read_service_account(command);
    return error_set(&command->error, ERROR_REFUSED, "there is no PodIdentityBinding %s",
                     command->key);
}

static const struct podidentitybinding *binding_of(const struct release_command *command)
{
    return store_get(command->bindings, command->key);
}

/* Without a version: the controller may write status meanwhile, and the time of the deletion says
 * what is approved. */
bool release_approve(struct release_command *command)
{
    const struct kube_meta *meta = &binding_of(command)->meta;
    struct request request = {0};
    AUTO_JSON json_t *patch = NULL;

    if (meta->deleted_ms == 0)
        return error_set(&command->error, ERROR_REFUSED, "%s is not being deleted", command->key);
    patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                      "podidentity.io/deletion-approved", meta->deletion_timestamp);
    kube_patch(command->arena, &request, &podidentitybinding_resource, meta->namespace_name,
               meta->name, NULL, NULL, patch);
    if (!ask(command, &request, NULL))
        return false;
    release_add_row(command, "approved", command->key);
    return true;
}

/* AWS ------------------------------------------------------------------------------------------ */

/* "arn:aws:eks:REGION:ACCOUNT:podidentityassociation/CLUSTER/ID": a hint from the status, checked
 * against AWS by every later read. */
static void guess_cluster(struct release_command *command)
{
    const char *arn = binding_of(command)->status.association_arn;

    if (arn && sscanf(arn, "arn:%*[^:]:eks:%63[^:]:%*[^:]:podidentityassociation/%127[^/]/",
                      command->region, command->cluster) != 2)
        command->region[0] = command->cluster[0] = '\0';
}

static bool has_setting(const struct release_command *command, const char *flag)
{
    for (int i = 1; i < command->flag_count; i++)
        if (text_starts(command->flags[i], flag))
            return true;
    return false;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static bool load_settings(struct release_command *command)
{
    guess_cluster(command);
    if (command->cluster[0] && !has_setting(command, "--cluster-name"))
        command->flags[command->flag_count++] =
            arena_printf(command->arena, "--cluster-name=%s", command->cluster);
    if (command->region[0] && !has_setting(command, "--region"))
        command->flags[command->flag_count++] =
            arena_printf(command->arena, "--region=%s", command->region);
    if (!has_setting(command, "--permissions-boundary"))
        command->flags[command->flag_count++] =
            arena_string(command->arena, "--allow-unbounded-roles");
    return config_load(&command->config, command->flag_count, command->flags, environment,
                       &command->error);
}

static void swept(void *context, const struct error *error, unsigned requests)
{
    struct release_command *command = context;

    (void)requests;
    command->answered = error == NULL;
    if (error)
        command->error = *error;
    loop_stop(command->world.loop);
}

static bool read_aws(struct release_command *command)
{
    const struct config *config = &command->config;
    struct aws_link_options options = (struct aws_link_options){
        .region = config->region, .iam_rate = config->iam_rate, .eks_rate = config->eks_rate};
    if (!world_open_aws(&command->world, &options, &command->error))
        return false;
    command->scene.settings = (struct settings){
        .cluster_name = config->cluster_name,
        .region = config->region,
        .role_path = config->role_path,
        .boundary_arn = config->permissions_boundary[0] ? config->permissions_boundary : NULL,
        .controller_namespace = "",
    };
    sweep_start(&command->scene, &command->world.transport, clock_wall_ms(), swept, command);
    loop_run(command->world.loop);
    return command->answered;
}

/* Letting go ----------------------------------------------------------------------------------- */

static void released(void *context, const struct reconcile_result *result)
{
    struct release_command *command = context;

    for (size_t i = 0; i < result->told_count; i++)
        release_add_row(command, "done", result->told[i].note);
    if (result->error->kind != ERROR_NONE)
        command->error = *result->error;
    command->answered = true;
    loop_stop(command->world.loop);
}

/* A controller that writes status at the same time makes our version an old one: read it again and
 * start from the top. */
static bool run_plan(struct release_command *command, enum release release)
{
    for (int tries = 0;; tries++) {
        command->answered = false;
        reconcile_release_start(&command->scene, &command->world.transport, command->key, release,
                                clock_wall_ms(), released, command);
        if (!command->answered)
            loop_run(command->world.loop);
        if (command->error.kind != ERROR_CONFLICT || tries == CONFLICTS_MAX)
            return command->error.kind == ERROR_NONE;
        error_clear(&command->error);
        if (!release_read_namespace(command))
            return false;
    }
}

static bool let_go(struct release_command *command, enum release release)
{
    bool deleted = binding_of(command)->meta.deleted_ms != 0;
    size_t told = command->row_count;

    if (!run_plan(command, release))
        return false;
    if (!deleted && command->row_count == told)
        release_warn(command,
                     arena_printf(command->arena,
                                  "nothing of a former binding was found in cluster %s, its role "
                                  "under %s included: nothing was done",
                                  command->config.cluster_name, command->config.role_path));
    else
        release_add_row(command, deleted ? "released" : "purged", command->key);
    return true;
}

/* AWS shows nothing and takes nothing: let go all the same? Not when it says that there is no such
 * cluster: its API server has just answered, so the name or the Region is wrong. */
static bool let_go_blindly(struct release_command *command)
{
    if (command->purge)
        return false;
    if (text_equal(command->error.code, "ClusterNotFound"))
        return error_wrap(&command->error, "--cluster-name or --region is wrong");
    release_warn(command, command->error.text);
    release_warn(command, "AWS did not answer: association and role stay there");
    error_clear(&command->error);
    return let_go(command, RELEASE_LET_GO);
}

bool release_let_go(struct release_command *command)
{
    if (binding_of(command)->meta.deleted_ms == 0 && !command->purge)
        return error_set(&command->error, ERROR_REFUSED,
                         "%s is not being deleted, and the controller would make all of it anew. "
                         "Delete it first: kubectl delete pib -n %s %s",
                         command->key, command->namespace_name, command->name);
    if (binding_of(command)->spec.observe && command->purge)
        return error_set(&command->error, ERROR_REFUSED,
                         "%s has mode: Observe, for which nothing is taken away in AWS. To purge "
                         "what a former binding left, set spec.mode: Enforce first",
                         command->key);
    if (!load_settings(command))
        return false;
    if (!read_aws(command))
        return let_go_blindly(command);
    return let_go(command, command->purge ? RELEASE_PURGE : RELEASE_ASSOCIATION);
}
