/* clusters[].cluster of a kubeconfig: where the API server is and how it is believed. */

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "kube/access.h"
#include "kube/access_parts.h"
#include "kube/kubeconfig.h"

/* Scheme and host, perhaps a path (some proxies serve many clusters under one host). */
static bool server_good(const char *server)
{
    const char *rest = strstr(server, "://");

    if (!text_starts(server, "https://") && !text_starts(server, "http://"))
        return false;
    rest += 3;
    return *rest && *rest != '/' && *rest != ':' && !strpbrk(rest, "?#@ \"\\") &&
           kube_header_safe(rest);
}

static bool read_server(struct kube_access *access, const struct kubeconfig_node *cluster,
                        struct error *error)
{
    char *server;
    size_t length;

    if (!kubeconfig_text(cluster, access->arena, "server", &server, error))
        return false;
    if (!server || !server_good(server))
        return kubeconfig_refuse(cluster, "server", error,
                                 "must be like https://host:port, without user, ? or #");
    for (length = strlen(server); server[length - 1] == '/'; length--)
        server[length - 1] = '\0';
    access->server = server;
    return true;
}

static bool read_proxy(struct kube_access *access, const struct kubeconfig_node *cluster,
                       struct error *error)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://"};

    if (!kubeconfig_text(cluster, access->arena, "proxy-url", &access->proxy_url, error))
        return false;
    if (!access->proxy_url)
        return true;
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (text_starts(access->proxy_url, schemes[i]) && kube_header_safe(access->proxy_url))
            return true;
    return kubeconfig_refuse(cluster, "proxy-url", error,
                             "must begin with http://, https:// or socks5://");
}

static bool read_trust(struct kube_access *access, const struct kubeconfig_node *cluster,
                       struct error *error)
{
    struct arena *arena = access->arena;

    if (!kubeconfig_flag(cluster, "insecure-skip-tls-verify", &access->insecure, error) ||
        !kubeconfig_text(cluster, arena, "tls-server-name", &access->server_name, error) ||
        !kubeconfig_path(cluster, arena, "certificate-authority", &access->ca_file, error) ||
        !kubeconfig_data(cluster, arena, "certificate-authority-data", &access->ca_data, error))
        return false;
    if (access->ca_data)
        access->ca_file = NULL;
    if (access->insecure && (access->ca_data || access->ca_file))
        return kubeconfig_refuse(cluster, "insecure-skip-tls-verify", error,
                                 "contradicts the certificate authority beside it: drop one");
    return true;
}

bool kube_cluster_read(struct kube_access *access, const struct kubeconfig_node *cluster,
                       struct error *error)
{
    return read_server(access, cluster, error) && read_trust(access, cluster, error) &&
           read_proxy(access, cluster, error) &&
           kubeconfig_flag(cluster, "disable-compression", &access->disable_compression, error);
}
