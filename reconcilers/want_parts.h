#pragma once

/* The parts of the wish that have files of their own. For want*.c alone. */

#include <stdbool.h>

struct arena;
struct error;
struct podidentitybinding;
struct podidentitybinding_spec;
struct scene;
struct want;

/* Appends a sentence for status.warnings. */
void want_warn(struct want *want, struct arena *arena, const char *sentence);

/* want_session.c: what the association says besides role and tags; refuses what cannot stand
 * together. */
bool want_fill_session(struct want *want, struct arena *arena,
                       const struct podidentitybinding_spec *spec, const struct scene *scene,
                       struct error *error);
/* want_session.c: the right of a role of ours to assume the target role, as one more inline policy.
 * After want_fill_policies. */
bool want_add_target_policy(struct want *want, struct arena *arena,
                            const struct podidentitybinding_spec *spec, struct error *error);
/* want_ways.c: by whom the role is taken, of an account that is its own; OIDCProviderMissing when
 * web identity is wanted of a cluster that issues none. */
bool want_fill_ways(struct want *want, struct arena *arena,
                    const struct podidentitybinding *binding, const struct scene *scene,
                    const char *account_id, struct error *error);

/* want_policies.c: inline and attached policies of a managed role, and what is to be said of
 * them. */
bool want_fill_policies(struct want *want, struct arena *arena,
                        const struct podidentitybinding_spec *spec, const struct scene *scene,
                        struct error *error);
