#pragma once

/*
 * metadata.managedFields says who wrote which field. It is up to 60 % of an object and most of the
 * work of decoding it, and nothing here reads it: it is cut out of the text before that.
 *
 * Accept's drop= asks servers not to send it, but those before 1.37 do not know it (KEP-5958).
 */

#include <stddef.h>

/*
 * spec.permissionPolicy of a binding is the one member that may hold anything: as a tree 1.5 MiB of
 * "{},{}," take over a hundred, and whoever may write bindings could end the program with one. A
 * longer one than this, or one of more parts than a policy that IAM takes can have (10,240
 * characters; API servers write "<" with six), becomes {"podidentity.io/tooLong": its length}.
 */
#define KUBE_TOO_LONG "podidentity.io/tooLong"
enum { KUBE_FREE_FORM_MAX = 64 << 10, KUBE_FREE_FORM_PARTS_MAX = 4096 /* brackets and commas */ };

/*
 * Writes bytes without the managedFields of an object, of a watch line's object or of a list's
 * items to out, which has room for length bytes, and returns how many it wrote. Below spec nothing
 * but a long permissionPolicy is touched and below status nothing, whatever its name. Text that is
 * not JSON may come out changed: what decodes it afterwards refuses it still, unless only a long
 * permissionPolicy was none.
 */
size_t managed_fields_cut(char *out, const char *bytes, size_t length);
