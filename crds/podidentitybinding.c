#include "crds/podidentitybinding.h"

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/field.h"
#include "crds/wellknown.h"
#include "kube/managed_fields.h"

const struct kube_resource podidentitybinding_resource = {
    .group = "podidentity.io",
    .version = "v1alpha1",
    .plural = "podidentitybindings",
    .kind = "PodIdentityBinding",
    .namespaced = true,
};

/*
 * An object comes in a page of at most 16 MiB; what is copied into the arena (meta, the policy's
 * text, lists) is at most a few times that, numbers being the part of JSON that can grow.
 */
enum { BINDING_ARENA_MAX = 128 << 20 };

/* What the status may hold at most (the schema says 20); more is not ours and is not kept. */
enum { STATUS_LIST_MAX = 64 };

static void read_tags(struct podidentitybinding_spec *spec, struct fields *fields)
{
    const json_t *tags = field_value(fields, "tags", JSON_OBJECT);
    struct fields inner = field_object(fields, "tags");
    size_t count = json_object_size(tags);
    struct podidentitybinding_tag *list;
    const char *key;
    json_t *value;

    if (count > FIELD_LIST_MAX) {
        field_refuse(fields, "tags", "there are over 256 of them");
        return;
    }
    list = arena_array(fields->arena, count, sizeof(*list));
    json_object_foreach((json_t *)(uintptr_t)tags, key, value)
    {
        if (strlen(key) > FIELD_TEXT_MAX || json_is_null(value))
            field_refuse(fields, "tags", "a key is too long or has no value");
        list[spec->tag_count].key = key;
        list[spec->tag_count++].value = field_text(&inner, key);
    }
    spec->tags = list;
}

/* One that was too long for a tree already (kube/decode.h) says how long it was. */
static void read_policy(struct podidentitybinding_spec *spec, struct fields *fields)
{
    const json_t *policy = field_value(fields, "permissionPolicy", JSON_OBJECT);
    const json_t *length = json_object_get(policy, KUBE_TOO_LONG);
    const char *text = policy ? json_write(fields->arena, policy, true) : NULL;

    if (json_is_integer(length))
        spec->policy_too_long = json_integer_value(length) > 0 ? json_integer_value(length) : 1;
    else if (text && strlen(text) > PODIDENTITYBINDING_POLICY_MAX)
        spec->policy_too_long = (int64_t)strlen(text);
    spec->permission_policy = spec->policy_too_long ? "{}" : text;
}

static void read_role(struct podidentitybinding_spec *spec, struct fields *fields)
{
    spec->role_arn = field_text(fields, "roleARN");
    spec->role_name = field_text(fields, "roleName");
    spec->role_path = field_text(fields, "rolePath");
    spec->role_description = field_text(fields, "roleDescription");
    spec->max_session_s = field_int(fields, "maxSessionDuration", 1, INT32_MAX, 0);
    read_policy(spec, fields);
    spec->permission_policy_name = field_text(fields, "permissionPolicyName");
    spec->permission_policy_arns = field_texts(fields, "permissionPolicyARNs");
    spec->permissions_boundary_arn = field_text(fields, "permissionsBoundaryARN");
    podidentitybinding_wellknown_read(spec, fields);
    read_tags(spec, fields);
}

static void read_ways(struct podidentitybinding_spec *spec, struct fields *fields)
{
    static const char *const mechanisms[] = {"PodIdentity", "IRSA", "Both", NULL};
    static const char *const modes[] = {"Enforce", "Observe", NULL};
    static const char *const adoptions[] = {"Refuse", "Adopt", NULL};
    static const char *const deletions[] = {"Delete", "Retain", NULL};

    spec->mechanism = (enum mechanism)field_word(fields, "mechanism", mechanisms);
    spec->observe = field_word(fields, "mode", modes) == 1;
    spec->adopt = field_word(fields, "adoptionPolicy", adoptions) == 1;
    spec->retain = field_word(fields, "deletionPolicy", deletions) == 1;
}

/* Of bounds that are wider than the schema's today: AWS says what it takes. */
static void read_irsa(struct podidentitybinding_irsa *irsa, struct fields *fields)
{
    struct fields inner = field_object(fields, "irsa");

    irsa->audience = field_text(&inner, "audience");
    irsa->token_expiration_s = field_int(&inner, "tokenExpiration", 1, INT32_MAX, 0);
    irsa->has_regional_endpoints = field_value(&inner, "stsRegionalEndpoints", JSON_FALSE) != NULL;
    irsa->regional_endpoints = field_bool(&inner, "stsRegionalEndpoints");
}

static bool read_spec(struct podidentitybinding_spec *spec, struct fields *fields)
{
    if (!json_is_object(fields->object))
        return error_set(fields->error, ERROR_REFUSED, "spec is missing or no object");
    spec->service_account = field_text(fields, "serviceAccountName");
    if (!*fields->failed && (!spec->service_account || !*spec->service_account))
        field_refuse(fields, "serviceAccountName", "is missing");
    spec->target_role_arn = field_text(fields, "targetRoleARN");
    spec->disable_session_tags = field_bool(fields, "disableSessionTags");
    spec->policy = field_text(fields, "policy");
    spec->trust_scope = field_text(fields, "trustScope");
    spec->create_service_account = field_bool(fields, "createServiceAccount");
    read_irsa(&spec->irsa, fields);
    read_role(spec, fields);
    read_ways(spec, fields);
    return !*fields->failed;
}

/* A status that is not as we write it is read as absent: the next report mends it. */
static const char *status_text(const json_t *status, const char *key)
{
    const json_t *value = json_object_get(status, key);

    return json_string_length(value) <= FIELD_TEXT_MAX ? json_string_value(value) : NULL;
}

static const char *const *status_list(struct arena *arena, const json_t *status, const char *key)
{
    const json_t *list = json_object_get(status, key);
    const char **texts = arena_array(arena, STATUS_LIST_MAX + 1, sizeof(*texts));
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(list) && count < STATUS_LIST_MAX; i++) {
        const json_t *item = json_array_get(list, i);

        if (json_is_string(item) && json_string_length(item) <= FIELD_TEXT_MAX)
            texts[count++] = json_string_value(item);
    }
    return texts;
}

static void read_status(struct podidentitybinding_status *read, struct arena *arena,
                        const json_t *status)
{
    const char *verified = status_text(status, "lastVerifiedTime");

    read->observed_generation = json_path_int(status, "observedGeneration", -1);
    read->conditions =
        condition_read_list(arena, json_object_get(status, "conditions"), &read->condition_count);
    read->role_arn = status_text(status, "roleARN");
    read->association_id = status_text(status, "associationID");
    read->association_arn = status_text(status, "associationARN");
    read->required_trust = status_text(status, "requiredTrust");
    read->has_pods = json_is_object(json_object_get(status, "pods"));
    read->pods_total = json_path_int(status, "pods.total", -1);
    read->pods_current = json_path_int(status, "pods.current", -1);
    read->external_id = status_text(status, "externalID");
    read->target_trust_policy = status_text(status, "targetTrustPolicy");
    read->warnings = status_list(arena, status, "warnings");
    read->pending_changes = status_list(arena, status, "pendingChanges");
    if (!verified || !encode_time_parse(verified, &read->last_verified_ms))
        read->last_verified_ms = 0;
}

static void pack_tags(struct podidentitybinding_spec *spec, struct pack *pack)
{
    struct podidentitybinding_tag *tags = pack_array(pack, spec->tag_count, sizeof(*tags));

    for (size_t i = 0; i < spec->tag_count; i++) {
        struct podidentitybinding_tag tag = {
            .key = pack_string(pack, spec->tags[i].key),
            .value = pack_string(pack, spec->tags[i].value),
        };

        if (tags)
            tags[i] = tag;
    }
    spec->tags = tags;
}

static void pack_spec(struct podidentitybinding_spec *spec, struct pack *pack)
{
    const char **const texts[] = {
        &spec->service_account,
        &spec->role_arn,
        &spec->role_name,
        &spec->role_path,
        &spec->role_description,
        &spec->permission_policy,
        &spec->permission_policy_name,
        &spec->permissions_boundary_arn,
        &spec->target_role_arn,
        &spec->policy,
        &spec->trust_scope,
        &spec->irsa.audience,
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = pack_string(pack, *texts[i]);
    spec->permission_policy_arns = pack_list(pack, spec->permission_policy_arns);
    pack_tags(spec, pack);
    podidentitybinding_wellknown_pack(spec, pack);
}

static void pack_status(struct podidentitybinding_status *status, struct pack *pack)
{
    const char **const texts[] = {
        &status->role_arn,       &status->association_id, &status->association_arn,
        &status->required_trust, &status->external_id,    &status->target_trust_policy,
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = pack_string(pack, *texts[i]);
    status->conditions = condition_pack_list(pack, status->conditions, status->condition_count);
    status->warnings = pack_list(pack, status->warnings);
    status->pending_changes = pack_list(pack, status->pending_changes);
}

/* context is a binding whose texts live in the tree and the arena; a copy of it, text by text. */
static void fill(void *record, struct pack *pack, void *context)
{
    struct podidentitybinding *binding = record;
    const struct podidentitybinding *from = context;

    *binding = *from;
    record_identify_meta(&binding->record, pack, &binding->meta);
    pack_spec(&binding->spec, pack);
    pack_status(&binding->status, pack);
}

void *podidentitybinding_read(const json_t *object, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(BINDING_ARENA_MAX);
    struct podidentitybinding binding = {0};
    bool failed = false;
    struct fields fields = {
        .object = json_object_get(object, "spec"),
        .path = "spec.",
        .arena = arena,
        .error = error,
        .failed = &failed,
    };
    const json_t *labels = json_path(object, "metadata.labels");

    if (!kube_meta_read(&binding.meta, arena, object, error) || !read_spec(&binding.spec, &fields))
        return NULL;
    binding.from_shorthand =
        text_equal(json_string_value(json_object_get(labels, PODIDENTITYBINDING_ORIGIN)),
                   PODIDENTITYBINDING_FROM_SERVICE_ACCOUNT);
    read_status(&binding.status, arena, json_object_get(object, "status"));
    return record_create(sizeof(binding), fill, &binding);
}

const struct condition *podidentitybinding_condition(const struct podidentitybinding_status *status,
                                                     const char *type)
{
    for (size_t i = 0; i < status->condition_count; i++)
        if (text_equal(status->conditions[i].type, type))
            return &status->conditions[i];
    return NULL;
}
