#include "tests/fuzz/fuzz.h"

#include "kube/access.h"

/* A kubeconfig. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    char path[64];
    int file = fuzz_file(data, size, path, sizeof(path));
    AUTO(kube_access_destroy)
    struct kube_access *access = kube_access_kubeconfig(path, NULL, true, &error);

    close(file);
    if (!access) {
        assert(error.kind == ERROR_REFUSED);
        return 0;
    }
    assert(access->server);
    return 0;
}
