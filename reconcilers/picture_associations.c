/*
 * The picture's associations, by "namespace/serviceaccount": EKS has at most one for each.
 */

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "reconcilers/picture_parts.h"

/* Names of namespaces and ServiceAccounts reach 253. */
enum { KEY_SIZE = 2 * 253 + 2 };

struct association_entry {
    struct stamp stamp;
    struct picture_association public;
    char text[];
};

/* False for names that Kubernetes does not have: EKS lists whatever was once put there. */
static bool association_key(char key[KEY_SIZE], const char *namespace_name, const char *account)
{
    int length = snprintf(key, KEY_SIZE, "%s/%s", namespace_name, account);

    return length > 0 && length < KEY_SIZE;
}

const struct picture_association *picture_association(const struct picture *picture,
                                                      const char *namespace_name,
                                                      const char *service_account)
{
    const struct association_entry *entry;
    char key[KEY_SIZE];

    if (!association_key(key, namespace_name, service_account))
        return NULL;
    entry = picture_visible(map_get(picture->associations, key));
    return entry ? &entry->public : NULL;
}

const struct picture_association *picture_association_by_key(const struct picture *picture,
                                                             const char *key)
{
    const struct association_entry *entry = picture_visible(map_get(picture->associations, key));

    return entry ? &entry->public : NULL;
}

size_t picture_association_count(const struct picture *picture)
{
    return map_count(picture->associations);
}

struct visiting {
    void (*visit)(void *context, const char *key);
    void *context;
};

static void visit_association(const char *key, void *value, void *context)
{
    const struct visiting *visiting = context;

    if (picture_visible(value))
        visiting->visit(visiting->context, key);
}

void picture_each_association(const struct picture *picture,
                              void (*visit)(void *context, const char *key), void *context)
{
    struct visiting visiting = {.visit = visit, .context = context};

    map_each(picture->associations, visit_association, &visiting);
}

static void put_association(struct picture *picture, const char *key, struct stamp stamp,
                            const char *id, bool has_owner)
{
    struct association_entry *entry = memory_alloc(sizeof(*entry) + picture_text_size(id));
    char *room = entry->text;

    entry->stamp = stamp;
    entry->public.id = picture_keep_text(&room, id);
    entry->public.has_owner = has_owner;
    free(map_put(picture->associations, key, entry));
}

void picture_put_association(struct picture *picture, const char *namespace_name,
                             const char *service_account, const char *id, bool has_owner)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account))
        put_association(picture, key, picture_stamp(picture, true), id, has_owner);
}

void picture_seen_association(struct picture *picture, const char *namespace_name,
                              const char *service_account, const char *id, bool has_owner)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account) &&
        !picture_is_newer(picture, map_get(picture->associations, key)))
        put_association(picture, key, picture_stamp(picture, false), id, has_owner);
}

void picture_remove_association(struct picture *picture, const char *namespace_name,
                                const char *service_account)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account) &&
        !picture_leave_trace(picture, map_get(picture->associations, key)))
        free(map_remove(picture->associations, key));
}
