#pragma once

/* What the well-known policies of a spec come to. */

#include "base/arena.h"
#include "base/error.h"
#include "reconcilers/wellknown.h"
#include "tests/unit/bindings.h"

static const struct wellknown_place ireland = {"aws", "111122223333", "eu-west-1"};

#define ZONE "arn:aws:route53:::hostedzone/Z2"
#define KEY "arn:aws:kms:eu-west-1:111122223333:key/1"
#define SECRET "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-??????"
#define SCOPED(policy, scope)                                                                      \
    "\"wellKnownPolicies\":{\"" policy "\":true},\"wellKnownPolicyScopes\":{\"" policy             \
    "\":{" scope "}}"
#define WANTED(policy) "\"wellKnownPolicies\":{\"" policy "\":true}"

/* A binding of this spec and what its well-known policies come to. */
struct given {
    struct arena *arena;
    struct podidentitybinding *binding;
    struct wellknown wellknown;
    struct error error;
    bool computed;
};

static inline struct given given(const char *spec)
{
    struct given given = {.arena = arena_create(UNIT_ARENA_MAX),
                          .binding = binding_make("shop", "cart", "u-1", spec)};

    given.computed = wellknown_compute(&given.wellknown, given.arena, &given.binding->spec,
                                       &ireland, &given.error);
    return given;
}

static inline void given_finish(struct given *given)
{
    record_unref(given->binding);
    arena_destroy(given->arena);
}
#define AUTO_GIVEN __attribute__((cleanup(given_finish)))
