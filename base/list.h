#pragma once

/*
 * Doubly linked rings of links embedded in the structs they hold. A list head and a link are the
 * same thing; a link that is in no list points to itself. Find the struct with container_of.
 */

#include <stdbool.h>

#include "base/memory.h"

struct list {
    struct list *next, *previous;
};

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

/* Puts link at the end of list; link must be in no list. */
static inline void list_append(struct list *list, struct list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

/* Takes link out of whatever list it is in; harmless when it is in none. */
static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

/* The first link, taken out; NULL when the list is empty. */
static inline struct list *list_take_first(struct list *list)
{
    struct list *first = list->next;

    if (first == list)
        return NULL;
    /* list_remove in words that show an analyzer that the list no longer leads to first */
    list->next = first->next;
    first->next->previous = list;
    list_init(first);
    return first;
}

#define list_each(link, ring)                                                                      \
    for (struct list *link = (ring)->next; link != (ring); link = link->next)

/* The same when the body may remove link. */
#define list_each_safe(link, ring)                                                                 \
    for (struct list *link = (ring)->next, *link##_next = link->next; link != (ring);              \
         link = link##_next, link##_next = link->next)
