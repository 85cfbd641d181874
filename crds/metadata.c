#include "crds/metadata.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
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

struct annotated {
    struct kube_meta meta;
    const char *role_arn;
    uint32_t hashes[WEBIDENTITY_ANNOTATIONS];
};

static void fill_service_account(void *record, struct pack *pack, void *context)
{
    struct serviceaccount_metadata *account = record;
    struct annotated *from = context;

    fill(&account->metadata, pack, &from->meta);
    account->role_arn = pack_string(pack, from->role_arn);
    memcpy(account->hashes, from->hashes, sizeof(account->hashes));
}

/* A chart that leaves the value empty does not ask for anything. What is longer than any ARN is cut
 * to something that is none either. */
static const char *role_arn_of(struct arena *arena, const json_t *object)
{
    const json_t *annotations = json_path(object, "metadata.annotations");
    const char *text = json_string_value(json_object_get(annotations, ROLE_ARN_ANNOTATION));
    AUTO_FREE char *cut = memory_string(text && *text ? text : NULL);

    if (!cut)
        return NULL;
    text_cut(cut, OBJECT_ANNOTATION_MAX);
    return arena_string(arena, cut);
}

void *serviceaccount_read(const json_t *object, struct error *error)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(METADATA_ARENA_MAX);
    struct annotated annotated = {0};

    if (!kube_meta_read(&annotated.meta, arena, object, error))
        return NULL;
    annotated.role_arn = role_arn_of(arena, object);
    webidentity_read(annotated.hashes, object);
    return record_create(sizeof(struct serviceaccount_metadata), fill_service_account, &annotated);
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
