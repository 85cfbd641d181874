#include "aws/sts.h"

#include <string.h>

#include "aws/query.h"
#include "base/error.h"

void sts_get_caller_identity(struct arena *arena, struct request *request)
{
    struct query query;

    query_begin(&query, request, SERVICE_STS, "GetCallerIdentity", "2011-06-15");
    query_finish(&query, arena, request);
    request->write = false;
    request->sharable = true;
}

/* The account goes into ARNs that we compare and write: anything but its twelve digits is none. */
static bool is_account(const char *text)
{
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

bool sts_read_caller_identity(struct arena *arena, const struct reply *reply,
                              struct sts_identity *identity, struct error *error)
{
    struct query_result result;

    if (!query_read(arena, reply, &result, error) ||
        !query_read_text(&result, result.element, "Account", &identity->account, error) ||
        !query_read_text(&result, result.element, "Arn", &identity->arn, error) ||
        !query_read_text(&result, result.element, "UserId", &identity->user_id, error))
        return false;
    return is_account(identity->account) ||
           error_set(error, ERROR_RETRY,
                     "AWS's answer to GetCallerIdentity: Account \"%.20s\" is not twelve digits",
                     identity->account);
}
