#pragma once

/*
 * The wire between plans and the fakes: takes requests, answers them later from fake_run, and can
 * break any of them by number. Time is virtual and moves only when somebody moves it.
 *
 * A failure before the effect: the server never saw the request. After it: the server did what was
 * asked, and the answer is another one. Death: from that call on nothing arrives any more and
 * nothing is answered, which is all that servers see of a process that was killed; the process
 * then forgets what it knew (fake_world_restart).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/text.h"
#include "net/request.h"

enum { FAKE_BODY_MAX = 16 << 20 };

/* What a server answers; `body` is finished by the wire. */
struct fake_answer {
    int status;
    struct text body;
    const char *content_type;
    const char *error_type; /* x-amzn-errortype; "" when absent */
};

/* A server: does what the request asks, and answers. */
struct fake_server {
    void (*answer)(struct fake_server *server, const struct request *request,
                   struct fake_answer *answer);
};

enum fake_fault {
    FAULT_LOST,    /* it may have arrived; no answer */
    FAULT_REFUSED, /* no connection: it did not arrive */
    FAULT_500,
    FAULT_503,
    FAULT_THROTTLING,
    FAULT_ACCESS_DENIED,
    FAULT_CONCURRENT_MODIFICATION, /* of Kubernetes: 409 Conflict */
    FAULT_GARBAGE,                 /* 200 with bytes that mean nothing */
    FAULT_HTML_502,                /* of a proxy */
    FAULT_COUNT,
};
const char *fake_fault_name(enum fake_fault fault);

struct fake_failure {
    unsigned call; /* from 1; 0: none */
    enum fake_fault fault;
    bool after_effect;
};

/* How often each operation was counted. Names are static texts. */
enum { FAKE_COUNTS_MAX = 48 };
struct fake_counts {
    struct {
        const char *operation;
        unsigned count;
    } items[FAKE_COUNTS_MAX];
    size_t used;
};
void fake_counts_add(struct fake_counts *counts, const char *operation);
unsigned fake_counts_get(const struct fake_counts *counts, const char *operation);

enum { FAKE_FAILURES_MAX = 2 };

struct fake_wire {
    struct transport transport;
    struct fake_server *servers[SERVICE_COUNT];
    struct list waiting;
    int64_t now_ms; /* wall */

    struct fake_failure failures[FAKE_FAILURES_MAX];
    bool aws_down;       /* no connection to any service of AWS */
    unsigned death_call; /* 0: lives on */
    bool death_after_effect, dead;

    /* since fake_wire_reset */
    unsigned calls, aws_calls, aws_writes;
    struct fake_counts operations;
    struct text log;           /* operations of AWS and finalizer writes, a space between two */
    enum request_service hit;  /* of the last request that was broken */
    const char *hit_operation; /* NULL: none was */
    bool hit_write;
};

void fake_wire_init(struct fake_wire *wire, int64_t now_ms);
void fake_wire_finish(struct fake_wire *wire);
/* Counts from 0 again, breaks nothing, lives. */
void fake_wire_reset(struct fake_wire *wire);

/* Answers what waits, and what is asked because of that, until nothing waits. */
void fake_run(struct fake_wire *wire);

/* An error in the words of that service: XML of IAM and STS, JSON of EKS, Status of Kubernetes. */
void fake_answer_error(struct fake_answer *answer, enum request_service service, int status,
                       const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
