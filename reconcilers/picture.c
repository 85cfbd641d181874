#include "reconcilers/picture.h"

#include <string.h>

#include "base/map.h"
#include "reconcilers/picture_parts.h"

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

/* Entries -------------------------------------------------------------------------------------- */

struct stamp picture_stamp(const struct picture *picture, bool written)
{
    return (struct stamp){.sweep = picture->sweep, .written = written};
}

bool picture_is_newer(const struct picture *picture, const void *entry)
{
    const struct stamp *stamp = entry;

    return stamp && stamp->written && stamp->sweep == picture->sweep;
}

const void *picture_visible(const void *entry)
{
    return entry && !((const struct stamp *)entry)->gone ? entry : NULL;
}

bool picture_leave_trace(const struct picture *picture, void *entry)
{
    struct stamp *stamp = entry;

    if (!stamp || !picture->sweeping)
        return false;
    *stamp = picture_stamp(picture, true);
    stamp->gone = true;
    return true;
}

const char *picture_keep_text(char **room, const char *text)
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

size_t picture_text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
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

static bool was_seen(const void *entry, const void *context)
{
    const struct picture *picture = context;
    const struct stamp *stamp = entry;

    return stamp->sweep == picture->sweep && !stamp->gone;
}

static bool is_there(const void *entry, const void *context)
{
    (void)context;
    return picture_visible(entry) != NULL;
}

static void filter(struct picture *picture, bool (*keep)(const void *entry, const void *context))
{
    map_filter(picture->associations, keep, picture, free);
    picture_filter_roles(picture, keep);
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
