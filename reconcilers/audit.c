#include "reconcilers/audit.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "reconcilers/audit_inquiry.h"
#include "reconcilers/audit_suspect.h"
#include "reconcilers/picture.h"
#include "reconcilers/scene.h"

struct audit {
    struct scene *scene;
    struct transport *transport;
    struct events *events;
    audit_told_fn told;
    void *context;
    struct map *suspects; /* "namespace/serviceaccount" → suspect */
    unsigned sweep;
    char **keys; /* of this round: associations, then those of them to ask about */
    size_t count, next, ask_count, ask_next;
    size_t associations, removed;
    struct inquiry inquiry; /* the one on its way; its key is borrowed from keys */
    int64_t now_ms;
    bool asking, starting;
};

struct audit *audit_create(struct scene *scene, struct transport *transport, struct events *events,
                           audit_told_fn told, void *context)
{
    struct audit *audit = memory_alloc(sizeof(*audit));

    audit->scene = scene;
    audit->transport = transport;
    audit->events = events;
    audit->told = told;
    audit->context = context;
    audit->suspects = map_create();
    return audit;
}

static void forget_keys(struct audit *audit)
{
    for (size_t i = 0; i < audit->count; i++)
        free(audit->keys[i]);
    free(audit->keys);
    audit->keys = NULL;
    audit->count = audit->next = audit->ask_count = audit->ask_next = 0;
}

void audit_destroy(struct audit *audit)
{
    if (!audit)
        return;
    if (audit->asking)
        inquiry_drop(&audit->inquiry);
    forget_keys(audit);
    map_clear(audit->suspects, free);
    map_destroy(audit->suspects);
    free(audit);
}

/* Suspecting ----------------------------------------------------------------------------------- */

/* True when AWS has to be asked about it. */
static bool look_at(struct audit *audit, const char *key)
{
    const struct picture_association *known =
        picture_association_by_key(audit->scene->picture, key);
    enum suspicion suspicion = known ? suspicion_of(audit->scene, key, known->id) : SUSPICION_NONE;
    struct suspect *suspect = map_get(audit->suspects, key);

    if (suspicion == SUSPICION_NONE)
        return false;
    if (!suspect) {
        suspect = memory_alloc(sizeof(*suspect));
        map_put(audit->suspects, key, suspect);
    }
    if (suspect->suspicion != suspicion || strcmp(suspect->id, known->id) != 0)
        *suspect = (struct suspect){.suspicion = suspicion};
    snprintf(suspect->id, sizeof(suspect->id), "%s", known->id);
    suspect->sweep = audit->sweep;
    suspect->sweeps++;
    if (known->has_owner)
        suspect->belonging = BELONGS_TO_ADDON;
    return suspect_is_to_be_asked(suspect) || (suspicion == SUSPICION_ORPHAN && !suspect->told);
}

static bool is_suspected_still(const void *value, const void *context)
{
    return ((const struct suspect *)value)->sweep == ((const struct audit *)context)->sweep;
}

/* Asking --------------------------------------------------------------------------------------- */

static void ask_next(struct audit *audit);

static void answered(struct inquiry *inquiry)
{
    struct audit *audit = container_of(inquiry, struct audit, inquiry);

    audit->removed += inquiry->removed;
    audit->asking = false;
    if (!audit->starting)
        ask_next(audit);
}

static void ask(struct audit *audit, const char *key)
{
    struct suspect *suspect = map_get(audit->suspects, key);

    if (!suspect)
        return;
    audit->asking = true;
    audit->inquiry = (struct inquiry){
        .key = key,
        .suspect = suspect,
        .told = audit->told,
        .context = audit->context,
        .done = answered,
    };
    inquiry_start(&audit->inquiry, audit->scene, audit->transport, audit->events, audit->now_ms);
}

/* One after the other: what has nothing to ask ends before ask returns. */
static void ask_next(struct audit *audit)
{
    audit->starting = true;
    while (!audit->asking && audit->ask_next < audit->ask_count)
        ask(audit, audit->keys[audit->ask_next++]);
    audit->starting = false;
}

/* Rounds --------------------------------------------------------------------------------------- */

static void add_key(void *context, const char *key)
{
    struct audit *audit = context;

    audit->keys[audit->count++] = memory_string(key);
}

void audit_begin(struct audit *audit)
{
    if (audit->asking)
        return; /* the round before is not through: the next sweep comes soon */
    forget_keys(audit);
    audit->sweep++;
    audit->associations = picture_association_count(audit->scene->picture);
    audit->keys = memory_array(audit->associations + 1, sizeof(*audit->keys));
    picture_each_association(audit->scene->picture, add_key, audit);
}

/* All were looked at: mostly none is left. */
static void keep_those_to_ask(struct audit *audit)
{
    for (size_t i = audit->ask_count; i < audit->count; i++)
        free(audit->keys[i]);
    audit->count = audit->next = audit->ask_count;
    audit->keys = memory_resize(audit->keys, audit->count, sizeof(*audit->keys));
}

bool audit_on(struct audit *audit, size_t count, int64_t now_ms)
{
    if (audit->asking)
        return false;
    audit->now_ms = now_ms;
    for (; count > 0 && audit->next < audit->count; count--) {
        char *key = audit->keys[audit->next];

        if (look_at(audit, key)) { /* those to ask about move to the front */
            audit->keys[audit->next] = audit->keys[audit->ask_count];
            audit->keys[audit->ask_count++] = key;
        }
        audit->next++;
    }
    if (audit->next < audit->count)
        return true;
    map_filter(audit->suspects, is_suspected_still, audit, free);
    keep_those_to_ask(audit);
    ask_next(audit);
    return false;
}

static void count_suspect(const char *key, void *value, void *context)
{
    const struct suspect *suspect = value;
    struct audit_figures *figures = context;

    (void)key;
    if (suspect->suspicion != SUSPICION_ORPHAN)
        return;
    figures->ours += suspect->belonging == BELONGS_TO_US;
    figures->foreign += suspect->belonging == BELONGS_TO_OTHERS;
    figures->addons += suspect->belonging == BELONGS_TO_ADDON;
}

void audit_figures(const struct audit *audit, struct audit_figures *figures)
{
    *figures =
        (struct audit_figures){.associations = audit->associations, .removed = audit->removed};
    map_each(audit->suspects, count_suspect, figures);
}
