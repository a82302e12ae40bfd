/* net/retry.h - when to try again. Pure: the clock and the luck are the caller's. */
#ifndef LH_NET_RETRY_H
#define LH_NET_RETRY_H

#include "base/random.h"
#include "net/exchange.h"

#define LH_RETRY_AFTER_MOST_US 120000000 /* a longer Retry-After is cut to this */

/* Wait before attempt `attempt` (from 2), exponential with full jitter: uniform in (0, min(most, base 2^(attempt-2))],
 * or what the server asked for where that is longer (clamped); base 0.5 s, most 30 s. */
int64_t lh_retry_wait_us(int attempt, int64_t retry_after_us, struct lh_random *luck);
/* Retry-After or retry-after-ms as it stands in a header: seconds, or an HTTP date against now (UTC, seconds);
 * -1: not understood. */
int64_t lh_retry_after_us(struct lh_str value, bool milliseconds, int64_t now_s);
/* By status alone: 408, 409, 425, 429, 500 and above (501, 505 excepted) may be tried again. */
bool lh_retry_status(int status);

/* A run-wide quota: a dead server costs a bounded number of tries. 500 tokens, 5 a retry, given back when the
 * retry succeeds; a first try that succeeds gives 1. */
struct lh_retry_quota { int64_t tokens; };
void lh_retry_quota_init(struct lh_retry_quota *q);
bool lh_retry_quota_take(struct lh_retry_quota *q);
void lh_retry_quota_success(struct lh_retry_quota *q, bool retried);

#endif
