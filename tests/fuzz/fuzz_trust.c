#include "tests/fuzz/fuzz.h"

#include "reconcilers/trust.h"

/* Somebody's trust policy, with and without session tags: always a verdict and its reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *document = fuzz_text(data, size);
    struct trust_subject subject = {
        .partition = "aws",
        .account_id = "111122223333",
        .cluster_arn = "arn:aws:eks:eu-west-1:111122223333:cluster/main",
        .cluster_name = "main",
        .namespace_name = "shop",
        .service_account = "cart",
    };

    for (int tags = 0; tags < 2; tags++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(FUZZ_ARENA_MAX);
        struct trust_judgement judgement;

        subject.session_tags = tags;
        judgement = trust_judge(arena, document, &subject);
        assert(judgement.verdict == TRUST_ADMITS || (judgement.why && judgement.why[0]));
    }
    return 0;
}
