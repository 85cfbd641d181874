#include "reconcilers/wellknown_parts.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"

const char *const *wellknown_given(const struct wellknown_use *use, const char *name)
{
    for (size_t i = 0; i < use->asked->parameter_count; i++)
        if (text_equal(use->asked->parameters[i].name, name))
            return use->asked->parameters[i].values;
    return NULL;
}

/* The first placeholder of a text: what stands before it, its name, what comes after. */
struct placeholder {
    const char *before, *name, *after;
};

static bool find_placeholder(struct arena *arena, const char *text, struct placeholder *found)
{
    const char *start = strstr(text, "${"), *end = start ? strchr(start, '}') : NULL;

    if (!end)
        return false;
    found->before = arena_text(arena, text, (size_t)(start - text));
    found->name = arena_text(arena, start + 2, (size_t)(end - start - 2));
    found->after = end + 1;
    return true;
}

static const json_t *parameter(const struct wellknown_use *use, const char *name)
{
    return json_object_get(json_object_get(use->file, "parameters"), name);
}

const char *const *wellknown_derived(const struct wellknown_use *use, const char *name)
{
    const char *absent = json_path_text(parameter(use, name), "absent");
    struct placeholder from;

    if (!absent || wellknown_given(use, name) || !find_placeholder(use->arena, absent, &from) ||
        !wellknown_given(use, from.name))
        return NULL;
    return wellknown_expand(use, absent);
}

static const char *const *list_of_one(struct arena *arena, const char *text)
{
    const char **list = arena_array(arena, 2, sizeof(*list));

    list[0] = text;
    return list;
}

static const char *const *values_of(const struct wellknown_use *use, const char *name)
{
    const char *const *given = wellknown_given(use, name);
    const char *absent = json_path_text(parameter(use, name), "absent");

    if (text_equal(name, "partition"))
        return list_of_one(use->arena, use->place->partition);
    if (text_equal(name, "region"))
        return list_of_one(use->arena, use->place->region);
    if (text_equal(name, "account"))
        return list_of_one(use->arena, use->place->account_id);
    if (given)
        return given;
    if (!absent)
        absent = json_path_text(parameter(use, name), "within");
    assert(absent && "a file names a parameter that it does not have");
    return wellknown_expand(use, absent);
}

static size_t count_of(const char *const *list)
{
    size_t count = 0;

    while (list[count])
        count++;
    return count;
}

/* What a person gave is not looked through again: "${aws:PrincipalTag/team}" in an ARN is IAM's. */
const char *const *wellknown_expand(const struct wellknown_use *use, const char *text)
{
    const char *const *values, *const *rests;
    struct placeholder found;
    const char **list;
    size_t count = 0;

    if (!find_placeholder(use->arena, text, &found))
        return list_of_one(use->arena, text);
    values = values_of(use, found.name);
    rests = wellknown_expand(use, found.after);
    list = arena_array(use->arena, count_of(values) * count_of(rests) + 1, sizeof(*list));
    for (; *values; values++)
        for (const char *const *rest = rests; *rest; rest++)
            list[count++] = arena_printf(use->arena, "%s%s%s", found.before, *values, *rest);
    return list;
}

/* IAM counts brackets too: a list of one is written as the value alone. */
static json_t *unwrap(json_t *list)
{
    json_t *only = json_array_size(list) == 1 ? json_incref(json_array_get(list, 0)) : NULL;

    if (!only)
        return list;
    json_decref(list);
    return only;
}

static void add_texts(json_t *list, const struct wellknown_use *use, const char *text)
{
    for (const char *const *each = wellknown_expand(use, text); *each; each++)
        json_array_append_new(list, json_string(*each));
}

static json_t *render_list(const struct wellknown_use *use, const json_t *value)
{
    json_t *list = json_array();
    size_t i;
    json_t *item;

    if (json_is_string(value))
        add_texts(list, use, json_string_value(value));
    json_array_foreach((json_t *)(uintptr_t)value, i, item)
    {
        add_texts(list, use, json_string_value(item));
    }
    return unwrap(list);
}

/* Conditions: operator, key, values; a key may name a parameter. */
static json_t *render_object(const struct wellknown_use *use, const json_t *object)
{
    json_t *rendered = json_object();
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        json_t *part = json_is_object(value) ? render_object(use, value) : render_list(use, value);

        json_object_set_new(rendered, wellknown_expand(use, key)[0], part);
    }
    return rendered;
}

static bool applies(const struct wellknown_use *use, const json_t *statement)
{
    const char *when = json_path_text(statement, "When");
    const char *unless = json_path_text(statement, "Unless");

    return (!when || wellknown_given(use, when)) && (!unless || !wellknown_given(use, unless));
}

static json_t *render_statement(const struct wellknown_use *use, const json_t *statement)
{
    json_t *rendered = render_object(use, statement);

    json_object_del(rendered, "Sid");
    json_object_del(rendered, "When");
    json_object_del(rendered, "Unless");
    return rendered;
}

const char *wellknown_render(const struct wellknown_use *use)
{
    const json_t *policy = json_object_get(use->file, "policy");
    AUTO_JSON json_t *document = json_pack("{s:s,s:[]}", "Version", "2012-10-17", "Statement");
    json_t *statements = json_object_get(document, "Statement"), *statement;
    size_t i;

    json_array_foreach(json_object_get(policy, "Statement"), i, statement)
    {
        if (applies(use, statement))
            json_array_append_new(statements, render_statement(use, statement));
    }
    return json_array_size(statements) > 0 ? json_write(use->arena, document, false) : NULL;
}
