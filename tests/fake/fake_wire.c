#include "tests/fake/fake_wire.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"

/* How long a request and its answer take. */
enum { ROUND_TRIP_MS = 7, WORDS_MAX = 4096 };

struct waiting {
    struct list link;
    struct request request; /* its texts stay with whoever asked until he is answered */
    void *context;
    transport_done_fn done;
};

const char *fake_fault_name(enum fake_fault fault)
{
    static const char *const names[] = {"lost",       "refused connection", "500",        "503",
                                        "throttling", "access denied",      "concurrent", "garbage",
                                        "html 502"};

    return names[fault];
}

void fake_counts_add(struct fake_counts *counts, const char *operation)
{
    size_t i = 0;

    while (i < counts->used && strcmp(counts->items[i].operation, operation) != 0)
        i++;
    assert(i < FAKE_COUNTS_MAX);
    if (i == counts->used)
        counts->items[counts->used++].operation = operation;
    counts->items[i].count++;
}

unsigned fake_counts_get(const struct fake_counts *counts, const char *operation)
{
    for (size_t i = 0; i < counts->used; i++)
        if (strcmp(counts->items[i].operation, operation) == 0)
            return counts->items[i].count;
    return 0;
}

static void wire_send(struct transport *transport, const struct request *request, void *context,
                      transport_done_fn done)
{
    struct fake_wire *wire = container_of(transport, struct fake_wire, transport);
    struct waiting *waiting = memory_alloc(sizeof(*waiting));

    waiting->request = *request;
    waiting->context = context;
    waiting->done = done;
    list_init(&waiting->link);
    list_append(&wire->waiting, &waiting->link);
}

void fake_wire_init(struct fake_wire *wire, int64_t now_ms)
{
    *wire = (struct fake_wire){.transport = {.send = wire_send}, .now_ms = now_ms};
    list_init(&wire->waiting);
    text_init(&wire->log, FAKE_BODY_MAX);
}

void fake_wire_finish(struct fake_wire *wire)
{
    assert(list_empty(&wire->waiting));
    text_finish(&wire->log);
}

void fake_wire_reset(struct fake_wire *wire)
{
    memset(wire->failures, 0, sizeof(wire->failures));
    wire->death_call = 0;
    wire->aws_down = wire->death_after_effect = wire->dead = false;
    wire->calls = wire->aws_calls = wire->aws_writes = 0;
    wire->operations = (struct fake_counts){0};
    wire->hit_operation = NULL;
    text_clear(&wire->log);
}

static void answer_xml(struct fake_answer *answer, int status, const char *code, const char *words)
{
    answer->content_type = "text/xml";
    text_printf(&answer->body,
                "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>"
                "<Type>%s</Type><Code>%s</Code><Message>%s</Message></Error>"
                "<RequestId>0000-fake-iam</RequestId></ErrorResponse>",
                status >= 500 ? "Receiver" : "Sender", code, words);
}

static void answer_json(struct fake_answer *answer, json_t *json)
{
    char *bytes = json_dumps(json, JSON_COMPACT);

    answer->content_type = "application/json";
    text_add_string(&answer->body, bytes);
    free(bytes);
    json_decref(json);
}

void fake_answer_error(struct fake_answer *answer, enum request_service service, int status,
                       const char *code, const char *format, ...)
{
    char words[WORDS_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    text_clear(&answer->body);
    answer->status = status;
    if (service == SERVICE_KUBERNETES) {
        answer_json(answer, json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "kind", "Status",
                                      "apiVersion", "v1", "status", "Failure", "reason", code,
                                      "message", words, "code", status));
    } else if (service == SERVICE_EKS) {
        answer->error_type = code;
        answer_json(answer, json_pack("{s:s, s:s}", "message", words, "clusterName", "main"));
    } else {
        answer_xml(answer, status, code, words);
    }
}

/* The words each side has for one fault; Kubernetes' in the second pair. */
static const struct {
    int status;
    const char *code;
    int kube_status;
    const char *kube_code;
} words[FAULT_COUNT] = {
    [FAULT_500] = {500, "ServiceFailure", 500, "InternalError"},
    [FAULT_503] = {503, "ServiceUnavailable", 503, "ServiceUnavailable"},
    [FAULT_THROTTLING] = {400, "Throttling", 429, "TooManyRequests"},
    [FAULT_ACCESS_DENIED] = {403, "AccessDenied", 403, "Forbidden"},
    [FAULT_CONCURRENT_MODIFICATION] = {409, "ConcurrentModification", 409, "Conflict"},
};

static void answer_fault(struct fake_answer *answer, enum request_service service,
                         enum fake_fault fault)
{
    bool kube = service == SERVICE_KUBERNETES;

    text_clear(&answer->body);
    answer->error_type = "";
    answer->status = 0;
    if (fault == FAULT_LOST || fault == FAULT_REFUSED)
        return;
    if (fault == FAULT_GARBAGE) {
        answer->status = 200;
        text_add_string(&answer->body, "\x1f\x8b <gar}bage");
    } else if (fault == FAULT_HTML_502) {
        answer->status = 502;
        answer->content_type = "text/html";
        text_add_string(&answer->body, "<html><body><h1>502 Bad Gateway</h1></body></html>");
    } else {
        fake_answer_error(answer, service, kube ? words[fault].kube_status : words[fault].status,
                          kube ? words[fault].kube_code : words[fault].code, "as the test wants");
    }
}

static void serve(struct fake_wire *wire, const struct request *request, struct fake_answer *answer)
{
    struct fake_server *server = wire->servers[request->service];

    server->answer(server, request, answer);
}

static void count(struct fake_wire *wire, const struct request *request)
{
    bool aws = request->service != SERVICE_KUBERNETES;

    wire->calls++;
    wire->aws_calls += aws;
    wire->aws_writes += aws && request->write;
    fake_counts_add(&wire->operations, request->operation);
    if (aws || strcmp(request->operation, "PatchFinalizers") == 0)
        text_printf(&wire->log, "%s%s", wire->log.length > 0 ? " " : "", request->operation);
}

static void note_hit(struct fake_wire *wire, const struct request *request)
{
    wire->hit = request->service;
    wire->hit_operation = request->operation;
    wire->hit_write = request->write;
}

/* True when the request is broken; sent tells whether it reached the server. */
static bool break_call(struct fake_wire *wire, const struct request *request,
                       struct fake_answer *answer, bool *sent)
{
    if (wire->death_call != 0 && wire->calls >= wire->death_call) {
        if (!wire->dead && wire->death_after_effect)
            serve(wire, request, answer);
        wire->dead = true;
        answer_fault(answer, request->service, FAULT_LOST);
        return true;
    }
    if (wire->aws_down && request->service != SERVICE_KUBERNETES) {
        answer_fault(answer, request->service, FAULT_REFUSED);
        *sent = false;
        return true;
    }
    for (size_t i = 0; i < FAKE_FAILURES_MAX; i++) {
        const struct fake_failure *failure = &wire->failures[i];

        if (failure->call != wire->calls)
            continue;
        if (failure->after_effect)
            serve(wire, request, answer);
        note_hit(wire, request);
        answer_fault(answer, request->service, failure->fault);
        *sent = failure->fault != FAULT_REFUSED;
        return true;
    }
    return false;
}

static void answer_one(struct fake_wire *wire, struct waiting *waiting)
{
    struct fake_answer answer = {.content_type = "", .error_type = ""};
    struct reply reply = {.retry_after_s = -1, .date = "", .warning = ""};
    bool sent = true;

    text_init(&answer.body, FAKE_BODY_MAX);
    count(wire, &waiting->request);
    if (!break_call(wire, &waiting->request, &answer, &sent))
        serve(wire, &waiting->request, &answer);
    assert(!answer.body.overflow);
    wire->now_ms += ROUND_TRIP_MS;
    reply.status = answer.status;
    reply.failure = answer.status == 0 ? "connection reset by peer" : NULL;
    reply.sent = sent;
    reply.body = answer.body.bytes;
    reply.body_length = answer.body.length;
    reply.content_type = answer.content_type;
    reply.request_id = answer.status != 0 ? "0000-fake" : "";
    reply.error_type = answer.error_type;
    waiting->done(waiting->context, &reply);
    text_finish(&answer.body);
}

void fake_run(struct fake_wire *wire)
{
    struct list *link;

    while ((link = list_take_first(&wire->waiting))) {
        struct waiting *waiting = container_of(link, struct waiting, link);

        answer_one(wire, waiting);
        free(waiting);
    }
}
