#pragma once

/*
 * AWS error code → error kind, the same for both protocols.
 * error.code becomes AWS's code, error.text "code: AWS's message (request id …)".
 */

#include <stdbool.h>

#include "net/request.h"

struct error;

/* How one answer that is not 2xx reads. Strings live in the arena. */
struct aws_fault {
    const char *code, *message, *request_id;
};

struct arena;

/*
 * What AWS says in an answer that is not 2xx, in XML or JSON (told apart by the first byte). code
 * is "" when the answer carries none that reads like one (a proxy's page); message is then the
 * beginning of the body. message: one line, no control characters, UTF-8, ≤ 1,000 bytes.
 */
void aws_fault_read(struct arena *arena, const struct reply *reply, struct aws_fault *fault);

/*
 * True when the answer is 2xx. Otherwise sets error: kind by table (throttling codes →
 * ERROR_THROTTLE; 5xx, RequestTimeout, ConcurrentModification and the like → ERROR_RETRY; no
 * answer → ERROR_RETRY for reads, ERROR_LOST for writes that may have arrived; everything else →
 * ERROR_REFUSED) with operation, code, message and request id in the text, ≤ 1,000 characters of
 * AWS's own words.
 */
bool aws_reply_good(struct arena *arena, const struct request *request, const struct reply *reply,
                    struct error *error);

/* Stands in the error_type of a reply with status 0: the request was not sent, because nobody gives
 * us credentials to sign it with. ERROR_REFUSED, and aws_bad_credentials. */
#define AWS_NO_CREDENTIALS "NoCredentials"

/* Codes that plans decide on. */
bool aws_not_found(
    const struct error *error); /* NoSuchEntity, ResourceNotFoundException, NotFoundException */
bool aws_already_exists(
    const struct error *error); /* EntityAlreadyExists, ResourceInUseException */
bool aws_delete_conflict(const struct error *error); /* DeleteConflict */
bool aws_denied(
    const struct error *error); /* AccessDenied, AccessDeniedException, UnauthorizedOperation */
bool aws_bad_credentials(
    const struct error *error); /* InvalidClientTokenId, ExpiredToken, SignatureDoesNotMatch,
                                   UnrecognizedClientException, … */
/* EKS on a role made a moment ago: "Role provided in the request does not exist",
 * "Trust policy of the role provided is invalid". */
bool aws_young_role(const struct error *error);
