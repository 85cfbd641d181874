/*
 * The finalizer is stored before the first request that changes AWS, and dropped when what was
 * made there is gone. Finalizers of others stay as they are.
 */

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/calls.h"
#include "kube/decode.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/work.h"

/* Asks for the list with ours in it, last, or without it. */
static enum verdict patch(struct work *work, struct request *request, bool with_ours)
{
    const struct kube_meta *meta = &work->binding->meta;
    const char **list;
    size_t count = 0, kept = 0;

    while (meta->finalizers[count])
        count++;
    list = arena_array(work->arena, count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++)
        if (!text_equal(meta->finalizers[i], PODIDENTITYBINDING_FINALIZER))
            list[kept++] = meta->finalizers[i];
    if (with_ours)
        list[kept++] = PODIDENTITYBINDING_FINALIZER;
    kube_patch_finalizers(work->arena, request, &podidentitybinding_resource, meta->namespace_name,
                          meta->name, meta->resource_version, list, kept);
    return VERDICT_SEND;
}

/* What the API server refuses (another's admission, a right that is missing) is told in status, or
 * nobody would hear of it; other trouble is tried again without a word. */
static enum verdict fail(struct work *work, const char *what)
{
    if (work->error.kind != ERROR_REFUSED || text_equal(work->error.code, "NotFound"))
        return VERDICT_FAIL;
    work->request = (struct request){0};
    return work_refuse(work, FACET_ALLOWED, "AccessDenied",
                       "The finalizer %s cannot be %s. The API server says: %s",
                       PODIDENTITYBINDING_FINALIZER, what,
                       arena_string(work->arena, work->error.text));
}

enum verdict finalizer_store_ask(struct work *work, struct request *request)
{
    if (kube_meta_has_finalizer(&work->binding->meta, PODIDENTITYBINDING_FINALIZER) ||
        work->resource_version)
        return VERDICT_NEXT;
    return patch(work, request, true);
}

enum verdict finalizer_store_answer(struct work *work, const struct reply *reply)
{
    AUTO_JSON json_t *object = NULL;

    if (!kube_reply_good(&work->request, reply, &work->error))
        return fail(work, "stored, and nothing is made in AWS without it");
    object = kube_decode(reply->body, reply->body_length, &work->error);
    if (!object) {
        work->error.kind = ERROR_RETRY; /* stored, but the answer came garbled */
        return VERDICT_FAIL;
    }
    work->resource_version = json_take_text(work->arena, object, "metadata.resourceVersion");
    if (work->resource_version) {
        ledger_wrote(work->ledger, work->resource_version);
        return VERDICT_NEXT;
    }
    error_set(&work->error, ERROR_RETRY, "the API server's answer has no resourceVersion");
    return VERDICT_FAIL;
}

enum verdict finalizer_drop_ask(struct work *work, struct request *request)
{
    const struct kube_meta *meta = &work->binding->meta;

    if (!kube_meta_has_finalizer(meta, PODIDENTITYBINDING_FINALIZER) || meta->deleted_ms == 0)
        return VERDICT_NEXT;
    return patch(work, request, false);
}

enum verdict finalizer_drop_answer(struct work *work, const struct reply *reply)
{
    if (!kube_reply_good(&work->request, reply, &work->error) && !row_gone(work))
        return fail(work, "taken off, and keeps what is deleted");
    work->outcome.gone = true;
    return VERDICT_STOP;
}
