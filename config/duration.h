#pragma once

/*
 * Durations as Go writes them: numbers with a unit, largest first or not, added up: "10s",
 * "1m30s", "500ms", "1.5h", and "0" alone. Whole milliseconds only; never negative.
 */

#include <stdbool.h>
#include <stdint.h>

/* Ten years: far above every setting, far below where sums of milliseconds overflow. */
#define DURATION_MAX_MS UINT64_C(315360000000)

enum { DURATION_TEXT_SIZE = 32 };

/* False when text is no duration, is finer than a millisecond or above DURATION_MAX_MS. */
bool duration_parse(const char *text, uint64_t *duration_ms);

/* In the largest unit that needs no fraction: "90s", "24h", "0s". */
void duration_write(uint64_t duration_ms, char text[DURATION_TEXT_SIZE]);
