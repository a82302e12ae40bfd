/* base/clock.h - the only place that reads a clock. */
#ifndef LH_BASE_CLOCK_H
#define LH_BASE_CLOCK_H

#include <stdint.h>

int64_t lh_clock_mono_us(void);             /* monotonic microseconds, for durations */
int64_t lh_clock_utc_s(void);               /* seconds since 1970-01-01 UTC, for dates that others write */
void lh_clock_utc(char out[32]);            /* now, as 2026-01-31T12:00:00Z */

#endif
