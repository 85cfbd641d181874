#pragma once

/*
 * What plans ask of namespaces. One that the watch has not shown is neither ending nor suspended.
 */

#include <stdbool.h>

struct scene;

/* It is being deleted: nothing can be made in it any more. */
bool namespace_ends(const struct scene *scene, const char *name);
/* Its annotation podidentity.io/suspended, borrowed; NULL: it has none. */
const char *namespace_suspended(const struct scene *scene, const char *name);
