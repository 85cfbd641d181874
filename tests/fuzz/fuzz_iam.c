#include "tests/fuzz/fuzz.h"

#include "aws/iam.h"
#include "aws/sts.h"

/* An XML answer of IAM or STS, read as each of those the program asks for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(FUZZ_ARENA_MAX);
    AUTO_FREE char *body = fuzz_text(data, size);
    struct reply reply = fuzz_reply(body, size);
    struct iam_detail_page details;
    struct iam_page page;
    struct sts_identity caller;
    struct iam_role role;
    const char *document;
    struct error error = {0};

    if (iam_read_role(arena, &reply, &role, &error))
        assert(role.name[0] && role.arn[0] && role.trust);
    if (iam_read_role_policy(arena, &reply, &document, &error))
        assert(document);
    iam_read_policy_names(arena, &reply, &page, &error);
    iam_read_policy_arns(arena, &reply, &page, &error);
    iam_read_instance_profiles(arena, &reply, &page, &error);
    iam_read_account_details(arena, &reply, &details, &error);
    sts_read_caller_identity(arena, &reply, &caller, &error);
    fuzz_faults(arena, &reply, SERVICE_IAM, 400);
    return 0;
}
