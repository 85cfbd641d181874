/* What the watch brings into the stores, and what the sweep shows. */

#include "tests/fake/fake_world_parts.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "crds/metadata.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/audit.h"
#include "reconcilers/drift.h"
#include "reconcilers/indices.h"
#include "reconcilers/sweep.h"

struct kind {
    const struct kube_resource *resource;
    void *(*read)(const json_t *object, struct error *error);
};
static const struct kind kinds[] = {
    {&podidentitybinding_resource, podidentitybinding_read},
    {&podidentitygrant_resource, podidentitygrant_read},
    {&serviceaccount_resource, serviceaccount_read},
    {&namespace_resource, namespace_read},
};

static struct store *store_of(struct fake_world *world, size_t kind)
{
    struct store *const stores[] = {world->bindings, world->grants, world->service_accounts,
                                    world->namespaces};

    return stores[kind];
}

static size_t kind_of(const char *id)
{
    size_t kind = 0;

    while (strncmp(id, kinds[kind].resource->plural, strcspn(id, "/")) != 0)
        kind++;
    return kind;
}

static void observer_due(void *context, const void *record)
{
    struct fake_world *world = context;
    const struct podidentitybinding *binding = record;

    if (!binding->spec.observe)
        return;
    reconcile_doubt_observer(&world->scene, binding);
    fake_world_record_due(world, binding);
}

/* The binding itself and its rivals, as the controller does. before, binding: NULL: there is none.
 */
static void binding_news(struct fake_world *world, const char *key,
                         const struct podidentitybinding *before,
                         const struct podidentitybinding *binding)
{
    const struct podidentitybinding *some = binding ? binding : before;

    if (reconcile_moved_things(before, binding))
        indices_each_of_account(world->bindings, some, observer_due, world);
    if (binding && reconcile_is_own_write(&world->scene, key, binding->record.uid,
                                          binding->record.resource_version))
        return;
    fake_world_due(world, key);
    fake_world_account_due(world, key);
    if (binding)
        indices_each_of_account(world->bindings, binding, fake_world_record_due, world);
}

static void take_change(struct fake_world *world, const struct fake_change *change)
{
    size_t kind = kind_of(change->id);
    const char *key = strchr(change->id, '/') + 1;
    struct error error = {0};
    void *record = change->object ? kinds[kind].read(change->object, &error) : NULL;
    const void *before;

    key += *key == '/';
    assert(record || !change->object);
    before = store_get(store_of(world, kind), key);
    if (before)
        record_ref(before);
    if (record)
        store_put(store_of(world, kind), record);
    else
        store_remove(store_of(world, kind), key);
    if (kind == 0 && (before || record))
        binding_news(world, key, before, record);
    record_unref(before);
    if (kind == 0)
        return;
    store_each(world->bindings, fake_world_record_due, world);
    if (kinds[kind].resource == &serviceaccount_resource)
        fake_world_account_due(world, key);
    else
        fake_world_accounts_due(world);
}

void fake_world_watch(struct fake_world *world)
{
    struct fake_change *change;

    while ((change = fake_kubernetes_take_change(&world->kubernetes))) {
        take_change(world, change);
        fake_change_free(change);
    }
}

void fake_world_list(struct fake_world *world)
{
    struct fake_change *change;
    const char *id;
    json_t *object;

    while ((change = fake_kubernetes_take_change(&world->kubernetes)))
        fake_change_free(change);
    json_object_foreach(world->kubernetes.objects, id, object)
    {
        struct fake_change listed = {.id = (char *)id, .object = object};

        take_change(world, &listed);
    }
}

/* A sweep, with the part of a page that waits for its turn. */
struct sweeping {
    bool good;
    struct sweep *paused;
};

static void swept(void *context, const struct error *error, unsigned requests)
{
    (void)requests;
    ((struct sweeping *)context)->good = !error;
}

static void pauses(void *context, struct sweep *sweep)
{
    ((struct sweeping *)context)->paused = sweep;
}

bool fake_world_sweep(struct fake_world *world)
{
    struct sweeping sweeping = {0};

    sweep_start_paced(&world->scene, &world->wire.transport, world->wire.now_ms, pauses, swept,
                      &sweeping);
    fake_run(&world->wire);
    while (sweeping.paused) {
        sweep_on(TAKE(sweeping.paused));
        fake_run(&world->wire);
    }
    return sweeping.good;
}

static void drift_due(void *context, const char *key)
{
    fake_world_due(context, key);
}

bool fake_world_look(struct fake_world *world)
{
    AUTO(drift_look_end) struct drift_look *look = NULL;

    fake_world_watch(world);
    if (!fake_world_sweep(world))
        return false;
    look = drift_look_begin(&world->scene, drift_due, world);
    while (drift_look_on(look, 2, world->wire.now_ms))
        continue;
    audit_begin(world->audit);
    while (audit_on(world->audit, 2, world->wire.now_ms))
        continue;
    fake_run(&world->wire);
    return true;
}
