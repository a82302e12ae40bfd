/* base/clock.h - the only place that reads a clock. */
#ifndef LH_BASE_CLOCK_H
#define LH_BASE_CLOCK_H

#include <stdint.h>

int64_t lh_clock_mono_us(void);             /* monotonic microseconds, for durations */
void lh_clock_utc(char out[32]);            /* now, as 2026-01-31T12:00:00Z */

#endif
