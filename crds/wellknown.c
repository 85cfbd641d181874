#include "crds/wellknown.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/field.h"
#include "crds/podidentitybinding.h"

/* The schema has 21 policies of at most four parameters, 17 lists of 50 in all, and its longest
 * name is of 30 characters; a newer one may have some more. */
enum { WELLKNOWN_MAX = 64, PARAMETERS_MAX = 16, VALUES_MAX = 1024, NAME_MAX_BYTES = 64 };

static const char *const *list_of_one(struct arena *arena, const char *text)
{
    const char **list = arena_array(arena, 2, sizeof(*list));

    list[0] = text;
    return list;
}

/* Lists are the rule; what is a text or a switch is named here. NULL: says nothing. */
static const char *const *read_values(struct fields *scope, const char *name)
{
    const char *const *list;
    const char *text;

    if (text_equal(name, "clusterName")) {
        text = field_text(scope, name);
        return text ? list_of_one(scope->arena, text) : NULL;
    }
    if (text_equal(name, "createPermission") || text_equal(name, "cloudWatchLogs"))
        return field_bool(scope, name) ? list_of_one(scope->arena, "true") : NULL;
    list = field_texts(scope, name);
    return list[0] ? list : NULL;
}

static void read_parameters(struct podidentitybinding_wellknown *policy, struct fields *scopes)
{
    struct fields scope = field_object(scopes, policy->name);
    size_t count = json_object_size(scope.object);
    struct podidentitybinding_parameter *list;
    const char *name;
    json_t *unused;

    if (count > PARAMETERS_MAX) {
        field_refuse(scopes, policy->name, "there are over 16 parameters");
        return;
    }
    list = arena_array(scope.arena, count, sizeof(*list));
    json_object_foreach((json_t *)(uintptr_t)scope.object, name, unused)
    {
        const char *const *values = read_values(&scope, name);

        if (strlen(name) > NAME_MAX_BYTES)
            field_refuse(scopes, policy->name, "the name of a parameter is too long");
        if (values)
            list[policy->parameter_count++] =
                (struct podidentitybinding_parameter){.name = name, .values = values};
    }
    policy->parameters = list;
}

static struct podidentitybinding_wellknown *find_or_add(struct podidentitybinding_wellknown *list,
                                                        size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (text_equal(list[i].name, name))
            return &list[i];
    list[*count].name = name;
    return &list[(*count)++];
}

/* Not too many, and none too long to be kept. */
static bool check_names(struct fields *fields, const char *key, const json_t *object)
{
    const char *name;
    json_t *unused;

    if (json_object_size(object) > WELLKNOWN_MAX)
        field_refuse(fields, key, "there are over 64 of them");
    json_object_foreach((json_t *)(uintptr_t)object, name, unused)
    {
        if (strlen(name) > NAME_MAX_BYTES)
            field_refuse(fields, key, "a name is too long");
    }
    return !*fields->failed;
}

static size_t count_values(const struct podidentitybinding_spec *spec)
{
    size_t count = 0;

    for (size_t i = 0; i < spec->wellknown_count; i++)
        for (size_t j = 0; j < spec->wellknown[i].parameter_count; j++)
            for (const char *const *value = spec->wellknown[i].parameters[j].values; *value;
                 value++)
                count++;
    return count;
}

void podidentitybinding_wellknown_read(struct podidentitybinding_spec *spec, struct fields *fields)
{
    struct fields policies = field_object(fields, "wellKnownPolicies");
    struct fields scopes = field_object(fields, "wellKnownPolicyScopes");
    struct podidentitybinding_wellknown *list;
    const char *name;
    json_t *unused;

    if (!check_names(fields, "wellKnownPolicies", policies.object) ||
        !check_names(fields, "wellKnownPolicyScopes", scopes.object))
        return;
    list = arena_array(fields->arena,
                       json_object_size(policies.object) + json_object_size(scopes.object),
                       sizeof(*list));
    json_object_foreach((json_t *)(uintptr_t)policies.object, name, unused)
    {
        if (field_bool(&policies, name))
            find_or_add(list, &spec->wellknown_count, name)->wanted = true;
    }
    json_object_foreach((json_t *)(uintptr_t)scopes.object, name, unused)
    {
        if (field_value(&scopes, name, JSON_OBJECT))
            read_parameters(find_or_add(list, &spec->wellknown_count, name), &scopes);
    }
    spec->wellknown = list;
    if (count_values(spec) > VALUES_MAX)
        field_refuse(fields, "wellKnownPolicyScopes", "there are over 1024 values in it");
}

static const struct podidentitybinding_parameter *
pack_parameters(const struct podidentitybinding_wellknown *policy, struct pack *pack)
{
    struct podidentitybinding_parameter *list =
        pack_array(pack, policy->parameter_count, sizeof(*list));

    for (size_t i = 0; i < policy->parameter_count; i++) {
        struct podidentitybinding_parameter parameter = {
            .name = pack_string(pack, policy->parameters[i].name),
            .values = pack_list(pack, policy->parameters[i].values),
        };

        if (list)
            list[i] = parameter;
    }
    return list;
}

void podidentitybinding_wellknown_pack(struct podidentitybinding_spec *spec, struct pack *pack)
{
    struct podidentitybinding_wellknown *list =
        pack_array(pack, spec->wellknown_count, sizeof(*list));

    for (size_t i = 0; i < spec->wellknown_count; i++) {
        struct podidentitybinding_wellknown policy = spec->wellknown[i];

        policy.name = pack_string(pack, policy.name);
        policy.parameters = pack_parameters(&spec->wellknown[i], pack);
        if (list)
            list[i] = policy;
    }
    spec->wellknown = list;
}
