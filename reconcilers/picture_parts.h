#pragma once

/*
 * What the parts of the picture have in common: a map of entries for each kind of thing, and at the
 * head of every entry a stamp that says who knows of it, since when. For picture*.c alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reconcilers/picture.h"

struct map;

/* Begins every entry: who knows of it, since when. */
struct stamp {
    unsigned sweep; /* the last one in which it was seen, put or removed */
    bool written;   /* by a plan, in that sweep or after it */
    bool gone;      /* removed by a plan while a sweep may still show it: nobody sees it */
};

/* Roles that carry a binding's UID, in the order of the UIDs: a pointer each, where a map would
 * copy every UID again. */
struct roles_by_uid {
    struct role_entry **items;
    size_t count, room;
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

struct stamp picture_stamp(const struct picture *picture, bool written);
/* A plan wrote the entry (NULL: there is none) after the sweep that is on its way began. */
bool picture_is_newer(const struct picture *picture, const void *entry);
/* The entry, or NULL when there is none or it is gone. */
const void *picture_visible(const void *entry);
/* Before an entry is removed: while a sweep is on its way its place is kept, since a page may still
 * show what is gone. True: then it is marked and stays. */
bool picture_leave_trace(const struct picture *picture, void *entry);

/* An entry ends with its texts. Copies text (NULL: stays NULL) to *room and moves *room behind. */
const char *picture_keep_text(char **room, const char *text);
size_t picture_text_size(const char *text); /* what that takes */

/* Forgets the roles that are not kept. */
void picture_filter_roles(struct picture *picture,
                          bool (*keep)(const void *entry, const void *context));
