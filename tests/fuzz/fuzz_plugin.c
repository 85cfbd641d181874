#include "tests/fuzz/fuzz.h"

#include "kube/access.h"
#include "kube/access_parts.h"

/* What a credential plugin prints. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char command[] = "plugin";
    static char *const arguments[] = {command, NULL};
    AUTO(kube_access_destroy) struct kube_access *access = kube_access_create();
    AUTO_FREE char *output = fuzz_text(data, size);
    struct kube_exec *exec = arena_alloc(access->arena, sizeof(*exec));
    struct error error = {0};
    int64_t expires_ms;

    exec->api_version = "client.authentication.k8s.io/v1beta1";
    exec->arguments = arguments;
    access->exec = exec;
    if (kube_access_exec_reply(access, output, size, &expires_ms, &error))
        assert(access->token || access->certificate_data);
    else
        assert(error.kind != ERROR_NONE && !access->token);
    return 0;
}
