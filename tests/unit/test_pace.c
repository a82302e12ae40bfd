/* Concurrency and rates on a clock of its own: no test here waits. */
#include "check.h"
#include "net/pace.h"

#define SECOND INT64_C(1000000)

static struct lh_pace *pace(int most, double rps, double tpm)
{
	struct lh_pace *p;
	struct lh_error err = { 0 };
	CHECK_INT(lh_pace_new(&(struct lh_pace_settings){ most, rps, tpm }, &p, &err), 0);
	return p;
}

/* As many as may go now; then all end with e. Returns how many went. */
static int wave(struct lh_pace *p, int64_t now, int most, enum lh_pace_event e)
{
	int64_t until;
	int n = 0;
	while (n < most && lh_pace_take(p, now, 10, &until))
		n++;
	for (int i = 0; i < n; i++)
		lh_pace_done(p, now, e, 10, -1);
	return n;
}

static void ends(struct lh_pace *p, int64_t now, enum lh_pace_event e)
{
	CHECK_INT(wave(p, now, 1, e), 1);
}

static void prove(struct lh_pace *p)
{
	ends(p, 0, LH_PACE_OK_RETRIED);                      /* neutral: the round stays empty */
}

static void test_alone_until_proven(void)
{
	struct lh_pace *p = pace(50, 0, 0);
	int64_t until;
	for (int e = LH_PACE_LIMITED; e <= LH_PACE_OTHER; e++) {
		CHECK(lh_pace_take(p, 0, 1, &until) && !lh_pace_take(p, 0, 1, &until));
		CHECK(until == INT64_MAX && lh_pace_in_flight(p) == 1);
		lh_pace_done(p, 0, (enum lh_pace_event)e, 1, -1);
		CHECK(!lh_pace_proven(p));
	}
	ends(p, 0, LH_PACE_OK);
	CHECK(lh_pace_proven(p));
	CHECK(wave(p, 0, 1000, LH_PACE_OTHER) > 1);
	lh_pace_free(p);
}

static void test_start_and_doubling(void)
{
	static const struct { int most, start; } cases[] = { { 1, 1 }, { 7, 7 }, { 20, 20 }, { 100, 20 }, { 0, 20 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_pace *p = pace(cases[i].most, 0, 0);
		CHECK_INT(lh_pace_limit(p), cases[i].start);
		lh_pace_free(p);
	}
	struct lh_pace *p = pace(100, 0, 0);
	prove(p);
	static const int limits[] = { 20, 40, 80, 100, 100, 100 };
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		CHECK_INT(lh_pace_limit(p), limits[i]);
		CHECK_INT(wave(p, 0, 1000, LH_PACE_OK), limits[i]);
	}
	lh_pace_free(p);
}

/* A small limit needs four successes in a row all the same. */
static void test_small_round(void)
{
	struct lh_pace *p = pace(100, 0, 0);
	prove(p);
	for (int64_t t = 0; lh_pace_limit(p) > 1; t += 16 * SECOND)
		ends(p, t, LH_PACE_LIMITED);
	for (int i = 0; i < 3; i++)
		ends(p, 1000 * SECOND, LH_PACE_OK);
	CHECK_INT(lh_pace_limit(p), 1);
	ends(p, 1000 * SECOND, LH_PACE_OK);
	CHECK_INT(lh_pace_limit(p), 2);
	lh_pace_free(p);
}

/* Nothing is learnt from successes while the limit was not in use. */
static void test_not_in_use(void)
{
	struct lh_pace *p = pace(100, 0, 0);
	prove(p);
	for (int i = 0; i < 50; i++)
		wave(p, 0, 15, LH_PACE_OK);
	CHECK_INT(lh_pace_limit(p), 20);
	while (lh_pace_limit(p) == 20)
		CHECK_INT(wave(p, 0, 16, LH_PACE_OK), 16);   /* 80 % */
	CHECK_INT(lh_pace_limit(p), 40);
	lh_pace_free(p);
}

static void test_cuts(void)
{
	struct lh_pace *p = pace(100, 0, 0);
	prove(p);
	ends(p, 100 * SECOND, LH_PACE_LIMITED);
	CHECK_INT(lh_pace_limit(p), 16);
	for (int i = 0; i < 20; i++)
		ends(p, 101 * SECOND, LH_PACE_LIMITED);
	ends(p, 115 * SECOND - 1, LH_PACE_LIMITED);
	CHECK_INT(lh_pace_limit(p), 16);                     /* at most once in 15 s */
	wave(p, 114 * SECOND, 1000, LH_PACE_OK);             /* these do not count */
	wave(p, 114 * SECOND, 1000, LH_PACE_OK);
	CHECK_INT(lh_pace_limit(p), 16);
	ends(p, 115 * SECOND, LH_PACE_LIMITED);
	CHECK_INT(lh_pace_limit(p), 12);
	for (int i = 2; i < 100; i++)
		ends(p, (int64_t)(100 + 15 * i) * SECOND, LH_PACE_LIMITED);
	CHECK_INT(lh_pace_limit(p), 1);
	lh_pace_free(p);
}

static void test_growth_after_a_cut(void)
{
	struct lh_pace *p = pace(100, 0, 0);
	prove(p);
	wave(p, 0, 1000, LH_PACE_OK);                        /* 40 */
	ends(p, 0, LH_PACE_LIMITED);                         /* 32 */
	for (int limit = 32; limit < 100; limit += limit / 20 > 1 ? limit / 20 : 1) {
		CHECK_INT(lh_pace_limit(p), limit);
		CHECK_INT(wave(p, 20 * SECOND, 1000, LH_PACE_OK), limit);
	}
	wave(p, 20 * SECOND, 1000, LH_PACE_OK);
	CHECK_INT(lh_pace_limit(p), 100);
	lh_pace_free(p);
}

/* 19 clean of 20, then something else: no growth; only trouble and 429 begin the round again. */
static void test_what_ends_a_round(void)
{
	static const struct { enum lh_pace_event e; int limit; } cases[] = {
		{ LH_PACE_TROUBLE, 20 }, { LH_PACE_OK_RETRIED, 40 }, { LH_PACE_OTHER, 40 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_pace *p = pace(100, 0, 0);
		prove(p);
		CHECK_INT(wave(p, 0, 19, LH_PACE_OK), 19);
		for (int k = 0; k < 100; k++)
			ends(p, 0, cases[i].e);
		CHECK_INT(lh_pace_limit(p), 20);             /* 5xx never cut, nothing neutral raises */
		ends(p, 0, LH_PACE_OK);
		CHECK_INT(lh_pace_limit(p), cases[i].limit);
		lh_pace_free(p);
	}
}

/* ---- rates ---- */

/* Takes as soon as it may, for `span`; every request ends at once. How many went, or how many tokens. */
static int64_t taken(struct lh_pace *p, int64_t from, int64_t span, int64_t tokens)
{
	int64_t n = 0;
	for (int64_t now = from, until; now < from + span; now = until) {
		if (lh_pace_take(p, now, tokens, &until)) {
			lh_pace_done(p, now, LH_PACE_OK, tokens, tokens);
			n++;
			until = now;
		} else {
			CHECK(until > now);
		}
	}
	return n;
}

static void test_rps(void)
{
	struct lh_pace *p = pace(0, 5, 0);
	CHECK_INT(taken(p, 0, 100 * SECOND, 1), 500);        /* one at once, then one each 200 ms */
	CHECK_INT(taken(p, 1000 * SECOND, 1, 1), 1);         /* what was not used is not saved up */
	lh_pace_free(p);
	p = pace(0, 200, 0);
	CHECK_INT(taken(p, 7 * SECOND, 1, 1), 20);           /* a tenth of a second's */
	CHECK_INT(taken(p, 7 * SECOND + 1, 10 * SECOND - 1, 1), 2000 - 1);
	lh_pace_free(p);
	p = pace(0, 0.1, 0);
	int64_t until;
	CHECK(lh_pace_take(p, 0, 1, &until));
	lh_pace_done(p, 0, LH_PACE_OK, 1, 1);
	CHECK(!lh_pace_take(p, 1, 1, &until));
	CHECK_INT(until, 10 * SECOND);
	CHECK(!lh_pace_take(p, 10 * SECOND - 1, 1, &until));
	CHECK(lh_pace_take(p, 10 * SECOND, 1, &until));
	lh_pace_free(p);
}

static void test_tpm(void)
{
	struct lh_pace *p = pace(0, 0, 60000);               /* 1000 a second, 6000 saved up */
	int64_t until;
	CHECK_INT(taken(p, 0, 1, 1000), 6);
	CHECK(!lh_pace_take(p, 0, 2500, &until));
	CHECK_INT(until, 2500000);
	CHECK_INT(taken(p, 1, 60 * SECOND, 1000), 60);
	lh_pace_free(p);
}

/* Whoever stands in front is asked for first: small requests behind it do not empty the bucket. */
static void test_large_is_not_starved(void)
{
	struct lh_pace *p = pace(0, 0, 60000);
	int64_t until, now = 0;
	prove(p);
	CHECK(lh_pace_take(p, now, 5990, &until));
	lh_pace_done(p, now, LH_PACE_OK, 5990, 5990);
	int asked = 0;
	while (!lh_pace_take(p, now, 50000, &until)) {       /* larger than the bucket: it goes when that is full */
		CHECK(until > now);
		now = until;
		asked++;
	}
	CHECK_INT(asked, 1);
	CHECK_INT(now, 6 * SECOND);
	lh_pace_done(p, now, LH_PACE_OK, 50000, -1);
	CHECK(!lh_pace_take(p, now, 1000, &until));          /* and is paid off before the next */
	CHECK_INT(until, now + 45 * SECOND);
	lh_pace_free(p);
}

static void test_corrected(void)
{
	struct lh_pace *p = pace(0, 0, 60000);
	int64_t until;
	CHECK(lh_pace_take(p, 0, 6000, &until));
	lh_pace_done(p, 0, LH_PACE_OK, 6000, 1000);          /* five thousand come back */
	CHECK(lh_pace_take(p, 0, 5000, &until));
	lh_pace_done(p, 0, LH_PACE_OK, 5000, 8000);          /* three thousand more than guessed */
	CHECK(!lh_pace_take(p, 0, 1000, &until));
	CHECK_INT(until, 4 * SECOND);
	CHECK(lh_pace_take(p, 4 * SECOND, 1000, &until));
	lh_pace_done(p, 4 * SECOND, LH_PACE_TROUBLE, 1000, -1);
	CHECK(lh_pace_take(p, 100 * SECOND, 6000, &until));
	lh_pace_done(p, 100 * SECOND, LH_PACE_OK, 6000, 0);
	lh_pace_done(p, 100 * SECOND, LH_PACE_OK, 6000, 0);  /* never above what can be saved up */
	CHECK(lh_pace_take(p, 100 * SECOND, 6000, &until) && !lh_pace_take(p, 100 * SECOND, 1, &until));
	lh_pace_free(p);
}

/* A clock handed in that stands or goes back gives nothing away. */
static void test_clock_goes_back(void)
{
	struct lh_pace *p = pace(0, 1, 0);
	int64_t until;
	ends(p, 10 * SECOND, LH_PACE_OK);
	CHECK(!lh_pace_take(p, 5 * SECOND, 1, &until));
	CHECK(!lh_pace_take(p, 10 * SECOND, 1, &until));
	CHECK(lh_pace_take(p, 11 * SECOND, 1, &until));
	lh_pace_free(p);
}

static void test_settings(void)
{
	static const struct lh_pace_settings bad[] = { { -1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 }, { 0, NAN, 0 }, { 0, 0, INFINITY } };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct lh_error err = { 0 };
		struct lh_pace *p;
		CHECK_INT(lh_pace_new(&bad[i], &p, &err), LH_E_USAGE);
		CHECK(!p);
	}
	lh_pace_free(NULL);
}

int main(void)
{
	test_alone_until_proven();
	test_start_and_doubling();
	test_small_round();
	test_not_in_use();
	test_cuts();
	test_growth_after_a_cut();
	test_what_ends_a_round();
	test_rps();
	test_tpm();
	test_large_is_not_starved();
	test_corrected();
	test_clock_goes_back();
	test_settings();
	return check_done();
}
