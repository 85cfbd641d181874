#pragma once

/*
 * What an error of the API server means for a list or a watch: by the HTTP status (or the code of
 * the Status in the stream) and by what was on its way. Pure. Semantics of client-go's reflector
 * (tools/cache/reflector.go) but for those that reflector.h names.
 */

#include <stdbool.h>

#include "informers/reflector.h"

enum reaction {
    REACTION_AGAIN,         /* wait, then the same */
    REACTION_RELIST,        /* wait, then list at the version we have */
    REACTION_CONSISTENT,    /* list at once, at whatever version the server has */
    REACTION_PLAIN,         /* list at once, by pages */
    REACTION_PLAIN_FOREVER, /* the same, and never ask for WatchList again */
};

/* consistent: a list would be without a version now. */
enum reaction reaction_to(const struct reflector_failure *failure, enum reflector_phase phase,
                          bool consistent);
