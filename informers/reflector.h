#pragma once

/*
 * How a picture of the cluster is kept true over a connection that fails: list, watch, resume,
 * list again. A state machine of values: it is told what came and at what time, and says what to
 * do next. It knows no objects and waits for nothing.
 *
 * What always holds: no change is missed (a watch goes on from the version seen last, and where
 * the server cannot say what came after it, all is listed), and nothing is listed that need not
 * be. Semantics of client-go's reflector but for these: the first list is consistent instead of
 * "any version"; a very short watch is resumed instead of listed (five in a row are listed); a
 * watch that was silent for its whole length is checked against the server's version; a list that
 * is larger than one answer should be goes by pages.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "informers/backoff.h"
#include "kube/object.h"
#include "kube/watch.h"

enum {
    REFLECTOR_PAGE = 500, /* objects; client-go's pager */
    /* A list at a version cannot go by pages (limit makes the version exact). Up to this many
     * objects are taken in one answer of at most 16 MiB; a larger list goes by pages, consistent,
     * which is newer than any version seen. */
    REFLECTOR_WHOLE_MAX = 2000,
    REFLECTOR_TOKEN_MAX = 4096, /* bytes of a continue token; measured ones are below 300 */
    REFLECTOR_TROUBLE_SIZE = 320,
};

enum reflector_step {
    REFLECTOR_NOTHING,
    REFLECTOR_WAIT,  /* call reflector_woke after delay_ms */
    REFLECTOR_LIST,  /* without continue_token it is the first page: drop what was collected */
    REFLECTOR_PROBE, /* a consistent list of one object, for its version */
    REFLECTOR_WATCH, /* with initial_events: drop what was collected */
};

/* What to do next. Texts live in the reflector until the next call. */
struct reflector_move {
    enum reflector_step step;
    const char *version;        /* NULL: consistent */
    const char *continue_token; /* NULL: first page */
    unsigned limit;             /* 0: none */
    bool initial_events;
    unsigned timeout_s;
    uint64_t idle_timeout_ms; /* no byte for so long: the connection is dead */
    uint64_t delay_ms;
};

/* What to do with an event. */
enum reflector_verdict {
    REFLECTOR_SKIP,    /* nothing */
    REFLECTOR_COLLECT, /* into the new set (DELETED: out of it) */
    REFLECTOR_REPLACE, /* the new set is complete: it takes the place of the old one */
    REFLECTOR_APPLY,   /* to the set we have */
    REFLECTOR_BROKEN,  /* end the stream, then make the next move */
};

/* Why a list, a watch or a stream failed. */
struct reflector_failure {
    int code;           /* HTTP status, or the code of the Status in the stream; 0: no answer */
    const char *reason; /* Kubernetes' reason, "" when there is none */
    const char *text;   /* for people */
    int retry_after_s;  /* -1: absent */
    bool too_large_version;
    bool sent; /* with code 0: the request had left, so the answer may have been too large */
};

enum reflector_phase {
    REFLECTOR_STOPPED,
    REFLECTOR_WAITING,
    REFLECTOR_LISTING,
    REFLECTOR_PROBING,
    REFLECTOR_FILLING, /* a watch that begins with the whole list; its end was not announced yet */
    REFLECTOR_WATCHING,
};

struct reflector {
    struct reflector_move move; /* the newest */
    enum reflector_phase phase;
    char version[OBJECT_VERSION_MAX + 1];      /* seen last; "" before the first list */
    char list_version[OBJECT_VERSION_MAX + 1]; /* of the first page */
    char *continue_token;

    bool listed;             /* the set we have was complete at `version` or before */
    bool consistent;         /* list without a version: the server does not know ours */
    bool whole;              /* a page expired: this list without limit */
    bool plain;              /* this list without WatchList */
    bool watch_list_refused; /* the server does not know WatchList */
    unsigned page;           /* objects a page; less after answers that did not arrive */
    unsigned page_max;       /* what it is again after an answer that did */
    size_t count;            /* objects in the newest list */
    unsigned cut_fillings, short_watches; /* in a row */

    uint64_t wake_ms, opened_ms, heard_ms; /* heard: the newest line, or a version that agreed */
    size_t lines;                          /* of this watch */
    bool has_bookmarks; /* beside the one that ends the first list: of a resource that never had an
                           object since its start the server sends no other */

    struct backoff backoff;
    uint64_t lists, watches, short_watches_total, failures; /* since the start */
    char trouble[REFLECTOR_TROUBLE_SIZE];
};

/* seed decides every random choice. */
void reflector_init(struct reflector *reflector, uint64_t seed);
/* Smaller pages, for objects that are larger than most; at least 8. */
void reflector_limit_page(struct reflector *reflector, unsigned page_max);
void reflector_finish(struct reflector *reflector);

/* Each of these sets reflector->move; now_ms is monotonic. */
void reflector_start(struct reflector *reflector, uint64_t now_ms);
/* Forgets what was on its way; the version stays, so that a start resumes. */
void reflector_stop(struct reflector *reflector);
void reflector_woke(struct reflector *reflector, uint64_t now_ms);
/* A page has come: true when it was the last one, so that the set is complete. continue_token
 * may be NULL or "". */
bool reflector_listed(struct reflector *reflector, uint64_t now_ms, const char *version,
                      const char *continue_token, size_t count);
void reflector_probed(struct reflector *reflector, uint64_t now_ms, const char *version);
/* A list or probe failed, or the watch was not opened (HTTP status other than 200). */
void reflector_failed(struct reflector *reflector, uint64_t now_ms,
                      const struct reflector_failure *failure);
/* The open stream ended, in order or not. */
void reflector_ended(struct reflector *reflector, uint64_t now_ms);
/* A line of it made no sense; end the stream, then make the next move. */
void reflector_garbled(struct reflector *reflector, uint64_t now_ms, const char *text);

/* move changes with REFLECTOR_BROKEN only. */
enum reflector_verdict reflector_event(struct reflector *reflector, uint64_t now_ms,
                                       const struct watch_event *event);

/* Why the picture is not known to be true, "" when it is. Silence of 90 s where bookmarks come
 * every minute is told here and nothing more: bookmarks are best-effort. */
const char *reflector_trouble(const struct reflector *reflector, uint64_t now_ms);
