#pragma once

/* The parts of the wish that have files of their own. For want*.c alone. */

#include <stdbool.h>

struct arena;
struct error;
struct podidentitybinding_spec;
struct scene;
struct want;

/* want_policies.c: inline and attached policies of a managed role, and what is to be said of
 * them. */
bool want_fill_policies(struct want *want, struct arena *arena,
                        const struct podidentitybinding_spec *spec, const struct scene *scene,
                        struct error *error);
