#pragma once

/*
 * Whom the audit suspects. An association is a suspect when nobody in the cluster needs it, by what
 * the store says now; whose it is only a Describe shows. Nothing here asks AWS.
 * Internal to reconcilers/audit*.c.
 */

#include <stdbool.h>

struct scene;

enum suspicion {
    SUSPICION_NONE,
    SUSPICION_ORPHAN,    /* its namespace or ServiceAccount is gone, and no binding wants it */
    SUSPICION_LEFT_OVER, /* a binding for its ServiceAccount did not come to this association */
};

enum belonging { BELONGS_UNKNOWN, BELONGS_TO_US, BELONGS_TO_OTHERS, BELONGS_TO_ADDON };

struct suspect {
    enum suspicion suspicion;
    enum belonging belonging; /* as the last Describe showed */
    unsigned sweep;           /* the last one that saw it so */
    unsigned sweeps;          /* how many in a row */
    bool told;
    char id[64];
};

/* key: "namespace/serviceaccount"; id: of the association that stands for it. */
enum suspicion suspicion_of(const struct scene *scene, const char *key, const char *id);

/* Some binding of this ServiceAccount is suspended. */
bool suspect_has_suspended_binding(const struct scene *scene, const char *key);

/*
 * Would asking AWS about it bring something new? Not of what is known to be others'. An orphan of
 * ours has its time: what is gone in one sweep may be on its way to come again.
 */
bool suspect_is_to_be_asked(const struct suspect *suspect);
