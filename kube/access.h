#pragma once

/*
 * Where the API server is and who we are: in a pod (service account token, re-read as it
 * rotates) or by kubeconfig (KUBECONFIG list merged as kubectl does: the first file to set a key
 * wins). Pure: files are read, nothing is sent; a plugin's command is told, not run.
 * Rules: client-go tools/clientcmd, facts in Kubernetes docs "Organizing Cluster Access".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct arena;
struct error;
struct header;

/* One exec credential plugin (client.authentication.k8s.io v1 or v1beta1). */
struct kube_exec {
    const char *api_version;
    char *const *arguments;   /* NULL-terminated, [0] is the command */
    char *const *environment; /* NULL-terminated "NAME=value" to add, may be NULL */
    bool provide_cluster_info;
    const char *cluster_config; /* JSON text the cluster keeps for the plugin; NULL: none */
    const char *install_hint;   /* what to tell when the command is missing; NULL: none */
};

struct kube_access {
    struct arena *arena; /* everything below lives here */
    char *server;        /* "https://host:port", no trailing slash */
    char *ca_file, *ca_data;
    char *certificate_file, *key_file, *certificate_data, *key_data; /* PEM */
    char *server_name, *proxy_url;
    bool insecure;
    char *token;      /* fixed token; NULL: token_file, exec or none */
    char *token_file; /* re-read: see kube_access_token */
    char *username, *password;
    char *impersonate; /* "as"; NULL: none */
    const struct header
        *impersonation; /* Impersonate-User, -Uid, -Group, -Extra-… as they go out */
    size_t impersonation_count;
    struct kube_exec *exec; /* NULL: none */
    char *namespace_name;   /* the context's, or the in-cluster file's; NULL: none */
    bool disable_compression;
    /* private */
    char *token_cached;
    uint64_t token_read_ms;
    bool token_stale;      /* a 401 came: read the file or run the plugin again */
    struct arena *renewed; /* what the plugin's last reply brought; NULL: none yet */
    bool plugin_answered;
    bool plugin_certificate;   /* certificate_data and key_data are in `renewed` */
    int64_t plugin_expires_ms; /* wall; 0: never */
};

/* A kubeconfig is at most this large (base/yaml.h), a token or namespace file much smaller. */
enum { KUBE_ACCESS_FILES_MAX = 32, KUBE_TOKEN_SIZE_MAX = 64 << 10 };

/* The in-cluster files and variables; ERROR_REFUSED "not in a cluster: …" when one of the two
 * required variables is missing. directory is normally KUBE_ACCESS_DIRECTORY (tests use another).
 */
#define KUBE_ACCESS_DIRECTORY "/var/run/secrets/kubernetes.io/serviceaccount"
struct kube_access *kube_access_in_cluster(const char *directory, struct error *error);

/* paths: one file or a colon list (the form of $KUBECONFIG); context NULL: current-context.
 * explicit_path: a missing file is an error (else it is skipped, as in a list). */
struct kube_access *kube_access_kubeconfig(const char *paths, const char *context,
                                           bool explicit_path, struct error *error);

/* The order of controller-runtime: flag, $KUBECONFIG, in cluster, ~/.kube/config. */
struct kube_access *kube_access_find(const char *kubeconfig_flag, const char *context,
                                     struct error *error);
void kube_access_destroy(struct kube_access *access);

/*
 * The bearer token to send now, NULL when none is needed. A token file is read again when the last
 * read is over 50 s old or after kube_access_forget_token (answer 401); an empty or unreadable file
 * keeps the last good token. ERROR_REFUSED when there never was one. Borrowed until the next call.
 * now_ms is monotonic. ERROR_RETRY while an exec plugin has yet to run (kube_access_exec_needed).
 */
bool kube_access_token(struct kube_access *access, uint64_t now_ms, const char **token,
                       struct error *error);
void kube_access_forget_token(struct kube_access *access);

/*
 * What proves who we are, for each request: Authorization (bearer token, or user and password) and
 * the Impersonate headers. In the arena. Fails as kube_access_token does.
 */
bool kube_access_headers(struct kube_access *access, struct arena *arena, uint64_t now_ms,
                         const struct header **headers, size_t *count, struct error *error);

/* True when the plugin must run before the next request: it never did, what it gave is over, or a
 * 401 came since. now_wall_ms is time since 1970. */
bool kube_access_exec_needed(const struct kube_access *access, int64_t now_wall_ms);

/*
 * The whole environment for the plugin: ours (base, NULL-terminated, normally environ), what the
 * kubeconfig adds, and KUBERNETES_EXEC_INFO, which kube_exec_info builds. In the arena. NULL with
 * ERROR_REFUSED when the CA file that the plugin is to be told cannot be read.
 */
char *const *kube_exec_environment(struct arena *arena, const struct kube_access *access,
                                   char *const *base, struct error *error);
const char *kube_exec_info(struct arena *arena, const struct kube_access *access,
                           struct error *error);

/* What an exec plugin printed: sets token and/or certificate in access until expires_ms (wall;
 * 0: for good). The strings of its former reply are gone afterwards. */
bool kube_access_exec_reply(struct kube_access *access, const char *json, size_t length,
                            int64_t *expires_ms, struct error *error);

DEFINE_AUTO(struct kube_access *, kube_access_destroy);
