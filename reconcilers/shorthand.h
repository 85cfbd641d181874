#pragma once

/*
 * A binding in short: what the annotation podidentity.io/role-arn of a ServiceAccount means when it
 * is written out. The binding has the ServiceAccount's name, the label podidentity.io/origin:
 * serviceaccount, no ownerReference, and says serviceAccountName and roleARN alone. Pure; when it
 * is written is serviceaccount.c's to decide.
 */

#include <stdbool.h>

#include <jansson.h>

struct podidentitybinding;
struct podidentitybinding_spec;

/* Is this the binding that is kept for the ServiceAccount of its own name? Any other of that name
 * is a person's. */
bool shorthand_is(const struct podidentitybinding *binding);

/* Does it say what the annotation says, and no more? */
bool shorthand_says(const struct podidentitybinding_spec *spec, const char *role_arn);

/* The binding to make; name: the ServiceAccount's. The caller's reference. */
json_t *shorthand_object(const char *namespace_name, const char *name, const char *role_arn);
/* The merge patch that takes a binding of that name with this spec there: what a person may have
 * added beside roleARN goes. The caller's reference. */
json_t *shorthand_patch(const struct podidentitybinding_spec *spec, const char *name,
                        const char *role_arn);
