/* When to try again: waits, statuses, the quota. */
#include "check.h"
#include "net/retry.h"

#define SECOND INT64_C(1000000)

static struct lh_random luck_of(uint64_t n) { return lh_random_stream(n, 1, 2, LH_FOR_CHECK, 0); }

/* Uniform in (0, cap]: never 0, never above, both ends come near, the mean is half. */
static void check_waits(int attempt, int64_t cap)
{
	struct lh_random luck = luck_of((uint64_t)attempt);
	int64_t least = INT64_MAX, most = 0;
	double sum = 0;
	enum { DRAWS = 20000 };
	for (int i = 0; i < DRAWS; i++) {
		int64_t wait = lh_retry_wait_us(attempt, -1, &luck);
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
		sum += (double)wait;
	}
	CHECK(least > 0 && least < cap / 100);
	CHECK(most <= cap && most > cap - cap / 100);
	CHECK_NEAR(sum / DRAWS / (double)cap, 0.5, 0.02);
}

static void test_waits(void)
{
	static const struct { int attempt; int64_t cap; } cases[] = {
		{ 2, SECOND / 2 }, { 3, SECOND }, { 4, 2 * SECOND }, { 7, 16 * SECOND }, { 8, 30 * SECOND }, { 9, 30 * SECOND }, { 1000000, 30 * SECOND } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_waits(cases[i].attempt, cases[i].cap);
	struct lh_random a = luck_of(7), b = luck_of(7);
	CHECK_INT(lh_retry_wait_us(5, -1, &a), lh_retry_wait_us(5, -1, &b));
}

static void test_asked_for(void)
{
	for (uint64_t i = 0; i < 1000; i++) {
		struct lh_random luck = luck_of(i), same = luck_of(i);
		int64_t own = lh_retry_wait_us(3, -1, &same);
		CHECK_INT(lh_retry_wait_us(3, 400000, &luck), own > 400000 ? own : 400000);
	}
	struct lh_random luck = luck_of(0);
	CHECK_INT(lh_retry_wait_us(2, 45 * SECOND, &luck), 45 * SECOND);
	CHECK_INT(lh_retry_wait_us(2, 3600 * SECOND, &luck), LH_RETRY_AFTER_MOST_US);
	CHECK_INT(lh_retry_wait_us(2, INT64_MAX, &luck), LH_RETRY_AFTER_MOST_US);
	CHECK(lh_retry_wait_us(2, 0, &luck) > 0);
}

static void test_statuses(void)
{
	static const int again[] = { 408, 409, 425, 429, 500, 502, 503, 504, 520, 529, 599 };
	static const int never[] = { 0, 100, 200, 204, 301, 400, 401, 402, 403, 404, 405, 410, 413, 422, 451, 501, 505 };
	for (size_t i = 0; i < sizeof again / sizeof *again; i++)
		CHECK(lh_retry_status(again[i]));
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		CHECK(!lh_retry_status(never[i]));
}

static int retries_left(struct lh_retry_quota *q)
{
	int n = 0;
	while (lh_retry_quota_take(q))
		n++;
	return n;
}

static void test_quota(void)
{
	struct lh_retry_quota q;
	lh_retry_quota_init(&q);
	CHECK_INT(retries_left(&q), 100);                    /* a dead server: a hundred tries, then none */
	CHECK(!lh_retry_quota_take(&q));
	for (int i = 0; i < 4; i++)
		lh_retry_quota_success(&q, false);
	CHECK(!lh_retry_quota_take(&q));
	lh_retry_quota_success(&q, false);
	CHECK(lh_retry_quota_take(&q));
	lh_retry_quota_success(&q, true);                    /* gives back what it took */
	CHECK_INT(retries_left(&q), 1);
	for (int i = 0; i < 2000; i++)
		lh_retry_quota_success(&q, i % 2);
	CHECK_INT(retries_left(&q), 100);                    /* never more than at first */
}

int main(void)
{
	test_waits();
	test_asked_for();
	test_statuses();
	test_quota();
	return check_done();
}
