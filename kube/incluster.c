/* The access every pod has by itself: two variables, and the files of its ServiceAccount. */

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "kube/access.h"
#include "kube/access_parts.h"

enum { NAMESPACE_SIZE_MAX = 256 };

static const char *required(const char *name, struct error *error)
{
    const char *value = getenv(name);

    if (value && *value)
        return value;
    error_set(error, ERROR_REFUSED, "not in a cluster: %s is not set", name);
    return NULL;
}

/* Only what can stand in a URL's authority; anything else is no host or port of ours to trust. */
static bool plain_word(const char *text, const char *extra)
{
    for (; *text; text++) {
        bool letter_or_digit = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                               (*text >= '0' && *text <= '9');

        if (!letter_or_digit && !strchr(extra, *text))
            return false;
    }
    return true;
}

static bool read_server(struct kube_access *access, struct error *error)
{
    const char *host = required("KUBERNETES_SERVICE_HOST", error);
    const char *port = host ? required("KUBERNETES_SERVICE_PORT", error) : NULL;
    bool brackets;

    if (!host || !port)
        return false;
    if (!plain_word(host, ".-:") || !plain_word(port, ""))
        return error_set(error, ERROR_REFUSED,
                         "KUBERNETES_SERVICE_HOST and _PORT are no host and port: \"%s\", \"%s\"",
                         host, port);
    brackets = strchr(host, ':') != NULL;
    access->server = arena_printf(access->arena, "https://%s%s%s:%s", brackets ? "[" : "", host,
                                  brackets ? "]" : "", port);
    return true;
}

/* Not every pod has it; then --namespace or POD_NAMESPACE must tell. */
static bool read_namespace(struct kube_access *access, const char *directory, struct error *error)
{
    const char *path = arena_printf(access->arena, "%s/namespace", directory);
    struct stat found;
    AUTO_FREE char *name = NULL;

    if (stat(path, &found) != 0)
        return true;
    name = file_read(path, NAMESPACE_SIZE_MAX, NULL, error);
    if (!name)
        return false;
    name[strcspn(name, " \t\r\n")] = '\0';
    if (*name)
        access->namespace_name = arena_string(access->arena, name);
    return true;
}

struct kube_access *kube_access_in_cluster(const char *directory, struct error *error)
{
    AUTO(kube_access_destroy) struct kube_access *access = kube_access_create();
    const char *token;

    if (!read_server(access, error))
        return NULL;
    access->ca_file = arena_printf(access->arena, "%s/ca.crt", directory);
    access->token_file = arena_printf(access->arena, "%s/token", directory);
    if (!read_namespace(access, directory, error))
        return NULL;
    /* A pod without its token cannot do anything: better told at the start than as a 401. */
    if (!kube_access_token(access, 0, &token, error))
        return NULL;
    access->token_stale = true;
    return TAKE(access);
}
