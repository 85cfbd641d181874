#pragma once

/*
 * JSON that holds objects of users. An API server stores what a strict reader refuses: a preserved
 * object (permissionPolicy) may nest thousands deep or hold a number beyond 64 bits, and any
 * annotation may hold U+0000. One such object in a list would keep the whole list from being read,
 * so whoever may annotate a ServiceAccount could stop the controller.
 *
 * Such text is mended before it is read, and only when it cannot be read as it is: what lies below
 * KUBE_DECODE_DEPTH levels becomes null, long integers become reals, U+0000 becomes U+FFFD. No
 * field that this program acts on can be changed by that: names and ARNs are checked by schema, and
 * a policy of that depth is refused by IAM with or without its innermost part.
 *
 * managedFields come out empty, and a permissionPolicy that is too long as its length
 * (managed_fields.h).
 */

#include <stddef.h>

#include <jansson.h>

struct error;

enum { KUBE_DECODE_DEPTH = 48 };

/* The tree, or NULL with ERROR_REFUSED when it is not JSON at all (cut off, garbage). */
json_t *kube_decode(const char *bytes, size_t length, struct error *error);
