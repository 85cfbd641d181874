#pragma once

/*
 * The picture of AWS: which associations the cluster has and which roles stand under our path, as
 * the last sweep saw them and our own writes changed them since. Plans read it first; it is a
 * hint that saves requests, never a proof: what is to be changed or deleted is read from AWS again.
 *
 * A sweep takes many pages, and plans go on meanwhile. What a plan put or removed since the sweep
 * began is newer than any page of it: picture_seen_* leave that alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include "aws/iam.h"
#include "base/memory.h"

struct picture;

struct picture *picture_create(void);
void picture_destroy(struct picture *picture);

/* A sweep begins; what is known stays until it is through. */
void picture_begin_sweep(struct picture *picture, int64_t now_ms);
/* It came through: forgets what it did not see. */
void picture_end_sweep(struct picture *picture, int64_t now_ms);
/* It failed on the way: what was known before still is. */
void picture_drop_sweep(struct picture *picture);

/* Wall time at which the last sweep that came through began and ended; 0: none yet. */
int64_t picture_swept_since_ms(const struct picture *picture);
int64_t picture_swept_ms(const struct picture *picture);

struct picture_association {
    const char *id;
    bool has_owner; /* an add-on's */
};

/* NULL when none is known. Borrowed until the picture changes. */
const struct picture_association *picture_association(const struct picture *picture,
                                                      const char *namespace_name,
                                                      const char *service_account);
/* key: "namespace/serviceaccount". */
const struct picture_association *picture_association_by_key(const struct picture *picture,
                                                             const char *key);
/* An upper bound, and every key. visit must not change the picture. */
size_t picture_association_count(const struct picture *picture);
void picture_each_association(const struct picture *picture,
                              void (*visit)(void *context, const char *key), void *context);
void picture_put_association(struct picture *picture, const char *namespace_name,
                             const char *service_account, const char *id, bool has_owner);
/* The same for a sweep. */
void picture_seen_association(struct picture *picture, const char *namespace_name,
                              const char *service_account, const char *id, bool has_owner);
void picture_remove_association(struct picture *picture, const char *namespace_name,
                                const char *service_account);

/* A role under our path. */
struct picture_role {
    const char *name;
    const char *binding_uid; /* from its tag; "" when it has none of this cluster */
    char digest[33];         /* difference_digest of what hangs on it; "" when not seen whole */
    bool adopted;            /* not made by us, by its tags */
};

/* Names are compared as IAM does, whatever the case. */
const struct picture_role *picture_role(const struct picture *picture, const char *name);
void picture_put_role(struct picture *picture, const char *name, const char *binding_uid,
                      const char *digest, bool adopted);
/* The same for a sweep. */
void picture_seen_role(struct picture *picture, const char *name, const char *binding_uid,
                       const char *digest, bool adopted);
void picture_remove_role(struct picture *picture, const char *name);

/* Every role tagged with this binding's UID. visit must not change the picture. */
void picture_each_role_of(const struct picture *picture, const char *binding_uid,
                          void (*visit)(void *context, const struct picture_role *role),
                          void *context);

/* Roles of others that bindings name by roleARN: what judging them needs. */
struct picture_existing {
    const char *arn, *trust;
    const char *tagged_namespace; /* tag podidentity.io/namespace; NULL: none */
    int64_t read_ms;
};
const struct picture_existing *picture_existing(const struct picture *picture, const char *arn);
void picture_put_existing(struct picture *picture, const char *arn, const char *trust,
                          const char *tagged_namespace, int64_t read_ms);
/* The same for a sweep. */
void picture_seen_existing(struct picture *picture, const char *arn, const char *trust,
                           const char *tagged_namespace, int64_t read_ms);
void picture_remove_existing(struct picture *picture, const char *arn);

DEFINE_AUTO(struct picture *, picture_destroy);
