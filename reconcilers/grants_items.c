#include "reconcilers/grants_items.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/grants.h"
#include "reconcilers/indices.h"
#include "reconcilers/scene.h"
#include "reconcilers/wellknown.h"

/* Besides one for each ARN and each part of a well-known policy: shorthand, role, name, inline,
 * boundary, trust scope, target role, adoption, retention. */
enum { ITEMS_OF_FIELDS = 9 };

/* Existing roles ------------------------------------------------------------------------------- */

static bool allows_existing(const struct podidentitygrant *grant, const struct grant_item *item)
{
    return grant_has_glob(grant->existing_role_arns, item->value);
}

static bool allows_annotation(const struct podidentitygrant *grant, const struct grant_item *item)
{
    (void)item;
    return grant->allow_service_account_annotation;
}

/* Roles of ours -------------------------------------------------------------------------------- */

struct rank {
    const struct podidentitygrant *grant;
    const struct podidentitybinding *self;
    int64_t before; /* bindings with a role of ours that the grant matches and that are older */
};

static void count_older(void *context, const void *record)
{
    const struct podidentitybinding *other = record;
    struct rank *rank = context;

    if (!other->spec.role_arn && grants_is_older(other, rank->self) &&
        grant_has_glob(rank->grant->service_accounts, other->spec.service_account))
        rank->before++;
}

/*
 * maxBindings counts in each namespace, and for this grant alone, so that another grant can add
 * room and never take it. The older come first, whether or not something else refuses them: who
 * is served must not depend on the order in which bindings are looked at.
 */
static bool has_room(const struct podidentitygrant *grant, const struct grant_item *item)
{
    struct rank rank = {.grant = grant, .self = item->binding};

    if (grant->max_bindings < 0)
        return true;
    store_each_with(item->scene->bindings, INDEX_NAMESPACE, item->binding->record.namespace_name,
                    count_older, &rank);
    return rank.before < grant->max_bindings;
}

static bool allows_managed(const struct podidentitygrant *grant, const struct grant_item *item)
{
    return grant->managed_roles && has_room(grant, item);
}

static bool allows_name(const struct podidentitygrant *grant, const struct grant_item *item)
{
    return grant_has_glob(grant->role_names, item->value);
}

static bool allows_inline(const struct podidentitygrant *grant, const struct grant_item *item)
{
    (void)item;
    return grant->inline_policies;
}

static bool allows_policy(const struct podidentitygrant *grant, const struct grant_item *item)
{
    return grant_has_glob(grant->permission_policy_arns, item->value);
}

static bool allows_boundary(const struct podidentitygrant *grant, const struct grant_item *item)
{
    return grant_has_glob(grant->permissions_boundary_arns, item->value);
}

static bool allows_trust_scope(const struct podidentitygrant *grant, const struct grant_item *item)
{
    for (const char *const *scope = grant->trust_scopes; *scope; scope++)
        if (text_equal(*scope, item->value))
            return true;
    return false;
}

/* Every row of the policy's name is asked: the grant's schema allows one, an older one more. */
static bool allows_well_known(const struct podidentitygrant *grant, const struct grant_item *item)
{
    for (size_t i = 0; i < grant->well_known_count; i++) {
        const struct podidentitygrant_well_known *row = &grant->well_known[i];

        if (text_equal(row->name, item->wellknown->policy) &&
            wellknown_item_allowed(item->wellknown, row->resources, row->unscoped))
            return true;
    }
    return false;
}

/* Both --------------------------------------------------------------------------------------- */

static bool allows_target(const struct podidentitygrant *grant, const struct grant_item *item)
{
    return grant_has_glob(grant->target_role_arns, item->value);
}

static bool allows_some_adoption(const struct podidentitygrant *grant,
                                 const struct grant_item *item)
{
    (void)item;
    return grant->adoption_associations || grant->adoption_roles[0];
}

static bool allows_retain(const struct podidentitygrant *grant, const struct grant_item *item)
{
    (void)item;
    return grant->allow_retain;
}

/* The list ------------------------------------------------------------------------------------ */

static struct grant_item *add(struct grant_items *items, const char *what, const char *value,
                              grant_allows_fn allows)
{
    struct grant_item *item = &items->list[items->count++];

    item->what = what;
    item->value = value;
    item->allows = allows;
    return item;
}

static void add_well_known(struct grant_items *items, struct arena *arena,
                           const struct wellknown_item *wellknown, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value =
            wellknown[i].value
                ? arena_printf(arena, "%s: %s", wellknown[i].policy, wellknown[i].value)
                : arena_printf(arena, "%s: unscoped", wellknown[i].policy);

        add(items, "managedRoles.wellKnownPolicies for", value, allows_well_known)->wellknown =
            &wellknown[i];
    }
}

/* Wider than the narrowest trust that can work: without session tags that is Cluster. */
static bool is_wide(const struct podidentitybinding_spec *spec)
{
    const char *narrowest = spec->disable_session_tags ? "Cluster" : "ServiceAccount";

    return spec->trust_scope && !text_equal(spec->trust_scope, "ServiceAccount") &&
           !text_equal(spec->trust_scope, narrowest);
}

static void add_managed(struct grant_items *items, const struct podidentitybinding_spec *spec,
                        const struct settings *settings)
{
    add(items, "managedRoles", "", allows_managed);
    if (spec->role_name)
        add(items, "managedRoles.roleNames for", spec->role_name, allows_name);
    if (spec->permission_policy)
        add(items, "managedRoles.inlinePolicies: Allow", "", allows_inline);
    if (spec->permissions_boundary_arn &&
        !text_equal(spec->permissions_boundary_arn, settings->boundary_arn))
        add(items, "managedRoles.permissionsBoundaryARNs for", spec->permissions_boundary_arn,
            allows_boundary);
    if (is_wide(spec))
        add(items, "managedRoles.trustScopes for", spec->trust_scope, allows_trust_scope);
    for (const char *const *arn = spec->permission_policy_arns; arn && *arn; arn++)
        add(items, "managedRoles.permissionPolicyARNs for", *arn, allows_policy);
}

static size_t count_arns(const struct podidentitybinding_spec *spec)
{
    size_t count = 0;

    while (spec->permission_policy_arns && spec->permission_policy_arns[count])
        count++;
    return count;
}

struct grant_items grant_items_of(struct arena *arena, const struct podidentitybinding *binding,
                                  const struct scene *scene)
{
    const struct podidentitybinding_spec *spec = &binding->spec;
    size_t wellknown_count;
    const struct wellknown_item *wellknown = wellknown_items(arena, spec, &wellknown_count);
    size_t room = ITEMS_OF_FIELDS + count_arns(spec) + wellknown_count;
    struct grant_items items = {.list = arena_array(arena, room, sizeof(*items.list))};

    if (binding->from_shorthand)
        add(&items, "allowServiceAccountAnnotation", "", allows_annotation);
    if (spec->role_arn)
        add(&items, "existingRoles.arns for", spec->role_arn, allows_existing);
    else
        add_managed(&items, spec, &scene->settings);
    if (!spec->role_arn)
        add_well_known(&items, arena, wellknown, wellknown_count);
    if (spec->target_role_arn)
        add(&items, "targetRoleARNs for", spec->target_role_arn, allows_target);
    if (spec->adopt)
        add(&items, "adoption", "", allows_some_adoption);
    if (spec->retain)
        add(&items, "allowRetain", "", allows_retain);
    for (size_t i = 0; i < items.count; i++) {
        items.list[i].binding = binding;
        items.list[i].scene = scene;
    }
    return items;
}

bool grant_item_ask(struct grant_item *item, const struct podidentitygrant *grant)
{
    if (!item->allows(grant, item))
        return false;
    if (item->allows == allows_existing && grant->require_trust_consent)
        item->on_consent = true;
    else
        item->allowed = true;
    return true;
}

const char *grant_item_lack(struct arena *arena, const struct grant_item *item,
                            const struct podidentitygrant *grant)
{
    if (item->allows == allows_managed && grant->managed_roles)
        return arena_printf(arena, "managedRoles.maxBindings %lld, which older bindings use up",
                            (long long)grant->max_bindings);
    return arena_printf(arena, "%s%s%s", item->what, item->value[0] ? " " : "", item->value);
}
