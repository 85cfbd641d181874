#pragma once

/*
 * metadata.managedFields says who wrote which field. It is up to 60 % of an object and most of the
 * work of decoding it, and nothing here reads it: it is cut out of the text before that.
 *
 * Accept's drop= asks servers not to send it, but those before 1.37 do not know it (KEP-5958).
 */

#include <stddef.h>

/*
 * Writes bytes without the managedFields of an object, of a watch line's object or of a list's
 * items to out, which has room for length bytes, and returns how many it wrote. Below spec and
 * status nothing is touched, whatever its name. Text that is not JSON may come out changed: what
 * decodes it afterwards refuses it still.
 */
size_t managed_fields_cut(char *out, const char *bytes, size_t length);
