#pragma once

/* The API server's word for what went wrong: an object of kind Status (metav1.Status). */

#include <stdbool.h>

#include <jansson.h>

/* False for NULL too. */
bool kube_status_is(const json_t *object);

/* True when details.causes has one with this reason ("ResourceVersionTooLarge"). */
bool kube_status_has_cause(const json_t *status, const char *reason);

/* The first one with this reason, or NULL. Its reason, message and field are texts. */
const json_t *kube_status_cause(const json_t *status, const char *reason);
