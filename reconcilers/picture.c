#include "reconcilers/picture.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"

/* Names reach 253 (namespace, ServiceAccount), role names 64, role ARNs 2,048 bytes. */
enum { KEY_SIZE = 2 * 253 + 2, ROLE_KEY_SIZE = 129 };

struct association_entry {
    struct picture_association public;
    char text[];
};

struct role_entry {
    struct picture_role public;
    struct list siblings; /* roles with the same binding UID */
    char text[];
};

struct existing_entry {
    struct picture_existing public;
    char text[];
};

struct picture {
    struct map *associations; /* "namespace/serviceaccount" → association_entry */
    struct map *roles;        /* lower-case name → role_entry */
    struct map *by_uid;       /* binding UID → list head of role_entry */
    struct map *existing;     /* ARN → existing_entry */
    int64_t swept_ms;
};

struct picture *picture_create(void)
{
    struct picture *picture = memory_alloc(sizeof(*picture));

    picture->associations = map_create();
    picture->roles = map_create();
    picture->by_uid = map_create();
    picture->existing = map_create();
    return picture;
}

void picture_clear(struct picture *picture)
{
    map_clear(picture->associations, free);
    map_clear(picture->roles, free);
    map_clear(picture->by_uid, free);
    map_clear(picture->existing, free);
    picture->swept_ms = 0;
}

void picture_destroy(struct picture *picture)
{
    if (!picture)
        return;
    picture_clear(picture);
    map_destroy(picture->associations);
    map_destroy(picture->roles);
    map_destroy(picture->by_uid);
    map_destroy(picture->existing);
    free(picture);
}

void picture_swept(struct picture *picture, int64_t now_ms)
{
    picture->swept_ms = now_ms;
}

int64_t picture_swept_ms(const struct picture *picture)
{
    return picture->swept_ms;
}

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
    char key[KEY_SIZE];
    struct association_entry *entry;

    if (!association_key(key, namespace_name, service_account))
        return NULL;
    entry = map_get(picture->associations, key);
    return entry ? &entry->public : NULL;
}

void picture_put_association(struct picture *picture, const char *namespace_name,
                             const char *service_account, const char *id, const char *arn,
                             bool has_owner)
{
    struct association_entry *entry;
    char key[KEY_SIZE], *room;

    if (!association_key(key, namespace_name, service_account))
        return;
    entry = memory_alloc(sizeof(*entry) + size_of(id) + size_of(arn));
    room = entry->text;
    entry->public.id = keep(&room, id);
    entry->public.arn = keep(&room, arn);
    entry->public.has_owner = has_owner;
    free(map_put(picture->associations, key, entry));
}

void picture_remove_association(struct picture *picture, const char *namespace_name,
                                const char *service_account)
{
    char key[KEY_SIZE];

    if (association_key(key, namespace_name, service_account))
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
    char key[ROLE_KEY_SIZE];
    struct role_entry *entry;

    role_key(key, name);
    entry = map_get(picture->roles, key);
    return entry ? &entry->public : NULL;
}

/* The ring of roles of one binding, made when it is not there yet. */
static struct list *siblings_of(struct picture *picture, const char *binding_uid)
{
    struct list *head = map_get(picture->by_uid, binding_uid);

    if (!head) {
        head = memory_alloc(sizeof(*head));
        list_init(head);
        map_put(picture->by_uid, binding_uid, head);
    }
    return head;
}

static void role_forget(struct picture *picture, struct role_entry *entry)
{
    list_remove(&entry->siblings);
    if (list_empty(siblings_of(picture, entry->public.binding_uid)))
        free(map_remove(picture->by_uid, entry->public.binding_uid));
    free(entry);
}

void picture_remove_role(struct picture *picture, const char *name)
{
    char key[ROLE_KEY_SIZE];
    struct role_entry *entry;

    role_key(key, name);
    entry = map_remove(picture->roles, key);
    if (entry)
        role_forget(picture, entry);
}

void picture_put_role(struct picture *picture, const char *name, const char *binding_uid,
                      const char *digest)
{
    struct role_entry *entry = memory_alloc(sizeof(*entry) + size_of(name) + size_of(binding_uid));
    char *room = entry->text;
    char key[ROLE_KEY_SIZE];

    entry->public.name = keep(&room, name);
    entry->public.binding_uid = keep(&room, binding_uid);
    snprintf(entry->public.digest, sizeof(entry->public.digest), "%s", digest);
    list_init(&entry->siblings);
    /* name may be the former entry's own. */
    picture_remove_role(picture, name);
    role_key(key, entry->public.name);
    map_put(picture->roles, key, entry);
    list_append(siblings_of(picture, entry->public.binding_uid), &entry->siblings);
}

void picture_each_role_of(const struct picture *picture, const char *binding_uid,
                          void (*visit)(void *context, const struct picture_role *role),
                          void *context)
{
    struct list *head = map_get(picture->by_uid, binding_uid);

    if (!head)
        return;
    list_each (link, head)
        visit(context, &container_of(link, struct role_entry, siblings)->public);
}

const struct picture_existing *picture_existing(const struct picture *picture, const char *arn)
{
    struct existing_entry *entry = map_get(picture->existing, arn);

    return entry ? &entry->public : NULL;
}

void picture_put_existing(struct picture *picture, const char *arn, const char *trust,
                          const char *tagged_namespace, int64_t read_ms)
{
    struct existing_entry *entry =
        memory_alloc(sizeof(*entry) + size_of(arn) + size_of(trust) + size_of(tagged_namespace));
    char *room = entry->text;

    entry->public.arn = keep(&room, arn);
    entry->public.trust = keep(&room, trust);
    entry->public.tagged_namespace = keep(&room, tagged_namespace);
    entry->public.read_ms = read_ms;
    free(map_put(picture->existing, arn, entry));
}

void picture_remove_existing(struct picture *picture, const char *arn)
{
    free(map_remove(picture->existing, arn));
}
