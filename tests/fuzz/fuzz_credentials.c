#include "tests/fuzz/fuzz.h"

#include "aws/credentials.h"

/* What the container endpoint says: what cannot be used leaves the former credentials. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *body = fuzz_text(data, size);
    struct reply reply = fuzz_reply(body, size);
    struct aws_credentials before = {.access_key = "AKIDEXAMPLE", .secret_key = "secret"};
    struct aws_credentials credentials = before;
    struct error error = {0};

    if (aws_credentials_reply(&reply, &credentials, &error))
        assert(credentials.access_key[0] && credentials.secret_key[0]);
    else
        assert(error.kind != ERROR_NONE && memcmp(&credentials, &before, sizeof(before)) == 0);
    return 0;
}
