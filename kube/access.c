#include "kube/access.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/yaml.h"
#include "kube/access_parts.h"
#include "kube/kubeconfig.h"
#include "net/request.h"

/* One context's strings; each part comes from one file of at most YAML_SIZE_MAX bytes, and a list
 * of very short words takes some times its bytes. */
enum { ACCESS_SIZE_MAX = 16 * YAML_SIZE_MAX };

struct kube_access *kube_access_create(void)
{
    struct kube_access *access = memory_alloc(sizeof(*access));

    access->arena = arena_create(ACCESS_SIZE_MAX);
    return access;
}

static void wipe_text(char *text)
{
    if (text)
        memory_wipe(text, strlen(text));
}

void kube_access_destroy(struct kube_access *access)
{
    if (!access)
        return;
    wipe_text(access->token);
    wipe_text(access->password);
    wipe_text(access->key_data);
    wipe_text(access->token_cached);
    free(access->token_cached);
    arena_destroy(access->renewed);
    arena_destroy(access->arena);
    free(access);
}

static bool find_context(const struct kubeconfig *kubeconfig, const char *wanted,
                         struct kubeconfig_node *context, const char *paths, struct error *error)
{
    const char *name = wanted && *wanted ? wanted : kubeconfig_current_context(kubeconfig);

    if (!name)
        return error_set(error, ERROR_REFUSED,
                         "kubeconfig %s: no current-context; name one with --context", paths);
    if (!kubeconfig_find(kubeconfig, "contexts", name, context) || !context->object)
        return error_set(error, ERROR_REFUSED, "kubeconfig %s: there is no context \"%s\"", paths,
                         name);
    return true;
}

/* What the context points to under key: "cluster" in "clusters", "user" in "users". */
static bool find_part(const struct kubeconfig *kubeconfig, const struct kubeconfig_node *context,
                      const char *key, const char *section, struct arena *arena,
                      struct kubeconfig_node *part, struct error *error)
{
    char *name;

    memset(part, 0, sizeof(*part));
    if (!kubeconfig_text(context, arena, key, &name, error))
        return false;
    if (name && !kubeconfig_find(kubeconfig, section, name, part))
        return kubeconfig_refuse(context, key, error, "\"%.200s\" is not in %s", name, section);
    return true;
}

/* client-go sends no credentials to a server without TLS, whatever the kubeconfig says. */
static bool speaks_tls(const struct kube_access *access)
{
    return strncmp(access->server, "https://", 8) == 0;
}

static bool read_context(struct kube_access *access, const struct kubeconfig *kubeconfig,
                         const struct kubeconfig_node *context, struct error *error)
{
    struct kubeconfig_node cluster, user;

    if (!find_part(kubeconfig, context, "cluster", "clusters", access->arena, &cluster, error) ||
        !find_part(kubeconfig, context, "user", "users", access->arena, &user, error))
        return false;
    if (!cluster.object)
        return kubeconfig_refuse(context, "cluster", error, "names no cluster");
    if (!kubeconfig_text(context, access->arena, "namespace", &access->namespace_name, error))
        return false;
    if (!kube_cluster_read(access, &cluster, error))
        return false;
    if (!user.object || !speaks_tls(access))
        return true;
    return kube_user_read(access, &user, &cluster, error);
}

struct kube_access *kube_access_kubeconfig(const char *paths, const char *context,
                                           bool explicit_path, struct error *error)
{
    AUTO(kubeconfig_destroy) struct kubeconfig *kubeconfig = NULL;
    AUTO(kube_access_destroy) struct kube_access *access = kube_access_create();
    struct kubeconfig_node node;

    kubeconfig = kubeconfig_load(paths, explicit_path, error);
    if (!kubeconfig) {
        error_wrap(error, "kubeconfig");
        return NULL;
    }
    if (!find_context(kubeconfig, context, &node, paths, error))
        return NULL;
    if (!read_context(access, kubeconfig, &node, error)) {
        error_wrap(error, "kubeconfig");
        return NULL;
    }
    return TAKE(access);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static struct kube_access *from_home(const char *context, struct error *error)
{
    AUTO_FREE char *path = NULL;
    const char *home = variable("HOME");
    size_t room;

    if (!home) {
        error_set(error, ERROR_REFUSED,
                  "no --kubeconfig, no KUBECONFIG, not in a cluster, and no "
                  "HOME to look for .kube/config in");
        return NULL;
    }
    room = strlen(home) + sizeof("/.kube/config");
    path = memory_alloc(room);
    snprintf(path, room, "%s/.kube/config", home);
    return kube_access_kubeconfig(path, context, true, error);
}

/* A context is a word of kubeconfigs: who names one does not mean the pod's own access. */
struct kube_access *kube_access_find(const char *kubeconfig_flag, const char *context,
                                     struct error *error)
{
    const char *listed = variable("KUBECONFIG");

    if (kubeconfig_flag && *kubeconfig_flag)
        return kube_access_kubeconfig(kubeconfig_flag, context, true, error);
    if (listed)
        return kube_access_kubeconfig(listed, context, false, error);
    if (!(context && *context) && variable("KUBERNETES_SERVICE_HOST") &&
        variable("KUBERNETES_SERVICE_PORT"))
        return kube_access_in_cluster(KUBE_ACCESS_DIRECTORY, error);
    return from_home(context, error);
}

static const char *basic(struct arena *arena, const struct kube_access *access)
{
    const char *pair =
        arena_printf(arena, "%s:%s", access->username, access->password ? access->password : "");

    return arena_printf(arena, "Basic %s", encode_base64(arena, pair, strlen(pair)));
}

bool kube_access_headers(struct kube_access *access, struct arena *arena, uint64_t now_ms,
                         const struct header **headers, size_t *count, struct error *error)
{
    struct header *list = arena_array(arena, access->impersonation_count + 1, sizeof(*list));
    const char *token, *proof = NULL;

    *count = 0;
    if (!kube_access_token(access, now_ms, &token, error))
        return false;
    if (token)
        proof = arena_join(arena, (const char *const[]){"Bearer", token}, 2, " ");
    else if (access->username)
        proof = basic(arena, access);
    if (proof)
        list[(*count)++] = (struct header){"Authorization", proof};
    for (size_t i = 0; i < access->impersonation_count; i++)
        list[(*count)++] = access->impersonation[i];
    *headers = list;
    return true;
}
