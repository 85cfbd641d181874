#pragma once

/*
 * Whose is it? Decided from the tags AWS shows, compared with the bindings that live. An absent
 * tag is not "ours", an absent origin is "adopted"; nothing is taken over by name alone.
 */

#include <stdbool.h>

#include "aws/tags.h"

struct podidentitybinding;
struct scene;

enum owner {
    OWNER_FOREIGN, /* not made by a podidentity of this cluster */
    OWNER_OURS,    /* made for this very binding (its UID) */
    OWNER_OTHER,   /* made for another binding that lives */
    OWNER_FORMER,  /* made by us for a binding that is gone */
    OWNER_ADOPTED, /* tagged for this binding, but not made by us: never deleted */
};

enum owner ownership_of(const struct aws_tags *tags, const struct podidentitybinding *binding,
                        const struct scene *scene);

/* Tagged, made or adopted, for a binding of another ServiceAccount of this cluster that lives? */
bool ownership_of_another(const struct aws_tags *tags, const struct podidentitybinding *binding,
                          const struct scene *scene);

/* Made by us, in this cluster, for these names and for a binding that lives no more? */
bool ownership_left_over(const struct aws_tags *tags, const char *namespace_name,
                         const char *service_account, const struct scene *scene);
