#include "crds/podidentitygrant.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/field.h"

const struct kube_resource podidentitygrant_resource = {
    .group = "podidentity.io",
    .version = "v1alpha1",
    .plural = "podidentitygrants",
    .kind = "PodIdentityGrant",
};

/* An object comes in a page of at most 16 MiB; little of it is copied. */
enum { GRANT_ARENA_MAX = 64 << 20 };

/* EKS's quota of associations: no grant can mean more. */
enum { BINDINGS_MAX = 5000 };

static void read_well_known(struct podidentitygrant *grant, struct fields *managed)
{
    const json_t *list = field_value(managed, "wellKnownPolicies", JSON_ARRAY);
    struct podidentitygrant_well_known *items;

    if (json_array_size(list) > FIELD_LIST_MAX) {
        field_refuse(managed, "wellKnownPolicies", "the list is over 256 items long");
        return;
    }
    items = arena_array(managed->arena, json_array_size(list) + 1, sizeof(*items));
    for (size_t i = 0; i < json_array_size(list) && !*managed->failed; i++) {
        struct fields item = *managed;

        item.object = json_array_get(list, i);
        item.path = "spec.managedRoles.wellKnownPolicies.";
        items[i].name = field_text(&item, "name");
        items[i].resources = field_texts(&item, "resources");
        items[i].unscoped = field_bool(&item, "unscoped");
        if (!items[i].name)
            field_refuse(&item, "name", "is missing");
    }
    grant->well_known = items;
    grant->well_known_count = json_array_size(list);
}

static void read_managed(struct podidentitygrant *grant, struct fields *managed)
{
    static const char *const decisions[] = {"Deny", "Allow", NULL};

    grant->managed_roles = managed->object != NULL;
    grant->permission_policy_arns = field_texts(managed, "permissionPolicyARNs");
    grant->permissions_boundary_arns = field_texts(managed, "permissionsBoundaryARNs");
    grant->role_names = field_texts(managed, "roleNames");
    grant->trust_scopes = field_texts(managed, "trustScopes");
    grant->inline_policies = field_word(managed, "inlinePolicies", decisions) == 1;
    grant->max_bindings = field_int(managed, "maxBindings", 0, BINDINGS_MAX, -1);
    read_well_known(grant, managed);
}

static void read_spec(struct podidentitygrant *grant, struct fields *spec)
{
    struct fields namespaces = field_object(spec, "namespaces");
    struct fields existing = field_object(spec, "existingRoles");
    struct fields managed = field_object(spec, "managedRoles");
    struct fields adoption = field_object(spec, "adoption");

    grant->namespace_names = field_texts(&namespaces, "names");
    grant->match_labels = labels_read(&namespaces, "matchLabels");
    grant->service_accounts = field_texts(spec, "serviceAccounts");
    grant->existing_role_arns = field_texts(&existing, "arns");
    grant->require_trust_consent = field_bool(&existing, "requireTrustConsent");
    read_managed(grant, &managed);
    grant->target_role_arns = field_texts(spec, "targetRoleARNs");
    grant->adoption_roles = field_texts(&adoption, "roles");
    grant->adoption_associations = field_bool(&adoption, "associations");
    grant->allow_retain = field_bool(spec, "allowRetain");
    grant->allow_service_account_annotation = field_bool(spec, "allowServiceAccountAnnotation");
    grant->allow_migration = field_bool(spec, "allowMigration");
}

/* "**" would promise to cross '/', which no glob of ours does. */
static const char *first_bad_glob(const char *const *globs)
{
    for (; *globs; globs++)
        if (!**globs || strstr(*globs, "**"))
            return *globs;
    return NULL;
}

static const char *find_bad_glob(const struct podidentitygrant *grant)
{
    const char *const *const lists[] = {
        grant->service_accounts,
        grant->existing_role_arns,
        grant->permission_policy_arns,
        grant->permissions_boundary_arns,
        grant->role_names,
        grant->target_role_arns,
        grant->adoption_roles,
    };

    for (size_t i = 0; i < COUNT(lists); i++)
        if (first_bad_glob(lists[i]))
            return first_bad_glob(lists[i]);
    for (size_t i = 0; i < grant->well_known_count; i++)
        if (first_bad_glob(grant->well_known[i].resources))
            return first_bad_glob(grant->well_known[i].resources);
    return NULL;
}

static void read_status(struct podidentitygrant *grant, struct arena *arena, const json_t *status)
{
    grant->observed_generation = json_path_int(status, "observedGeneration", -1);
    grant->matched_namespaces = json_path_int(status, "matchedNamespaces", -1);
    grant->bindings = json_path_int(status, "bindings", -1);
    grant->conditions =
        condition_read_list(arena, json_object_get(status, "conditions"), &grant->condition_count);
}

static void pack_well_known(struct podidentitygrant *grant, struct pack *pack)
{
    struct podidentitygrant_well_known *items =
        pack_array(pack, grant->well_known_count, sizeof(*items));

    for (size_t i = 0; i < grant->well_known_count; i++) {
        struct podidentitygrant_well_known item = grant->well_known[i];

        item.name = pack_string(pack, item.name);
        item.resources = pack_list(pack, item.resources);
        if (items)
            items[i] = item;
    }
    grant->well_known = items;
}

static void pack_lists(struct podidentitygrant *grant, struct pack *pack)
{
    const char *const **const lists[] = {
        &grant->namespace_names,
        &grant->service_accounts,
        &grant->existing_role_arns,
        &grant->permission_policy_arns,
        &grant->permissions_boundary_arns,
        &grant->role_names,
        &grant->trust_scopes,
        &grant->target_role_arns,
        &grant->adoption_roles,
    };

    for (size_t i = 0; i < COUNT(lists); i++)
        *lists[i] = pack_list(pack, *lists[i]);
}

/* context is a grant whose texts live in the tree and the arena; a copy of it, text by text. */
static void fill(void *record, struct pack *pack, void *context)
{
    struct podidentitygrant *grant = record;
    const struct podidentitygrant *from = context;

    *grant = *from;
    record_identify_meta(&grant->record, pack, &grant->meta);
    pack_lists(grant, pack);
    pack_well_known(grant, pack);
    grant->match_labels = labels_pack(pack, &from->match_labels);
    grant->unreadable = pack_string(pack, from->unreadable);
    grant->bad_glob = pack_string(pack, from->bad_glob);
    grant->conditions = condition_pack_list(pack, from->conditions, from->condition_count);
}

/*
 * A grant that cannot be read must not leave an earlier, wider version of itself in force, as a
 * skipped object would: it is kept as one that allows nothing and says why.
 */
static void read_or_refuse(struct podidentitygrant *grant, struct arena *arena,
                           const json_t *object)
{
    struct error error = {0};
    bool failed = false;
    struct fields root = {
        .object = object, .path = "", .arena = arena, .error = &error, .failed = &failed};
    struct fields spec = field_object(&root, "spec");

    read_spec(grant, &spec);
    if (failed) {
        struct podidentitygrant nothing = {.meta = grant->meta, .max_bindings = -1};

        *grant = nothing;
        grant->unreadable = arena_string(arena, error.text);
        return;
    }
    grant->bad_glob = find_bad_glob(grant);
}

void *podidentitygrant_read(const json_t *object, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(GRANT_ARENA_MAX);
    struct podidentitygrant grant = {0};

    if (!kube_meta_read(&grant.meta, arena, object, error))
        return NULL;
    read_or_refuse(&grant, arena, object);
    read_status(&grant, arena, json_object_get(object, "status"));
    return record_create(sizeof(grant), fill, &grant);
}

static void difference_int(json_t *patch, const char *key, int64_t before, int64_t after)
{
    if (before != after)
        json_object_set_new(patch, key, json_integer(after));
}

json_t *podidentitygrant_status_patch(const struct podidentitygrant *grant,
                                      const struct podidentitygrant_status *status)
{
    json_t *patch = json_object();

    difference_int(patch, "observedGeneration", grant->observed_generation,
                   status->observed_generation);
    difference_int(patch, "matchedNamespaces", grant->matched_namespaces,
                   status->matched_namespaces);
    difference_int(patch, "bindings", grant->bindings, status->bindings);
    if (!condition_equal_lists(grant->conditions, grant->condition_count, status->conditions,
                               status->condition_count))
        json_object_set_new(patch, "conditions",
                            condition_write_list(status->conditions, status->condition_count));
    if (json_object_size(patch) == 0) {
        json_decref(patch);
        return NULL;
    }
    return json_pack("{s:o}", "status", patch);
}
