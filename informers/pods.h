#pragma once

/*
 * All pods of the cluster by ServiceAccount, sixteen bytes each and a block for each
 * ServiceAccount that has any: 50,000 pods of 5,000 ServiceAccounts take 1.3 MB, where records
 * (informers/store.h) would take 12. Names are not kept: who needs them can list the pods of a
 * ServiceAccount.
 *
 * An informer keeps it in step through pods_sink. During a list pods are already what the list
 * says; those that it does not name go at its end, so that there are never two sets.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "crds/pod.h"
#include "informers/informer.h"

struct pods;

/* changed: the pods of "namespace/serviceaccount" are others than before, or one has begun to
 * terminate. Not called before the first list is complete. */
typedef void (*pods_changed_fn)(void *context, const char *account);
struct pods *pods_create(pods_changed_fn changed, void *context);
void pods_destroy(struct pods *pods);

/* For an informer_kind; its context is the struct pods. */
extern const struct informer_sink pods_sink;
/* The informer that fills it: its trouble is the set's. */
void pods_follow(struct pods *pods, const struct informer *informer);

/* The first list was complete and the watch goes on and is not suspiciously silent: what is not
 * here does not exist. False for NULL, where pods are not watched. */
bool pods_known(const struct pods *pods);

/* The pods of "namespace/serviceaccount", terminating ones too, in no order; borrowed until the
 * loop turns. Nothing for NULL. */
const struct pod *pods_of(const struct pods *pods, const char *account, size_t *count);

/* All pods, and how many have each kind of credentials. */
size_t pods_count(const struct pods *pods, size_t by_credentials[POD_WEB_IDENTITY + 1]);

DEFINE_AUTO(struct pods *, pods_destroy);
