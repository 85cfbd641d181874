#include "reconcilers/plan.h"

#include <assert.h>

#include "base/error.h"
#include "reconcilers/grants.h"
#include "reconcilers/work.h"

static void plan_advance(struct work *work);

static void plan_finish(struct work *work)
{
    work->step = NULL;
    work->done(work);
}

static void plan_fail(struct work *work)
{
    assert(work->error.kind != ERROR_NONE);
    work->failed = work->step;
    plan_finish(work);
}

static void plan_answered(void *context, const struct reply *reply)
{
    struct work *work = context;

    switch (work->step->answer(work, reply)) {
    case VERDICT_NEXT:
        work->step++;
        break;
    case VERDICT_REPEAT:
        break;
    case VERDICT_TOP:
        work->step = work->plan;
        break;
    case VERDICT_STOP:
        plan_finish(work);
        return;
    case VERDICT_FAIL:
        plan_fail(work);
        return;
    case VERDICT_SEND:
        assert(!"an answer cannot send");
    }
    plan_advance(work);
}

/* Puts the row's question, within the limits that hold for every plan. */
static void plan_send(struct work *work)
{
    if (work->requests >= PLAN_REQUESTS_MAX) {
        error_set(&work->error, ERROR_RETRY, "%u requests did not settle it", work->requests);
        plan_fail(work);
        return;
    }
    work->requests++;
    if (work->request.write && work->request.service != SERVICE_KUBERNETES)
        work->writes++;
    work->transport->send(work->transport, &work->request, work, plan_answered);
}

/* A grant or a namespace changed since the gate let the plan pass, and it is about to write: under
 * a budget there may be minutes between the two. */
static bool gate_is_old(const struct work *work)
{
    return work->gate_stamp != 0 && work->request.write &&
           work->gate_stamp != grants_stamp(work->scene);
}

static void plan_advance(struct work *work)
{
    while (work->step->name) {
        work->request = (struct request){0};
        switch (work->step->ask(work, &work->request)) {
        case VERDICT_NEXT:
            work->step++;
            continue;
        case VERDICT_SEND:
            if (gate_is_old(work)) {
                work->step = work->plan;
                continue;
            }
            plan_send(work);
            return;
        case VERDICT_STOP:
            plan_finish(work);
            return;
        case VERDICT_FAIL:
            plan_fail(work);
            return;
        case VERDICT_REPEAT:
        case VERDICT_TOP:
            assert(!"a question is put, skipped or refused");
        }
    }
    plan_finish(work);
}

void plan_start(struct work *work, const struct step *plan)
{
    assert(work->transport && work->done && !work->step);
    work->plan = work->step = plan;
    work->gate_stamp = 0;
    plan_advance(work);
}
