#include "reconcilers/indices.h"

#include <assert.h>
#include <stdio.h>

#include "crds/metadata.h"
#include "crds/podidentitybinding.h"

enum { KEY_SIZE = 2 * 253 + 2 };

static void account_key(char key[KEY_SIZE], const struct podidentitybinding *binding)
{
    int length = snprintf(key, KEY_SIZE, "%s/%s", binding->record.namespace_name,
                          binding->spec.service_account);

    assert(length > 0 && length < KEY_SIZE); /* both are DNS names of at most 253 bytes */
    (void)length;
}

static void by_service_account(const void *record, store_index_add_fn add, void *context)
{
    char key[KEY_SIZE];

    account_key(key, record);
    add(context, key);
}

void indices_each_of_account(const struct store *bindings, const struct podidentitybinding *binding,
                             store_visit_fn visit, void *context)
{
    char key[KEY_SIZE];

    account_key(key, binding);
    store_each_with(bindings, INDEX_SERVICE_ACCOUNT, key, visit, context);
}

static void by_role_arn(const void *record, store_index_add_fn add, void *context)
{
    const struct podidentitybinding *binding = record;

    if (binding->spec.role_arn)
        add(context, binding->spec.role_arn);
}

static void by_namespace(const void *record, store_index_add_fn add, void *context)
{
    add(context, ((const struct record *)record)->namespace_name);
}

const struct store_index binding_indices[] = {
    {INDEX_SERVICE_ACCOUNT, by_service_account},
    {INDEX_ROLE_ARN, by_role_arn},
    {INDEX_NAMESPACE, by_namespace},
    {0},
};

/* A cluster may have 100,000 ServiceAccounts: those without the annotation cost nothing here. */
static void by_namespace_if_annotated(const void *record, store_index_add_fn add, void *context)
{
    if (((const struct serviceaccount_metadata *)record)->role_arn)
        by_namespace(record, add, context);
}

const struct store_index service_account_indices[] = {
    {INDEX_NAMESPACE, by_namespace_if_annotated},
    {0},
};
