#pragma once

/* Kubeconfigs and token files for tests of kube/access.h, in a folder of the test's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "kube/access.h"

#define DATA "tests/data/kube/kubeconfig/"
#define FULL DATA "full.yaml"

/* A folder of its own per test, removed with what is in it. */
struct folder {
    char path[64];
    char file[96];
};

static inline const char *in_folder(struct folder *folder, const char *name)
{
    snprintf(folder->file, sizeof(folder->file), "%.60s/%.30s", folder->path, name);
    return folder->file;
}

static inline void write_file(struct folder *folder, const char *name, const char *text)
{
    FILE *file = fopen(in_folder(folder, name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static inline int make_folder(void **state)
{
    struct folder *folder = memory_alloc(sizeof(*folder));

    strcpy(folder->path, "/tmp/test_access.XXXXXX");
    *state = folder;
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    log_configure(LOG_ERROR, LOG_TEXT);
    return mkdtemp(folder->path) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    static const char *const names[] = {"token",  "namespace",    "a.yaml",
                                        "b.yaml", ".kube/config", ".kube"};
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT(names); i++)
        remove(in_folder(folder, names[i]));
    rmdir(folder->path);
    free(folder);
    return 0;
}

static inline struct kube_access *load(const char *paths, const char *context)
{
    struct error error = {0};
    struct kube_access *access = kube_access_kubeconfig(paths, context, true, &error);

    if (!access)
        fail_msg("%s", error.text);
    return access;
}

static inline const char *token_of(struct kube_access *access, uint64_t now_ms)
{
    const char *token = NULL;
    struct error error = {0};

    if (!kube_access_token(access, now_ms, &token, &error))
        return error.text[0] ? "(error)" : "(silent error)";
    return token ? token : "(none)";
}

/* One context around a cluster's and a user's lines; what is refused is named with its line. */
#define CLUSTER "server: https://h"
#define DOCUMENT(cluster, user)                                                                    \
    "current-context: c\n"                                                                         \
    "contexts:\n"                                                                                  \
    "- {name: c, context: {cluster: a, user: b}}\n"                                                \
    "clusters: [{name: a, cluster: {" cluster "}}]\n"                                              \
    "users:\n"                                                                                     \
    "- name: b\n"                                                                                  \
    "  user: {" user "}\n"

#define in_own_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
