#include "reconcilers/wellknown.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/wellknown_parts.h"

struct items {
    struct wellknown_item *list; /* NULL: only counted */
    size_t count;
};

static void add(struct items *items, struct wellknown_item item)
{
    if (items->list)
        items->list[items->count] = item;
    items->count++;
}

static void add_values(struct items *items, const char *policy, const char *const *values,
                       bool adds)
{
    for (; values && *values; values++)
        add(items, (struct wellknown_item){.policy = policy, .value = *values, .adds = adds});
}

/* A parameter that narrows; gives whether it does. */
static bool add_narrowing(struct items *items, const struct wellknown_use *use, const char *name)
{
    const char *const *given = wellknown_given(use, name);
    const char *const *values = given ? given : wellknown_derived(use, name);

    add_values(items, use->asked->name, values, false);
    return values != NULL;
}

/* One that adds: ARNs, or a switch. */
static void add_adding(struct items *items, const struct wellknown_use *use, const char *name,
                       const json_t *rules)
{
    const char *const *given = wellknown_given(use, name);
    const char *needs = json_path_text(rules, "needs");

    if (json_object_get(rules, "within"))
        add_values(items, use->asked->name, given, true);
    else if (given)
        add(items, (struct wellknown_item){.policy = use->asked->name,
                                           .value = name,
                                           .with = needs ? wellknown_given(use, needs) : NULL});
}

static void add_policy(struct items *items, const struct wellknown_use *use)
{
    bool narrowed = false, wide = false;
    const char *name;
    json_t *rules;

    json_object_foreach(json_object_get(use->file, "parameters"), name, rules)
    {
        if (!json_object_get(rules, "wide"))
            add_adding(items, use, name, rules);
        else if (add_narrowing(items, use, name))
            narrowed = true;
        else
            wide = true;
    }
    if (wide || !narrowed)
        add(items, (struct wellknown_item){.policy = use->asked->name});
}

static void add_all(struct items *items, struct arena *arena,
                    const struct podidentitybinding_spec *spec)
{
    for (size_t i = 0; i < spec->wellknown_count; i++) {
        const struct podidentitybinding_wellknown *asked = &spec->wellknown[i];
        struct wellknown_use use = {
            .arena = arena, .asked = asked, .file = wellknown_file(asked->name)};

        if (asked->wanted)
            add_policy(items, &use);
    }
}

const struct wellknown_item *
wellknown_items(struct arena *arena, const struct podidentitybinding_spec *spec, size_t *count)
{
    struct items items = {0};

    add_all(&items, arena, spec);
    items.list = arena_array(arena, items.count, sizeof(*items.list));
    items.count = 0;
    add_all(&items, arena, spec);
    *count = items.count;
    return items.list;
}

static bool any_glob(const char *const *globs, const char *text)
{
    for (; globs && *globs; globs++)
        if (text_glob(*globs, text))
            return true;
    return false;
}

bool wellknown_item_allowed(const struct wellknown_item *item, const char *const *globs,
                            bool unscoped)
{
    if (!item->value)
        return unscoped;
    if ((item->adds || !unscoped) && !any_glob(globs, item->value))
        return false;
    for (const char *const *each = item->with; each && *each; each++)
        if (!unscoped && !any_glob(globs, *each))
            return false;
    return true;
}
