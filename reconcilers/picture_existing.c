/*
 * The picture's roles of others, by ARN: those that bindings name by roleARN.
 */

#include "base/map.h"
#include "reconcilers/picture_parts.h"

struct existing_entry {
    struct stamp stamp;
    struct picture_existing public;
    char text[];
};

const struct picture_existing *picture_existing(const struct picture *picture, const char *arn)
{
    const struct existing_entry *entry = picture_visible(map_get(picture->existing, arn));

    return entry ? &entry->public : NULL;
}

static void put_existing(struct picture *picture, struct stamp stamp, const char *arn,
                         const char *trust, const char *tagged_namespace, int64_t read_ms)
{
    struct existing_entry *entry =
        memory_alloc(sizeof(*entry) + picture_text_size(arn) + picture_text_size(trust) +
                     picture_text_size(tagged_namespace));
    char *room = entry->text;

    entry->stamp = stamp;
    entry->public.arn = picture_keep_text(&room, arn);
    entry->public.trust = picture_keep_text(&room, trust);
    entry->public.tagged_namespace = picture_keep_text(&room, tagged_namespace);
    entry->public.read_ms = read_ms;
    free(map_put(picture->existing, arn, entry));
}

void picture_put_existing(struct picture *picture, const char *arn, const char *trust,
                          const char *tagged_namespace, int64_t read_ms)
{
    put_existing(picture, picture_stamp(picture, true), arn, trust, tagged_namespace, read_ms);
}

void picture_seen_existing(struct picture *picture, const char *arn, const char *trust,
                           const char *tagged_namespace, int64_t read_ms)
{
    if (!picture_is_newer(picture, map_get(picture->existing, arn)))
        put_existing(picture, picture_stamp(picture, false), arn, trust, tagged_namespace, read_ms);
}

void picture_remove_existing(struct picture *picture, const char *arn)
{
    if (!picture_leave_trace(picture, map_get(picture->existing, arn)))
        free(map_remove(picture->existing, arn));
}
