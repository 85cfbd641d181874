#pragma once

/*
 * Words from outside (a server's message, a broken body) made fit to show to a person and to put
 * into a JSON text: valid UTF-8, no control characters, no longer than asked.
 */

#include <stddef.h>

struct arena;

/* A copy of at most size_max bytes, cut at a character's border, white space at the ends dropped.
 * Control characters become spaces; when it is not UTF-8, so does every byte that is not ASCII. */
char *kube_words(struct arena *arena, const char *bytes, size_t length, size_t size_max);
