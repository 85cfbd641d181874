#pragma once

/*
 * The controller: informers tell which keys changed, the queue orders them, plans make AWS as they
 * want it, so many at a time. One loop, one thread.
 */

struct config;
struct error;

#include <stdbool.h>

/*
 * Runs until SIGTERM or SIGINT; true after an orderly end (work on its way is finished within
 * CONTROLLER_GRACE_MS or dropped). False with one line when it cannot start.
 */
enum { CONTROLLER_GRACE_MS = 7000 };

bool controller_run(const struct config *config, const char *namespace_name, struct error *error);
