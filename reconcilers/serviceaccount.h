#pragma once

/*
 * Reconciles one ServiceAccount: its annotation podidentity.io/role-arn is a binding in short
 * (shorthand.h). From there on it is a binding like others, with its own plan; nothing here asks
 * AWS, and no ID is read from an annotation.
 *
 * Written is only where a grant says allowServiceAccountAnnotation (the role edit may annotate
 * ServiceAccounts), and never to a binding without the label: that one is a person's. Annotation
 * removed: the binding is deleted. ServiceAccount deleted: the binding stays for
 * SERVICEACCOUNT_WAIT_MS, so that a namesake with the same role keeps binding, UID and
 * association. In a namespace that is being deleted nothing is written.
 */

#include <stdint.h>

#include "reconcilers/podidentitybinding.h"

/* Long enough for a Helm release that is uninstalled and installed again. A restart of the program
 * begins it anew: when the ServiceAccount went is not known then. */
enum { SERVICEACCOUNT_WAIT_MS = 10 * 60 * 1000 };

/* Like reconcile_start; key is the ServiceAccount's "namespace/name". */
void reconcile_service_account_start(struct scene *scene, struct transport *transport,
                                     struct events *events, const char *key, int64_t now_ms,
                                     reconcile_done_fn done, void *context);
