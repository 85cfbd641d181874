#pragma once

/*
 * How plans find bindings other than by key: by "namespace/serviceaccount", by spec.roleARN and by
 * namespace; and of all ServiceAccounts the few that are annotated, by namespace.
 */

#include "informers/store.h"

#define INDEX_SERVICE_ACCOUNT "serviceAccount"
#define INDEX_ROLE_ARN "roleARN"
#define INDEX_NAMESPACE "namespace"

extern const struct store_index binding_indices[], service_account_indices[];
