#pragma once

/*
 * Between the files of wellknown_*.c: the files that are built in, and one policy in use.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "reconcilers/wellknown.h"

struct arena;
struct podidentitybinding_wellknown;

/* The file of that policy, for ever; NULL when there is none. */
const json_t *wellknown_file(const char *name);

struct wellknown_use {
    struct arena *arena;
    const struct podidentitybinding_wellknown *asked;
    const json_t *file;
    const struct wellknown_place *place; /* NULL: what needs it is not asked for */
};

/* What the binding gives for a parameter, NULL-terminated; NULL: nothing. */
const char *const *wellknown_given(const struct wellknown_use *use, const char *name);

/* The values of a parameter that is left out when they follow from one that is given (the objects
 * of given buckets); NULL: they do not. */
const char *const *wellknown_derived(const struct wellknown_use *use, const char *name);

/* A text of the file with its placeholders filled in: as many texts as the parameter in it has
 * values, NULL-terminated. */
const char *const *wellknown_expand(const struct wellknown_use *use, const char *text);

/* The inline policy, compact; NULL: this one has none, or none without a parameter. */
const char *wellknown_render(const struct wellknown_use *use);
