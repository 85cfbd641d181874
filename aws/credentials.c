#include "aws/credentials.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "aws/url.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum {
    REFRESH_MS = 15 * 60 * 1000, /* the SDKs' advisory window */
    EXPIRED_MS = 10 * 60 * 1000, /* their mandatory one */
    RETRY_MS = 1000,
    RETRY_MOST_MS = 60 * 1000, /* five tries and more between the two windows */
};

static const char container_host[] = "http://169.254.170.2"; /* of RELATIVE_URI: ECS's rule */

static const char *setting(aws_lookup_fn lookup, const char *name)
{
    const char *value = lookup(name);

    return value && *value ? value : NULL;
}

/* Keys and tokens become header values: one line of visible ASCII. */
static bool is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    }
    return true;
}

static bool copy(char *to, size_t size, const char *value, const char *name, struct error *error)
{
    if (!is_visible(value))
        return error_set(error, ERROR_REFUSED,
                         "%s has a space, a line break or another character that cannot be in it",
                         name);
    if (strlen(value) >= size)
        return error_set(error, ERROR_REFUSED, "%s is longer than %zu characters", name, size - 1);
    memcpy(to, value, strlen(value) + 1);
    return true;
}

/* AWS_CREDENTIAL_EXPIRATION is not read: there is nothing to refresh them from, and AWS says
 * ExpiredToken when they are. */
static bool find_in_environment(struct aws_credentials_plan *plan, aws_lookup_fn lookup,
                                struct error *error)
{
    const char *secret = setting(lookup, "AWS_SECRET_ACCESS_KEY");
    const char *token = setting(lookup, "AWS_SESSION_TOKEN");
    struct aws_credentials *fixed = &plan->fixed;

    plan->source = CREDENTIALS_ENVIRONMENT;
    if (!secret)
        return error_set(error, ERROR_REFUSED,
                         "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
    return copy(fixed->access_key, sizeof(fixed->access_key), lookup("AWS_ACCESS_KEY_ID"),
                "AWS_ACCESS_KEY_ID", error) &&
           copy(fixed->secret_key, sizeof(fixed->secret_key), secret, "AWS_SECRET_ACCESS_KEY",
                error) &&
           (!token || copy(fixed->session_token, sizeof(fixed->session_token), token,
                           "AWS_SESSION_TOKEN", error));
}

static bool is_loopback(const struct aws_url *url)
{
    if (url->numeric_v6)
        return strcmp(url->host, "::1") == 0;
    /* 127.evil.example is a name, not an address. */
    return strcmp(url->host, "localhost") == 0 ||
           (text_starts(url->host, "127.") &&
            strspn(url->host, "0123456789.") == strlen(url->host));
}

/* Plain http may only go where nobody else listens: this machine, and the link-local addresses of
 * the ECS and EKS agents. */
static bool is_allowed(const struct aws_url *url)
{
    static const char *const agents[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

    if (url->secure || is_loopback(url))
        return true;
    for (size_t i = 0; i < COUNT(agents); i++) {
        if (strcmp(url->host, agents[i]) == 0)
            return true;
    }
    return false;
}

static bool find_full_uri(struct aws_credentials_plan *plan, const char *uri, struct error *error)
{
    static const char variable[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    struct aws_url url;

    if (!aws_url_parse(&url, variable, uri, error))
        return false;
    if (!is_allowed(&url))
        return error_set(error, ERROR_REFUSED,
                         "%s: http to %.100s would show credentials to the network; use https, "
                         "this machine, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]",
                         variable, url.host);
    return copy(plan->endpoint, sizeof(plan->endpoint), url.origin, variable, error) &&
           copy(plan->path, sizeof(plan->path), *url.path ? url.path : "/", variable, error);
}

static bool find_endpoint(struct aws_credentials_plan *plan, aws_lookup_fn lookup,
                          struct error *error)
{
    static const char variable[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    const char *relative = setting(lookup, variable);

    if (!relative)
        return find_full_uri(plan, setting(lookup, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), error);
    if (relative[0] != '/')
        return error_set(error, ERROR_REFUSED, "%s: \"%.100s\" does not begin with /", variable,
                         relative);
    return copy(plan->endpoint, sizeof(plan->endpoint), container_host, variable, error) &&
           copy(plan->path, sizeof(plan->path), relative, variable, error);
}

static bool find_container(struct aws_credentials_plan *plan, aws_lookup_fn lookup,
                           struct error *error)
{
    const char *file = setting(lookup, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = setting(lookup, "AWS_CONTAINER_AUTHORIZATION_TOKEN");

    plan->source = CREDENTIALS_CONTAINER;
    if (!find_endpoint(plan, lookup, error))
        return false;
    if (file && strlen(file) >= sizeof(plan->token_file))
        return error_set(error, ERROR_REFUSED,
                         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is longer than %zu characters",
                         sizeof(plan->token_file) - 1);
    if (file)
        memcpy(plan->token_file, file, strlen(file) + 1);
    return file || !token ||
           copy(plan->token, sizeof(plan->token), token, "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                error);
}

#define WAYS_THAT_WORK                                                                             \
    "on EKS give the controller's ServiceAccount a Pod Identity association "                      \
    "(AWS_CONTAINER_CREDENTIALS_FULL_URI is then set by EKS); elsewhere set AWS_ACCESS_KEY_ID, "   \
    "AWS_SECRET_ACCESS_KEY and, with temporary keys, AWS_SESSION_TOKEN"

/* The SDKs take web identity before the container endpoint: falling through to it would make us
 * somebody else than the environment says. */
static bool refuse_web_identity(struct error *error)
{
    return error_set(
        error, ERROR_REFUSED,
        "AWS_WEB_IDENTITY_TOKEN_FILE (IRSA) is set, which is not supported yet: "
        "remove the eks.amazonaws.com/role-arn annotation or unset it, and " WAYS_THAT_WORK);
}

static bool refuse_nothing(aws_lookup_fn lookup, struct error *error)
{
    if (setting(lookup, "AWS_PROFILE") || setting(lookup, "AWS_SHARED_CREDENTIALS_FILE"))
        return error_set(
            error, ERROR_REFUSED,
            "AWS profiles and credentials files are not read (for a profile: "
            "eval \"$(aws configure export-credentials --format env)\"): " WAYS_THAT_WORK);
    return error_set(error, ERROR_REFUSED,
                     "no AWS credentials; the node's role is never used: " WAYS_THAT_WORK);
}

bool aws_credentials_find(struct aws_credentials_plan *plan, aws_lookup_fn lookup,
                          struct error *error)
{
    *plan = (struct aws_credentials_plan){0};
    if (setting(lookup, "AWS_ACCESS_KEY_ID"))
        return find_in_environment(plan, lookup, error);
    if (setting(lookup, "AWS_WEB_IDENTITY_TOKEN_FILE"))
        return refuse_web_identity(error);
    if (setting(lookup, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
        setting(lookup, "AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        return find_container(plan, lookup, error);
    return refuse_nothing(lookup, error);
}

/* Read at each fetch: the kubelet writes a new token into the file long before the old one ends. */
static bool read_token(const struct aws_credentials_plan *plan, struct arena *arena,
                       const char **token, struct error *error)
{
    char *bytes;
    size_t length;

    *token = plan->token;
    if (!*plan->token_file)
        return true;
    bytes = file_read(plan->token_file, sizeof(plan->token) - 1, &length, error);
    if (!bytes)
        return error_wrap(error, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    *token = arena_text(arena, bytes, length);
    memory_wipe(bytes, length);
    free(bytes);
    if (length > 0 && strlen(*token) == length && is_visible(*token))
        return true;
    return error_set(error, ERROR_REFUSED,
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s is empty or holds a line break, a "
                     "space or another character that no token has",
                     plan->token_file);
}

bool aws_credentials_request(const struct aws_credentials_plan *plan, struct arena *arena,
                             struct request *request, struct error *error)
{
    size_t path = strcspn(plan->path, "?");
    const char *token;

    assert(plan->source == CREDENTIALS_CONTAINER);
    if (!read_token(plan, arena, &token, error))
        return false;
    *request = (struct request){
        .operation = "GetContainerCredentials",
        .method = "GET",
        .path = path > 0 ? arena_text(arena, plan->path, path) : "/",
        .query = plan->path[path] ? arena_string(arena, plan->path + path + 1) : NULL,
    };
    request_add_header(request, "accept", "application/json");
    if (*token)
        request_add_header(request, "authorization", token);
    return true;
}

bool aws_credentials_want_refresh(const struct aws_credentials *credentials, int64_t wall_ms)
{
    if (!*credentials->access_key)
        return true;
    return credentials->expires_ms != 0 && wall_ms >= credentials->expires_ms - REFRESH_MS;
}

bool aws_credentials_usable(const struct aws_credentials *credentials, int64_t wall_ms)
{
    return *credentials->access_key &&
           (credentials->expires_ms == 0 || wall_ms < credentials->expires_ms - EXPIRED_MS);
}

uint64_t aws_credentials_retry_ms(unsigned failures)
{
    uint64_t pause_ms = RETRY_MS;

    assert(failures > 0);
    for (unsigned i = 1; i < failures && pause_ms < RETRY_MOST_MS; i++)
        pause_ms *= 2;
    return pause_ms < RETRY_MOST_MS ? pause_ms : RETRY_MOST_MS;
}

void aws_credentials_wipe(struct aws_credentials *credentials)
{
    memory_wipe(credentials, sizeof(*credentials));
}
