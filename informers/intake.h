#pragma once

/*
 * What an informer does with the objects that a list or a watch brings: reads them, keeps them in
 * the store (or hands them to the kind's sink) and tells who listens. A new list is collected
 * beside the store and takes its place when it is complete; an object that cannot be read is
 * skipped, told and counted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "informers/informer.h"
#include "informers/records.h"

struct intake {
    const struct informer_kind *kind;
    informer_changed_fn changed;
    void *context;
    struct store *store;
    struct records fresh; /* a new list, until it is complete */
    bool synced;          /* the first list was */
    uint64_t skipped_objects;
};

void intake_init(struct intake *intake, const struct informer_kind *kind,
                 informer_changed_fn changed, void *context);
void intake_finish(struct intake *intake);

/* Is it of our kind? What is not (a Table, say) is not for the calls below. */
bool intake_takes(const struct intake *intake, const json_t *object);
void intake_skip(struct intake *intake, const json_t *object, const char *reason);

/* A new list: what it does not name is gone once it is complete. intake_drop: it was named and then
 * deleted, before the list was complete. */
void intake_begin(struct intake *intake);
void intake_collect(struct intake *intake, const json_t *object);
void intake_drop(struct intake *intake, const json_t *object);
void intake_complete(struct intake *intake);
void intake_forget(struct intake *intake); /* it does not go on */

/* A change since then. */
void intake_put(struct intake *intake, const json_t *object);
void intake_remove(struct intake *intake, const json_t *object);
