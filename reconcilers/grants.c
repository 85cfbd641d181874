#include "reconcilers/grants.h"

#include <string.h>

#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/indices.h"
#include "reconcilers/scene.h"
#include "reconcilers/wellknown.h"

const char *grants_unsupported(struct arena *arena, const struct podidentitybinding *binding)
{
    return wellknown_unknown(arena, &binding->spec);
}

uint64_t grants_stamp(const struct scene *scene)
{
    return 1 + store_changes(scene->grants) + store_changes(scene->namespaces);
}

bool grants_is_older(const struct podidentitybinding *a, const struct podidentitybinding *b)
{
    if (a->meta.created_ms != b->meta.created_ms)
        return a->meta.created_ms < b->meta.created_ms;
    return strcmp(a->record.uid, b->record.uid) < 0;
}

/* Which of two bindings of one ServiceAccount counts, if both may write. */
static bool goes_before(const struct podidentitybinding *a, const struct podidentitybinding *b)
{
    if (a->from_shorthand != b->from_shorthand)
        return b->from_shorthand;
    return grants_is_older(a, b);
}

struct rivalry {
    const struct podidentitybinding *self, *first;
};

/* Who only looks stops nobody who acts; it is told itself what would stop it if it acted. */
static void compare_rival(void *context, const void *record)
{
    const struct podidentitybinding *other = record;
    struct rivalry *rivalry = context;
    bool only_looks = other->spec.observe && !rivalry->self->spec.observe;

    if (other->meta.deleted_ms == 0 && !only_looks && goes_before(other, rivalry->first))
        rivalry->first = other;
}

const struct podidentitybinding *grants_rival(const struct podidentitybinding *binding,
                                              const struct scene *scene)
{
    struct rivalry rivalry = {.self = binding, .first = binding};

    indices_each_of_account(scene->bindings, binding, compare_rival, &rivalry);
    return rivalry.first == rivalry.self ? NULL : rivalry.first;
}
