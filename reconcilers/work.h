#pragma once

/*
 * One object on its way through a plan: wish, facts, what is to be done, what came of it, and the
 * arena in which all of it lives. Dropping a work after any row is harmless.
 */

#include <stdbool.h>
#include <stdint.h>

#include "aws/eks.h"
#include "aws/iam.h"
#include "base/error.h"
#include "crds/podidentitybinding.h"
#include "net/request.h"
#include "reconcilers/difference.h"
#include "reconcilers/ledger.h"
#include "reconcilers/ownership.h"
#include "reconcilers/plan.h"
#include "reconcilers/want.h"

struct arena;
struct events;
struct scene;

enum presence {
    PRESENCE_UNKNOWN,
    PRESENCE_ABSENT,
    PRESENCE_PRESENT, /* read from AWS in this run */
    PRESENCE_MADE,    /* made by this very run */
};

/* Facts: what AWS showed in this run. */
struct have {
    bool verified; /* the ledger knows that nothing changed: no row asks AWS */
    enum presence role;
    bool role_named;       /* CreateRole said that the name exists: read it */
    enum owner role_owner; /* of the role that was read, or made */
    struct iam_role_detail detail;
    bool inline_listed, attached_listed;
    const char *marker;           /* of the list being read */
    struct iam_policy *documents; /* what detail.inline_policies points to while it fills */
    size_t documents_read;
    enum presence association;
    bool association_lookup; /* ask List for our namespace and ServiceAccount */
    bool association_named;  /* Create said that there is one: it is not asked a second time */
    const char *association_id;
    struct eks_association found;
    enum owner association_owner;
    unsigned oidc_reads; /* bounds the way from "exists" to Get and back */
    unsigned lookups;    /* bounds the way from 409 to List and back */
};

/* How far the writing rows have come in work->todo. */
struct progress {
    bool compared, narrowed, boundary, trust, role, tags_put, tags_removed, settled;
    bool held_back;  /* something that narrows is still to be done, later */
    bool associated; /* the association was seen, or made, as wanted */
    size_t policies_put, policies_deleted, attached, detached;
    bool compute_looked, association_deleted;
    bool web_identity_held; /* web identity is not wanted, but stays while pods may need it */
    bool association_tags_compared, association_tags_put, association_tags_removed;
    bool role_adopted, association_adopted; /* by this very run */
    bool trust_verified;                    /* of an adopted role, right after it was written */
    bool trust_checked;                     /* and by a later run, this one */
    bool association_kept; /* adopted, and as others changed it: it receives no write */
    bool association_left; /* adopted, and our tags were taken off */
    bool warned;           /* of what holds whatever AWS shows: rows run again after VERDICT_TOP */
    unsigned writes_before_role;        /* work->writes when it was compared */
    unsigned writes_before_association; /* work->writes when the role was settled */
};

/* A role of ours that goes: one at a time, chosen from a list. */
struct doomed {
    bool listed;
    const char **names;
    size_t count, next;
    int64_t until_ms; /* wall: when the first of those that stay for now may go; 0: none stays */
    bool chosen, read, delete_now;
    bool let_go;  /* it was adopted: our tags go, it stays */
    bool drained; /* no pod has to be waited for any more: what was begun goes on */
    bool spared;  /* one is not in the list, because an association that stays needs it */
    struct iam_role role;
    struct hanging {
        bool listed;
        const char *const *names;
        size_t count, next;
    } policies, attached; /* what hangs on it: inline policies, managed ones by their ARN */
    bool refused;         /* IAM says that something hangs on it still: look what */
    bool emptied_again;   /* which was done once */
    const char *profiles; /* names of instance profiles that hold it; NULL: none seen */
};

/* The ServiceAccount that spec.createServiceAccount made, on its way out. */
struct created_account {
    bool looked, asked;
    const char *uid, *resource_version; /* NULL: it stays */
};

/* What a condition is to say; NULL reason: as it was. */
struct finding {
    const char *reason, *message;
    enum condition_status status;
};

/* Something that happened and that a person should be told once, as an Event. */
struct told {
    bool warning;
    const char *reason, *action, *note;
};

enum { WORK_TOLD_MAX = 24, WORK_WARNINGS_MAX = 20 };

struct outcome {
    struct finding findings[FACET_COUNT];
    const char *reconciling; /* reason while a retry is due: Throttled, AWSUnavailable, …; NULL */
    const char *waiting;     /* what for, when no error says it; NULL */
    uint64_t retry_ms;       /* the plan's own idea of when to come back; 0: the queue's back-off */
    uint64_t again_ms;       /* after success: come back then; 0: no need */
    struct told told[WORK_TOLD_MAX];
    size_t told_count, told_next;
    size_t told_of_plan; /* the first of them: by the plan, not by the conditions that changed */
    const char *warnings[WORK_WARNINGS_MAX];
    size_t warning_count;
    const char *const *pending; /* what is to come, for status.pendingChanges; NULL: nothing */
    bool drift_found[DRIFT_PARTS], drift_repaired[DRIFT_PARTS];
    const char *kept[DRIFT_PARTS]; /* how an adopted thing differs and stays; NULL: it does not */
    bool removed;                  /* association and role are away, the binding stays */
    bool status_waits;             /* it could not be written; the run fails after its Events */
    bool gone;                     /* the finalizer is away: there is no status to write */
    const char *events_trouble;    /* why the API server did not take an Event; NULL: it did */
};

struct work {
    /* the plan */
    const struct step *plan, *step;
    struct request request; /* the one on its way */
    struct transport *transport;
    void (*done)(struct work *work);
    unsigned requests, writes;
    struct error error;
    const struct step *failed; /* the row that failed; NULL: none */

    /* the object */
    struct arena *arena;
    struct scene *scene;
    const struct podidentitybinding *binding;
    struct ledger_entry *ledger;
    struct events *events;
    int64_t now_ms;               /* wall */
    const char *resource_version; /* the newest we know */
    bool purge;          /* release --purge: what a former binding of this name left goes too */
    bool keep_roles;     /* release alone: roles stay */
    bool draining;       /* the plan waits for pods with its role still there */
    bool withdrawn;      /* the plan takes away what was made, because its grant is gone */
    uint64_t gate_stamp; /* grants_stamp when the gate let this plan pass; 0: it has no gate */
    bool needs_consent;  /* the grant wants the existing role's trust to name this binding */
    unsigned doubts;     /* of the ledger, before AWS was read to observe it */

    struct want want;
    bool wanted; /* want is computed */
    struct have have;
    struct difference todo, association_todo;
    struct progress progress;
    struct doomed doomed;
    struct created_account created_account;
    struct outcome outcome;
};

/* Says what a condition is; message is printf-like and lives in the work's arena. */
void work_find(struct work *work, enum facet facet, enum condition_status status,
               const char *reason, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Refuses: sets the error and the finding of this facet to False with that reason. */
enum verdict work_refuse(struct work *work, enum facet facet, const char *reason,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Tries again after delay_ms (0: back-off) with the condition Unknown for that reason. */
enum verdict work_wait(struct work *work, enum facet facet, const char *reason, uint64_t delay_ms,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Tells a person, once, as an Event. */
void work_tell(struct work *work, bool warning, const char *reason, const char *action,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What is still to come, for status.pendingChanges; the same sentence once. */
void work_pend(struct work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t work_pending_count(const struct work *work);

/* Comes back after delay_ms at the latest, when all goes well. */
void work_return(struct work *work, int64_t delay_ms);

/* For status.warnings; the same sentence once. */
void work_warn(struct work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));
