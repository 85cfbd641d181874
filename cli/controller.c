#include "controller/controller.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "config/config.h"
#include "kube/access.h"

static const char *environment(const char *name)
{
    return getenv(name);
}

/*
 * The namespace we live in: flag, $POD_NAMESPACE, the pod's own file, the kubeconfig's context. It
 * decides which bindings need a grant that names them, so a guess would be a hole.
 */
static char *own_namespace(const struct config *config, struct error *error)
{
    AUTO(kube_access_destroy) struct kube_access *access = NULL;
    const char *pod = getenv("POD_NAMESPACE");

    if (config->namespace_name[0])
        return memory_string(config->namespace_name);
    if (pod && pod[0])
        return memory_string(pod);
    access = kube_access_find(config->kubeconfig[0] ? config->kubeconfig : NULL, NULL, error);
    if (!access)
        return NULL;
    if (!access->namespace_name || !access->namespace_name[0]) {
        error_set(error, ERROR_REFUSED,
                  "--namespace: which namespace the controller lives in is not known; give it, or "
                  "set POD_NAMESPACE");
        return NULL;
    }
    return memory_string(access->namespace_name);
}

int command_controller(int argc, char **argv)
{
    AUTO_FREE struct config *config = memory_alloc(sizeof(*config));
    AUTO_FREE char *namespace_name = NULL;
    struct error error = {0};

    if (!config_load(config, argc, argv, environment, &error)) {
        command_complain("%s", error.text);
        return EXIT_BROKEN;
    }
    if (config->help) {
        fputs(config_help(), stdout);
        return EXIT_GOOD;
    }
    log_configure(config->log_level, config->log_format);
    namespace_name = own_namespace(config, &error);
    if (!namespace_name || !controller_run(config, namespace_name, &error)) {
        command_complain("%s", error.text);
        return EXIT_BROKEN;
    }
    return EXIT_GOOD;
}
