/* Gates that may stop early, and how many samples they and others need. */
#include "check.h"

#include "base/random.h"
#include "measure/power.h"
#include "measure/sequential.h"

static struct lh_sequential start(double m, bool at_most, int rules)
{
	struct lh_sequential s;
	if (lh_sequential_init(&s, &(struct lh_gate_rule){ m, at_most, rules }, NULL))
		exit(1);
	return s;
}

/* Sample by sample it is the wealth over all of them, which test_measure_intervals.c shows to be fair. */
static void test_is_the_wealth(void)
{
	struct lh_sequential up = start(0.7, false, 1), down = start(0.3, true, 1);
	struct lh_random r = lh_random_stream(1, 0, 0, LH_FOR_CHECK, 20);
	double x[200], mirrored[200];
	for (int i = 0; i < 200; i++) {
		x[i] = lh_random_unit(&r);
		mirrored[i] = 1 - x[i];
		lh_sequential_add(&up, x[i]);
		lh_sequential_add(&down, mirrored[i]);
		CHECK(lh_sequential_passing(&up) == lh_bet_wealth(x, i + 1, 0.7));
		CHECK_NEAR(lh_sequential_failing(&up), lh_bet_wealth(mirrored, i + 1, 1 - 0.7), 1e-9 * lh_sequential_failing(&up));
		CHECK_NEAR(lh_sequential_passing(&down), lh_sequential_passing(&up), 1e-9 * lh_sequential_passing(&up));
	}
	CHECK(up.verdict == LH_GATE_FAIL && down.verdict == LH_GATE_FAIL && up.decided_at == down.decided_at);
	CHECK(up.samples == 200 && up.decided_at > 10 && up.decided_at < 200);
}

/* By hand: m = 1/2, only ones: wealth (2^n + 1.5^n + 1.25^n + ...)/8: 2^7 = 128 gives 18.9, 2^8 36.4,
 * 2^9 = 512 gives 70 and more: nine samples. */
static void test_least(void)
{
	static const struct { double m; bool at_most; } rules[] = { { 0.5, false }, { 0.5, true }, { 0.8, false }, { 0.9, false }, { 0.01, true }, { 0.2, false } };
	for (int i = 0; i < 6; i++) {
		struct lh_gate_rule rule = { rules[i].m, rules[i].at_most, 3 };
		struct lh_sequential s = start(rule.m, rule.at_most, 3);
		while (lh_sequential_add(&s, rule.at_most ? 0 : 1) == LH_GATE_OPEN)
			;
		CHECK(s.verdict == LH_GATE_PASS);
		CHECK_INT(lh_sequential_least(&rule), s.decided_at);
		printf("mean %s %g: passes after %lld perfect samples at the soonest\n", rule.at_most ? "<=" : ">=", rule.m, (long long)s.decided_at);
	}
	CHECK_INT(lh_sequential_least(&(struct lh_gate_rule){ 0.5, false, 1 }), 9);
	/* No bet on samples that are never above 1 grows faster than 1/m a sample: 368 is the least for
	 * any gambler at 40; one who spreads his stakes over eight needs 8 times the wealth of the boldest. */
	int64_t least = lh_sequential_least(&(struct lh_gate_rule){ 0.01, true, 1 });
	CHECK(least >= 368 && least <= (int64_t)ceil(log(320) / -log(0.99)));
	CHECK(lh_sequential_least(&(struct lh_gate_rule){ 1 - 1e-9, false, 1 }) > INT64_C(3600000000));
}

static void test_more_rules_fail_later(void)
{
	struct lh_sequential one = start(0.9, false, 1), many = start(0.9, false, 20);
	for (int i = 0; i < 400; i++) {
		lh_sequential_add(&one, i % 3 == 0 ? 0 : 1);
		lh_sequential_add(&many, i % 3 == 0 ? 0 : 1);
	}
	CHECK(one.verdict == LH_GATE_FAIL && many.verdict == LH_GATE_FAIL && one.decided_at < many.decided_at);
	/* What was decided stays, whatever comes. */
	int64_t at = one.decided_at;
	for (int i = 0; i < 5000; i++)
		lh_sequential_add(&one, 1);
	CHECK(one.verdict == LH_GATE_FAIL && one.decided_at == at && lh_sequential_passing(&one) > LH_BET_THRESHOLD);
}

static void test_refused(void)
{
	static const double limits[] = { 0, 1, -0.5, 2, NAN };
	struct lh_sequential s;
	for (int i = 0; i < 5; i++)
		CHECK_INT(lh_sequential_init(&s, &(struct lh_gate_rule){ limits[i], false, 1 }, NULL), LH_E_USAGE);
	CHECK_INT(lh_sequential_init(&s, &(struct lh_gate_rule){ 0.5, false, 0 }, NULL), LH_E_USAGE);
}

enum lookers { SEQUENCES = 2000, LONGEST = 600 };

struct tally { int passed, failed; double samples; };

/* 2,000 sequences with P(X = 1) = p, looked at after every sample. */
static struct tally peek(double p, double m, int rules)
{
	struct tally t = { 0 };
	for (int k = 0; k < SEQUENCES; k++) {
		struct lh_random r = lh_random_stream((uint64_t)k, 0, 0, LH_FOR_CHECK, 21);
		struct lh_sequential s = start(m, false, rules);
		while (s.verdict == LH_GATE_OPEN && s.samples < LONGEST)
			lh_sequential_add(&s, lh_random_unit(&r) < p);
		t.passed += s.verdict == LH_GATE_PASS;
		t.failed += s.verdict == LH_GATE_FAIL;
		t.samples += (double)s.samples / SEQUENCES;
	}
	return t;
}

/* At the boundary either verdict is wrong half the time at most: 2.5 % each, 40 m: 2.5 %/m. 71 of
 * 2,000 is the 99.9 % point of a binomial with 0.025. */
static void test_error_at_the_boundary(void)
{
	static const double limits[] = { 0.2, 0.5, 0.8, 0.9, 0.99 };
	for (int i = 0; i < 5; i++) {
		struct tally t = peek(limits[i], limits[i], 1), four = peek(limits[i], limits[i], 4);
		printf("mean = limit = %g: %d of 2000 passed, %d failed; %d as one of four rules\n", limits[i], t.passed, t.failed, four.failed);
		CHECK(t.passed <= 71 && t.failed <= 71);
		CHECK(four.failed <= 28);        /* 99.9 % point with 0.025/4 */
		CHECK(four.passed >= t.passed);
	}
}

static void test_decides(void)
{
	static const struct { double p, m; enum lh_gate_verdict right; } cases[] = {
		{ 0.95, 0.8, LH_GATE_PASS }, { 0.6, 0.8, LH_GATE_FAIL }, { 0.7, 0.5, LH_GATE_PASS }, { 0.3, 0.5, LH_GATE_FAIL }, { 0.8, 0.9, LH_GATE_FAIL },
	};
	for (int i = 0; i < 5; i++) {
		struct tally t = peek(cases[i].p, cases[i].m, 1);
		int right = cases[i].right == LH_GATE_PASS ? t.passed : t.failed, wrong = t.passed + t.failed - right;
		printf("mean %g, limit %g: %d right, %d wrong, after %.0f samples\n", cases[i].p, cases[i].m, right, wrong, t.samples);
		CHECK(right >= 1900 && wrong <= 5 && t.samples < 250);
	}
}

/* ---- power ---- */

/* Rejects "p <= 1/2" where more than half of n by 1.96 standard errors are ones. */
static int sign_test(void *world, int n, uint64_t r, struct lh_error *err)
{
	double p = *(double *)world;
	int ones = 0;
	(void)err;
	for (int i = 0; i < n; i++) {
		struct lh_random luck = lh_random_stream(3, (uint64_t)i, 0, LH_FOR_CHECK, r);
		ones += lh_random_unit(&luck) < p;
	}
	return (ones - 0.5 * n) / sqrt(0.25 * n) > 1.959964;
}

/* The same by adding up the binomial's tail. */
static double exact_power(double p, int n)
{
	double sum = 0;
	for (int k = 0; k <= n; k++)
		if ((k - 0.5 * n) / sqrt(0.25 * n) > 1.959964)
			sum += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p));
	return sum;
}

static void test_power_at(void)
{
	double p = 0.7;
	for (int n = 10; n <= 60; n += 25) {
		struct lh_power got;
		CHECK_INT(lh_power_at(sign_test, &p, n, 2000, &got, NULL), 0);
		double want = exact_power(p, n);
		CHECK_NEAR(got.power, want, 3.3 * sqrt(want * (1 - want) / 2000));
		CHECK_NEAR(got.error, sqrt(got.power * (1 - got.power) / 2000), 1e-15);
		CHECK(got.n == n && got.replications == 2000 && got.ci.lo < got.power && got.power < got.ci.hi);
	}
}

/* By the normal limit, for 0.7 against 0.5 and a power of 80 %, n = ((1.96 * 0.5 + 0.8416 * 0.4583)/0.2)^2 = 46.6. */
static void test_power_find(void)
{
	double p = 0.7;
	struct lh_power got, before;
	struct lh_power_search s = { .least = 1, .most = 1000, .target = 0.8, .replications = 2000 };
	CHECK_INT(lh_power_find(sign_test, &p, &s, &got, NULL), 0);
	CHECK_INT(lh_power_at(sign_test, &p, got.n - 1, 2000, &before, NULL), 0);
	printf("0.7 against 0.5, power 0.8: %d samples (normal limit 46.6), power %.3f +- %.3f\n", got.n, got.power, got.error);
	CHECK(got.power >= 0.8 && before.power < 0.8);
	CHECK(got.n >= 41 && got.n <= 52);
	s.most = 20;
	CHECK_INT(lh_power_find(sign_test, &p, &s, &got, NULL), 0);
	CHECK(got.n == 20 && got.power < 0.8);
	s.least = 300;
	s.most = 400;
	CHECK_INT(lh_power_find(sign_test, &p, &s, &got, NULL), 0);
	CHECK(got.n == 300 && got.power > 0.99);
}

static int enough(void *world, int n, uint64_t r, struct lh_error *err)
{
	(void)r;
	(void)err;
	return n >= *(int *)world;
}

static void test_power_finds_exactly(void)
{
	for (int needed = 1; needed <= 70; needed++)
		for (int least = 1; least <= 30; least += 7) {
			struct lh_power got;
			struct lh_power_search s = { least, 64, 0.5, 1 };
			CHECK_INT(lh_power_find(enough, &needed, &s, &got, NULL), 0);
			CHECK_INT(got.n, needed < least ? least : needed > 64 ? 64 : needed);
			CHECK(got.power == (needed <= 64));
		}
}

static int breaks(void *world, int n, uint64_t r, struct lh_error *err)
{
	(void)world;
	return r == 3 ? lh_fail(err, LH_E_DATA, "%d samples are too many", n) : 1;
}

static void test_power_refuses(void)
{
	struct lh_power got;
	struct lh_error err = { 0 };
	CHECK_INT(lh_power_at(breaks, NULL, 7, 10, &got, &err), LH_E_DATA);
	CHECK_HAS(err.text, "7 samples");
	CHECK_INT(lh_power_at(breaks, NULL, 7, 3, &got, NULL), 0);
	CHECK_INT(lh_power_at(breaks, NULL, 7, 0, &got, NULL), LH_E_USAGE);
	struct lh_power_search bad[] = { { 0, 5, 0.8, 10 }, { 5, 4, 0.8, 10 }, { 1, 5, 1, 10 }, { 1, 5, 0, 10 } };
	for (int i = 0; i < 4; i++)
		CHECK_INT(lh_power_find(breaks, NULL, &bad[i], &got, NULL), LH_E_USAGE);
	CHECK_INT(lh_power_find(breaks, NULL, &(struct lh_power_search){ 1, 5, 0.8, 10 }, &got, NULL), LH_E_DATA);
}

int main(void)
{
	test_is_the_wealth();
	test_least();
	test_more_rules_fail_later();
	test_refused();
	test_error_at_the_boundary();
	test_decides();
	test_power_at();
	test_power_find();
	test_power_finds_exactly();
	test_power_refuses();
	return check_done();
}
