#pragma once

/*
 * What the running pods of a ServiceAccount show about its binding: whether new pods get the
 * credentials, which pods are still without them, and when none needs a role any more. Seen, not
 * assumed: EKS tells nobody when its webhook has learnt of an association, and a webhook that is
 * down leaves pods without credentials and says nothing (failurePolicy: Ignore).
 *
 * A pod's credentials are fixed when it is made. Times of pods are whole seconds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crds/condition.h"
#include "crds/pod.h"
#include "reconcilers/work.h"

struct injection_question {
    const struct pod *pods;
    size_t count;
    enum pod_credentials wanted; /* of this mechanism */
    int64_t made_ms;    /* wall: since when pods can get them; INT64_MAX: they cannot yet */
    int64_t settled_ms; /* wall: since when they must; INT64_MAX: not yet */
    int64_t changed_ms; /* wall: since when they are of the present role; INT64_MAX: not yet */
    int64_t cached_ms;  /* how long a pod may go on with what it got before a change */
    int64_t now_ms;
};

enum injection_sight { INJECTION_NOT_SEEN, INJECTION_SEEN, INJECTION_MISSING };

struct injection_answer {
    enum injection_sight sight; /* the newest pod that was made after settling decides; without one
                                   any pod can show that it works, and none that it does not */
    bool missing_has_token;     /* with MISSING: that pod has web identity instead */
    size_t total;               /* neither finished nor terminating */
    size_t current;             /* of these, on the credentials of the present role */
    size_t outdated;            /* of these, on others, or on none though they could have them */
    int64_t fresh_ms;           /* wall: when some of the outdated have renewed theirs; 0: never */
};

/* Pure. */
struct injection_answer injection_look(const struct injection_question *question);

/* The conditions Injected and PodsCurrent, and the numbers of status.pods. */
struct injection {
    struct finding injected, current;
    bool watched; /* the numbers are known */
    int64_t total_count, current_count;
};

/* associated is the condition of this very report; what it says lives in the work's arena. */
struct injection injection_judge(struct work *work, const struct condition *associated);

/*
 * Is nobody left with credentials from before since_ms? Counts pods that are terminating, too.
 * False when that is not known: pods are not watched, or the watch is out of date.
 */
bool injection_is_over(const struct work *work, int64_t since_ms);

/* Pods of the ServiceAccount that have this flag and are not terminating. */
size_t injection_count_with(const struct work *work, int flags);
