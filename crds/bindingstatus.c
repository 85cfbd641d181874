/*
 * The status of a PodIdentityBinding as a merge patch: only what differs, null for what is gone,
 * lists whole. A write that changes nothing is a request and wakes every watcher, so it is found
 * out here, and an older lastVerifiedTime alone is no reason for one.
 */

#include "crds/podidentitybinding.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/text.h"

static void difference_text(json_t *patch, const char *key, const char *before, const char *after)
{
    if (!text_equal(before, after))
        json_object_set_new(patch, key, condition_write_text(after));
}

static bool equal_lists(const char *const *a, const char *const *b)
{
    static const char *const none[] = {NULL};

    a = a ? a : none;
    b = b ? b : none;
    while (*a && *b && text_equal(*a, *b)) {
        a++;
        b++;
    }
    return !*a && !*b;
}

/* An empty list is absent. */
static json_t *write_list(const char *const *list)
{
    json_t *array;

    if (!list || !*list)
        return json_null();
    array = json_array();
    for (; *list; list++)
        json_array_append_new(array, condition_write_text(*list));
    return array;
}

static void difference_list(json_t *patch, const char *key, const char *const *before,
                            const char *const *after)
{
    if (!equal_lists(before, after))
        json_object_set_new(patch, key, write_list(after));
}

static json_t *write_time(int64_t wall_ms)
{
    char time[ENCODE_TIME_SIZE];

    if (!wall_ms)
        return json_null();
    encode_time(wall_ms, time);
    return json_string(time);
}

bool podidentitybinding_same_pods(const struct podidentitybinding_status *a,
                                  const struct podidentitybinding_status *b)
{
    if (!a->has_pods || !b->has_pods)
        return a->has_pods == b->has_pods;
    return a->pods_total == b->pods_total && a->pods_current == b->pods_current;
}

static json_t *write_pods(const struct podidentitybinding_status *status)
{
    char summary[48];

    if (!status->has_pods)
        return json_null();
    snprintf(summary, sizeof(summary), "%" PRId64 "/%" PRId64, status->pods_current,
             status->pods_total);
    return json_pack("{s:I,s:I,s:s}", "total", (json_int_t)status->pods_total, "current",
                     (json_int_t)status->pods_current, "summary", summary);
}

static void difference(json_t *patch, const struct podidentitybinding_status *before,
                       const struct podidentitybinding_status *after)
{
    if (before->observed_generation != after->observed_generation)
        json_object_set_new(patch, "observedGeneration", json_integer(after->observed_generation));
    if (!condition_equal_lists(before->conditions, before->condition_count, after->conditions,
                               after->condition_count))
        json_object_set_new(patch, "conditions",
                            condition_write_list(after->conditions, after->condition_count));
    difference_text(patch, "roleARN", before->role_arn, after->role_arn);
    difference_text(patch, "associationID", before->association_id, after->association_id);
    difference_text(patch, "associationARN", before->association_arn, after->association_arn);
    difference_text(patch, "requiredTrust", before->required_trust, after->required_trust);
    difference_text(patch, "externalID", before->external_id, after->external_id);
    difference_text(patch, "targetTrustPolicy", before->target_trust_policy,
                    after->target_trust_policy);
    difference_list(patch, "warnings", before->warnings, after->warnings);
    difference_list(patch, "pendingChanges", before->pending_changes, after->pending_changes);
    if (!podidentitybinding_same_pods(before, after))
        json_object_set_new(patch, "pods", write_pods(after));
}

json_t *podidentitybinding_status_patch(const struct podidentitybinding_status *before,
                                        const struct podidentitybinding_status *after)
{
    json_t *patch = json_object();

    difference(patch, before, after);
    if (json_object_size(patch) == 0) {
        json_decref(patch);
        return NULL;
    }
    if (before->last_verified_ms / 1000 != after->last_verified_ms / 1000)
        json_object_set_new(patch, "lastVerifiedTime", write_time(after->last_verified_ms));
    return json_pack("{s:o}", "status", patch);
}
