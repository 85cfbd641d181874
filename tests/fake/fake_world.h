#pragma once

/*
 * A cluster, an AWS account and the controller's reconcilers between them, in one process and in
 * virtual time. Stores are fed by the watch of the fake API server through the real readers; keys
 * come back as the controller's queue would bring them.
 *
 * Quiet means: nothing is due within the horizon. A refusal is tried again three times, then its
 * key counts as quiet: a person must act.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "crds/pod.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/podidentitybinding.h"
#include "reconcilers/scene.h"
#include "tests/fake/fake_aws.h"
#include "tests/fake/fake_kubernetes.h"
#include "tests/fake/fake_wire.h"

/* The wall at the beginning: 2026-11-25T00:00:00Z. */
#define FAKE_START_MS INT64_C(1795564800000)

/* Settling and waiting for young roles are followed; retired roles (6 h) are not. */
enum { FAKE_HORIZON_MS = 60 * 60 * 1000 };

struct fake_key {
    char *key;
    bool of_service_account;     /* else of a binding */
    int64_t due_ms;              /* INT64_MAX: not */
    unsigned failures, refusals; /* refusals: in a row and for one reason */
    char refused_for[ERROR_CODE_SIZE];
};

struct fake_world {
    struct fake_wire wire;
    struct fake_aws aws;
    struct fake_kubernetes kubernetes;
    struct scene scene;
    struct store *bindings, *grants, *service_accounts, *namespaces;
    struct pods *pods; /* NULL until the first pod: they are not watched */
    struct events *events;
    struct audit *audit;
    struct fake_key *keys;
    size_t key_count;
    /* since fake_world_reset */
    unsigned reconciles;
    enum error_kind first_failure; /* of the first reconcile that failed */
    struct error last_error;
};

/* Namespace and grant of the samples are there, and the sweep is done. */
struct fake_world *fake_world_create(void);
void fake_world_destroy(struct fake_world *world);

/* Counts of all parts from 0; nothing breaks any more. */
void fake_world_reset(struct fake_world *world);

/* Applies a binding in namespace shop; spec is JSON text. */
void fake_world_bind(struct fake_world *world, const char *name, const char *spec);
void fake_world_unbind(struct fake_world *world, const char *name);
/* Somebody takes its finalizer away and deletes it: all that it made stays. */
void fake_world_lose(struct fake_world *world, const char *name);
/* Annotates ServiceAccount cart of namespace shop, which is made when it is missing; NULL takes the
 * annotation away. */
void fake_world_annotate(struct fake_world *world, const char *role_arn);
/* Applies a grant; spec is JSON text. */
void fake_world_grant(struct fake_world *world, const char *name, const char *spec);
/* Takes the grant "shop" back, which is there from the beginning. */
void fake_world_withdraw(struct fake_world *world);

/* A pod of shop/cart, made now with these credentials; flags as in crds/pod.h. From then on pods
 * are watched. A pod of the same number takes the place of the former one. */
void fake_world_pod(struct fake_world *world, unsigned number, enum pod_credentials credentials,
                    int flags);
void fake_world_remove_pod(struct fake_world *world, unsigned number);
/* Pods are watched, and there is none. */
void fake_world_watch_pods(struct fake_world *world);

/* Hands over what the watch has. */
void fake_world_watch(struct fake_world *world);
/* One sweep: false when it failed. */
bool fake_world_sweep(struct fake_world *world);
/* One sweep, held against what was made: what drift finds is due; then the audit. */
bool fake_world_look(struct fake_world *world);
/* One reconcile of this key, whatever is due. */
void fake_world_reconcile(struct fake_world *world, const char *name);
/* The same before the watch has brought anything new. */
void fake_world_reconcile_unseen(struct fake_world *world, const char *name);
/* The command `release` for this binding; true when it went well. */
bool fake_world_release(struct fake_world *world, const char *name, enum release release);
/* Until quiet; false when it does not become so. */
bool fake_world_settle(struct fake_world *world);
/* Moves time, doing what becomes due on the way. */
bool fake_world_pass(struct fake_world *world, int64_t ms);
/* The process dies and a new one starts: memory is empty, stores and AWS are read again. */
void fake_world_restart(struct fake_world *world);

/* The binding as the store has it; NULL. */
const struct podidentitybinding *fake_world_binding(const struct fake_world *world,
                                                    const char *name);
/* "True Ready", "False NotGranted": a condition's status and reason; "" when it is not there. */
const char *fake_world_condition(const struct fake_world *world, const char *name,
                                 const char *type);

/* AWS and every object without versions, times, IDs and lastVerifiedTime: the same text, the same
 * end. */
void fake_world_describe(const struct fake_world *world, struct text *text);
