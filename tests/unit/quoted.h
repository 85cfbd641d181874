#pragma once

/* JSON in single quotes: C strings bear it better, and tables of documents stay readable. */

#include "base/arena.h"

/* The document in double quotes, in the arena. */
static inline const char *plain_json(struct arena *arena, const char *quoted)
{
    char *document = arena_string(arena, quoted);

    for (char *byte = document; *byte; byte++)
        if (*byte == '\'')
            *byte = '"';
    return document;
}
