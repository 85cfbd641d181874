#include "controller/job_requests.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/metrics.h"

static void answered(void *context, const struct reply *reply)
{
    struct job_requests *requests = context;

    if (requests->stores_finalizer && reply_good(reply))
        requests->finalizer_us = clock_now_us();
    requests->done(requests->done_context, reply);
}

static void measure_leaving(struct job_requests *requests, const struct request *request)
{
    uint64_t now_us = clock_now_us();

    if (requests->changed_us != 0)
        metrics_observe(requests->metrics, METRIC_CHANGE_TO_REQUEST,
                        (double)(now_us - requests->changed_us) / 1e6);
    requests->changed_us = 0;
    if (requests->finalizer_us != 0 && request->write && request->service != SERVICE_KUBERNETES) {
        metrics_observe(requests->metrics, METRIC_FINALIZER_TO_WRITE,
                        (double)(now_us - requests->finalizer_us) / 1e6);
        requests->finalizer_us = 0;
    }
}

static void pass_on(struct transport *transport, const struct request *request, void *context,
                    transport_done_fn done)
{
    struct job_requests *requests = container_of(transport, struct job_requests, transport);
    struct request sent = *request;

    sent.urgent = requests->urgent;
    measure_leaving(requests, request);
    requests->done = done;
    requests->done_context = context;
    requests->stores_finalizer = text_equal(request->operation, "PatchFinalizers");
    requests->beyond->send(requests->beyond, &sent, requests, answered);
}

void job_requests_init(struct job_requests *requests, struct transport *beyond,
                       struct metrics *metrics, bool urgent, uint64_t changed_us)
{
    *requests = (struct job_requests){
        .transport = {.send = pass_on},
        .beyond = beyond,
        .metrics = metrics,
        .urgent = urgent,
        .changed_us = changed_us,
    };
}
