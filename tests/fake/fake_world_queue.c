/* Keys come back as the queue of the controller would bring them (controller/jobs.c). */

#include "tests/fake/fake_world_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/store.h"
#include "kube/record.h"
#include "reconcilers/serviceaccount.h"

enum {
    CONFLICT_MS = 20,
    RETRY_MS = 500,
    RETRY_MOST_MS = 300000,
    REFUSED_MS = 5000,
    REFUSALS_MAX = 3,
    FAILURES_MAX = 40,
    ROUNDS_MAX = 20000,
};

static struct fake_key *any_key_of(struct fake_world *world, const char *key,
                                   bool of_service_account)
{
    for (size_t i = 0; i < world->key_count; i++)
        if (strcmp(world->keys[i].key, key) == 0 &&
            world->keys[i].of_service_account == of_service_account)
            return &world->keys[i];
    world->keys = memory_resize(world->keys, world->key_count + 1, sizeof(*world->keys));
    world->keys[world->key_count] = (struct fake_key){
        .key = memory_string(key), .of_service_account = of_service_account, .due_ms = INT64_MAX};
    return &world->keys[world->key_count++];
}

static struct fake_key *key_of(struct fake_world *world, const char *key)
{
    return any_key_of(world, key, false);
}

static void make_due(const struct fake_world *world, struct fake_key *entry)
{
    entry->due_ms = world->wire.now_ms;
    entry->failures = entry->refusals = 0;
}

void fake_world_due(struct fake_world *world, const char *key)
{
    make_due(world, key_of(world, key));
}

void fake_world_account_due(struct fake_world *world, const char *key)
{
    const struct serviceaccount_metadata *account = store_get(world->service_accounts, key);
    const struct podidentitybinding *binding = store_get(world->bindings, key);

    for (size_t i = 0; i < world->key_count; i++)
        if (world->keys[i].of_service_account && strcmp(world->keys[i].key, key) == 0)
            make_due(world, &world->keys[i]);
    if ((account && account->role_arn) || (binding && binding->from_shorthand))
        make_due(world, any_key_of(world, key, true));
}

void fake_world_accounts_due(struct fake_world *world)
{
    for (size_t i = 0; i < world->key_count; i++)
        if (world->keys[i].of_service_account)
            make_due(world, &world->keys[i]);
}

void fake_world_record_due(void *context, const void *record)
{
    fake_world_due(context, ((const struct record *)record)->key);
}

struct run {
    struct fake_world *world;
    struct fake_key *key;
    bool done;
};

static int64_t back_off(unsigned failures, int64_t base_ms)
{
    for (; failures > 1 && base_ms < RETRY_MOST_MS; failures--)
        base_ms *= 2;
    return base_ms < RETRY_MOST_MS ? base_ms : RETRY_MOST_MS;
}

static void count_refusal(struct fake_key *key, const char *code)
{
    if (!text_equal(key->refused_for, code))
        key->refusals = 0;
    snprintf(key->refused_for, sizeof(key->refused_for), "%s", code);
    key->refusals++;
}

/* When the queue would bring the key back (controller/job_result.c). */
static int64_t due_after(struct fake_key *key, const struct reconcile_result *result,
                         int64_t now_ms)
{
    int64_t delay_ms = (int64_t)result->delay_ms;

    if (result->end == RECONCILE_DONE) {
        key->failures = key->refusals = 0;
        return delay_ms > 0 ? now_ms + delay_ms : INT64_MAX;
    }
    if (result->end == RECONCILE_REFUSED) {
        count_refusal(key, result->error->code);
        return now_ms + (delay_ms > 0 ? delay_ms : REFUSED_MS);
    }
    key->failures++;
    if (result->error->kind == ERROR_CONFLICT)
        return now_ms + CONFLICT_MS;
    return now_ms + back_off(key->failures, delay_ms > 0 ? delay_ms : RETRY_MS);
}

static void reconciled(void *context, const struct reconcile_result *result)
{
    struct run *run = context;
    struct fake_world *world = run->world;

    run->done = true;
    run->key->due_ms = due_after(run->key, result, world->wire.now_ms);
    if (result->error->kind == ERROR_NONE)
        return;
    if (world->first_failure == ERROR_NONE)
        world->first_failure = result->error->kind;
    world->last_error = *result->error;
}

static void reconcile_key(struct fake_world *world, struct fake_key *key)
{
    struct run run = {.world = world, .key = key};

    key->due_ms = INT64_MAX;
    world->reconciles += !key->of_service_account;
    if (key->of_service_account)
        reconcile_service_account_start(&world->scene, &world->wire.transport, world->events,
                                        key->key, world->wire.now_ms, reconciled, &run);
    else
        reconcile_start(&world->scene, &world->wire.transport, world->events, key->key,
                        world->wire.now_ms, reconciled, &run);
    fake_run(&world->wire);
    assert(run.done);
}

void fake_world_reconcile_unseen(struct fake_world *world, const char *name)
{
    char key[300];

    snprintf(key, sizeof(key), "shop/%s", name);
    reconcile_key(world, key_of(world, key));
}

void fake_world_reconcile(struct fake_world *world, const char *name)
{
    fake_world_watch(world);
    fake_world_reconcile_unseen(world, name);
    fake_world_watch(world);
}

static void released(void *context, const struct reconcile_result *result)
{
    *(bool *)context = result->error->kind == ERROR_NONE;
}

bool fake_world_release(struct fake_world *world, const char *name, enum release release)
{
    char key[300];
    bool good = false;

    snprintf(key, sizeof(key), "shop/%s", name);
    reconcile_release_start(&world->scene, &world->wire.transport, key, release, world->wire.now_ms,
                            released, &good);
    fake_run(&world->wire);
    return good;
}

/* The key that is due first; NULL when none is before until_ms. */
static struct fake_key *first_due(struct fake_world *world, int64_t until_ms)
{
    struct fake_key *first = NULL;

    for (size_t i = 0; i < world->key_count; i++) {
        struct fake_key *key = &world->keys[i];

        if (key->due_ms > until_ms || key->refusals >= REFUSALS_MAX)
            continue;
        if (!first || key->due_ms < first->due_ms)
            first = key;
    }
    return first;
}

static bool run_until(struct fake_world *world, int64_t until_ms, int64_t horizon_ms)
{
    struct fake_key *key;

    fake_world_watch(world);
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        int64_t reach_ms = horizon_ms > 0 ? world->wire.now_ms + horizon_ms : until_ms;

        key = first_due(world, reach_ms);
        if (!key || world->wire.dead)
            return true;
        if (key->failures > FAILURES_MAX)
            return false;
        if (key->due_ms > world->wire.now_ms)
            world->wire.now_ms = key->due_ms;
        reconcile_key(world, key);
        fake_world_watch(world);
    }
    return false;
}

bool fake_world_settle(struct fake_world *world)
{
    return run_until(world, 0, FAKE_HORIZON_MS);
}

bool fake_world_pass(struct fake_world *world, int64_t ms)
{
    int64_t until_ms = world->wire.now_ms + ms;
    bool quiet = run_until(world, until_ms, 0);

    if (world->wire.now_ms < until_ms)
        world->wire.now_ms = until_ms;
    return quiet;
}
