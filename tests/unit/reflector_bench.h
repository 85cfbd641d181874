#pragma once

/* A reflector without a server: what comes is said by the test, what it does is read in words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "informers/reflector.h"

/* A reflector, its time, and in words what it did: "wait watch@100". */
struct bench {
    struct reflector reflector;
    uint64_t now_ms;
    struct text did;
};

static inline void start(struct bench *bench)
{
    *bench = (struct bench){.now_ms = 1000000, .did = TEXT_INIT(4096)};
    reflector_init(&bench->reflector, 42);
    reflector_start(&bench->reflector, bench->now_ms);
}

static inline void finish(struct bench *bench)
{
    reflector_finish(&bench->reflector);
    text_finish(&bench->did);
}

/* The newest move in words; a wait is waited for. */
static inline const char *did(struct bench *bench)
{
    const struct reflector_move *move = &bench->reflector.move;
    const char *version = move->version ? move->version : "*";

    text_clear(&bench->did);
    if (move->step == REFLECTOR_WAIT) {
        text_add_string(&bench->did, "wait ");
        bench->now_ms += move->delay_ms;
        reflector_woke(&bench->reflector, bench->now_ms);
        version = move->version ? move->version : "*";
    }
    if (move->step == REFLECTOR_WATCH)
        text_printf(&bench->did, "%s@%s", move->initial_events ? "fill" : "watch", version);
    else if (move->step == REFLECTOR_LIST && move->continue_token)
        text_printf(&bench->did, "page %s/%u", move->continue_token, move->limit);
    else if (move->step == REFLECTOR_LIST)
        text_printf(&bench->did, "list@%s/%u", version, move->limit);
    else if (move->step == REFLECTOR_PROBE)
        text_printf(&bench->did, "probe");
    return bench->did.bytes;
}

static inline enum reflector_verdict event(struct bench *bench, enum watch_kind kind,
                                           const char *version)
{
    struct watch_event event = {.kind = kind, .resource_version = version, .retry_after_s = -1};

    return reflector_event(&bench->reflector, bench->now_ms, &event);
}

static inline enum reflector_verdict end_of_list(struct bench *bench, const char *version)
{
    struct watch_event event = {.kind = WATCH_BOOKMARK,
                                .resource_version = version,
                                .initial_events_end = true,
                                .retry_after_s = -1};

    return reflector_event(&bench->reflector, bench->now_ms, &event);
}

static inline void fail_open(struct bench *bench, int code)
{
    reflector_failed(&bench->reflector, bench->now_ms,
                     &(struct reflector_failure){
                         .code = code, .reason = "", .text = "because", .retry_after_s = -1});
}

static inline void end_after(struct bench *bench, uint64_t lived_ms)
{
    bench->now_ms += lived_ms;
    reflector_ended(&bench->reflector, bench->now_ms);
}

/* Watching from version 100, by a watch that has lived for a minute. */
static inline void start_watching(struct bench *bench)
{
    start(bench);
    assert_int_equal(end_of_list(bench, "100"), REFLECTOR_REPLACE);
    bench->now_ms += 60000;
}

/* Watching from 100 on a server that does not know WatchList. */
static inline void start_watching_plainly(struct bench *bench)
{
    start(bench);
    fail_open(bench, 422);
    assert_string_equal(did(bench), "list@*/500");
    assert_true(reflector_listed(&bench->reflector, bench->now_ms, "100", NULL, 10));
    bench->now_ms += 60000;
}

static inline void begin_listing(struct bench *bench)
{
    start(bench);
    fail_open(bench, 422);
    assert_string_equal(did(bench), "list@*/500");
}

static inline void begin_second_page(struct bench *bench)
{
    begin_listing(bench);
    assert_false(reflector_listed(&bench->reflector, bench->now_ms, "90", "tok", 500));
    assert_string_equal(did(bench), "page tok/500");
}

static inline void begin_probing(struct bench *bench)
{
    start_watching(bench);
    end_after(bench, 400000);
    assert_string_equal(did(bench), "probe");
}
