#include "crds/podidentitygrant.h"

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

/* What this version does not act on. A grant that sets one of them matches nothing and says so,
 * because acting on the rest alone could allow more than its author meant. */
static const char *const unsupported_fields[] = {
    "spec.namespaces.matchLabels",
    "spec.existingRoles.requireTrustConsent",
    "spec.managedRoles.wellKnownPolicies",
    "spec.managedRoles.maxBindings",
    "spec.managedRoles.permissionsBoundaryARNs",
    "spec.managedRoles.trustScopes",
    "spec.targetRoleARNs",
    "spec.adoption",
    "spec.allowRetain",
    "spec.allowServiceAccountAnnotation",
    "spec.allowMigration",
};

/* Empty lists and objects, false and null say nothing. */
static bool is_set(const json_t *value)
{
    if (json_is_array(value))
        return json_array_size(value) > 0;
    if (json_is_object(value))
        return json_object_size(value) > 0;
    return value && !json_is_false(value) && !json_is_null(value);
}

static const char *first_unsupported(const json_t *object)
{
    for (size_t i = 0; i < COUNT(unsupported_fields); i++)
        if (is_set(json_path(object, unsupported_fields[i])))
            return unsupported_fields[i];
    return NULL;
}

static void read_spec(struct podidentitygrant *grant, struct fields *spec)
{
    static const char *const decisions[] = {"Deny", "Allow", NULL};
    struct fields namespaces = field_object(spec, "namespaces");
    struct fields existing = field_object(spec, "existingRoles");
    struct fields managed = field_object(spec, "managedRoles");

    grant->namespace_names = field_texts(&namespaces, "names");
    grant->service_accounts = field_texts(spec, "serviceAccounts");
    grant->existing_role_arns = field_texts(&existing, "arns");
    grant->managed_roles = managed.object != NULL;
    grant->permission_policy_arns = field_texts(&managed, "permissionPolicyARNs");
    grant->inline_policies = field_word(&managed, "inlinePolicies", decisions) == 1;
    grant->role_names = field_texts(&managed, "roleNames");
}

static void read_status(struct podidentitygrant *grant, struct arena *arena, const json_t *status)
{
    grant->observed_generation = json_path_int(status, "observedGeneration", -1);
    grant->matched_namespaces = json_path_int(status, "matchedNamespaces", -1);
    grant->bindings = json_path_int(status, "bindings", -1);
    grant->conditions =
        condition_read_list(arena, json_object_get(status, "conditions"), &grant->condition_count);
}

/* context is a grant whose texts live in the tree and the arena; a copy of it, text by text. */
static void fill(void *record, struct pack *pack, void *context)
{
    struct podidentitygrant *grant = record;
    const struct podidentitygrant *from = context;

    *grant = *from;
    record_identify_meta(&grant->record, pack, &grant->meta);
    grant->namespace_names = pack_list(pack, from->namespace_names);
    grant->service_accounts = pack_list(pack, from->service_accounts);
    grant->existing_role_arns = pack_list(pack, from->existing_role_arns);
    grant->permission_policy_arns = pack_list(pack, from->permission_policy_arns);
    grant->role_names = pack_list(pack, from->role_names);
    grant->unsupported = pack_string(pack, from->unsupported);
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

    grant->unsupported = first_unsupported(object);
    read_spec(grant, &spec);
    if (failed) {
        struct podidentitygrant nothing = {.meta = grant->meta};

        *grant = nothing;
        grant->unsupported = arena_string(arena, error.text);
    }
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
    if (!condition_equal_lists(grant->conditions, grant->condition_count, &status->ready, 1))
        json_object_set_new(patch, "conditions", condition_write_list(&status->ready, 1));
    if (json_object_size(patch) == 0) {
        json_decref(patch);
        return NULL;
    }
    return json_pack("{s:o}", "status", patch);
}
