#include "tests/fuzz/fuzz.h"

#include "base/text.h"
#include "reconcilers/policy.h"
#include "reconcilers/trust.h"
#include "reconcilers/trust_merge.h"

static const struct trust_subject subject = {
    .partition = "aws",
    .account_id = "111122223333",
    .cluster_arn = "arn:aws:eks:eu-west-1:111122223333:cluster/main",
    .cluster_name = "main",
    .namespace_name = "shop",
    .service_account = "cart",
    .session_tags = true,
};

/* Ours beside whatever others wrote: it is there, nothing of theirs is lost, and to merge once more
 * changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(FUZZ_ARENA_MAX);
    AUTO_FREE char *document = fuzz_text(data, size);
    const char *ours = trust_document(arena, &subject, TRUST_SERVICE_ACCOUNT);
    struct error error = {0};
    const char *merged = trust_merge(arena, document, ours, &subject, &error);

    trust_has_own(document, &subject);
    trust_restore(arena, ours, document, &subject);
    if (!merged) {
        assert(error.kind == ERROR_REFUSED);
        assert(text_equal(error.code, "TrustUnknown") || text_equal(error.code, "TrustTooLarge"));
        return 0;
    }
    assert(policy_size(merged) <= POLICY_TRUST_MAX);
    assert(trust_has_own(merged, &subject));
    assert(trust_restore(arena, merged, document, &subject) == merged);
    assert(text_equal(trust_merge(arena, merged, ours, &subject, &error), merged));
    return 0;
}
