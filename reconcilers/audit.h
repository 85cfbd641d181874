#pragma once

/*
 * The audit: every association of the cluster, foreign ones too, held against the namespaces and
 * ServiceAccounts that exist. One whose namespace or ServiceAccount is gone is told
 * (OrphanedAssociation); it is removed only if it is ours and the next sweep finds it so, too. One
 * of a former binding goes at once where another binding has taken its ServiceAccount but does not
 * come to AWS: nobody inherits a role.
 * Ours means: the tags that a Describe shows right before the removal name this cluster and the
 * UID of no living binding. Removals count for the brake.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct audit;
struct events;
struct scene;
struct transport;

/* What was found or done, in a sentence; reason "" when it is trouble with AWS. */
typedef void (*audit_told_fn)(void *context, bool warning, const char *reason, const char *note);

/* told may be NULL. */
struct audit *audit_create(struct scene *scene, struct transport *transport, struct events *events,
                           audit_told_fn told, void *context);
/* Nothing may be on its way. */
void audit_destroy(struct audit *audit);

/* After a sweep that came through: all associations of the picture are to be looked at. */
void audit_begin(struct audit *audit);
/* Looks at so many; false when that was the last. Then what is suspected is asked about, one
 * after the other, by itself. */
bool audit_on(struct audit *audit, size_t count, int64_t now_ms);

struct audit_figures {
    size_t associations;
    size_t ours, foreign, addons; /* orphaned: left by us, by others, by an add-on */
    size_t removed;               /* since the start */
};
void audit_figures(const struct audit *audit, struct audit_figures *figures);

DEFINE_AUTO(struct audit *, audit_destroy);
