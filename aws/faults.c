#include "aws/faults.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/xml.h"

enum {
    MESSAGE_MAX = 1000,    /* of AWS's own words: conditions and Events are short */
    EXCERPT_MAX = 200,     /* of a body that is no AWS error */
    BODY_READ_MAX = 65536, /* an error larger than this is read as no AWS error */
};

/*
 * Codes that do not mean "a person must act". Throttling and transient codes are those of the
 * SDKs' standard retry mode; LimitExceeded (IAM's quotas) is not LimitExceededException. The rest
 * are IAM's words for "not now": a change of somebody else is still settling.
 */
static const struct {
    const char *code;
    enum error_kind kind;
} kinds[] = {
    {"BandwidthLimitExceeded", ERROR_THROTTLE},
    {"EC2ThrottledException", ERROR_THROTTLE},
    {"LimitExceededException", ERROR_THROTTLE},
    {"ProvisionedThroughputExceededException", ERROR_THROTTLE},
    {"RequestLimitExceeded", ERROR_THROTTLE},
    {"RequestThrottled", ERROR_THROTTLE},
    {"RequestThrottledException", ERROR_THROTTLE},
    {"SlowDown", ERROR_THROTTLE},
    {"ThrottledException", ERROR_THROTTLE},
    {"Throttling", ERROR_THROTTLE},
    {"ThrottlingException", ERROR_THROTTLE},
    {"TooManyRequestsException", ERROR_THROTTLE},
    {"TransactionInProgressException", ERROR_THROTTLE},
    {"ConcurrentModification", ERROR_RETRY},
    {"ConcurrentModificationException", ERROR_RETRY},
    {"DeleteConflict", ERROR_RETRY}, /* a policy detached a moment ago may still count */
    {"EntityTemporarilyUnmodifiable", ERROR_RETRY},
    {"IDPCommunicationError", ERROR_RETRY},
    {"PriorRequestNotComplete", ERROR_RETRY},
    {"RequestTimeout", ERROR_RETRY},
    {"RequestTimeoutException", ERROR_RETRY},
};

static enum error_kind kind_of(const char *code, int status)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(code, kinds[i].code) == 0)
            return kinds[i].kind;
    }
    if (status == 429)
        return ERROR_THROTTLE;
    return status >= 500 || status == 408 ? ERROR_RETRY : ERROR_REFUSED;
}

/* A word that can stand in a log, a metric's label and a condition; anything else is no code. */
static bool is_word(const char *text, size_t length)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789._-";

    return length >= 1 && length < ERROR_CODE_SIZE && strspn(text, characters) >= length;
}

/* "com.amazon.eks#ResourceNotFoundException:http://…" → "ResourceNotFoundException". */
static const char *clean_code(struct arena *arena, const char *code)
{
    const char *hash;
    size_t length;

    if (!code)
        return "";
    code += strspn(code, " \t\r\n");
    length = strcspn(code, ": \t\r\n");
    hash = memchr(code, '#', length);
    if (hash) {
        length -= (size_t)(hash + 1 - code);
        code = hash + 1;
    }
    return is_word(code, length) ? arena_text(arena, code, length) : "";
}

/* One line of well-formed UTF-8 that shows no trick to a terminal. */
static const char *clean_message(struct arena *arena, const char *message, size_t length_max)
{
    size_t length = message ? strnlen(message, length_max) : 0;
    char *clean = arena_text(arena, message ? message : "", length);

    for (size_t i = 0; i < length;) {
        size_t step = text_utf8_sequence(clean + i, length - i);
        unsigned char first = (unsigned char)clean[i];
        bool control = first < 0x20 || first == 0x7f ||
                       (step == 2 && first == 0xc2 && (unsigned char)clean[i + 1] < 0xa0);

        if (step == 0 && length == length_max && length - i < 4)
            clean[i] = '\0'; /* a character that our own cut went through */
        else if (step == 0 || control)
            memset(clean + i, step == 0 ? '?' : ' ', step == 0 ? 1 : step);
        i += step == 0 ? 1 : step;
    }
    return clean;
}

static void read_xml(struct arena *arena, const struct reply *reply, struct aws_fault *fault)
{
    struct error ignored;
    const struct xml *root = xml_parse(arena, reply->body, reply->body_length, &ignored);

    if (!root)
        return;
    fault->code = xml_text(root, "Error/Code");
    fault->message = xml_text(root, "Error/Message");
    fault->request_id = xml_text(root, "RequestId");
}

static const char *first_text(struct arena *arena, const json_t *json, const char *const *names)
{
    for (; *names; names++) {
        const char *text = json_string_value(json_object_get(json, *names));

        if (text)
            return arena_text(arena, text, strnlen(text, MESSAGE_MAX + 1));
    }
    return NULL;
}

static void read_json(struct arena *arena, const struct reply *reply, struct aws_fault *fault)
{
    static const char *const codes[] = {"code", "Code", "__type", NULL};
    static const char *const messages[] = {"message", "Message", "errorMessage", NULL};
    struct error ignored;
    AUTO_JSON json_t *json = json_parse(reply->body, reply->body_length, &ignored);

    fault->code = first_text(arena, json, codes);
    fault->message = first_text(arena, json, messages);
}

/* AWS repeats in further lines what it would have signed: our session token with it. */
static size_t sayable(const char *code, const char *message)
{
    bool of_signature = strcmp(code, "SignatureDoesNotMatch") == 0 ||
                        strcmp(code, "InvalidSignatureException") == 0;
    size_t line = strcspn(message, "\r\n");

    return of_signature && line < MESSAGE_MAX ? line : MESSAGE_MAX;
}

/* The header's code counts before the body's, as the SDKs read it. */
void aws_fault_read(struct arena *arena, const struct reply *reply, struct aws_fault *fault)
{
    const char *start = reply->body + strspn(reply->body, " \t\r\n");
    const char *of_header = clean_code(arena, reply->error_type);

    *fault = (struct aws_fault){0};
    if (reply->body_length > BODY_READ_MAX || arena_room(arena) / 4 < reply->body_length)
        ; /* no error of AWS is so large */
    else if (*start == '<')
        read_xml(arena, reply, fault);
    else
        read_json(arena, reply, fault);
    fault->code = *of_header ? of_header : clean_code(arena, fault->code);
    fault->message =
        fault->message ? clean_message(arena, fault->message, sayable(fault->code, fault->message))
                       : clean_message(arena, start, EXCERPT_MAX);
    if (!fault->request_id || !*fault->request_id)
        fault->request_id = reply->request_id;
    if (!is_word(fault->request_id, strlen(fault->request_id)))
        fault->request_id = "";
}

/* No answer came: a read is asked again; a write that may have arrived is looked for first. */
static bool lost(const struct request *request, const struct reply *reply, struct error *error)
{
    bool ambiguous = request->write && reply->sent;

    if (text_equal(reply->error_type, AWS_NO_CREDENTIALS))
        return error_set_code(error, ERROR_REFUSED, AWS_NO_CREDENTIALS, "%s: not sent: %s",
                              request->operation, reply->failure);
    return error_set(error, ambiguous ? ERROR_LOST : ERROR_RETRY, "%s: no answer from AWS: %s",
                     request->operation, reply->failure ? reply->failure : "unknown reason");
}

bool aws_reply_good(struct arena *arena, const struct request *request, const struct reply *reply,
                    struct error *error)
{
    struct aws_fault fault;
    char id[96] = "";

    if (reply_good(reply))
        return true;
    if (reply->status == 0)
        return lost(request, reply, error);
    aws_fault_read(arena, reply, &fault);
    if (*fault.request_id)
        snprintf(id, sizeof(id), " (request id %s)", fault.request_id);
    if (*fault.code)
        return error_set_code(error, kind_of(fault.code, reply->status), fault.code, "%s: %s: %s%s",
                              request->operation, fault.code, fault.message, id);
    return error_set(error, kind_of("", reply->status),
                     "%s: HTTP %d with no error of AWS in it: %s%s", request->operation,
                     reply->status, *fault.message ? fault.message : "(empty)", id);
}

bool aws_not_found(const struct error *error)
{
    static const char *const codes[] = {"NoSuchEntity", "ResourceNotFoundException",
                                        "NotFoundException", NULL};

    return text_among(error->code, codes);
}

bool aws_already_exists(const struct error *error)
{
    static const char *const codes[] = {"EntityAlreadyExists", "ResourceInUseException", NULL};

    return text_among(error->code, codes);
}

bool aws_delete_conflict(const struct error *error)
{
    static const char *const codes[] = {"DeleteConflict", NULL};

    return text_among(error->code, codes);
}

bool aws_denied(const struct error *error)
{
    static const char *const codes[] = {"AccessDenied", "AccessDeniedException",
                                        "UnauthorizedOperation", NULL};

    return text_among(error->code, codes);
}

bool aws_bad_credentials(const struct error *error)
{
    static const char *const codes[] = {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        AWS_NO_CREDENTIALS,
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        NULL,
    };

    return text_among(error->code, codes);
}

bool aws_young_role(const struct error *error)
{
    return strcmp(error->code, "InvalidParameterException") == 0 &&
           (strstr(error->text, "Role provided in the request does not exist") ||
            strstr(error->text, "Trust policy of the role provided is invalid"));
}
