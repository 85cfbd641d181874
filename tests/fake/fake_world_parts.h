#pragma once

/* What the files of the fake world need of each other. */

#include "tests/fake/fake_world.h"

/* fake_world_queue.c */

/* A binding's key, now. */
void fake_world_due(struct fake_world *world, const char *key);
/* The same for a record of the store of bindings; context is the world. */
void fake_world_record_due(void *context, const void *record);
/* A ServiceAccount's key, now. Once it is annotated its key stays in play: a look that finds
 * nothing costs nothing. */
void fake_world_account_due(struct fake_world *world, const char *key);
/* All of those in play. */
void fake_world_accounts_due(struct fake_world *world);

/* fake_world_watch.c */

/* Lists what the API server has now, as a new process does. */
void fake_world_list(struct fake_world *world);
