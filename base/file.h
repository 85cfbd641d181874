#pragma once

/*
 * Small files, whole: tokens, certificates, settings.
 */

#include <stddef.h>

struct error;

/* The content, NUL-terminated, for free(); NULL with ERROR_REFUSED naming the file when it cannot
 * be read or is larger than size_max bytes. length may be NULL. */
char *file_read(const char *path, size_t size_max, size_t *length, struct error *error);
