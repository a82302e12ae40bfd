/* The intervals: against published examples, by hand, and against enumeration. */
#include "unit/test_measure_grid.h"

#include "measure/betting.h"
#include "measure/bootstrap.h"
#include "measure/normal.h"
#include "measure/wilson.h"

/* Newcombe, Statistics in Medicine 17 (1998), table I, method 3. */
static void test_wilson(void)
{
	static const struct { int k, n; double lo, hi; } cases[] = {
		{ 81, 263, 0.2553, 0.3662 }, { 15, 148, 0.0624, 0.1605 }, { 0, 20, 0, 0.1611 }, { 1, 29, 0.0061, 0.1718 },
	};
	for (int i = 0; i < 4; i++) {
		double share = lh_share(cases[i].k, cases[i].n);
		struct lh_interval w = lh_wilson(share, cases[i].n), m = lh_wilson(1 - share, cases[i].n);
		CHECK_NEAR(w.lo, cases[i].lo, 5e-5);
		CHECK_NEAR(w.hi, cases[i].hi, 5e-5);
		CHECK_NEAR(m.lo, 1 - w.hi, 1e-15);
	}
	CHECK(lh_wilson(0, 7).lo == 0 && lh_wilson(1, 7).hi == 1);
	/* Both ends solve |share - p| = z sqrt(p (1 - p) / n), for an effective number as for a count. */
	struct lh_interval e = lh_wilson(0.3, 12.5);
	CHECK_NEAR((0.3 - e.lo) / sqrt(e.lo * (1 - e.lo) / 12.5), LH_Z95, 1e-12);
	CHECK_NEAR((e.hi - 0.3) / sqrt(e.hi * (1 - e.hi) / 12.5), LH_Z95, 1e-12);
}

/* Brown, Cai, DasGupta, Statistical Science 16 (2001): the coverage swings about 95 % as p moves, since
 * heads come in whole numbers. Summed over all k of n = 100. */
static void test_wilson_covers(void)
{
	double sum = 0, least = 1;
	int count = 0;
	for (double p = 0.05; p < 0.9501; p += 0.001, count++) {
		double chance = pow(1 - p, 100), covered = 0;
		for (int k = 0; k <= 100; k++) {
			struct lh_interval w = lh_wilson(k / 100.0, 100);
			covered += w.lo <= p && p <= w.hi ? chance : 0;
			chance *= (100 - k) / (k + 1.0) * p / (1 - p);
		}
		sum += covered;
		least = fmin(least, covered);
	}
	CHECK_NEAR(sum / count, 0.95, 0.002);
	CHECK(least > 0.92);
}

static void test_not_a_number(void)
{
	CHECK(isnan(lh_share(0, 0)));
	CHECK(isnan(lh_wilson(0.5, 0).lo) && isnan(lh_wilson(0.5, -1).hi));
	CHECK(isnan(lh_wilson(NAN, 5).lo) && isnan(lh_wilson(0.5, NAN).hi));
	double v = 1;
	CHECK(isnan(lh_quantile(&v, 0, 0.5)) && isnan(lh_quantile(&v, 1, NAN)) && isnan(lh_quantile(&v, 1, 1.5)));
	CHECK(isnan(lh_normal_quantile(NAN)) && isnan(lh_normal_quantile(-0.1)) && isnan(lh_normal_quantile(1.1)));
}

static void test_distributions(void)
{
	CHECK_NEAR(lh_normal_quantile(0.975), LH_Z95, 1e-14);
	CHECK_NEAR(lh_normal_quantile(0.025), -LH_Z95, 1e-14);
	CHECK_NEAR(lh_normal_quantile(0.001), -3.090232306167814, 1e-13);
	CHECK_NEAR(lh_normal_below(1), 0.8413447460685429, 1e-15);
	CHECK_NEAR(lh_normal_quantile(0.5), 0, 1e-15);
	CHECK(isinf(lh_normal_quantile(0)) && isinf(lh_normal_quantile(1)));
	/* Any table of Student's t, two-sided 95 %. */
	static const struct { int freedom; double t; } cases[] = { { 3, 3.1824 }, { 5, 2.5706 }, { 10, 2.2281 }, { 30, 2.0423 }, { 99, 1.9842 } };
	for (int i = 0; i < 5; i++)
		CHECK_NEAR(lh_student_quantile95(cases[i].freedom), cases[i].t, i == 0 ? 0.0318 : i == 1 ? 3e-3 : 2e-4);
}

/* Efron, Tibshirani, An Introduction to the Bootstrap (1993), section 14.3: the spatial test data,
 * 90 % interval, z0 = 0.146, a = 0.061: levels 0.110 and 0.985. */
static void test_bca_levels(void)
{
	struct lh_interval at = lh_bca_levels(&(struct lh_bca){ 0.146, 0.061, 1.6448536 });
	CHECK_NEAR(at.lo, 0.110, 5e-4);
	CHECK_NEAR(at.hi, 0.985, 1e-3);
	at = lh_bca_levels(&(struct lh_bca){ 0, 0, LH_Z95 });
	CHECK_NEAR(at.lo, 0.025, 1e-12);
	CHECK_NEAR(at.hi, 0.975, 1e-12);
	at = lh_bca_levels(&(struct lh_bca){ 0, 0.16, 12 });
	CHECK(at.lo < 0.01 && at.hi == 1);
	at = lh_bca_levels(&(struct lh_bca){ 0, -0.16, 12 });
	CHECK(at.lo == 0 && at.hi > 0.99);
}

static void test_quantile(void)
{
	static const double v[] = { 1, 2, 4 };
	static const struct { double p, want; } cases[] = { { 0, 1 }, { 0.25, 1 }, { 0.5, 2 }, { 0.625, 3 }, { 0.75, 4 }, { 1, 4 } };
	for (int i = 0; i < 6; i++)
		CHECK_NEAR(lh_quantile(v, 3, cases[i].p), cases[i].want, 1e-15);
}

/* The definition, without stretches: each turn's share over the drawn samples that were observed,
 * then the mean over turns. */
static double rate_by_definition(const struct lh_grid *g, const int *weight)
{
	double sum = 0;
	int turns = 0;
	for (int t = 0; t < g->turns; t++) {
		int errors = 0, n = 0;
		for (int i = 0; i < g->samples; i++) {
			int o = g->outcome[i * g->turns + t];
			if (o == LH_UNSEEN || o == LH_OUTCOME_FAILED)
				continue;
			n += weight[i];
			errors += lh_outcome_turn_ok(o) ? 0 : weight[i];
		}
		sum += n ? (double)errors / n : 0;
		turns += n > 0;
	}
	return turns ? sum / turns : NAN;
}

/* Draw number `code` of the n^n, as weights. */
static void nth_resample(int code, int *weight, int n)
{
	memset(weight, 0, (size_t)n * sizeof *weight);
	for (int i = 0; i < n; i++, code /= n)
		weight[code % n]++;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Rates of all 6^6 resamples, sorted, in a table of the grid and by definition. */
static int enumerate(const struct lh_grid *g, const struct lh_error_table *e, double *rate)
{
	int n = 0, weight[6];
	for (int code = 0; code < 46656; code++) {
		nth_resample(code, weight, 6);
		double want = rate_by_definition(g, weight), got = lh_error_rate(e, weight);
		if (isnan(want) ? !isnan(got) : !(fabs(got - want) < 1e-12))
			return -1;
		if (!isnan(want))
			rate[n++] = got;
	}
	qsort(rate, (size_t)n, sizeof *rate, compare);
	return n;
}

/* BCa as the books write it, on the enumerated distribution. */
static struct lh_interval exact_interval(const struct lh_grid *g, const double *rate, int n, double student)
{
	int weight[6] = { 1, 1, 1, 1, 1, 1 };
	double estimate = rate_by_definition(g, weight), below = 0, mean = 0, square = 0, cube = 0, without[6];
	for (int i = 0; i < n; i++)
		below += rate[i] < estimate - 1e-12 ? 1 : rate[i] < estimate + 1e-12 ? 0.5 : 0;
	for (int i = 0; i < 6; i++) {
		weight[i] = 0;
		mean += (without[i] = rate_by_definition(g, weight)) / 6;
		weight[i] = 1;
	}
	for (int i = 0; i < 6; i++) {
		square += pow(mean - without[i], 2);
		cube += pow(mean - without[i], 3);
	}
	double z0 = lh_normal_quantile(below / n), a = cube / (6 * pow(square, 1.5)), z = student * sqrt(6 / 5.0);
	double lo = lh_normal_below(z0 + (z0 - z) / (1 - a * (z0 - z))), hi = lh_normal_below(z0 + (z0 + z) / (1 - a * (z0 + z)));
	return (struct lh_interval){ rate[(int)(lo * n)], rate[(int)(hi * n)] };
}

static void test_bootstrap_against_enumeration(void)
{
	struct lh_grid grids[] = {
		GRID("ccccccccccccccccssss", "cccccccccccccccccccs", "ccccccccccssssssssss", "cccccccsccscsccccscc", "cccccccccccccscscscs", "ccccccccccccccccccss"),
		GRID("cccccccccsscc!......", "cccccccccccccccccccs", "ccccccccccs!........", "ccsccccsccscsccccscc", "cccccccccc!.........", "ccccccccccccccccccss"),
	};
	double *rate = malloc(46656 * sizeof *rate);
	for (int i = 0; i < 2; i++) {
		struct lh_error_table e;
		struct lh_interval got;
		CHECK_INT(lh_error_table_init(&e, &grids[i], 0, false, NULL), 0);
		CHECK_INT(e.stretches, i == 0 ? 1 : 4);
		int n = enumerate(&grids[i], &e, rate);
		CHECK_INT(n, 46656);
		struct lh_interval want = exact_interval(&grids[i], rate, n, 2.5706);
		/* 100,000 draws put the 0.2 % level within 0.014 % (one standard error). */
		CHECK_INT(lh_bootstrap_error_rate(&e, 5, 100000, &got, NULL), 0);
		printf("enumerated [%.4f, %.4f], drawn [%.4f, %.4f]\n", want.lo, want.hi, got.lo, got.hi);
		CHECK_NEAR(got.lo, want.lo, 0.004);
		CHECK_NEAR(got.hi, want.hi, 0.008);
		lh_error_table_fini(&e);
		free((void *)(uintptr_t)grids[i].outcome);
	}
	free(rate);
}

/* Each of the 3^3 resamples of three samples is as likely as the others. */
static void test_resamples_are_uniform(void)
{
	int drawn[4][4] = { { 0 } }, weight[3];
	for (int b = 0; b < 27000; b++) {
		lh_bootstrap_weights(11, b, weight, 3);
		CHECK(weight[0] + weight[1] + weight[2] == 3);
		drawn[weight[0]][weight[1]]++;
	}
	static const int ways[4][4] = { { 1, 3, 3, 1 }, { 3, 6, 3, 0 }, { 3, 3, 0, 0 }, { 1, 0, 0, 0 } };
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)   /* within four standard errors */
			CHECK_NEAR(drawn[i][j], 1000.0 * ways[i][j], 4 * sqrt(1000.0 * ways[i][j]));
}

/* One set of indexes for all conditions: a condition with twice the errors of another in every sample
 * has an interval of twice the ends. Another seed draws others. */
static void test_one_set_of_indexes(void)
{
	enum { N = 30, T = 60 };
	static uint8_t once[N * T], twice[N * T];
	for (int i = 0; i < N; i++)
		for (int t = 0; t < T; t++) {
			once[i * T + t] = t < i % 7 ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
			twice[i * T + t] = t < 2 * (i % 7) ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
		}
	struct lh_interval ci[3];
	const uint8_t *cells[] = { once, twice, once };
	for (int i = 0; i < 3; i++) {
		struct lh_grid g = { .samples = N, .turns = T, .outcome = cells[i], .steps_per_turn = 1 };
		struct lh_measure_options o = { .resamples = 300, .seed = i == 2 ? 8 : 7 };
		struct lh_result *r = NULL;
		CHECK_INT(lh_measure(&g, &o, &r, NULL), 0);
		ci[i] = r->turn_error_rate_ci;
		lh_result_free(r);
	}
	CHECK_NEAR(ci[1].lo, 2 * ci[0].lo, 1e-12);
	CHECK_NEAR(ci[1].hi, 2 * ci[0].hi, 1e-12);
	CHECK(ci[2].lo != ci[0].lo || ci[2].hi != ci[0].hi);
}

static void test_never_zero_width(void)
{
	struct lh_grid grids[] = {
		GRID("cccc"), GRID("ssss"), GRID("cs"), GRID("cccc", "cccc", "cccc"), GRID("ssss", "ssss"),
		GRID("cs", "sc", "cs", "sc"), GRID("cc", "!.", "..", "!."), GRID("c!", "cc"), GRID("cs", "!."), GRID("ccs", "c!."),
	};
	for (int i = 0; i < (int)(sizeof grids / sizeof *grids); i++) {
		struct lh_result *r = measure_grid(grids[i], 0.5);
		const struct lh_interval *ci = &r->turn_error_rate_ci;
		CHECK(ci->lo < ci->hi);
		CHECK(ci->lo >= 0 && ci->hi <= 1);
		CHECK(ci->lo <= r->turn_error_rate && r->turn_error_rate <= ci->hi);
		lh_result_free(r);
	}
}

/* A tenth of the resamples of two tried samples among twelve draws neither: no rate, no matter. With
 * so few samples the interval is the whole distribution. */
static void test_samples_never_tried(void)
{
	struct lh_grid g = GRID("cccs", "csss", "....", "....", "....", "....", "....", "....", "....", "....", "....", "....");
	struct lh_error_table e;
	CHECK_INT(lh_error_table_init(&e, &g, 0, false, NULL), 0);
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct lh_interval ci;
		CHECK_INT(lh_bootstrap_error_rate(&e, seed, 100, &ci, NULL), 0);
		CHECK(ci.lo == 0.25 && ci.hi == 0.75);
	}
	lh_error_table_fini(&e);
	free((void *)(uintptr_t)g.outcome);
}

static void test_own_rates(void)
{
	struct lh_grid g = GRID("sc!.", "!...", "cccs", "r!..");
	struct lh_error_table e;
	double own[4];
	CHECK_INT(lh_error_table_init(&e, &g, 0, false, NULL), 0);
	CHECK_INT(lh_error_rate_each(&e, own), 3);
	CHECK(own[0] == 0.5 && own[1] == 0.25 && own[2] == 1);
	CHECK_NEAR(lh_error_rate_without(&e, 0), (1 / 2.0 + 0 + 0 + 1) / 4, 1e-15);
	lh_error_table_fini(&e);
	CHECK_INT(lh_error_table_init(&e, &g, 2, true, NULL), 0);
	CHECK_INT(lh_error_rate_each(&e, own), 1);
	CHECK(own[0] == 0.5 && isnan(lh_error_rate_without(&e, 2)));
	lh_error_table_fini(&e);
	free((void *)(uintptr_t)g.outcome);
}

/* The wealth against the true mean is 1 on average: a fair game. Enumerated over n coin tosses. */
static void test_betting_is_fair(void)
{
	enum { N = 10 };
	for (int m = 1; m < 10; m++) {
		double p = m / 10.0, mean = 0;
		for (int code = 0; code < 1 << N; code++) {
			double x[N], chance = 1;
			for (int i = 0; i < N; i++) {
				x[i] = code >> i & 1;
				chance *= x[i] > 0 ? p : 1 - p;
			}
			mean += chance * lh_bet_wealth(x, N, p);
		}
		CHECK_NEAR(mean, 1, 1e-9);
	}
}

/* By hand: after one 0, stake f at m on "below" leaves 1 - f + f/(1 - m) = 1 + f m/(1 - m), the mean
 * f is (2 - 1/128)/8, so 40 is reached at m/(1 - m) = 39/f. */
static void test_betting_by_hand(void)
{
	double x[] = { 0, 1 }, f = (2 - 1 / 128.0) / 8, odds = 39 / f;
	struct lh_interval zero = lh_bet_interval(x, 1), one = lh_bet_interval(x + 1, 1), none = lh_bet_interval(x, 0);
	CHECK_NEAR(zero.lo, 0, 0);
	CHECK_NEAR(zero.hi, odds / (1 + odds), 1e-12);
	CHECK_NEAR(one.lo, 1 - odds / (1 + odds), 1e-12);
	CHECK_NEAR(one.hi, 1, 0);
	CHECK(none.lo == 0 && none.hi == 1);
}

/* Probability that the interval of n tosses with k heads contains p, at every p: at least 0.95. */
static void test_betting_covers(void)
{
	enum { N = 30 };
	struct lh_interval ci[N + 1];
	for (int k = 0; k <= N; k++) {
		double x[N] = { 0 };
		for (int i = 0; i < k; i++)
			x[i] = 1;
		ci[k] = lh_bet_interval(x, N);
		CHECK(ci[k].lo <= k / (double)N && k / (double)N <= ci[k].hi && ci[k].lo < ci[k].hi);
	}
	double least = 1;
	for (double p = 0.005; p < 1; p += 0.005) {
		double chance = pow(1 - p, N), covered = 0;
		for (int k = 0; k <= N; k++) {
			covered += ci[k].lo <= p && p <= ci[k].hi ? chance : 0;
			chance *= (N - k) / (k + 1.0) * p / (1 - p);
		}
		least = fmin(least, covered);
	}
	CHECK(least >= 0.95);
	CHECK(ci[N / 2].hi - ci[N / 2].lo < 0.6);      /* and it says something */
}

/* Long runs neither overflow nor turn into NAN: all of the stake lost, then 10^5 wins. */
static void test_betting_extremes(void)
{
	enum { N = 100001 };
	double *x = malloc(N * sizeof *x);
	for (int i = 0; i < N; i++)
		x[i] = i > 0;
	double w = lh_bet_wealth(x, N, 0.001);
	CHECK(w > 1e300 && !isnan(w));
	w = lh_bet_wealth(x, N, 1 - 1e-12);            /* at m = 1 a win pays nothing; the first was lost */
	CHECK(w > 0.5 && w < 1);
	free(x);
}

int main(void)
{
	test_wilson();
	test_wilson_covers();
	test_not_a_number();
	test_distributions();
	test_bca_levels();
	test_quantile();
	test_bootstrap_against_enumeration();
	test_resamples_are_uniform();
	test_one_set_of_indexes();
	test_never_zero_width();
	test_samples_never_tried();
	test_own_rates();
	test_betting_is_fair();
	test_betting_by_hand();
	test_betting_covers();
	test_betting_extremes();
	return check_done();
}
