#pragma once

/* What a binding wants its ServiceAccount to say, and whether it says so: what annotations.c knows,
 * for those that write it. For annotations*.c alone. */

#include <stdbool.h>

#include <jansson.h>

#include "crds/webidentity.h"

struct serviceaccount_metadata;
struct work;

struct annotations_wish {
    const char *values[WEBIDENTITY_ANNOTATIONS]; /* NULL: not ours to say */
};

/* The binding's ServiceAccount; borrowed from the store. NULL: it does not exist. */
const struct serviceaccount_metadata *annotations_account(const struct work *work);

/* Values live in the work's arena. */
struct annotations_wish annotations_wish(const struct work *work,
                                         const struct serviceaccount_metadata *account);
/* A member for each value; the caller's reference. */
json_t *annotations_object(const struct annotations_wish *wish);
/* The same as text, for the ledger; in the work's arena. */
const char *annotations_text(struct work *work, const struct annotations_wish *wish);

/* text was applied, by this process or an earlier one; whether it still stands there is not said.
 */
bool annotations_are_applied(const struct work *work, const struct serviceaccount_metadata *account,
                             const char *text);
/* Applied as they are wanted now, and still there. */
bool annotations_fit(struct work *work, const struct serviceaccount_metadata *account);
