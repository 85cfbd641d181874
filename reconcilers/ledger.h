#pragma once

/*
 * The ledger: what the program remembers of each binding between two runs of its plan, so that a
 * binding that has not changed costs no request. Losing it (a restart) costs reads, nothing else.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"

struct ledger;

/* What others may change behind our back, apart: its repairs are counted. */
enum drift_part { DRIFT_ROLE, DRIFT_ASSOCIATION, DRIFT_PARTS };

enum { DRIFT_REPAIRS_MAX = 3 }; /* of one part within DRIFT_REPAIRS_MS; then it waits */

struct ledger_drift {
    bool suspected; /* a sweep or a Describe showed another state than we left */
    bool missing;   /* gone in the last sweep: the next one decides whether it is made again */
    bool told;      /* counted as found already */
    unsigned char repairs;                  /* the next place in the ring */
    uint32_t repaired_s[DRIFT_REPAIRS_MAX]; /* wall, rounded up; a ring */
    int64_t slowed_until_ms;                /* wall: differs, and is repaired then; 0: not */
};
/* What mode Observe saw of a part, so that it need not ask again. */
enum sighting { SIGHTING_NONE, SIGHTING_AS_WANTED, SIGHTING_DIFFERENT, SIGHTING_ABSENT };

struct ledger_observed {
    enum sighting sighting;
    char *changes; /* sentences for status.pendingChanges, each with its newline; NULL: none */
};

/* How often in an hour annotations that somebody took away are applied again. */
enum { LEDGER_RESTORES = 3 };

struct ledger_entry {
    char uid[64];
    bool verified; /* AWS was seen, or made, as this generation wants it; with mode Observe: seen */
    bool consented;    /* the existing role's trust named this binding when it was verified */
    bool brake_passed; /* its teardown was counted */
    unsigned doubts;   /* how often that was dropped */
    int64_t generation;
    char *role_arn, *association_id, *required_trust; /* NULL: none */
    int64_t settled_ms;          /* wall: when the association has stood long enough */
    int64_t made_ms, changed_ms; /* wall: when it was made, and got its present role; 0: not read */
    int64_t drain_until_ms;      /* wall: when its teardown waits for pods no longer; 0: not yet */
    int64_t pods_written_ms;     /* wall: the last write of status.pods; 0: none */
    int64_t retired_until_ms;    /* wall: when a retired role of this binding may go; 0: none */
    char *external_id;           /* with which EKS assumes the target role; NULL: there is none */
    int64_t failed_ms;       /* wall: the last failure; shared reads older than it are read again */
    int64_t trust_edited_ms; /* wall: the last edit of our role's trust; 0: none */
    int64_t
        handover_until_ms; /* wall: when its teardown waits for its heir no longer; 0: not yet */
    int64_t abandoned_ms;  /* wall: since when the ServiceAccount that it is kept for is gone;
                              0: it is there */
    /* The annotations of the ServiceAccount, with web identity (annotations.c). */
    char *annotations;     /* as this process applied them; "": taken back; NULL: neither */
    char *account_uid;     /* the ServiceAccount that was so */
    char *account_version; /* its resourceVersion after that; NULL: none */
    int64_t annotated_ms;  /* wall: since when they are there, for all we know; 0: not */
    int64_t restored_ms[LEDGER_RESTORES]; /* wall: when they were applied again, a ring */
    bool annotations_ours;  /* annotations is NULL, but managedFields show that they were applied */
    bool web_identity_held; /* verified, but for web identity, which pods may still need */
    char written_version[48]; /* resourceVersion after our last write; "" none */
    unsigned stale_looks;     /* how often in a row the record was older than that */
    struct ledger_drift drift[DRIFT_PARTS];
    struct ledger_observed observed[DRIFT_PARTS]; /* mode Observe alone */
    int64_t unpaged_ms; /* wall: what is unpaged is read again from then on; 0: after each sweep */
    bool unpaged;       /* mode Observe: something is pending that no page of a sweep shows */
    bool retired_pending;    /* mode Observe: so is the end of a role that is not wanted any more */
    char wish_digest[33];    /* difference_wish_digest of our role, with mode Observe of the role
                                as it was seen; "": it is not ours */
    char *accepted_digest;   /* another that is as good: only what is not ours to remove is more;
                                NULL: none */
    uint64_t existing_print; /* of what was judged of a role of others; 0: none */
    char *foreign_denies;    /* names of inline policies of others that only deny; NULL: none */
    char *foreign_boundary;  /* of a role of ours that is wanted without one; NULL: none */
    /* Of what was adopted. */
    char *role_rest;          /* what others put on the role, in words; NULL: nothing */
    char *trust_before;       /* what its trust must still say; NULL: that was looked at */
    unsigned trust_restores;  /* how often it was written again because of that */
    int64_t trust_generation; /* for which spec that is counted */
    char *kept[DRIFT_PARTS];  /* how it differs and stays as it is; NULL: it does not */
    int64_t written_ms;       /* wall: the last run that wrote to AWS; 0: none */
};

struct ledger *ledger_create(void);
void ledger_destroy(struct ledger *ledger);

/* The entry of this key and UID: made when absent, emptied when it belonged to another UID. */
struct ledger_entry *ledger_entry(struct ledger *ledger, const char *key, const char *uid);
/* Drops what was verified: the next run of the plan asks AWS again. */
void ledger_doubt(struct ledger_entry *entry);
/* Remembers the version that a write of ours made. */
void ledger_wrote(struct ledger_entry *entry, const char *resource_version);
void ledger_forget(struct ledger *ledger, const char *key);

/* Replaces one of the texts of an entry. */
void ledger_keep(char **place, const char *text);

DEFINE_AUTO(struct ledger *, ledger_destroy);
