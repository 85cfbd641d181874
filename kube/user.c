/* users[].user of a kubeconfig: how we prove who we are, and whom we act as. */

#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "kube/access.h"
#include "kube/access_parts.h"
#include "kube/kubeconfig.h"
#include "net/request.h"

static bool read_certificate(struct kube_access *access, const struct kubeconfig_node *user,
                             struct error *error)
{
    struct arena *arena = access->arena;
    bool certificate, key;

    if (!kubeconfig_path(user, arena, "client-certificate", &access->certificate_file, error) ||
        !kubeconfig_path(user, arena, "client-key", &access->key_file, error) ||
        !kubeconfig_data(user, arena, "client-certificate-data", &access->certificate_data,
                         error) ||
        !kubeconfig_data(user, arena, "client-key-data", &access->key_data, error))
        return false;
    if (access->certificate_data)
        access->certificate_file = NULL;
    if (access->key_data)
        access->key_file = NULL;
    certificate = access->certificate_data || access->certificate_file;
    key = access->key_data || access->key_file;
    if (certificate != key)
        return kubeconfig_refuse(user, certificate ? "client-certificate" : "client-key", error,
                                 "client-certificate and client-key are needed together");
    return true;
}

static bool read_token(struct kube_access *access, const struct kubeconfig_node *user,
                       struct error *error)
{
    if (!kubeconfig_path(user, access->arena, "tokenFile", &access->token_file, error) ||
        !kubeconfig_text(user, access->arena, "token", &access->token, error))
        return false;
    if (access->token_file)
        access->token = NULL;
    if (access->token && !kube_header_safe(access->token))
        return kubeconfig_refuse(user, "token", error, "has characters no token has");
    return true;
}

static bool read_password(struct kube_access *access, const struct kubeconfig_node *user,
                          struct error *error)
{
    if (!kubeconfig_text(user, access->arena, "username", &access->username, error) ||
        !kubeconfig_text(user, access->arena, "password", &access->password, error))
        return false;
    if (access->username && (access->token || access->token_file))
        return kubeconfig_refuse(user, "username", error,
                                 "there is a token too: only one of them can be sent");
    if (access->username && strchr(access->username, ':'))
        return kubeconfig_refuse(user, "username", error, "must not contain a colon");
    return true;
}

/* What is written out goes before a plugin, as for kubectl. */
static bool read_plugin(struct kube_access *access, const struct kubeconfig_node *user,
                        const struct kubeconfig_node *cluster, struct error *error)
{
    struct kubeconfig_node exec;
    const json_t *provider = json_object_get(user->object, "auth-provider");

    if (provider && !json_is_null(provider))
        return kubeconfig_refuse(user, "auth-provider", error,
                                 "Kubernetes has removed these: use exec, e.g. "
                                 "`aws eks update-kubeconfig --name CLUSTER` writes it");
    if (!kubeconfig_child(user, "exec", &exec, error))
        return false;
    if (!exec.object || access->token || access->token_file || access->username)
        return true;
    return kube_exec_read(access, &exec, cluster, error);
}

struct header_list {
    struct header *headers;
    size_t count;
};

static bool add_header(struct header_list *list, const struct kubeconfig_node *user,
                       const char *key, const char *name, const char *value, struct error *error)
{
    if (!kube_header_safe(value))
        return kubeconfig_refuse(user, key, error, "has characters that no header may have");
    list->headers[list->count++] = (struct header){name, value};
    return true;
}

/* Keys of extra may be any text; a header's name may not, so they are escaped. */
static bool add_extra(struct header_list *list, struct kube_access *access,
                      const struct kubeconfig_node *extra, struct error *error)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)extra->object, key, value)
    {
        const char *name =
            arena_printf(access->arena, "Impersonate-Extra-%s", encode_uri(access->arena, key));
        char **texts;

        if (!kubeconfig_texts(extra, access->arena, key, &texts, error))
            return false;
        for (; texts && *texts; texts++)
            if (!add_header(list, extra, key, name, *texts, error))
                return false;
    }
    return true;
}

static size_t count_values(const json_t *object)
{
    const char *key;
    json_t *value;
    size_t count = 0;

    json_object_foreach((json_t *)object, key, value) count += json_array_size(value);
    return count;
}

static bool read_impersonation(struct kube_access *access, const struct kubeconfig_node *user,
                               struct error *error)
{
    struct arena *arena = access->arena;
    struct kubeconfig_node extra;
    struct header_list list = {0};
    char *uid, **groups;

    if (!kubeconfig_text(user, arena, "as", &access->impersonate, error) ||
        !kubeconfig_text(user, arena, "as-uid", &uid, error) ||
        !kubeconfig_texts(user, arena, "as-groups", &groups, error) ||
        !kubeconfig_child(user, "as-user-extra", &extra, error))
        return false;
    if (!access->impersonate) {
        if (uid || groups || extra.object)
            return kubeconfig_refuse(user,
                                     uid      ? "as-uid"
                                     : groups ? "as-groups"
                                              : "as-user-extra",
                                     error, "needs `as` beside it");
        return true;
    }
    list.headers = arena_array(arena,
                               2 + json_array_size(json_object_get(user->object, "as-groups")) +
                                   count_values(extra.object),
                               sizeof(*list.headers));
    if (!add_header(&list, user, "as", "Impersonate-User", access->impersonate, error) ||
        (uid && !add_header(&list, user, "as-uid", "Impersonate-Uid", uid, error)))
        return false;
    for (; groups && *groups; groups++)
        if (!add_header(&list, user, "as-groups", "Impersonate-Group", *groups, error))
            return false;
    if (!add_extra(&list, access, &extra, error))
        return false;
    access->impersonation = list.headers;
    access->impersonation_count = list.count;
    return true;
}

bool kube_user_read(struct kube_access *access, const struct kubeconfig_node *user,
                    const struct kubeconfig_node *cluster, struct error *error)
{
    return read_certificate(access, user, error) && read_token(access, user, error) &&
           read_password(access, user, error) && read_plugin(access, user, cluster, error) &&
           read_impersonation(access, user, error);
}
