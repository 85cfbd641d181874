#pragma once

/*
 * What a change of a watched object means: which bindings, ServiceAccounts and grants have to be
 * looked at again. Of many objects only those for which the change can matter.
 */

#include <stdbool.h>

struct informer;
struct jobs;
struct scene;

struct consequences {
    struct scene *scene;
    struct jobs *jobs;
    const struct informer *bindings; /* its newest line is the change, for latency metrics */
};

/* As informer_changed_fn, and for pods as pods_create takes it; context is a struct consequences.
 */
void consequences_of_binding(void *context, const void *before, const void *after, bool initial);
void consequences_of_grant(void *context, const void *before, const void *after, bool initial);
void consequences_of_service_account(void *context, const void *before, const void *after,
                                     bool initial);
void consequences_of_namespace(void *context, const void *before, const void *after, bool initial);
void consequences_of_pods(void *context, const char *account);

/* Something else than a person's change: for one binding; for every binding and grant, behind what
 * people changed. */
void consequences_for_binding(const struct consequences *consequences, const char *key);
void consequences_for_all(struct consequences *consequences);
