#pragma once

/*
 * Drift: what others changed in AWS behind our back. A finished sweep is held against what the
 * ledger says was made; what differs loses its ledger's `verified`, and its binding's plan reads it
 * again and repairs what we made. What is gone is made again only when the sweep after misses it
 * too. One part that was repaired three times within an hour waits until the hour is over. All
 * from memory: no request is sent.
 * Rules: design 6.11.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "reconcilers/ledger.h"

struct scene;
struct work;

enum { DRIFT_REPAIRS_MS = 60 * 60 * 1000 };

/* This binding has to be looked at: the caller queues it. */
typedef void (*drift_found_fn)(void *context, const char *key);

/*
 * Right after a sweep that came through; so many bindings at a time, because all of 5,000 would
 * take longer than a turn of the loop should. The picture may change between two parts.
 */
struct drift_look;
struct drift_look *drift_look_begin(struct scene *scene, drift_found_fn found, void *context);
/* False when that was the last. */
bool drift_look_on(struct drift_look *look, size_t count, int64_t now_ms);
void drift_look_end(struct drift_look *look);

/* A part is not as it was left: true when its plan has to run, which is not told twice. */
bool drift_suspect(struct ledger_entry *entry, enum drift_part part, int64_t now_ms);

/* Counts a repair that was made now. */
void drift_repaired(struct ledger_drift *drift, int64_t now_ms);
/* Wall time from which the part may be repaired again; 0: now. */
int64_t drift_slowed_until_ms(const struct ledger_drift *drift, int64_t now_ms);

/* What judging a role of others depends on, as a number; never 0. */
uint64_t drift_existing_print(const char *trust, const char *tagged_namespace);
/* drift_rows.c: remembers what the pages of a sweep show of this binding's role as it is wanted. */
void drift_remember_role(struct work *work);

DEFINE_AUTO(struct drift_look *, drift_look_end);
