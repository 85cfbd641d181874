/* The bearer token of the moment. Rules: client-go transport/token_source.go. */

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "kube/access.h"
#include "kube/access_parts.h"

/* The kubelet rewrites a token after 80 % of its life; a minute less some leeway sees it in time.
 */
enum { TOKEN_FRESH_MS = 50000 };

bool kube_header_safe(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* White space around the token is the file's, not the token's. In place. */
static char *trim(char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/* For free(); NULL with ERROR_REFUSED. */
static char *read_token(const char *path, struct error *error)
{
    size_t length = 0;
    AUTO_FREE char *bytes = file_read(path, KUBE_TOKEN_SIZE_MAX, &length, error);
    const char *token;
    char *copy;

    if (!bytes)
        return NULL;
    token = trim(bytes);
    copy = kube_header_safe(token) ? memory_string(token) : NULL;
    if (!copy)
        error_set(error, ERROR_REFUSED, "%s: %s", path, *token ? "not a token" : "empty");
    memory_wipe(bytes, length);
    return copy;
}

static void replace_token(struct kube_access *access, char *token)
{
    if (access->token_cached) {
        memory_wipe(access->token_cached, strlen(access->token_cached));
        free(access->token_cached);
    }
    access->token_cached = token;
}

static bool is_fresh(const struct kube_access *access, uint64_t now_ms)
{
    return access->token_cached && !access->token_stale &&
           now_ms - access->token_read_ms <= TOKEN_FRESH_MS;
}

/* A file that is being rewritten may be empty for a moment: the last good token stays. */
static bool token_from_file(struct kube_access *access, uint64_t now_ms, struct error *error)
{
    struct error trouble = {0};
    char *token;

    if (is_fresh(access, now_ms))
        return true;
    token = read_token(access->token_file, &trouble);
    if (!token && !access->token_cached) {
        *error = trouble;
        return error_wrap(error, "token file");
    }
    if (token)
        replace_token(access, token);
    else
        log_event(LOG_WARN, "token file not readable, the last token stays", "error", trouble.text,
                  NULL);
    access->token_read_ms = now_ms;
    access->token_stale = false;
    return true;
}

bool kube_access_token(struct kube_access *access, uint64_t now_ms, const char **token,
                       struct error *error)
{
    *token = NULL;
    if (access->exec) {
        if (!access->plugin_answered)
            return error_set(error, ERROR_RETRY, "the credential plugin %s has not answered yet",
                             access->exec->arguments[0]);
        *token = access->token;
        return true;
    }
    if (!access->token_file) {
        *token = access->token;
        return true;
    }
    if (!token_from_file(access, now_ms, error))
        return false;
    *token = access->token_cached;
    return true;
}

void kube_access_forget_token(struct kube_access *access)
{
    access->token_stale = true;
}

bool kube_access_exec_needed(const struct kube_access *access, int64_t now_wall_ms)
{
    if (!access->exec)
        return false;
    return !access->plugin_answered || access->token_stale ||
           (access->plugin_expires_ms && now_wall_ms >= access->plugin_expires_ms);
}
