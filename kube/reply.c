/* What an answer of the API server means: a Status, or whatever stands between us and it. */

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "kube/calls.h"
#include "kube/status.h"
#include "kube/words.h"

/* A Status names each bad field of an object; past this it is no Status of Kubernetes. */
enum { STATUS_SIZE_MAX = 1 << 20, WORDS_MAX = 1024, EXCERPT_MAX = 200, ARENA_MAX = 4096 };

struct meaning {
    int status;
    enum error_kind kind;
    const char
        *reason; /* Kubernetes' word (metav1.StatusReason), for answers that have no Status */
};

static const struct meaning meanings[] = {
    {400, ERROR_REFUSED, "BadRequest"},
    {401, ERROR_RETRY, "Unauthorized"}, /* the next attempt reads the token again */
    {403, ERROR_REFUSED, "Forbidden"},
    {404, ERROR_REFUSED, "NotFound"},
    {405, ERROR_REFUSED, "MethodNotAllowed"},
    {406, ERROR_REFUSED, "NotAcceptable"},
    {408, ERROR_RETRY, "Timeout"},
    {409, ERROR_CONFLICT, "Conflict"},
    {410, ERROR_CONFLICT, "Expired"},
    {413, ERROR_REFUSED, "RequestEntityTooLarge"},
    {415, ERROR_REFUSED, "UnsupportedMediaType"},
    {422, ERROR_REFUSED, "Invalid"},
    {429, ERROR_THROTTLE, "TooManyRequests"},
    {500, ERROR_RETRY, "InternalError"},
    {503, ERROR_RETRY, "ServiceUnavailable"},
    {504, ERROR_RETRY, "Timeout"},
};

static struct meaning meaning_of(const struct reply *reply)
{
    struct meaning meaning = {reply->status, ERROR_REFUSED, ""};

    if (reply->status >= 500)
        meaning.kind = ERROR_RETRY;
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (meanings[i].status == reply->status)
            meaning = meanings[i];
    if (reply->status == 503 && reply->retry_after_s >= 0)
        meaning.kind = ERROR_THROTTLE;
    return meaning;
}

static bool lost(const struct request *request, const struct reply *reply, struct error *error)
{
    bool ambiguous = request->write && reply->sent;

    return error_set(error, ambiguous ? ERROR_LOST : ERROR_RETRY, "%s",
                     reply->failure ? reply->failure : "no answer from the API server");
}

/* NULL when the body is no Status. */
static json_t *status_of(const struct reply *reply)
{
    struct error trouble = {0};
    AUTO_JSON json_t *status = NULL;

    if (reply->body_length == 0 || reply->body_length > STATUS_SIZE_MAX)
        return NULL;
    status = json_parse(reply->body, reply->body_length, &trouble);
    return kube_status_is(status) ? TAKE(status) : NULL;
}

/* A proxy, a load balancer, or an API server in trouble: its words, and that they are not JSON. */
static bool no_status(struct arena *arena, const struct reply *reply, const struct meaning *meaning,
                      struct error *error)
{
    const char *excerpt = kube_words(arena, reply->body, reply->body_length, EXCERPT_MAX);

    if (*excerpt)
        return error_set_code(error, meaning->kind, meaning->reason, "%s (HTTP %d)", excerpt,
                              reply->status);
    return error_set_code(error, meaning->kind, meaning->reason,
                          "the API server answered HTTP %d without a word", reply->status);
}

bool kube_reply_good(const struct request *request, const struct reply *reply, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = NULL;
    AUTO_JSON json_t *status = NULL;
    struct meaning meaning;
    const char *reason, *message;

    if (reply_good(reply))
        return true;
    if (reply->status == 0)
        return lost(request, reply, error);
    arena = arena_create(ARENA_MAX);
    meaning = meaning_of(reply);
    status = status_of(reply);
    if (!status)
        return no_status(arena, reply, &meaning, error);
    reason = json_path_text(status, "reason");
    if (kube_status_has_cause(status, "ResourceVersionTooLarge"))
        reason = "ResourceVersionTooLarge";
    message = json_path_text(status, "message");
    if (!message || !*message)
        message = "the API server gave no reason";
    return error_set_code(error, meaning.kind, reason && *reason ? reason : meaning.reason, "%s",
                          kube_words(arena, message, strlen(message), WORDS_MAX));
}

const char *kube_reply_owner(struct arena *arena, const struct reply *reply)
{
    AUTO_JSON json_t *status = reply->status == 409 ? status_of(reply) : NULL;
    const json_t *cause = status ? kube_status_cause(status, "FieldManagerConflict") : NULL;
    const char *message = cause ? json_path_text(cause, "message") : NULL;
    const char *field = cause ? json_path_text(cause, "field") : NULL;

    if (!cause)
        return NULL;
    if (!message)
        message = "conflict with another manager";
    if (!field)
        field = "a field";
    return arena_printf(arena, "%s: %s", kube_words(arena, message, strlen(message), EXCERPT_MAX),
                        kube_words(arena, field, strlen(field), EXCERPT_MAX));
}
