#pragma once

/*
 * The gate: may this namespace bind what the binding asks for? Default deny; grants only add;
 * each requested item must be allowed by some grant that matches namespace and ServiceAccount.
 * Pure, asked by the first row of every plan.
 */

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct podidentitybinding;
struct podidentitygrant;
struct scene;

struct grant_decision {
    bool granted;
    const char
        *message; /* granted: by which grants; refused: each grant and why it did not match */
};

struct grant_decision grants_decide(struct arena *arena, const struct podidentitybinding *binding,
                                    const struct scene *scene);

/* The field a binding sets that this version does not act on yet, as a sentence; NULL: none. */
const char *grants_unsupported(const struct podidentitybinding *binding, const struct scene *scene);

/*
 * The other binding that has the ServiceAccount: a person's before the shorthand's, the older
 * (whole seconds), the lower UID. NULL when this one is it.
 */
const struct podidentitybinding *grants_rival(const struct podidentitybinding *binding,
                                              const struct scene *scene);

/* Names exactly this namespace and has a glob that matches the ServiceAccount. */
bool grant_matches(const struct podidentitygrant *grant, const char *namespace_name,
                   const char *service_account);
