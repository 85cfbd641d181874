#include "reconcilers/grants.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/indices.h"
#include "reconcilers/scene.h"

/* A refusal names every grant it looked at, as far as a status message has room. */
enum { GRANTS_TOLD_MAX = 1500, REASON_MAX = 300 };

static bool any_glob(const char *const *globs, const char *text)
{
    for (; globs && *globs; globs++)
        if (text_glob(*globs, text))
            return true;
    return false;
}

bool grant_matches(const struct podidentitygrant *grant, const char *namespace_name,
                   const char *service_account)
{
    if (grant->unsupported)
        return false;
    for (const char *const *name = grant->namespace_names; *name; name++)
        if (text_equal(*name, namespace_name))
            return any_glob(grant->service_accounts, service_account);
    return false;
}

/* One thing a binding asks for, and whether a grant that matches allows it. */
struct item {
    const char *what; /* for a person: "spec.roleARN arn:…" */
    const char *value;
    bool (*allows)(const struct podidentitygrant *grant, const char *value);
    bool allowed;
};

static bool allows_existing(const struct podidentitygrant *grant, const char *arn)
{
    return any_glob(grant->existing_role_arns, arn);
}

static bool allows_managed(const struct podidentitygrant *grant, const char *unused)
{
    (void)unused;
    return grant->managed_roles;
}

static bool allows_name(const struct podidentitygrant *grant, const char *name)
{
    return grant->managed_roles && any_glob(grant->role_names, name);
}

static bool allows_inline(const struct podidentitygrant *grant, const char *unused)
{
    (void)unused;
    return grant->managed_roles && grant->inline_policies;
}

static bool allows_policy(const struct podidentitygrant *grant, const char *arn)
{
    return grant->managed_roles && any_glob(grant->permission_policy_arns, arn);
}

struct items {
    struct item *list;
    size_t count;
};

static void item_add(struct items *items, const char *what, const char *value,
                     bool (*allows)(const struct podidentitygrant *, const char *))
{
    items->list[items->count++] = (struct item){.what = what, .value = value, .allows = allows};
}

static struct items items_of(struct arena *arena, const struct podidentitybinding_spec *spec)
{
    size_t arns = 0;
    struct items items = {0};

    while (spec->permission_policy_arns && spec->permission_policy_arns[arns])
        arns++;
    items.list = arena_array(arena, arns + 3, sizeof(*items.list));
    if (spec->role_arn) {
        item_add(&items, "existingRoles.arns for", spec->role_arn, allows_existing);
        return items;
    }
    item_add(&items, "managedRoles", "", allows_managed);
    if (spec->role_name)
        item_add(&items, "managedRoles.roleNames for", spec->role_name, allows_name);
    if (spec->permission_policy)
        item_add(&items, "managedRoles.inlinePolicies: Allow", "", allows_inline);
    for (size_t i = 0; i < arns; i++)
        item_add(&items, "managedRoles.permissionPolicyARNs for", spec->permission_policy_arns[i],
                 allows_policy);
    return items;
}

struct inquiry {
    const struct podidentitybinding *binding;
    struct items items;
    struct text *looked_at, *matched;
    size_t grants;
};

static void tell(struct inquiry *inquiry, const struct podidentitygrant *grant, const char *why)
{
    if (inquiry->looked_at->length < GRANTS_TOLD_MAX)
        text_printf(inquiry->looked_at, "%s\"%s\": %.*s", inquiry->grants > 1 ? "; " : "",
                    grant->record.name, REASON_MAX, why);
}

static bool names_namespace(const struct podidentitygrant *grant, const char *namespace_name)
{
    for (const char *const *name = grant->namespace_names; *name; name++)
        if (text_equal(*name, namespace_name))
            return true;
    return false;
}

static void ask_items(struct inquiry *inquiry, const struct podidentitygrant *grant)
{
    const char *missing = NULL;
    bool useful = false;

    for (size_t i = 0; i < inquiry->items.count; i++) {
        struct item *item = &inquiry->items.list[i];

        if (item->allows(grant, item->value))
            useful = item->allowed = true;
        else
            missing = item->what;
    }
    if (missing)
        tell(inquiry, grant, "does not allow everything that is asked for");
    if (useful)
        text_printf(inquiry->matched, "%s%s", inquiry->matched->length > 0 ? ", " : "",
                    grant->record.name);
}

static void ask_grant(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;
    struct inquiry *inquiry = context;

    inquiry->grants++;
    if (grant->unsupported)
        tell(inquiry, grant, "matches nothing, because it sets a field not supported yet");
    else if (!names_namespace(grant, inquiry->binding->record.namespace_name))
        tell(inquiry, grant, "does not name this namespace");
    else if (!any_glob(grant->service_accounts, inquiry->binding->spec.service_account))
        tell(inquiry, grant, "its serviceAccounts do not match");
    else
        ask_items(inquiry, grant);
}

/* Grants in the order of their names, so that the message does not change by itself. */
struct sorted {
    const struct podidentitygrant **list;
    size_t count;
};

static void collect(void *context, const void *record)
{
    struct sorted *sorted = context;

    sorted->list[sorted->count++] = record;
}

static int by_name(const void *a, const void *b)
{
    const struct podidentitygrant *const *left = a, *const *right = b;

    return strcmp((*left)->record.name, (*right)->record.name);
}

static void ask_all(struct inquiry *inquiry, struct arena *arena, const struct store *grants)
{
    struct sorted sorted = {.list =
                                arena_array(arena, store_count(grants) + 1, sizeof(*sorted.list))};

    store_each(grants, collect, &sorted);
    qsort(sorted.list, sorted.count, sizeof(*sorted.list), by_name);
    for (size_t i = 0; i < sorted.count; i++)
        ask_grant(inquiry, sorted.list[i]);
}

static const struct item *first_refused(const struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        if (!items->list[i].allowed)
            return &items->list[i];
    return NULL;
}

struct grant_decision grants_decide(struct arena *arena, const struct podidentitybinding *binding,
                                    const struct scene *scene)
{
    AUTO_TEXT struct text looked_at = TEXT_INIT(2 * GRANTS_TOLD_MAX);
    AUTO_TEXT struct text matched = TEXT_INIT(GRANTS_TOLD_MAX);
    struct inquiry inquiry = {.binding = binding,
                              .items = items_of(arena, &binding->spec),
                              .looked_at = &looked_at,
                              .matched = &matched};
    const struct item *refused;

    ask_all(&inquiry, arena, scene->grants);
    refused = first_refused(&inquiry.items);
    if (!refused)
        return (struct grant_decision){
            true, arena_printf(arena, "Allowed by PodIdentityGrant %s", matched.bytes)};
    return (struct grant_decision){
        false,
        arena_printf(arena,
                     "No PodIdentityGrant gives namespace %s, ServiceAccount %s: %s%s%s. %zu "
                     "looked at%s%s. Ask the platform team for a grant",
                     binding->record.namespace_name, binding->spec.service_account, refused->what,
                     refused->value[0] ? " " : "", refused->value, inquiry.grants,
                     inquiry.grants > 0 ? ": " : "", looked_at.bytes)};
}

const char *grants_unsupported(const struct podidentitybinding *binding, const struct scene *scene)
{
    const struct podidentitybinding_spec *spec = &binding->spec;
    const struct {
        bool set;
        const char *what;
    } features[] = {
        {spec->has_well_known, "spec.wellKnownPolicies"},
        {spec->mechanism != MECHANISM_POD_IDENTITY, "spec.mechanism other than PodIdentity"},
        {spec->has_irsa, "spec.irsa"},
        {spec->observe, "spec.mode: Observe"},
        {spec->adopt, "spec.adoptionPolicy: Adopt"},
        {spec->retain, "spec.deletionPolicy: Retain"},
        {spec->target_role_arn != NULL, "spec.targetRoleARN"},
        {spec->disable_session_tags, "spec.disableSessionTags"},
        {spec->policy != NULL, "spec.policy"},
        {spec->create_service_account, "spec.createServiceAccount"},
        {spec->permissions_boundary_arn &&
             !text_equal(spec->permissions_boundary_arn, scene->settings.boundary_arn),
         "spec.permissionsBoundaryARN other than the controller's"},
        {spec->trust_scope && !text_equal(spec->trust_scope, "ServiceAccount"),
         "spec.trustScope wider than ServiceAccount"},
        {binding->from_shorthand, "the annotation podidentity.io/role-arn"},
    };

    for (size_t i = 0; i < COUNT(features); i++)
        if (features[i].set)
            return features[i].what;
    return NULL;
}

/* Which of two bindings of one ServiceAccount counts. */
static bool goes_before(const struct podidentitybinding *a, const struct podidentitybinding *b)
{
    if (a->from_shorthand != b->from_shorthand)
        return b->from_shorthand;
    if (a->meta.created_ms != b->meta.created_ms)
        return a->meta.created_ms < b->meta.created_ms;
    return strcmp(a->record.uid, b->record.uid) < 0;
}

struct rivalry {
    const struct podidentitybinding *self, *first;
};

static void compare_rival(void *context, const void *record)
{
    const struct podidentitybinding *other = record;
    struct rivalry *rivalry = context;

    if (other->meta.deleted_ms == 0 && goes_before(other, rivalry->first))
        rivalry->first = other;
}

const struct podidentitybinding *grants_rival(const struct podidentitybinding *binding,
                                              const struct scene *scene)
{
    struct rivalry rivalry = {.self = binding, .first = binding};
    char key[2 * 253 + 2];

    snprintf(key, sizeof(key), "%s/%s", binding->record.namespace_name,
             binding->spec.service_account);
    store_each_with(scene->bindings, INDEX_SERVICE_ACCOUNT, key, compare_rival, &rivalry);
    return rivalry.first == rivalry.self ? NULL : rivalry.first;
}
