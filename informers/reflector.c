/*
 * Rules: facts of client-go tools/cache/reflector.go and of kube-apiserver, as told with their
 * numbers in ARCHITECTURE.md. Times are milliseconds unless named otherwise.
 */

#include "informers/reflector.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "informers/reaction.h"

/* What a server may ask us to wait; it asks for 1 to 32 s. */
enum { RETRY_AFTER_MAX_S = 600 };

enum { WATCH_LEAST_S = 300, WATCH_MOST_S = 600, IDLE_GRACE = 5000 };
/* A watch shorter than this and without a line is a server that does not mean it. */
enum { SHORT_WATCH = 1000, SHORT_WATCHES_MAX = 5 };
/* Fillings cut in a row before pages are tried, which come in pieces that arrive. */
enum { CUT_FILLINGS_MAX = 3 };
/* The fewest objects a page can have: eight of the largest (1.5 MiB, etcd) fit into an answer. */
enum { PAGE_MIN = 8 };
/* Silence: no line in the whole of the shortest watch. Suspicion: bookmarks come every minute. */
enum { SILENCE = WATCH_LEAST_S * 1000, SUSPICION = 90000, FILLING_SLOW = 10000 };

void reflector_init(struct reflector *reflector, uint64_t seed)
{
    *reflector = (struct reflector){
        .backoff = {.random = seed},
        .page = REFLECTOR_PAGE,
        .page_max = REFLECTOR_PAGE,
        .trouble = "not started",
    };
}

void reflector_limit_page(struct reflector *reflector, unsigned page_max)
{
    assert(page_max >= PAGE_MIN && page_max <= REFLECTOR_PAGE);
    reflector->page = reflector->page_max = page_max;
}

/* How many objects may come in one answer without pages. */
static size_t whole_max(const struct reflector *reflector)
{
    return (size_t)reflector->page_max * (REFLECTOR_WHOLE_MAX / REFLECTOR_PAGE);
}

static void forget_token(struct reflector *reflector)
{
    free(reflector->continue_token);
    reflector->continue_token = NULL;
}

void reflector_finish(struct reflector *reflector)
{
    forget_token(reflector);
}

/* A version longer than any that Kubernetes may have is not kept: false. */
static bool keep_version(char kept[OBJECT_VERSION_MAX + 1], const char *version)
{
    size_t length = strlen(version);

    if (length == 0 || length > OBJECT_VERSION_MAX)
        return false;
    memcpy(kept, version, length + 1);
    return true;
}

static const char *list_at(const struct reflector *reflector)
{
    return reflector->consistent || !*reflector->version ? NULL : reflector->version;
}

static void move_watch(struct reflector *reflector, uint64_t now_ms, bool initial_events)
{
    unsigned timeout_s =
        WATCH_LEAST_S + (unsigned)backoff_random(&reflector->backoff, WATCH_MOST_S - WATCH_LEAST_S);

    reflector->phase = initial_events ? REFLECTOR_FILLING : REFLECTOR_WATCHING;
    reflector->opened_ms = now_ms;
    reflector->lines = 0;
    reflector->watches++;
    reflector->move = (struct reflector_move){
        .step = REFLECTOR_WATCH,
        .version = initial_events ? list_at(reflector) : reflector->version,
        .initial_events = initial_events,
        .timeout_s = timeout_s,
        .idle_timeout_ms = (uint64_t)timeout_s * 1000 + IDLE_GRACE,
    };
}

static void move_list(struct reflector *reflector)
{
    bool first = !reflector->continue_token;

    if (first && !reflector->whole && reflector->count > whole_max(reflector))
        reflector->consistent = true;
    reflector->phase = REFLECTOR_LISTING;
    reflector->move = (struct reflector_move){
        .step = REFLECTOR_LIST,
        .version = first ? list_at(reflector) : NULL,
        .continue_token = reflector->continue_token,
        .limit = reflector->whole || (first && list_at(reflector)) ? 0 : reflector->page,
    };
}

/* The next attempt: resume when we have a set to resume from, else fill it. */
static void attempt(struct reflector *reflector, uint64_t now_ms)
{
    forget_token(reflector);
    if (reflector->listed) {
        move_watch(reflector, now_ms, false);
        return;
    }
    reflector->lists++;
    if (reflector->plain || reflector->watch_list_refused)
        move_list(reflector);
    else
        move_watch(reflector, now_ms, true);
}

void reflector_start(struct reflector *reflector, uint64_t now_ms)
{
    assert(reflector->phase == REFLECTOR_STOPPED);
    snprintf(reflector->trouble, sizeof(reflector->trouble), "%s", "no answer yet");
    reflector->heard_ms = now_ms;
    attempt(reflector, now_ms);
}

void reflector_stop(struct reflector *reflector)
{
    forget_token(reflector);
    reflector->phase = REFLECTOR_STOPPED;
    reflector->move = (struct reflector_move){0};
    snprintf(reflector->trouble, sizeof(reflector->trouble), "%s", "stopped");
}

static void move_wait(struct reflector *reflector, uint64_t now_ms, int retry_after_s)
{
    uint64_t delay_ms = backoff_next_ms(&reflector->backoff, now_ms);
    uint64_t asked_s = retry_after_s < 0                   ? 0
                       : retry_after_s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S
                                                           : (uint64_t)retry_after_s;

    if (delay_ms < asked_s * 1000)
        delay_ms = asked_s * 1000;
    reflector->phase = REFLECTOR_WAITING;
    reflector->wake_ms = now_ms + delay_ms;
    reflector->move = (struct reflector_move){.step = REFLECTOR_WAIT, .delay_ms = delay_ms};
}

/* Timers may be early by a tick, and one that belongs to an earlier wait may still come. */
void reflector_woke(struct reflector *reflector, uint64_t now_ms)
{
    reflector->move = (struct reflector_move){0};
    if (reflector->phase != REFLECTOR_WAITING)
        return;
    if (now_ms >= reflector->wake_ms)
        attempt(reflector, now_ms);
    else
        reflector->move = (struct reflector_move){.step = REFLECTOR_WAIT,
                                                  .delay_ms = reflector->wake_ms - now_ms};
}

static void filled(struct reflector *reflector, const char *version)
{
    bool kept = keep_version(reflector->version, version);

    assert(kept);
    reflector->listed = true;
    reflector->consistent = reflector->whole = reflector->plain = false;
    reflector->page = reflector->page_max;
    reflector->cut_fillings = 0;
    reflector->trouble[0] = '\0';
}

static void fail_text(struct reflector *reflector, uint64_t now_ms, const char *text)
{
    reflector_failed(
        reflector, now_ms,
        &(struct reflector_failure){.code = 200, .reason = "", .text = text, .retry_after_s = -1});
}

bool reflector_listed(struct reflector *reflector, uint64_t now_ms, const char *version,
                      const char *continue_token, size_t count)
{
    bool more = continue_token && *continue_token;
    bool first = !reflector->continue_token;

    assert(reflector->phase == REFLECTOR_LISTING);
    if (first && !keep_version(reflector->list_version, version)) {
        fail_text(reflector, now_ms, "the list has no version");
        return false;
    }
    if (more && strlen(continue_token) > REFLECTOR_TOKEN_MAX) {
        fail_text(reflector, now_ms, "the list's continue token is too long");
        return false;
    }
    reflector->count = first ? count : reflector->count + count;
    forget_token(reflector);
    if (more) {
        reflector->continue_token = memory_string(continue_token);
        move_list(reflector);
        return false;
    }
    filled(reflector, reflector->list_version);
    reflector->heard_ms = now_ms;
    move_watch(reflector, now_ms, false);
    return true;
}

static void list_consistent(struct reflector *reflector, uint64_t now_ms)
{
    reflector->listed = false;
    reflector->consistent = true;
    attempt(reflector, now_ms);
}

/* After a restore of etcd the server can be behind what we saw: watching on from there is silence
 * for as long as it takes the server to get there. */
void reflector_probed(struct reflector *reflector, uint64_t now_ms, const char *version)
{
    bool comparable;
    int order = kube_version_compare(version, reflector->version, &comparable);

    assert(reflector->phase == REFLECTOR_PROBING);
    reflector->heard_ms = now_ms;
    if (comparable ? order >= 0 : text_equal(version, reflector->version))
        move_watch(reflector, now_ms, false);
    else
        list_consistent(reflector, now_ms);
}

/* An answer that left and did not come back may have been over the ceiling of an answer. */
static void shrink_list(struct reflector *reflector)
{
    if (reflector->whole || list_at(reflector)) {
        reflector->whole = false;
        reflector->consistent = true;
    } else {
        reflector->page = reflector->page / 2 < PAGE_MIN ? PAGE_MIN : reflector->page / 2;
    }
}

static void say(struct reflector *reflector, const char *text)
{
    snprintf(reflector->trouble, sizeof(reflector->trouble), "%s", text);
    text_cut(reflector->trouble, sizeof(reflector->trouble) - 1);
    reflector->failures++;
}

/* A page that expired: the whole list once more without pages, at the version it had. */
static bool page_expired(struct reflector *reflector, const struct reflector_failure *failure)
{
    return reflector->phase == REFLECTOR_LISTING && reflector->continue_token &&
           !reflector->whole && (failure->code == 410 || text_equal(failure->reason, "Expired"));
}

static void react(struct reflector *reflector, uint64_t now_ms, enum reaction reaction,
                  int retry_after_s)
{
    switch (reaction) {
    case REACTION_CONSISTENT:
        list_consistent(reflector, now_ms);
        return;
    case REACTION_PLAIN_FOREVER:
        reflector->watch_list_refused = true;
        attempt(reflector, now_ms);
        return;
    case REACTION_PLAIN:
        reflector->plain = true;
        attempt(reflector, now_ms);
        return;
    case REACTION_RELIST:
        reflector->listed = false;
        move_wait(reflector, now_ms, retry_after_s);
        return;
    case REACTION_AGAIN:
        move_wait(reflector, now_ms, retry_after_s);
        return;
    }
}

void reflector_failed(struct reflector *reflector, uint64_t now_ms,
                      const struct reflector_failure *failure)
{
    enum reaction reaction = reaction_to(failure, reflector->phase, !list_at(reflector));

    say(reflector, failure->text);
    if (page_expired(reflector, failure)) {
        reflector->whole = true;
        attempt(reflector, now_ms);
        return;
    }
    if (reflector->phase == REFLECTOR_LISTING && failure->code == 0 && failure->sent)
        shrink_list(reflector);
    react(reflector, now_ms, reaction, failure->retry_after_s);
}

static void filling_ended(struct reflector *reflector, uint64_t now_ms)
{
    say(reflector, "the watch ended before it had sent the whole list");
    if (++reflector->cut_fillings >= CUT_FILLINGS_MAX)
        reflector->plain = true;
    move_wait(reflector, now_ms, -1);
}

/* No line in less than a second: a pause. A proxy or a server that goes on like this may refuse
 * our version without saying so, hence the list in the end. */
static void short_watch_ended(struct reflector *reflector, uint64_t now_ms)
{
    reflector->short_watches_total++;
    say(reflector, "the watch ended within a second, without a line");
    if (++reflector->short_watches >= SHORT_WATCHES_MAX) {
        reflector->short_watches = 0;
        reflector->listed = false;
    }
    move_wait(reflector, now_ms, -1);
}

static void probe(struct reflector *reflector)
{
    reflector->phase = REFLECTOR_PROBING;
    reflector->move = (struct reflector_move){.step = REFLECTOR_PROBE, .limit = 1};
}

/* The end of a watch is nothing special: the server ends each within its timeout. */
void reflector_ended(struct reflector *reflector, uint64_t now_ms)
{
    if (reflector->phase == REFLECTOR_FILLING) {
        filling_ended(reflector, now_ms);
        return;
    }
    assert(reflector->phase == REFLECTOR_WATCHING);
    if (reflector->lines == 0 && now_ms - reflector->opened_ms < SHORT_WATCH) {
        short_watch_ended(reflector, now_ms);
        return;
    }
    reflector->short_watches = 0;
    reflector->trouble[0] = '\0';
    if (now_ms - reflector->heard_ms >= SILENCE)
        probe(reflector);
    else
        move_watch(reflector, now_ms, false);
}

void reflector_garbled(struct reflector *reflector, uint64_t now_ms, const char *text)
{
    assert(reflector->phase == REFLECTOR_FILLING || reflector->phase == REFLECTOR_WATCHING);
    say(reflector, text);
    if (reflector->phase == REFLECTOR_FILLING && ++reflector->cut_fillings >= CUT_FILLINGS_MAX)
        reflector->plain = true;
    reflector->listed = false;
    move_wait(reflector, now_ms, -1);
}

static enum reflector_verdict error_event(struct reflector *reflector, uint64_t now_ms,
                                          const struct watch_event *event)
{
    char text[sizeof(event->message) + sizeof(event->reason) + 32];

    snprintf(text, sizeof(text), "%s (%s, %d in the watch)", event->message, event->reason,
             event->code);
    reflector_failed(reflector, now_ms,
                     &(struct reflector_failure){
                         .code = event->code ? event->code : 500, /* a Status without a code */
                         .reason = event->reason,
                         .text = text,
                         .retry_after_s = event->retry_after_s,
                         .too_large_version = event->too_large_version,
                     });
    return REFLECTOR_BROKEN;
}

/* The objects of the list come in the order of their keys, so their versions mean nothing: only
 * the bookmark that announces its end has one to go on from. */
static enum reflector_verdict filling_event(struct reflector *reflector,
                                            const struct watch_event *event)
{
    if (event->kind != WATCH_BOOKMARK) {
        reflector->count += event->kind == WATCH_ADDED;
        return REFLECTOR_COLLECT;
    }
    if (!event->initial_events_end || strlen(event->resource_version) > OBJECT_VERSION_MAX)
        return REFLECTOR_SKIP;
    filled(reflector, event->resource_version);
    reflector->phase = REFLECTOR_WATCHING;
    return REFLECTOR_REPLACE;
}

enum reflector_verdict reflector_event(struct reflector *reflector, uint64_t now_ms,
                                       const struct watch_event *event)
{
    assert(reflector->phase == REFLECTOR_FILLING || reflector->phase == REFLECTOR_WATCHING);
    reflector->heard_ms = now_ms;
    if (event->kind == WATCH_ERROR)
        return error_event(reflector, now_ms, event);
    if (reflector->lines++ == 0 && reflector->phase == REFLECTOR_FILLING)
        reflector->count = 0;
    if (event->kind == WATCH_UNKNOWN)
        return REFLECTOR_SKIP;
    if (reflector->phase == REFLECTOR_FILLING)
        return filling_event(reflector, event);
    reflector->has_bookmarks |= event->kind == WATCH_BOOKMARK;
    reflector->short_watches = 0;
    reflector->trouble[0] = '\0';
    keep_version(reflector->version, event->resource_version);
    return event->kind == WATCH_BOOKMARK ? REFLECTOR_SKIP : REFLECTOR_APPLY;
}

const char *reflector_trouble(const struct reflector *reflector, uint64_t now_ms)
{
    bool streaming =
        reflector->phase == REFLECTOR_FILLING || reflector->phase == REFLECTOR_WATCHING;

    if (reflector->phase == REFLECTOR_FILLING && now_ms - reflector->opened_ms > FILLING_SLOW)
        return "the end of the first list was not announced within 10 s";
    if (*reflector->trouble || !streaming)
        return reflector->trouble;
    if (reflector->has_bookmarks && now_ms - reflector->heard_ms > SUSPICION)
        return "no line for 90 s, not even a bookmark: the watch may be dead";
    return "";
}
