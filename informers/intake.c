#include "informers/intake.h"

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "kube/object.h"

enum { KEY_SIZE = OBJECT_NAMESPACE_MAX + 1 + OBJECT_NAME_MAX + 1 };

void intake_init(struct intake *intake, const struct informer_kind *kind,
                 informer_changed_fn changed, void *context)
{
    *intake = (struct intake){
        .kind = kind,
        .changed = changed,
        .context = context,
        .store = store_create(kind->indices),
    };
}

void intake_finish(struct intake *intake)
{
    records_clear(&intake->fresh);
    store_destroy(intake->store);
}

void intake_begin(struct intake *intake)
{
    if (intake->kind->sink)
        intake->kind->sink->begin(intake->kind->sink_context);
    else
        records_clear(&intake->fresh);
}

void intake_forget(struct intake *intake)
{
    records_clear(&intake->fresh);
}

/* The key as a record of it has it; false when it cannot be told. */
static bool object_key(const json_t *object, char key[KEY_SIZE])
{
    const char *namespace_name = json_path_text(object, "metadata.namespace");
    const char *name = json_path_text(object, "metadata.name");
    int length;

    if (!name || !*name)
        return false;
    namespace_name = namespace_name ? namespace_name : "";
    length = snprintf(key, KEY_SIZE, "%s%s%s", namespace_name, *namespace_name ? "/" : "", name);
    return length < KEY_SIZE;
}

void intake_skip(struct intake *intake, const json_t *object, const char *reason)
{
    char key[KEY_SIZE];

    intake->skipped_objects++;
    log_event(LOG_WARN, "an object is skipped", "resource", intake->kind->resource->plural,
              "object", object_key(object, key) ? key : "?", "error", reason, NULL);
}

/* NULL: skipped. */
static const void *read_object(struct intake *intake, const json_t *object)
{
    struct error error = {0};
    const void *record = intake->kind->read(object, &error);

    if (!record)
        intake_skip(intake, object, error.text);
    /* cppcheck-suppress returnDanglingLifetime ; a record keeps no error */
    return record;
}

/* The same to a kind that keeps its objects itself. */
static void hand_over(struct intake *intake, const json_t *object,
                      bool (*take)(void *context, const json_t *object, struct error *error))
{
    struct error error = {0};

    if (!take(intake->kind->sink_context, object, &error))
        intake_skip(intake, object, error.text);
}

/* An object that cannot be read is still there: what we know of it stays until it can be read, so
 * that a new list does not tell of it as deleted. */
void intake_collect(struct intake *intake, const json_t *object)
{
    const void *record;
    char key[KEY_SIZE];

    if (intake->kind->sink) {
        hand_over(intake, object, intake->kind->sink->put);
        return;
    }
    record = read_object(intake, object);
    if (!record && object_key(object, key) && (record = store_get(intake->store, key)))
        record_ref(record);
    if (record)
        record_unref(records_put(&intake->fresh, record));
}

void intake_drop(struct intake *intake, const json_t *object)
{
    char key[KEY_SIZE];

    if (intake->kind->sink)
        hand_over(intake, object, intake->kind->sink->remove);
    else if (object_key(object, key))
        record_unref(records_remove(&intake->fresh, key));
}

void intake_put(struct intake *intake, const json_t *object)
{
    const struct record *record;
    const void *before;

    if (intake->kind->sink) {
        hand_over(intake, object, intake->kind->sink->put);
        return;
    }
    record = read_object(intake, object);
    if (!record)
        return;
    before = store_get(intake->store, record->key);
    if (before)
        record_ref(before);
    record_ref(record); /* store_put may drop it */
    if (store_put(intake->store, record))
        intake->changed(intake->context, before, record, false);
    record_unref(record);
    record_unref(before);
}

void intake_remove(struct intake *intake, const json_t *object)
{
    char key[KEY_SIZE];
    const void *before;

    if (intake->kind->sink) {
        hand_over(intake, object, intake->kind->sink->remove);
        return;
    }
    if (!object_key(object, key)) {
        intake_skip(intake, object, "a deleted object without a name");
        return;
    }
    before = store_get(intake->store, key);
    if (!before)
        return;
    record_ref(before);
    store_remove(intake->store, key);
    intake->changed(intake->context, before, NULL, false);
    record_unref(before);
}

static void tell(void *context, const void *before, const void *after)
{
    const struct intake *intake = context;

    intake->changed(intake->context, before, after, !intake->synced);
}

void intake_complete(struct intake *intake)
{
    if (intake->kind->sink)
        intake->kind->sink->complete(intake->kind->sink_context);
    else
        store_replace(intake->store, &intake->fresh, tell, intake);
    intake->synced = true;
}

/* Whatever comes that is not the kind we watch (a Table, say) is treated like an event we do not
 * know. Metadata comes as PartialObjectMetadata; in lists core kinds have no kind at all. */
bool intake_takes(const struct intake *intake, const json_t *object)
{
    const char *kind = json_path_text(object, "kind");

    return !kind || text_equal(kind, intake->kind->resource->kind) ||
           (intake->kind->resource->metadata_only && text_equal(kind, "PartialObjectMetadata"));
}
