#pragma once

/*
 * What a binding asks for, item by item, and whether one grant allows it. For grants_*.c alone.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct podidentitybinding;
struct podidentitygrant;
struct scene;
struct wellknown_item;

struct grant_item;

/* The grant matches namespace and ServiceAccount; is the item allowed by it? */
typedef bool (*grant_allows_fn)(const struct podidentitygrant *grant,
                                const struct grant_item *item);

struct grant_item {
    const char *what;  /* for a person: "existingRoles.arns for" */
    const char *value; /* what stands in the binding; "" when what says it all */
    grant_allows_fn allows;
    const struct wellknown_item *wellknown; /* of a well-known policy; else NULL */
    const struct podidentitybinding *binding;
    const struct scene *scene;
    bool allowed;    /* by a grant without conditions */
    bool on_consent; /* by one with requireTrustConsent */
};

struct grant_items {
    struct grant_item *list;
    size_t count;
};

struct grant_items grant_items_of(struct arena *arena, const struct podidentitybinding *binding,
                                  const struct scene *scene);

/* Marks the item if this grant allows it; true when it does. */
bool grant_item_ask(struct grant_item *item, const struct podidentitygrant *grant);

/* Words for an item that this grant does not allow: "managedRoles.roleNames for x". */
const char *grant_item_lack(struct arena *arena, const struct grant_item *item,
                            const struct podidentitygrant *grant);

bool grant_has_glob(const char *const *globs, const char *text);
