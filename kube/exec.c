/* Exec credential plugins: what they are told and what they answer; running one is net/spawn's. */

#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kube/access.h"
#include "kube/access_parts.h"
#include "kube/kubeconfig.h"

#define GROUP "client.authentication.k8s.io"
#define EXTENSION "client.authentication.k8s.io/exec"

/* A token and a certificate with its chain and key; net/spawn hands over at most 256 KiB. */
enum { REPLY_SIZE_MAX = 256 << 10, RENEWED_SIZE_MAX = 1 << 20 };

static bool read_version(struct kube_exec *exec, const struct kubeconfig_node *node,
                         struct arena *arena, struct error *error)
{
    char *version;

    if (!kubeconfig_text(node, arena, "apiVersion", &version, error))
        return false;
    if (!text_equal(version, GROUP "/v1") && !text_equal(version, GROUP "/v1beta1"))
        return kubeconfig_refuse(node, "apiVersion", error,
                                 "must be " GROUP "/v1 or /v1beta1, not \"%.100s\"",
                                 version ? version : "");
    exec->api_version = version;
    return true;
}

/* The controller has no terminal: a plugin that must ask a person cannot work here. */
static bool check_interactive(const struct kube_exec *exec, const struct kubeconfig_node *node,
                              struct arena *arena, struct error *error)
{
    char *mode;

    if (!kubeconfig_text(node, arena, "interactiveMode", &mode, error))
        return false;
    if (!mode && text_equal(exec->api_version, GROUP "/v1"))
        return kubeconfig_refuse(node, "interactiveMode", error,
                                 "is required with v1: Never or IfAvailable");
    if (text_equal(mode, "Always"))
        return kubeconfig_refuse(node, "interactiveMode", error,
                                 "is Always, but the plugin gets no terminal here");
    if (mode && !text_equal(mode, "Never") && !text_equal(mode, "IfAvailable"))
        return kubeconfig_refuse(node, "interactiveMode", error,
                                 "must be Never, IfAvailable or Always");
    return true;
}

/* The first slash decides: with one the command is a file, beside the kubeconfig if relative;
 * without one it is looked up in PATH. */
static bool read_arguments(struct kube_exec *exec, const struct kubeconfig_node *node,
                           struct arena *arena, struct error *error)
{
    char *command, **rest, **arguments;
    size_t count = 0;

    if (!kubeconfig_text(node, arena, "command", &command, error) ||
        !kubeconfig_texts(node, arena, "args", &rest, error))
        return false;
    if (!command)
        return kubeconfig_refuse(node, "command", error, "is required");
    while (rest && rest[count])
        count++;
    arguments = arena_array(arena, count + 2, sizeof(*arguments));
    arguments[0] = strchr(command, '/') ? kubeconfig_resolve(node, arena, command) : command;
    for (size_t i = 0; i < count; i++)
        arguments[i + 1] = rest[i];
    exec->arguments = arguments;
    return true;
}

static bool read_variable(const struct kubeconfig_node *node, const json_t *list, size_t i,
                          struct arena *arena, char **variable, struct error *error)
{
    const json_t *entry = json_array_get(list, i);
    const char *name = yaml_written(node->yaml, entry, "name");
    const char *value = yaml_written(node->yaml, entry, "value");

    if (!name || !*name || strchr(name, '='))
        return kubeconfig_refuse(node, "env", error, "must be a list of {name, value}");
    *variable = arena_printf(arena, "%s=%s", name, value ? value : "");
    return true;
}

static bool read_environment(struct kube_exec *exec, const struct kubeconfig_node *node,
                             struct arena *arena, struct error *error)
{
    const json_t *list = json_object_get(node->object, "env");
    size_t count = json_array_size(list);
    char **environment;

    if (!list || json_is_null(list))
        return true;
    if (!json_is_array(list))
        return kubeconfig_refuse(node, "env", error, "must be a list of {name, value}");
    environment = arena_array(arena, count + 1, sizeof(*environment));
    for (size_t i = 0; i < count; i++)
        if (!read_variable(node, list, i, arena, &environment[i], error))
            return false;
    exec->environment = environment;
    return true;
}

/* clusters[].cluster.extensions may hold words for the plugin under a reserved name. */
static const char *cluster_config(const struct kubeconfig_node *cluster, struct arena *arena)
{
    const json_t *list = json_object_get(cluster->object, "extensions");
    const json_t *entry, *extension;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        extension = json_object_get(entry, "extension");
        if (extension && text_equal(json_path_text(entry, "name"), EXTENSION))
            return json_write(arena, extension, true);
    }
    return NULL;
}

bool kube_exec_read(struct kube_access *access, const struct kubeconfig_node *node,
                    const struct kubeconfig_node *cluster, struct error *error)
{
    struct arena *arena = access->arena;
    struct kube_exec *exec = arena_alloc(arena, sizeof(*exec));
    char *hint;

    if (!read_version(exec, node, arena, error) || !check_interactive(exec, node, arena, error) ||
        !read_arguments(exec, node, arena, error) || !read_environment(exec, node, arena, error) ||
        !kubeconfig_flag(node, "provideClusterInfo", &exec->provide_cluster_info, error) ||
        !kubeconfig_text(node, arena, "installHint", &hint, error))
        return false;
    exec->install_hint = hint;
    exec->cluster_config = cluster_config(cluster, arena);
    access->exec = exec;
    return true;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_string(text));
}

static void set_true(json_t *object, const char *key, bool flag)
{
    if (flag)
        json_object_set_new(object, key, json_true());
}

/* The plugin is told the certificate itself, never a file name that may mean nothing to it. */
static bool add_authority(json_t *cluster, struct arena *arena, const struct kube_access *access,
                          struct error *error)
{
    AUTO_FREE char *bytes = NULL;
    const char *pem = access->ca_data;

    if (!pem && access->ca_file) {
        bytes = file_read(access->ca_file, YAML_SIZE_MAX, NULL, error);
        if (!bytes)
            return false;
        pem = bytes;
    }
    if (pem)
        set_text(cluster, "certificate-authority-data", encode_base64(arena, pem, strlen(pem)));
    return true;
}

static bool add_cluster(json_t *spec, struct arena *arena, const struct kube_access *access,
                        struct error *error)
{
    json_t *cluster = json_object();

    json_object_set_new(spec, "cluster", cluster);
    set_text(cluster, "server", access->server);
    set_text(cluster, "tls-server-name", access->server_name);
    set_text(cluster, "proxy-url", access->proxy_url);
    set_true(cluster, "insecure-skip-tls-verify", access->insecure);
    set_true(cluster, "disable-compression", access->disable_compression);
    if (access->exec->cluster_config)
        json_object_set_new(cluster, "config",
                            json_loads(access->exec->cluster_config, JSON_DECODE_ANY, NULL));
    return add_authority(cluster, arena, access, error);
}

const char *kube_exec_info(struct arena *arena, const struct kube_access *access,
                           struct error *error)
{
    AUTO_JSON json_t *info = json_object();
    json_t *spec = json_object();

    set_text(info, "kind", "ExecCredential");
    set_text(info, "apiVersion", access->exec->api_version);
    json_object_set_new(info, "spec", spec);
    json_object_set_new(spec, "interactive", json_false());
    if (access->exec->provide_cluster_info && !add_cluster(spec, arena, access, error))
        return NULL;
    return json_write(arena, info, true);
}

static size_t count_of(char *const *list)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    return count;
}

/* "NAME=" of both is the same. */
static bool same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");

    return strncmp(a, b, length) == 0 && b[length] == '=';
}

static bool replaces(char *const *list, const char *variable)
{
    for (size_t i = 0; list && list[i]; i++)
        if (same_name(list[i], variable))
            return true;
    return same_name("KUBERNETES_EXEC_INFO=", variable);
}

char *const *kube_exec_environment(struct arena *arena, const struct kube_access *access,
                                   char *const *base, struct error *error)
{
    char *const *added = access->exec->environment;
    const char *info = kube_exec_info(arena, access, error);
    size_t count = 0;
    char **whole;

    if (!info)
        return NULL;
    whole = arena_array(arena, count_of(base) + count_of(added) + 2, sizeof(*whole));
    for (size_t i = 0; base && base[i]; i++)
        if (!replaces(added, base[i]))
            whole[count++] = arena_string(arena, base[i]);
    for (size_t i = 0; added && added[i]; i++)
        whole[count++] = arena_string(arena, added[i]);
    whole[count] = arena_printf(arena, "KUBERNETES_EXEC_INFO=%s", info);
    return whole;
}

/* What a reply may bring; all in one arena of its own. */
struct brought {
    char *token, *certificate, *key;
    int64_t expires_ms;
};

static bool refuse_reply(const struct kube_access *access, const char *words, struct error *error)
{
    return error_set(error, ERROR_REFUSED, "the credential plugin %s %s",
                     access->exec->arguments[0], words);
}

static bool read_status(const struct kube_access *access, struct brought *brought,
                        struct arena *arena, const json_t *status, struct error *error)
{
    const char *expires = json_path_text(status, "expirationTimestamp");

    brought->token = json_take_text(arena, status, "token");
    brought->certificate = json_take_text(arena, status, "clientCertificateData");
    brought->key = json_take_text(arena, status, "clientKeyData");
    if (brought->token && !*brought->token)
        brought->token = NULL;
    if (!brought->token && !brought->certificate && !brought->key)
        return refuse_reply(access, "gave neither a token nor a certificate", error);
    if (!brought->certificate != !brought->key)
        return refuse_reply(access, "gave a certificate without its key, or the reverse", error);
    if (brought->token && !kube_header_safe(brought->token))
        return refuse_reply(access, "gave a token with characters no token has", error);
    if (expires && !encode_time_parse(expires, &brought->expires_ms))
        return refuse_reply(access, "gave an expirationTimestamp that is no time", error);
    return true;
}

static bool read_reply(const struct kube_access *access, struct brought *brought,
                       struct arena *arena, const char *bytes, size_t length, struct error *error)
{
    struct error trouble = {0};
    AUTO_JSON json_t *reply = NULL;

    if (length > REPLY_SIZE_MAX)
        return refuse_reply(access, "wrote too much", error);
    reply = json_parse(bytes, length, &trouble);
    if (!json_is_object(reply))
        return refuse_reply(access, "wrote no ExecCredential", error);
    if (!text_equal(json_path_text(reply, "kind"), "ExecCredential"))
        return refuse_reply(access, "wrote something else than an ExecCredential", error);
    if (!text_equal(json_path_text(reply, "apiVersion"), access->exec->api_version))
        return refuse_reply(access, "answered in another apiVersion than it was asked in", error);
    return read_status(access, brought, arena, json_object_get(reply, "status"), error);
}

/* A certificate written in the kubeconfig stays until a plugin brings one; a plugin's goes with
 * the reply that brought it. */
static void replace_certificate(struct kube_access *access, const struct brought *brought)
{
    if (!brought->certificate && !access->plugin_certificate)
        return;
    access->certificate_data = brought->certificate;
    access->key_data = brought->key;
    access->certificate_file = access->key_file = NULL;
    access->plugin_certificate = brought->certificate != NULL;
}

bool kube_access_exec_reply(struct kube_access *access, const char *json, size_t length,
                            int64_t *expires_ms, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(RENEWED_SIZE_MAX);
    struct brought brought = {0};

    if (!read_reply(access, &brought, arena, json, length, error))
        return false;
    if (access->token)
        memory_wipe(access->token, strlen(access->token));
    arena_destroy(access->renewed);
    access->renewed = TAKE(arena);
    access->token = brought.token;
    replace_certificate(access, &brought);
    access->plugin_answered = true;
    access->token_stale = false;
    access->plugin_expires_ms = brought.expires_ms;
    *expires_ms = brought.expires_ms;
    return true;
}
