#pragma once

/*
 * What the files behind kube/access.h share: an empty access to fill, and the readers of the two
 * halves of a kubeconfig context. Nobody outside kube/ includes this.
 */

#include <stdbool.h>

struct error;
struct kube_access;
struct kubeconfig_node;

/* Everything absent; has its arena. */
struct kube_access *kube_access_create(void);

/* True when text may stand in a header: not empty, printable ASCII only. */
bool kube_header_safe(const char *text);

/* clusters[].cluster: server, TLS, proxy. */
bool kube_cluster_read(struct kube_access *access, const struct kubeconfig_node *cluster,
                       struct error *error);

/* users[].user: credentials and impersonation; cluster holds what an exec plugin is told. */
bool kube_user_read(struct kube_access *access, const struct kubeconfig_node *user,
                    const struct kubeconfig_node *cluster, struct error *error);

/* users[].user.exec into access->exec. */
bool kube_exec_read(struct kube_access *access, const struct kubeconfig_node *exec,
                    const struct kubeconfig_node *cluster, struct error *error);
