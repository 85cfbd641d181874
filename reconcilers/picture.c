#include "reconcilers/picture.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"

/* Names reach 253 (namespace, ServiceAccount), role names 64, role ARNs 2,048 bytes. */
enum { KEY_SIZE = 2 * 253 + 2, ROLE_KEY_SIZE = 129 };

/* Begins every entry: who knows of it, since when. */
struct stamp {
    unsigned sweep; /* the last one in which it was seen, put or removed */
    bool written;   /* by a plan, in that sweep or after it */
    bool gone;      /* removed by a plan while a sweep may still show it: nobody sees it */
};

struct association_entry {
    struct stamp stamp;
    struct picture_association public;
    char text[];
};

struct role_entry {
    struct stamp stamp;
    struct picture_role public;
    char text[];
};

/* Roles that carry a binding's UID, in the order of the UIDs: a pointer each, where a map would
 * copy every UID again. */
struct roles_by_uid {
    struct role_entry **items;
    size_t count, room;
};

struct existing_entry {
    struct stamp stamp;
    struct picture_existing public;
    char text[];
};

struct picture {
    struct map *associations; /* "namespace/serviceaccount" → association_entry */
    struct map *roles;        /* lower-case name → role_entry */
    struct map *existing;     /* ARN → existing_entry */
    struct roles_by_uid by_uid;
    unsigned sweep; /* counts them */
    bool sweeping;
    int64_t began_ms, since_ms, swept_ms;
};

struct picture *picture_create(void)
{
    struct picture *picture = memory_alloc(sizeof(*picture));

    picture->associations = map_create();
    picture->roles = map_create();
    picture->existing = map_create();
    return picture;
}

void picture_destroy(struct picture *picture)
{
    if (!picture)
        return;
    map_clear(picture->associations, free);
    map_clear(picture->roles, free);
    map_clear(picture->existing, free);
    map_destroy(picture->associations);
    map_destroy(picture->roles);
    free(picture->by_uid.items);
    map_destroy(picture->existing);
    free(picture);
}

/* Sweeps --------------------------------------------------------------------------------------- */

int64_t picture_swept_since_ms(const struct picture *picture)
{
    return picture->since_ms;
}

int64_t picture_swept_ms(const struct picture *picture)
{
    return picture->swept_ms;
}

void picture_begin_sweep(struct picture *picture, int64_t now_ms)
{
    picture->sweep++;
    picture->sweeping = true;
    picture->began_ms = now_ms;
}

static struct stamp stamp_now(const struct picture *picture, bool written)
{
    return (struct stamp){.sweep = picture->sweep, .written = written};
}

/* True when a plan wrote the entry after the sweep that is on its way began. */
static bool is_newer(const struct picture *picture, const void *entry)
{
    const struct stamp *stamp = entry;

    return stamp && stamp->written && stamp->sweep == picture->sweep;
}

static const void *visible(const void *entry)
{
    return entry && !((const struct stamp *)entry)->gone ? entry : NULL;
}

static bool was_seen(const void *entry, const void *context)
{
    const struct picture *picture = context;
    const struct stamp *stamp = entry;

    return stamp->sweep == picture->sweep && !stamp->gone;
}

static bool is_there(const void *entry, const void *context)
{
    (void)context;
    return visible(entry) != NULL;
}

static void filter(struct picture *picture, bool (*keep)(const void *entry, const void *context))
{
    struct roles_by_uid *by_uid = &picture->by_uid;
    size_t kept = 0;

    for (size_t i = 0; i < by_uid->count; i++) /* first: below they are freed */
        if (keep(by_uid->items[i], picture))
            by_uid->items[kept++] = by_uid->items[i];
    by_uid->count = kept;
    map_filter(picture->associations, keep, picture, free);
    map_filter(picture->roles, keep, picture, free);
    map_filter(picture->existing, keep, picture, free);
    picture->sweeping = false;
}

void picture_end_sweep(struct picture *picture, int64_t now_ms)
{
    filter(picture, was_seen);
    picture->since_ms = picture->began_ms;
    picture->swept_ms = now_ms;
}

void picture_drop_sweep(struct picture *picture)
{
    filter(picture, is_there);
}

/* Entries -------------------------------------------------------------------------------------- */

/* Copies text (NULL: stays NULL) to *room and moves *room behind it. */
static const char *keep(char **room, const char *text)
{
    char *start = *room;
    size_t size;

    if (!text)
        return NULL;
    size = strlen(text) + 1;
    memcpy(start, text, size);
    *room += size;
    return start;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

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
    entry = visible(map_get(picture->associations, key));
    return entry ? &entry->public : NULL;
}

const struct picture_association *picture_association_by_key(const struct picture *picture,
                                                             const char *key)
{
    const struct association_entry *entry = visible(map_get(picture->associations, key));

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

    if (visible(value))
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
    struct association_entry *entry = memory_alloc(sizeof(*entry) + size_of(id));
    char *room = entry->text;

    entry->stamp = stamp;
    entry->public.id = keep(&room, id);
    entry->public.has_owner = has_owner;
    free(map_put(picture->associations, key, entry));
}

void picture_put_association(struct picture *picture, const char *namespace_name,
                             const char *service_account, const char *id, bool has_owner)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account))
        put_association(picture, key, stamp_now(picture, true), id, has_owner);
}

void picture_seen_association(struct picture *picture, const char *namespace_name,
                              const char *service_account, const char *id, bool has_owner)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account) &&
        !is_newer(picture, map_get(picture->associations, key)))
        put_association(picture, key, stamp_now(picture, false), id, has_owner);
}

/* While a sweep is on its way its place is kept: a page may still show what is gone. */
static bool leave_trace(const struct picture *picture, void *entry)
{
    struct stamp *stamp = entry;

    if (!stamp || !picture->sweeping)
        return false;
    *stamp = stamp_now(picture, true);
    stamp->gone = true;
    return true;
}

void picture_remove_association(struct picture *picture, const char *namespace_name,
                                const char *service_account)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account) &&
        !leave_trace(picture, map_get(picture->associations, key)))
        free(map_remove(picture->associations, key));
}

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
    entry = visible(map_get(picture->roles, key));
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
    if (leave_trace(picture, map_get(picture->roles, key)))
        return;
    entry = map_remove(picture->roles, key);
    if (entry)
        role_forget(picture, entry);
}

static void put_role(struct picture *picture, struct stamp stamp, const char *name,
                     const char *binding_uid, const char *digest)
{
    struct role_entry *entry = memory_alloc(sizeof(*entry) + size_of(name) + size_of(binding_uid));
    struct role_entry *former;
    char *room = entry->text;
    char key[ROLE_KEY_SIZE];

    entry->stamp = stamp;
    entry->public.name = keep(&room, name);
    entry->public.binding_uid = keep(&room, binding_uid);
    snprintf(entry->public.digest, sizeof(entry->public.digest), "%s", digest);
    role_key(key, entry->public.name);
    /* name may be the former entry's own: it goes last. */
    former = map_put(picture->roles, key, entry);
    link_to_binding(&picture->by_uid, entry);
    if (former)
        role_forget(picture, former);
}

void picture_put_role(struct picture *picture, const char *name, const char *binding_uid,
                      const char *digest)
{
    put_role(picture, stamp_now(picture, true), name, binding_uid, digest);
}

void picture_seen_role(struct picture *picture, const char *name, const char *binding_uid,
                       const char *digest)
{
    char key[ROLE_KEY_SIZE];

    role_key(key, name);
    if (!is_newer(picture, map_get(picture->roles, key)))
        put_role(picture, stamp_now(picture, false), name, binding_uid, digest);
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

const struct picture_existing *picture_existing(const struct picture *picture, const char *arn)
{
    const struct existing_entry *entry = visible(map_get(picture->existing, arn));

    return entry ? &entry->public : NULL;
}

static void put_existing(struct picture *picture, struct stamp stamp, const char *arn,
                         const char *trust, const char *tagged_namespace, int64_t read_ms)
{
    struct existing_entry *entry =
        memory_alloc(sizeof(*entry) + size_of(arn) + size_of(trust) + size_of(tagged_namespace));
    char *room = entry->text;

    entry->stamp = stamp;
    entry->public.arn = keep(&room, arn);
    entry->public.trust = keep(&room, trust);
    entry->public.tagged_namespace = keep(&room, tagged_namespace);
    entry->public.read_ms = read_ms;
    free(map_put(picture->existing, arn, entry));
}

void picture_put_existing(struct picture *picture, const char *arn, const char *trust,
                          const char *tagged_namespace, int64_t read_ms)
{
    put_existing(picture, stamp_now(picture, true), arn, trust, tagged_namespace, read_ms);
}

void picture_seen_existing(struct picture *picture, const char *arn, const char *trust,
                           const char *tagged_namespace, int64_t read_ms)
{
    if (!is_newer(picture, map_get(picture->existing, arn)))
        put_existing(picture, stamp_now(picture, false), arn, trust, tagged_namespace, read_ms);
}

void picture_remove_existing(struct picture *picture, const char *arn)
{
    if (!leave_trace(picture, map_get(picture->existing, arn)))
        free(map_remove(picture->existing, arn));
}
