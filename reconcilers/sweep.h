#pragma once

/*
 * The sweep: learns who we are and what AWS has. GetCallerIdentity and DescribeCluster (once), all
 * pages of ListPodIdentityAssociations and of GetAccountAuthorizationDetails fill account and
 * picture, so that a start costs pages, not reads for each binding, and so does noticing what
 * others changed since. It needs synced stores.
 */

#include <stdbool.h>
#include <stdint.h>

struct account;
struct error;
struct scene;
struct sweep;
struct transport;

/* error is NULL when it is complete; else account.trouble says the same. */
typedef void (*sweep_done_fn)(void *context, const struct error *error, unsigned requests);

/* done comes later, once. scene->account is known afterwards unless it failed. */
void sweep_start(struct scene *scene, struct transport *transport, int64_t now_ms,
                 sweep_done_fn done, void *context);

/*
 * The same for who has others waiting in his loop: a page of roles is judged some at a time. pause
 * comes when more are left; sweep_on goes on then, in a later turn, and sweep_drop ends it without
 * telling anybody.
 */
typedef void (*sweep_pause_fn)(void *context, struct sweep *sweep);
void sweep_start_paced(struct scene *scene, struct transport *transport, int64_t now_ms,
                       sweep_pause_fn pause, sweep_done_fn done, void *context);
void sweep_on(struct sweep *sweep);
void sweep_drop(struct sweep *sweep);

/* Frees what sweeps learnt. */
void account_finish(struct account *account);
