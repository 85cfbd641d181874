#pragma once

/*
 * What every watched object has, read once from JSON. Records made from it are packed and never
 * change; see informers/store.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct arena;
struct error;

/* Kubernetes' own ceilings for names; the others are far above what servers write (a UUID, 39
 * digits, a handful of finalizers) and keep one object's metadata below 100 kB. */
enum {
    OBJECT_NAME_MAX = 253,
    OBJECT_NAMESPACE_MAX = 63,
    OBJECT_UID_MAX = 64,
    OBJECT_VERSION_MAX = 64,
    OBJECT_FINALIZERS_MAX = 256,
    OBJECT_FINALIZER_SIZE_MAX = 317, /* a domain of 253, a slash, a name of 63 */
    OBJECT_ANNOTATION_MAX = 1024,    /* longer ones are cut */
};

/* All strings are in the arena the object was read into; absent ones are "". */
struct kube_meta {
    const char *namespace_name; /* "" for cluster-scoped kinds */
    const char *name, *uid, *resource_version;
    int64_t generation;
    int64_t created_ms;             /* wall; whole seconds */
    int64_t deleted_ms;             /* wall; 0: not being deleted */
    const char *deletion_timestamp; /* as written, "" when not being deleted */
    const char *const *finalizers;  /* NULL-terminated */
    /* Annotations podidentity.io/suspended and /deletion-approved, the only ones kept. */
    const char *suspended, *deletion_approved; /* NULL: absent */
};

/* ERROR_REFUSED when name, uid or resourceVersion is missing or not of its form (DNS-1123 names,
 * lengths), or a time, generation or finalizer is none: such an object is logged and skipped. */
bool kube_meta_read(struct kube_meta *meta, struct arena *arena, const json_t *object,
                    struct error *error);

bool kube_meta_has_finalizer(const struct kube_meta *meta, const char *finalizer);

/* Compares two resourceVersions as unbounded integers (KEP-5504): <0, 0, >0. False in `comparable`
 * when one is malformed. */
int kube_version_compare(const char *a, const char *b, bool *comparable);
