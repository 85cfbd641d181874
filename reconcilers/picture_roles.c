/*
 * The picture's roles of ours: by name in lower case, as IAM tells names apart, and by the UID of
 * the binding that their tag names.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "reconcilers/picture_parts.h"

/* Role names reach 64; longer ones are told apart by so much. */
enum { ROLE_KEY_SIZE = 129 };

struct role_entry {
    struct stamp stamp;
    struct picture_role public;
    char text[];
};

static void role_key(char key[ROLE_KEY_SIZE], const char *name)
{
    size_t length = 0;

    for (; name[length] && length < ROLE_KEY_SIZE - 1; length++)
        key[length] = (char)tolower((unsigned char)name[length]);
    key[length] = '\0';
}

const struct picture_role *picture_role(const struct picture *picture, const char *name)
{
    const struct role_entry *entry;
    char key[ROLE_KEY_SIZE];

    role_key(key, name);
    entry = picture_visible(map_get(picture->roles, key));
    return entry ? &entry->public : NULL;
}

/* The first place behind all UIDs that are below this one, or, when behind is true, that are not
 * above it. */
static size_t place_of(const struct roles_by_uid *by_uid, const char *uid, bool behind)
{
    size_t low = 0;
    size_t high = by_uid->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(by_uid->items[middle]->public.binding_uid, uid);

        if (order < 0 || (behind && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A role without the tag is no binding's. */
static void link_to_binding(struct roles_by_uid *by_uid, struct role_entry *entry)
{
    size_t place = place_of(by_uid, entry->public.binding_uid, true);

    if (!entry->public.binding_uid[0])
        return;
    if (by_uid->count == by_uid->room) {
        by_uid->room = by_uid->room + by_uid->room / 2 + 1;
        by_uid->items = memory_resize(by_uid->items, by_uid->room, sizeof(struct role_entry *));
    }
    memmove(by_uid->items + place + 1, by_uid->items + place,
            (by_uid->count - place) * sizeof(struct role_entry *));
    by_uid->items[place] = entry;
    by_uid->count++;
}

static void unlink_from_binding(struct roles_by_uid *by_uid, const struct role_entry *entry)
{
    size_t place = place_of(by_uid, entry->public.binding_uid, false);

    if (!entry->public.binding_uid[0])
        return;
    while (by_uid->items[place] != entry)
        place++;
    by_uid->count--;
    memmove(by_uid->items + place, by_uid->items + place + 1,
            (by_uid->count - place) * sizeof(struct role_entry *));
}

static void role_forget(struct picture *picture, struct role_entry *entry)
{
    unlink_from_binding(&picture->by_uid, entry);
    free(entry);
}

void picture_remove_role(struct picture *picture, const char *name)
{
    char key[ROLE_KEY_SIZE];
    struct role_entry *entry;

    role_key(key, name);
    if (picture_leave_trace(picture, map_get(picture->roles, key)))
        return;
    entry = map_remove(picture->roles, key);
    if (entry)
        role_forget(picture, entry);
}

static void put_role(struct picture *picture, struct stamp stamp, const char *name,
                     const char *binding_uid, const char *digest, bool adopted)
{
    struct role_entry *entry =
        memory_alloc(sizeof(*entry) + picture_text_size(name) + picture_text_size(binding_uid));
    struct role_entry *former;
    char *room = entry->text;
    char key[ROLE_KEY_SIZE];

    entry->stamp = stamp;
    entry->public.name = picture_keep_text(&room, name);
    entry->public.binding_uid = picture_keep_text(&room, binding_uid);
    snprintf(entry->public.digest, sizeof(entry->public.digest), "%s", digest);
    entry->public.adopted = adopted;
    role_key(key, entry->public.name);
    /* name may be the former entry's own: it goes last. */
    former = map_put(picture->roles, key, entry);
    link_to_binding(&picture->by_uid, entry);
    if (former)
        role_forget(picture, former);
}

void picture_put_role(struct picture *picture, const char *name, const char *binding_uid,
                      const char *digest, bool adopted)
{
    put_role(picture, picture_stamp(picture, true), name, binding_uid, digest, adopted);
}

void picture_seen_role(struct picture *picture, const char *name, const char *binding_uid,
                       const char *digest, bool adopted)
{
    char key[ROLE_KEY_SIZE];

    role_key(key, name);
    if (!picture_is_newer(picture, map_get(picture->roles, key)))
        put_role(picture, picture_stamp(picture, false), name, binding_uid, digest, adopted);
}

void picture_each_role_of(const struct picture *picture, const char *binding_uid,
                          void (*visit)(void *context, const struct picture_role *role),
                          void *context)
{
    const struct roles_by_uid *by_uid = &picture->by_uid;

    for (size_t i = place_of(by_uid, binding_uid, false); i < by_uid->count; i++) {
        const struct role_entry *entry = by_uid->items[i];

        if (strcmp(entry->public.binding_uid, binding_uid) != 0)
            return;
        if (!entry->stamp.gone)
            visit(context, &entry->public);
    }
}

void picture_filter_roles(struct picture *picture,
                          bool (*keep)(const void *entry, const void *context))
{
    struct roles_by_uid *by_uid = &picture->by_uid;
    size_t kept = 0;

    for (size_t i = 0; i < by_uid->count; i++) /* first: below they are freed */
        if (keep(by_uid->items[i], picture))
            by_uid->items[kept++] = by_uid->items[i];
    by_uid->count = kept;
    map_filter(picture->roles, keep, picture, free);
}
