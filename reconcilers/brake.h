#pragma once

/*
 * The brake: at most so many teardowns in a window; the others wait until a person approves.
 * A mistake that deletes a hundred bindings (a wrong prune) must not take a hundred roles away
 * before somebody looks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BRAKE_WINDOW_MS = 10 * 60 * 1000, BRAKE_LIMIT_MAX = 1000 };

struct brake {
    int64_t passed_ms[BRAKE_LIMIT_MAX]; /* ring of the times at which one passed */
    size_t next, count;
};

/* True and counted when limit (0: none) allows one more now; else retry_ms says when to ask again.
 */
bool brake_pass(struct brake *brake, unsigned limit, int64_t now_ms, uint64_t *retry_ms);
