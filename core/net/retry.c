#include "net/retry.h"

#define BASE_US 500000
#define MOST_US 30000000
#define DOUBLINGS_MOST 6                 /* 0.5 s × 2^6 is above 30 s */

#define QUOTA_FULL 500
#define QUOTA_RETRY 5
#define QUOTA_SUCCESS 1

int64_t lh_retry_wait_us(int attempt, int64_t retry_after_us, struct lh_random *luck)
{
	int doublings = attempt > 2 ? attempt - 2 : 0;
	if (doublings > DOUBLINGS_MOST)
		doublings = DOUBLINGS_MOST;
	int64_t most = (int64_t)BASE_US << doublings;
	if (most > MOST_US)
		most = MOST_US;
	int64_t wait = 1 + (int64_t)lh_random_below(luck, (uint64_t)most);
	if (retry_after_us > LH_RETRY_AFTER_MOST_US)
		retry_after_us = LH_RETRY_AFTER_MOST_US;
	return wait > retry_after_us ? wait : retry_after_us;
}

bool lh_retry_status(int status)
{
	switch (status) {
	case 408: case 409: case 425: case 429:
		return true;
	case 501: case 505:              /* a method or version of HTTP that the server has not: the same request stays wrong */
		return false;
	default:
		return status >= 500;
	}
}

void lh_retry_quota_init(struct lh_retry_quota *q) { q->tokens = QUOTA_FULL; }

bool lh_retry_quota_take(struct lh_retry_quota *q)
{
	if (q->tokens < QUOTA_RETRY)
		return false;
	q->tokens -= QUOTA_RETRY;
	return true;
}

void lh_retry_quota_success(struct lh_retry_quota *q, bool retried)
{
	q->tokens += retried ? QUOTA_RETRY : QUOTA_SUCCESS;
	if (q->tokens > QUOTA_FULL)
		q->tokens = QUOTA_FULL;
}
