#include "tests/fuzz/fuzz.h"

#include "aws/eks.h"

/* A JSON answer of EKS, read as each of those the program asks for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(FUZZ_ARENA_MAX);
    AUTO_FREE char *body = fuzz_text(data, size);
    struct reply reply = fuzz_reply(body, size);
    struct eks_association association;
    struct eks_association_page page;
    struct eks_cluster cluster;
    struct error error = {0};

    if (eks_read_association(arena, &reply, &association, &error))
        assert(association.id && association.arn && association.role_arn);
    eks_read_associations(arena, &reply, &page, &error);
    if (eks_read_cluster(arena, &reply, &cluster, &error))
        assert(cluster.name && cluster.arn);
    fuzz_faults(arena, &reply, SERVICE_EKS, 404);
    return 0;
}
