#include "tests/fuzz/fuzz.h"

#include "reconcilers/policy.h"

/* A policy document: its canonical text means the same, so it is its own canonical text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(FUZZ_ARENA_MAX);
    AUTO_FREE char *document = fuzz_text(data, size);
    const char *canonical = policy_canonical(arena, document);
    struct error error = {0};

    assert(strcmp(policy_canonical(arena, canonical), canonical) == 0);
    assert(policy_equal(arena, document, canonical));
    assert(policy_size(document) <= size);
    policy_only_denies(document);
    if (!policy_check(document, POLICY_INLINE_MAX, &error))
        assert(error.kind == ERROR_REFUSED);
    return 0;
}
