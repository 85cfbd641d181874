#include "aws/credentials.h"

#include <string.h>

#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"

enum {
    BODY_MAX = 10000, /* the largest session token is 8 KiB */
    WORDS_SIZE = 301, /* of an answer that is no success */
};

static bool fail(struct error *error, const char *trouble)
{
    return error_set(error, ERROR_RETRY, "the container's credentials endpoint: %s", trouble);
}

/* 408 and 429 pass; any other 4xx says that something is missing. */
static enum error_kind kind_of(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429 ? ERROR_REFUSED
                                                                           : ERROR_RETRY;
}

/* The agent's own words say what is missing (an association, a permission). Where a secret might
 * be among them they stay unsaid. */
static bool fail_with_words(const struct reply *reply, struct error *error)
{
    char words[WORDS_SIZE];
    size_t length = 0;

    if (reply->status < 400 || strstr(reply->body, "SecretAccessKey"))
        return error_set(error, kind_of(reply->status),
                         "the container's credentials endpoint: HTTP %d", reply->status);
    while (length + 1 < sizeof(words) && reply->body[length]) {
        char c = reply->body[length];

        words[length++] = (char)(c < 0x20 || c >= 0x7f ? ' ' : c);
    }
    words[length] = '\0';
    return error_set(error, kind_of(reply->status),
                     "the container's credentials endpoint: HTTP %d: %s", reply->status, words);
}

/* Never quotes what it read: it may be a secret. */
static bool take(const json_t *json, const char *name, char *to, size_t size, struct error *error)
{
    const char *text = json_string_value(json_object_get(json, name));

    if (!text || !*text)
        return error_set(error, ERROR_RETRY,
                         "the container's credentials endpoint: the answer has no %s", name);
    for (const char *c = text; *c; c++) {
        if (*c <= 0x20 || *c >= 0x7f)
            return error_set(error, ERROR_RETRY,
                             "the container's credentials endpoint: %s has a "
                             "character that cannot be in it",
                             name);
    }
    if (strlen(text) >= size)
        return error_set(error, ERROR_RETRY,
                         "the container's credentials endpoint: %s is longer than %zu characters",
                         name, size - 1);
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool read_fields(const json_t *json, struct aws_credentials *credentials,
                        struct error *error)
{
    const char *expiration = json_string_value(json_object_get(json, "Expiration"));

    if (!take(json, "AccessKeyId", credentials->access_key, sizeof(credentials->access_key),
              error) ||
        !take(json, "SecretAccessKey", credentials->secret_key, sizeof(credentials->secret_key),
              error) ||
        !take(json, "Token", credentials->session_token, sizeof(credentials->session_token), error))
        return false;
    if (!expiration || !encode_time_parse(expiration, &credentials->expires_ms) ||
        credentials->expires_ms <= 0)
        return fail(error, "the answer has no Expiration, or one that is no time");
    return true;
}

/* The tree's texts go back to the allocator: not with secrets in them. */
static void wipe_texts(json_t *json)
{
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        if (json_is_string(value))
            memory_wipe((char *)json_string_value(value), json_string_length(value));
    }
}

bool aws_credentials_reply(const struct reply *reply, struct aws_credentials *credentials,
                           struct error *error)
{
    struct aws_credentials fresh = {0};
    struct error unread; /* says where, in bytes that may be a secret */
    AUTO_JSON json_t *json = NULL;
    bool done;

    if (reply->status == 0)
        return fail(error, reply->failure ? reply->failure : "no answer");
    if (reply->status != 200)
        return fail_with_words(reply, error);
    if (reply->body_length > BODY_MAX)
        return fail(error, "the answer is larger than 10,000 bytes");
    json = json_parse(reply->body, reply->body_length, &unread);
    if (!json)
        return fail(error, "the answer is not JSON");
    done = read_fields(json, &fresh, error);
    if (done)
        *credentials = fresh;
    aws_credentials_wipe(&fresh);
    wipe_texts(json);
    return done;
}
