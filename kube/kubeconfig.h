#pragma once

/*
 * Kubeconfig files, merged: of clusters, users and contexts the first file that names one gives
 * it whole; current-context is the first that is set. Values are read through nodes, which know
 * the file and line to name when a value is refused.
 * Rules: client-go tools/clientcmd (loader.go, validation.go).
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/memory.h"

struct arena;
struct error;
struct kubeconfig;
struct yaml;

/* One object in one of the files. A plain value; valid as long as the kubeconfig. */
struct kubeconfig_node {
    const struct yaml *yaml;
    const json_t *object;
    const char *path;      /* of the file */
    const char *directory; /* of the file: what relative paths are relative to */
    unsigned line;         /* where it stands, for keys that are not there */
    char label[128];       /* "users[jane].exec", for messages */
};

/* paths is a colon list; the same file twice counts once. A missing file is skipped unless
 * explicit_path. ERROR_REFUSED names file and line. */
struct kubeconfig *kubeconfig_load(const char *paths, bool explicit_path, struct error *error);
void kubeconfig_destroy(struct kubeconfig *kubeconfig);

/* NULL when no file sets it. Borrowed. */
const char *kubeconfig_current_context(const struct kubeconfig *kubeconfig);

/* section is "clusters", "users" or "contexts". False when no file has that name there. */
bool kubeconfig_find(const struct kubeconfig *kubeconfig, const char *section, const char *name,
                     struct kubeconfig_node *node);

/*
 * Values of a node. Absent, null and "" are all absent: NULL or false, and no error. What has the
 * wrong form is refused. Numbers are texts where a text is expected, as for kubectl.
 */
bool kubeconfig_text(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                     char **text, struct error *error);
bool kubeconfig_flag(const struct kubeconfig_node *node, const char *key, bool *flag,
                     struct error *error);
/* A file name, made relative to where we run. */
bool kubeconfig_path(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                     char **path, struct error *error);
/* base64 of a text (PEM). */
bool kubeconfig_data(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                     char **text, struct error *error);
/* An object inside; child->object is NULL when absent. */
bool kubeconfig_child(const struct kubeconfig_node *node, const char *key,
                      struct kubeconfig_node *child, struct error *error);
/* A list of texts, NULL-terminated; NULL when absent. */
bool kubeconfig_texts(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                      char ***texts, struct error *error);

/* "path:line: label.key: " and the words. Always false. */
bool kubeconfig_refuse(const struct kubeconfig_node *node, const char *key, struct error *error,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* path as it is when absolute, else behind the node's directory. In the arena. */
char *kubeconfig_resolve(const struct kubeconfig_node *node, struct arena *arena, const char *path);

DEFINE_AUTO(struct kubeconfig *, kubeconfig_destroy);
