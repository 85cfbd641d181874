/* Looking at what there is. */

#include "tests/fake/fake_world.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "informers/store.h"

const struct podidentitybinding *fake_world_binding(const struct fake_world *world,
                                                    const char *name)
{
    char key[300];

    snprintf(key, sizeof(key), "shop/%s", name);
    return store_get(world->bindings, key);
}

const char *fake_world_condition(const struct fake_world *world, const char *name, const char *type)
{
    static const char *const statuses[] = {"Unknown", "True", "False"};
    static char words[200];
    const struct podidentitybinding *binding = fake_world_binding(world, name);
    const struct condition *condition =
        binding ? podidentitybinding_condition(&binding->status, type) : NULL;

    if (!condition)
        return "";
    snprintf(words, sizeof(words), "%s %s", statuses[condition->status], condition->reason);
    return words;
}

/* Conditions as type, status and reason: messages hold IDs and request ids. */
static void describe_conditions(const json_t *object, struct text *text)
{
    const json_t *conditions = json_path(object, "status.conditions");
    const json_t *condition;
    size_t i;

    json_array_foreach(conditions, i, condition)
        text_printf(text, " %s=%s/%s", json_path_text(condition, "type"),
                    json_path_text(condition, "status"), json_path_text(condition, "reason"));
}

static void describe_finalizers(const json_t *object, struct text *text)
{
    const json_t *finalizers = json_path(object, "metadata.finalizers");
    const json_t *finalizer;
    size_t i;

    json_array_foreach(finalizers, i, finalizer)
        text_printf(text, " finalizer %s", json_string_value(finalizer));
}

static void describe_annotations(const json_t *object, struct text *text)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)json_path(object, "metadata.annotations"), key, value)
        text_printf(text, " annotation %s=%s", key, json_string_value(value));
}

static void describe_pending(const json_t *object, struct text *text)
{
    text_printf(text, " pending %zu", json_array_size(json_path(object, "status.pendingChanges")));
}

void fake_world_describe(const struct fake_world *world, struct text *text)
{
    const char *id;
    json_t *object;

    fake_aws_describe(&world->aws, text);
    json_object_foreach(world->kubernetes.objects, id, object)
    {
        const char *role = json_path_text(object, "status.roleARN");

        text_printf(text, "%s role %s association %s", id, role ? role : "-",
                    json_path_text(object, "status.associationID") ? "yes" : "no");
        describe_finalizers(object, text);
        describe_annotations(object, text);
        describe_pending(object, text);
        describe_conditions(object, text);
        text_add_char(text, '\n');
    }
}
