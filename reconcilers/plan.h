#pragma once

/*
 * A long job is a plan: a table of steps, read top to bottom. Each row looks first ("is it so
 * already?"), asks for what is missing, and reads the answer. Any plan may stop after any row and
 * start again from the top with empty memory.
 *
 * ask and answer do no I/O, know no clock but work->now_ms, and touch only the work (and, through
 * its scene, the picture of AWS). Waiting is never a row: a plan fails with the right kind of
 * error and the queue brings the key back.
 */

#include "net/request.h"

struct work;

enum verdict {
    VERDICT_NEXT,   /* this row is settled: go to the row below */
    VERDICT_SEND,   /* only from ask: put this question */
    VERDICT_REPEAT, /* only from answer: ask again from the same row: another page, another policy
                     */
    VERDICT_TOP,    /* only from answer: what we knew was wrong; go through all rows again */
    VERDICT_STOP,   /* the plan is complete: skip what remains */
    VERDICT_FAIL,   /* work->error says what failed and whether to try again */
};

/* The conditions that plans decide; Ready and the rest follow from them. */
enum facet { FACET_ALLOWED, FACET_ROLE, FACET_ASSOCIATION, FACET_COUNT };

struct step {
    const char *name; /* the AWS or Kubernetes operation, or what the row decides */
    enum verdict (*ask)(struct work *work, struct request *request);
    enum verdict (*answer)(struct work *work, const struct reply *reply); /* NULL: never asks */
    enum facet facet; /* which condition a refusal in this row makes False */
};

enum { PLAN_REQUESTS_MAX = 500 }; /* bounds REPEAT and TOP; a role has ≤ 25 + 25 policies */

/*
 * Runs the table, which ends with a zeroed row. work->done comes once, later or at once when no
 * row has a question; work->error says how it ended. Nothing is written by what was decided before
 * grants changed: the plan begins again from the top, and its gate decides anew.
 */
void plan_start(struct work *work, const struct step *plan);
