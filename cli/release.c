/*
 * podidentity release: the mends that statuses name. Works from a laptop with the user's own
 * rights in the cluster and in AWS; the controller need not run.
 */

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "config/config.h"
#include "controller/aws_link.h"
#include "controller/world.h"
#include "crds/podidentitybinding.h"
#include "kube/access.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "net/loop.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/podidentitybinding.h"
#include "reconcilers/scene.h"
#include "reconcilers/sweep.h"
#include "reconcilers/work.h"

enum { ARENA_MAX = 64 << 20, FLAGS_MAX = 32, ROWS_MAX = WORK_TOLD_MAX + 4, CLUSTER_SIZE = 128 };

enum { NAME_MAX_LENGTH = 253 }; /* of a DNS subdomain, the longest that Kubernetes allows */

struct release_command {
    struct options options;
    bool purge, approve;
    const char *target;
    char *flags[FLAGS_MAX + 1]; /* of the controller: --cluster-name, --region, … */
    int flag_count;

    struct world world;
    struct scene scene;
    struct config config;
    struct store *bindings;
    struct arena *arena;
    char *namespace_name, *key;
    const char *name;
    struct error error;
    bool answered, warned;
    struct row rows[ROWS_MAX];
    size_t row_count;
    char region[64], cluster[CLUSTER_SIZE];
};

static const char help[] =
    "Usage: podidentity release NAMESPACE/NAME [flags]\n\n"
    "Lets go of a PodIdentityBinding that is being deleted: deletes its association if AWS "
    "answers,\n"
    "keeps its role, and drops the finalizer.\n\n"
    "      --purge               take away the role, too, and what a former binding of the same\n"
    "                            names left behind (also while the binding lives)\n"
    "      --approve-deletions   let a deletion go on that the controller holds (DeletionHeld)\n"
    "      --cluster-name NAME   of EKS; else as the binding's association says\n"
    "      --region REGION       else as the binding's association says\n"
    "      --role-path PATH      the controller's, when it was set\n"
    "      --permissions-boundary ARN   the controller's; put back on a role before it is "
    "emptied\n";

static void add_row(struct release_command *command, const char *name, const char *value)
{
    if (command->row_count < ROWS_MAX)
        command->rows[command->row_count++] =
            (struct row){name, arena_string(command->arena, value)};
}

static void warn(struct release_command *command, const char *text)
{
    command->warned = true;
    add_row(command, "warning", text);
}

/* Arguments ------------------------------------------------------------------------------------ */

/* A flag of the controller, with its value, is handed on to its settings. */
static bool take_setting(struct release_command *command, int argc, char **argv, int *index)
{
    static const char *const settings[] = {"--cluster-name", "--region", "--role-path",
                                           "--permissions-boundary", "--config"};

    for (size_t i = 0; i < COUNT(settings); i++) {
        size_t length = strlen(settings[i]);

        if (strncmp(argv[*index], settings[i], length) != 0 || command->flag_count + 2 > FLAGS_MAX)
            continue;
        command->flags[command->flag_count++] = argv[*index];
        if (argv[*index][length] == '\0' && *index + 1 < argc)
            command->flags[command->flag_count++] = argv[++*index];
        return true;
    }
    return false;
}

static bool take_argument(struct release_command *command, int argc, char **argv, int *index)
{
    struct error *error = &command->error;
    int taken = options_take(&command->options, argc, argv, index, error);

    if (taken != 0)
        return taken > 0;
    if (text_equal(argv[*index], "--purge"))
        return command->purge = true;
    if (text_equal(argv[*index], "--approve-deletions"))
        return command->approve = true;
    if (take_setting(command, argc, argv, index))
        return true;
    if (argv[*index][0] == '-' || command->target)
        return error_set(error, ERROR_REFUSED, "\"%s\" is not understood; see release --help",
                         argv[*index]);
    command->target = argv[*index];
    return true;
}

static bool parse(struct release_command *command, int argc, char **argv)
{
    command->flags[command->flag_count++] = argv[0];
    for (int i = 1; i < argc; i++)
        if (!take_argument(command, argc, argv, &i))
            return false;
    if (command->options.help)
        return true;
    if (!command->target)
        return error_set(&command->error, ERROR_REFUSED,
                         "which binding? podidentity release NAMESPACE/NAME");
    if (command->purge && command->approve)
        return error_set(&command->error, ERROR_REFUSED,
                         "--purge and --approve-deletions do not go together");
    return true;
}

/* What Kubernetes allows in names of objects; anything else would change the path that is asked. */
static bool is_name(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= NAME_MAX_LENGTH && text[0] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length;
}

/* "ns/name", or "name" in the namespace of -n or of the context. */
static bool find_target(struct release_command *command)
{
    const char *slash = strchr(command->target, '/');
    const char *space = command->options.namespace_name ? command->options.namespace_name
                                                        : command->world.access->namespace_name;

    if (slash)
        command->namespace_name = memory_text(command->target, (size_t)(slash - command->target));
    else
        command->namespace_name = memory_string(space ? space : "default");
    command->name = slash ? slash + 1 : command->target;
    if (!is_name(command->namespace_name) || !is_name(command->name))
        return error_set(&command->error, ERROR_REFUSED,
                         "\"%s\" is no name of a binding: write NAMESPACE/NAME", command->target);
    command->key = memory_string(
        arena_printf(command->arena, "%s/%s", command->namespace_name, command->name));
    return true;
}

/* One request and its answer
 * ----------------------------------------------------------------------- */

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
        struct error unreadable = {0};
        void *record = podidentitybinding_read(item, &unreadable);

        if (record)
            store_put(command->bindings, record);
    }
}

/* All bindings of the namespace: whose UID lives decides what a former binding left. */
static bool read_namespace(struct release_command *command)
{
    struct request request = {0};

    kube_get(command->arena, &request, &podidentitybinding_resource, command->namespace_name, NULL);
    if (!ask(command, &request, read_bindings))
        return false;
    if (store_get(command->bindings, command->key))
        return true;
    return error_set(&command->error, ERROR_REFUSED, "there is no PodIdentityBinding %s",
                     command->key);
}

static const struct podidentitybinding *binding_of(const struct release_command *command)
{
    return store_get(command->bindings, command->key);
}

/* --approve-deletions
 * -------------------------------------------------------------------------------- */

static bool approve(struct release_command *command)
{
    const struct kube_meta *meta = &binding_of(command)->meta;
    struct request request = {0};
    AUTO_JSON json_t *patch = NULL;

    if (meta->deleted_ms == 0)
        return error_set(&command->error, ERROR_REFUSED, "%s is not being deleted", command->key);
    patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                      "podidentity.io/deletion-approved", meta->deletion_timestamp);
    kube_patch(command->arena, &request, &podidentitybinding_resource, meta->namespace_name,
               meta->name, NULL, meta->resource_version, patch);
    if (!ask(command, &request, NULL))
        return false;
    add_row(command, "approved", command->key);
    return true;
}

/* AWS
 * --------------------------------------------------------------------------------------------------
 */

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

/* Letting go
 * ------------------------------------------------------------------------------------------- */

static void released(void *context, const struct reconcile_result *result)
{
    struct release_command *command = context;

    for (size_t i = 0; i < result->told_count; i++)
        add_row(command, "done", result->told[i].note);
    if (result->error->kind != ERROR_NONE)
        command->error = *result->error;
    command->answered = true;
    loop_stop(command->world.loop);
}

static bool let_go(struct release_command *command, enum release release)
{
    bool deleted = binding_of(command)->meta.deleted_ms != 0;
    size_t told = command->row_count;

    command->answered = false;
    reconcile_release_start(&command->scene, &command->world.transport, command->key, release,
                            clock_wall_ms(), released, command);
    if (!command->answered)
        loop_run(command->world.loop);
    if (command->error.kind != ERROR_NONE)
        return false;
    if (!deleted && command->row_count == told)
        warn(command, arena_printf(command->arena,
                                   "nothing of a former binding was found in cluster %s, its role "
                                   "under %s included: nothing was done",
                                   command->config.cluster_name, command->config.role_path));
    else
        add_row(command, deleted ? "released" : "purged", command->key);
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
    warn(command, command->error.text);
    warn(command, "AWS did not answer: association and role stay there");
    error_clear(&command->error);
    return let_go(command, RELEASE_LET_GO);
}

static bool release(struct release_command *command)
{
    if (binding_of(command)->meta.deleted_ms == 0 && !command->purge)
        return error_set(&command->error, ERROR_REFUSED,
                         "%s is not being deleted, and the controller would make all of it anew. "
                         "Delete it first: kubectl delete pib -n %s %s",
                         command->key, command->namespace_name, command->name);
    if (!load_settings(command))
        return false;
    if (!read_aws(command))
        return let_go_blindly(command);
    return let_go(command, command->purge ? RELEASE_PURGE : RELEASE_ASSOCIATION);
}

/* Life
 * ---------------------------------------------------------------------------------------------------
 */

static void open_scene(struct release_command *command)
{
    command->arena = arena_create(ARENA_MAX);
    command->bindings = store_create(binding_indices);
    command->scene.bindings = command->bindings;
    command->scene.picture = picture_create();
    command->scene.ledger = ledger_create();
    log_configure(LOG_ERROR, LOG_TEXT);
}

static void close_scene(struct release_command *command)
{
    world_close(&command->world);
    picture_destroy(command->scene.picture);
    ledger_destroy(command->scene.ledger);
    store_destroy(command->bindings);
    arena_destroy(command->arena);
    account_finish(&command->scene.account);
    free(command->namespace_name);
    free(command->key);
}

static bool run(struct release_command *command)
{
    return world_open(&command->world, command->options.kubeconfig, command->options.context,
                      &command->error) &&
           find_target(command) && read_namespace(command) &&
           (command->approve ? approve(command) : release(command));
}

int command_release(int argc, char **argv)
{
    AUTO_FREE struct release_command *command = memory_alloc(sizeof(*command));
    int code = EXIT_UNCHECKED;

    if (!parse(command, argc, argv)) {
        command_complain("%s", command->error.text);
        return code;
    }
    if (command->options.help) {
        printf("%s%s", help, options_help);
        return EXIT_GOOD;
    }
    open_scene(command);
    if (run(command))
        code = command->warned ? EXIT_WARNINGS : EXIT_GOOD;
    else
        command_complain("%s", command->error.text);
    options_print(command->options.output, command->rows, command->row_count);
    close_scene(command);
    return code;
}
