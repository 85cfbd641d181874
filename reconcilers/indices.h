#pragma once

/*
 * How plans find bindings other than by key: by "namespace/serviceaccount", by spec.roleARN and by
 * namespace; and of all ServiceAccounts the few that are annotated, by namespace.
 */

#include "informers/store.h"

struct podidentitybinding;

#define INDEX_SERVICE_ACCOUNT "serviceAccount"
#define INDEX_ROLE_ARN "roleARN"
#define INDEX_NAMESPACE "namespace"

extern const struct store_index binding_indices[], service_account_indices[];

/* Every binding of the ServiceAccount that this one is for; itself, too, while it is held. */
void indices_each_of_account(const struct store *bindings, const struct podidentitybinding *binding,
                             store_visit_fn visit, void *context);
