/*
 * podidentity release: the mends that statuses name. Works from a laptop with the user's own
 * rights in the cluster and in AWS; the controller need not run.
 */

#include "cli/release.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "informers/store.h"
#include "kube/access.h"
#include "reconcilers/indices.h"
#include "reconcilers/ledger.h"
#include "reconcilers/picture.h"
#include "reconcilers/sweep.h"

enum { ARENA_MAX = 64 << 20 };

enum { NAME_MAX_LENGTH = 253 }; /* of a DNS subdomain, the longest that Kubernetes allows */

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

/* Arguments ------------------------------------------------------------------------------------ */

/* A flag of the controller, with its value, is handed on to its settings. */
static bool take_setting(struct release_command *command, int argc, char **argv, int *index)
{
    static const char *const settings[] = {"--cluster-name", "--region", "--role-path",
                                           "--permissions-boundary", "--config"};

    for (size_t i = 0; i < COUNT(settings); i++) {
        size_t length = strlen(settings[i]);

        if (strncmp(argv[*index], settings[i], length) != 0 ||
            command->flag_count + 2 > RELEASE_FLAGS_MAX)
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

/* Life ----------------------------------------------------------------------------------------- */

static void open_scene(struct release_command *command)
{
    command->arena = arena_create(ARENA_MAX);
    command->bindings = store_create(binding_indices);
    command->service_accounts = store_create(NULL);
    command->nothing = store_create(NULL);
    command->scene.bindings = command->bindings;
    command->scene.service_accounts = command->service_accounts;
    command->scene.grants = command->scene.namespaces = command->nothing;
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
    store_destroy(command->service_accounts);
    store_destroy(command->nothing);
    arena_destroy(command->arena);
    account_finish(&command->scene.account);
    free(command->namespace_name);
    free(command->key);
}

static bool run(struct release_command *command)
{
    return world_open(&command->world, command->options.kubeconfig, command->options.context,
                      &command->error) &&
           find_target(command) && release_read_namespace(command) &&
           (command->approve ? release_approve(command) : release_let_go(command));
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
