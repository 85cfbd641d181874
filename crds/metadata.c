#include "crds/metadata.h"

#include "base/arena.h"
#include "base/error.h"
#include "kube/object.h"

const struct kube_resource serviceaccount_resource = {
    .group = "",
    .version = "v1",
    .plural = "serviceaccounts",
    .kind = "ServiceAccount",
    .namespaced = true,
    .metadata_only = true,
};

const struct kube_resource namespace_resource = {
    .group = "",
    .version = "v1",
    .plural = "namespaces",
    .kind = "Namespace",
    .metadata_only = true,
};

/* An object comes in a line of at most 8 MiB or a page of at most 16 MiB. */
enum { METADATA_ARENA_MAX = 64 << 20 };

static void fill(void *record, struct pack *pack, void *context)
{
    struct metadata *metadata = record;
    const struct kube_meta *meta = context;

    metadata->terminating = meta->deleted_ms != 0;
    record_identify(&metadata->record, pack, meta->namespace_name, meta->name, meta->uid,
                    meta->resource_version);
}

void *metadata_read(const json_t *object, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(METADATA_ARENA_MAX);
    struct kube_meta meta = {0};

    if (!kube_meta_read(&meta, arena, object, error))
        return NULL;
    return record_create(sizeof(struct metadata), fill, &meta);
}

struct labelled {
    struct kube_meta meta;
    struct labels labels;
};

static void fill_namespace(void *record, struct pack *pack, void *context)
{
    struct namespace_metadata *namespace = record;
    struct labelled *from = context;

    fill(&namespace->metadata, pack, &from->meta);
    namespace->labels = labels_pack(pack, &from->labels);
    namespace->suspended = pack_string(pack, from->meta.suspended);
}

void *namespace_read(const json_t *object, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(METADATA_ARENA_MAX);
    struct labelled labelled = {0};

    if (!kube_meta_read(&labelled.meta, arena, object, error))
        return NULL;
    labelled.labels = labels_of(arena, object);
    return record_create(sizeof(struct namespace_metadata), fill_namespace, &labelled);
}
