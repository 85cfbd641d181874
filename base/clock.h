#pragma once

/*
 * Two clocks: monotonic milliseconds for deadlines, wall seconds/milliseconds since 1970 for what
 * people and AWS read. Tests put their own in place.
 */

#include <stdint.h>

uint64_t clock_now_ms(void); /* monotonic */
int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z */
uint64_t clock_now_us(void); /* monotonic, for measuring */

/* Freezes both clocks at these values until clock_real(); for tests. */
void clock_fake(uint64_t now_ms, int64_t wall_ms);
void clock_real(void);
