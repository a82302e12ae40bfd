/* Two conditions compared: by hand, over every rearrangement, published data, and how often intervals
 * contain the truth and true nulls are refuted.
 *
 *   test_measure_compare [RUNS]
 *
 * 2,000 worlds by default, seeds fixed. Intervals: 93.3 to 96.5 % must cover (99.9 % of a binomial with
 * 0.95); tests at 0.05: 3.5 to 6.7 % may refute. */
#include "unit/test_measure_grid.h"

#include "base/random.h"
#include "measure/betting.h"
#include "measure/bootstrap.h"
#include "measure/common.h"
#include "measure/compare.h"
#include "measure/jointboot.h"

static int runs = 2000;

static const struct lh_compare_options few = { .seed = 1, .resamples = 200, .permutations = 199 };

static struct lh_comparison compared(struct lh_grid a, struct lh_grid b)
{
	struct lh_comparison c;
	CHECK_INT(lh_compare(&a, &b, &few, &c, NULL), 0);
	return c;
}

static struct lh_comparison apart(struct lh_grid a, struct lh_grid b)
{
	struct lh_comparison c;
	CHECK_INT(lh_compare_apart(&a, &b, &few, &c, NULL), 0);
	return c;
}

static void drop(struct lh_grid g) { free((void *)(uintptr_t)g.outcome); }

/* ---- by hand ---- */

static void test_by_hand(void)
{
	/* Error-free turns 4, 1, 0 against 2, 1, 0; turn errors 0, 1, 2 against 1, 3, 2 of 4. */
	struct lh_grid a = GRID("cccc", "csff", "sfsf"), b = GRID("ccsf", "csss", "sfsf");
	struct lh_comparison c = compared(a, b);
	CHECK(c.paired && c.samples[0] == 3 && c.samples[1] == 3 && !c.stopped);
	CHECK_NEAR(c.error_free.value[0], 5 / 3.0, 1e-15);
	CHECK_NEAR(c.error_free.value[1], 3 / 3.0, 1e-15);
	CHECK_NEAR(c.error_free.difference, 2 / 3.0, 1e-15);
	CHECK_NEAR(c.error_rate.value[0], 3 / 12.0, 1e-15);
	CHECK_NEAR(c.error_rate.value[1], 6 / 12.0, 1e-15);
	CHECK_NEAR(c.error_rate.difference, -3 / 12.0, 1e-15);
	/* Two differences of one sign: two of four signings lie as far out. One difference: both do. */
	CHECK(c.errors.exact && c.errors.count == 4 && c.errors.p == 0.5);
	CHECK(c.length.exact && c.length.count == 2 && c.length.p == 1);
	struct lh_comparison turned = compared(b, a);
	CHECK_NEAR(turned.error_rate.difference, 3 / 12.0, 1e-15);
	CHECK_NEAR(turned.error_free.difference, -2 / 3.0, 1e-15);
	drop(a);
	drop(b);
}

/* Nothing differs: no difference, p = 1, and still no interval without width. */
static void test_same(void)
{
	struct lh_grid a = GRID("cccc", "csff", "sfsf", "cccs");
	struct lh_comparison c = compared(a, a), u = apart(a, a);
	CHECK(c.error_free.difference == 0 && c.error_rate.difference == 0 && c.length.p == 1 && c.errors.p == 1);
	CHECK(c.error_free.ci.lo < 0 && c.error_free.ci.hi > 0 && c.error_free.ci.lo >= -4 && c.error_free.ci.hi <= 4);
	CHECK(c.error_rate.ci.lo < 0 && c.error_rate.ci.hi > 0 && c.error_rate.ci.lo >= -1 && c.error_rate.ci.hi <= 1);
	CHECK(u.error_free.difference == 0 && u.error_rate.difference == 0 && u.length.p == 1 && u.errors.p == 1 && !u.paired);
	drop(a);
}

static void check_wide(struct lh_interval i, double v)
{
	CHECK(i.lo <= v && v <= i.hi && i.lo < i.hi);
}

/* All samples alike in both: the betting interval, on pairs in their order where samples differ. */
static void test_never_flat(void)
{
	struct lh_grid good = GRID("cc", "cc", "cc"), bad = GRID("ss", "ss", "ss"), two = GRID("ss", "ss");
	struct lh_comparison c[] = { compared(good, bad), apart(good, bad), apart(good, two) };
	for (int k = 0; k < 3; k++) {
		CHECK(c[k].error_rate.difference == -1 && c[k].error_free.difference == 2);
		check_wide(c[k].error_rate.ci, -1);
		check_wide(c[k].error_free.ci, 2);
		for (int i = 0; i < 2; i++) {
			check_wide(c[k].error_rate.value_ci[i], c[k].error_rate.value[i]);
			check_wide(c[k].error_free.value_ci[i], c[k].error_free.value[i]);
		}
	}
	struct lh_interval bet = lh_bet_interval((double[]){ 0, 0, 0 }, 3);
	CHECK_NEAR(c[0].error_rate.ci.hi, 2 * bet.hi - 1, 1e-12);
	CHECK_NEAR(c[0].error_free.ci.lo, 2 * (1 - 2 * bet.hi), 1e-9);
	CHECK(c[2].error_rate.ci.hi > c[1].error_rate.ci.hi);
	drop(good);
	drop(bad);
	drop(two);
}

/* Two groups are drawn by themselves: with the same numbers in both, the difference is as uncertain as that of
 * two means, not certain. */
static void test_drawn_apart(void)
{
	enum { SAMPLES = 60, LAST = 10 };
	uint8_t cell[SAMPLES * LAST];
	for (int i = 0; i < SAMPLES * LAST; i++)
		cell[i] = (i / LAST) % 11 > i % LAST ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	struct lh_grid g = { .samples = SAMPLES, .turns = LAST, .outcome = cell, .steps_per_turn = 1 };
	struct lh_compare_options o = { .seed = 5, .resamples = 20000, .untested = true };
	struct lh_comparison c;
	CHECK_INT(lh_compare_apart(&g, &g, &o, &c, NULL), 0);
	double one = c.error_rate.value_ci[0].hi - c.error_rate.value_ci[0].lo, both = c.error_rate.ci.hi - c.error_rate.ci.lo;
	CHECK_NEAR(both / one, sqrt(2), 0.1);
	one = c.error_free.value_ci[1].hi - c.error_free.value_ci[1].lo, both = c.error_free.ci.hi - c.error_free.ci.lo;
	CHECK_NEAR(both / one, sqrt(2), 0.1);
}

static void test_stopped(void)
{
	struct lh_grid a = GRID("ccs.", "cccc", "s..."), b = GRID("s...", "ccs.", "s...");
	a.stop_at_error = true;
	struct lh_comparison c = compared(a, b);
	CHECK(c.stopped && isnan(c.error_rate.difference) && isnan(c.error_rate.ci.lo) && isnan(c.error_rate.value[1]) && isnan(c.errors.p));
	CHECK_NEAR(c.error_free.difference, 6 / 3.0 - 2 / 3.0, 1e-15);
	CHECK(c.length.p > 0 && c.length.p <= 1);
	struct lh_grid one = GRID("s", "c"), other = GRID("c", "c");
	one.stop_at_error = true;
	c = compared(one, other);
	CHECK(!c.stopped && c.error_rate.difference == 0.5 && c.errors.p == 1);
	drop(a), drop(b), drop(one), drop(other);
}

static void test_nothing_observed(void)
{
	struct lh_grid a = GRID("....", "!..."), b = GRID("cccc", "cccs"), none = { .turns = 4, .steps_per_turn = 1 };
	struct lh_comparison c[] = { compared(a, b), compared(b, a), apart(a, b), apart(none, b), compared(none, none) };
	for (int k = 0; k < 5; k++)
		CHECK(isnan(c[k].length.p) && isnan(c[k].errors.p) && isnan(c[k].error_free.difference) && isnan(c[k].error_rate.difference));
	struct lh_compare_options untested = few;
	untested.untested = true;
	CHECK_INT(lh_compare(&b, &b, &untested, &c[0], NULL), 0);
	CHECK(isnan(c[0].length.p) && isnan(c[0].errors.p) && c[0].error_rate.difference == 0);
	drop(a);
	drop(b);
}

/* Turn errors are compared over the cells that both have. */
static void test_common(void)
{
	struct lh_grid a = GRID("cs!.", "cccc", "!..."), b = GRID("csss", "ccs!", "ssss");
	struct lh_comparison c = compared(a, b);
	/* Turn 1: 2 samples; 2: 2; 3: 1 (the second); 4: none. */
	CHECK_NEAR(c.error_rate.value[0], (0 + 0.5 + 0) / 3, 1e-15);
	CHECK_NEAR(c.error_rate.value[1], (0 + 0.5 + 1) / 3, 1e-15);
	CHECK(c.samples[0] == 2 && c.errors.statistic == 0 - 1 / 3.0);
	/* Different samples: all cells up to turn 3, the last that anybody has in the second. */
	struct lh_grid shorter = GRID("ccs!", "cs!.");
	struct lh_comparison u = apart(a, shorter);
	CHECK_NEAR(u.error_rate.value[0], (0 + 0.5 + 0) / 3, 1e-15);
	CHECK_NEAR(u.error_rate.value[1], (0 + 0.5 + 1) / 3, 1e-15);
	CHECK(u.samples[0] == 2 && u.samples[1] == 2);
	drop(a), drop(b), drop(shorter);
}

static void test_usage(void)
{
	struct lh_grid a = GRID("ccc", "ccc"), turns = GRID("cc", "cc"), samples = GRID("ccc");
	struct lh_comparison c;
	struct lh_gap g;
	struct lh_error err = { 0 };
	CHECK_INT(lh_compare(&a, &turns, &few, &c, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "3 and of 2 turns");
	CHECK_INT(lh_compare(&a, &samples, &few, &c, NULL), LH_E_USAGE);
	CHECK_INT(lh_compare_apart(&a, &turns, &few, &c, NULL), LH_E_USAGE);
	CHECK_INT(lh_compare_apart(&a, &samples, &few, &c, NULL), 0);
	CHECK_INT(lh_gap_closed(&a, &a, &turns, &few, &g, NULL), LH_E_USAGE);
	CHECK_INT(lh_gap_closed(&samples, &a, &a, &few, &g, NULL), LH_E_USAGE);
	drop(a), drop(turns), drop(samples);
}

/* ---- published ---- */

/* Darwin's fifteen pairs of maize (Fisher, The Design of Experiments, 1935, section 21), eighths of an inch
 * as turn errors of 80: 1,726 of the 32,768 signings have a sum as far out as 314. */
static void test_darwin(void)
{
	enum { PAIRS = 15, TURNS = 80 };
	static const int maize[PAIRS] = { 49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48 };
	uint8_t cells[2][PAIRS * TURNS];
	memset(cells, LH_OUTCOME_CORRECT, sizeof cells);
	for (int i = 0; i < PAIRS; i++)
		memset(&cells[maize[i] < 0][i * TURNS], LH_OUTCOME_SLIPS, (size_t)abs(maize[i]));
	struct lh_grid g[2];
	for (int k = 0; k < 2; k++)
		g[k] = (struct lh_grid){ .samples = PAIRS, .turns = TURNS, .outcome = cells[k], .steps_per_turn = 1 };
	struct lh_comparison c = compared(g[0], g[1]);
	printf("Darwin's maize: p %.5f\n", c.errors.p);
	CHECK_NEAR(c.errors.p, 1726 / 32768.0, 1e-15);
	CHECK_NEAR(c.error_rate.difference, 314.0 / PAIRS / TURNS, 1e-12);
	CHECK(c.error_rate.ci.lo < 314.0 / PAIRS / TURNS && 314.0 / PAIRS / TURNS < c.error_rate.ci.hi);
}

/* ---- every rearrangement, each computed from the cells ---- */

enum { N = 6, T = 5 };

struct cells { uint8_t at[2][N][T]; };

static struct cells random_cells(uint64_t seed)
{
	struct lh_random r = lh_random_stream(seed, 0, 0, LH_FOR_CHECK, 21);
	struct cells c;
	memset(&c, LH_UNSEEN, sizeof c);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < N; i++)
			for (int t = 0; t < T && lh_random_unit(&r) > 0.07; t++)
				c.at[k][i][t] = lh_random_unit(&r) < 0.2 + 0.1 * k ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	return c;
}

static struct lh_grid as_grid(const struct cells *c, int k)
{
	return (struct lh_grid){ .samples = N, .turns = T, .outcome = &c->at[k][0][0], .steps_per_turn = 1 };
}

/* Sum over samples of the difference of their own error rates, over cells that both have. */
static double rate_sum(const struct cells *c)
{
	double sum = 0;
	for (int i = 0; i < N; i++) {
		int turns = 0, errors = 0;
		for (int t = 0; t < T; t++)
			if (c->at[0][i][t] != LH_UNSEEN && c->at[1][i][t] != LH_UNSEEN) {
				turns++;
				errors += (c->at[0][i][t] == LH_OUTCOME_SLIPS) - (c->at[1][i][t] == LH_OUTCOME_SLIPS);
			}
		sum += turns ? (double)errors / turns : 0;
	}
	return sum;
}

/* Turns to the first error of cell row [k][i], up to `cut` turns. */
static struct lh_follow naive_follow(const struct cells *c, int k, int i, int cut)
{
	for (int t = 0; t < cut; t++) {
		if (c->at[k][i][t] == LH_UNSEEN)
			return (struct lh_follow){ t, false };
		if (c->at[k][i][t] == LH_OUTCOME_SLIPS)
			return (struct lh_follow){ t + 1, true };
	}
	return (struct lh_follow){ cut, false };
}

static double naive_score(const struct lh_follow *pool, int n, int i)
{
	double score = pool[i].erred;
	for (int t = 1; t <= pool[i].turns; t++) {
		int at_risk = 0, errors = 0;
		for (int k = 0; k < n; k++) {
			at_risk += pool[k].turns >= t;
			errors += pool[k].turns == t && pool[k].erred;
		}
		score -= (double)errors / at_risk;
	}
	return score;
}

/* First group's scores less the second's; paired: each pair cut where either was lost. */
static double score_sum(const struct cells *c, bool paired)
{
	struct lh_follow pool[2 * N];
	double sum = 0;
	for (int i = 0; i < N; i++) {
		struct lh_follow a = naive_follow(c, 0, i, T), b = naive_follow(c, 1, i, T);
		int cut_a = paired && !b.erred ? b.turns : T, cut_b = paired && !a.erred ? a.turns : T;
		pool[i] = naive_follow(c, 0, i, cut_a);
		pool[N + i] = naive_follow(c, 1, i, cut_b);
	}
	for (int i = 0; i < 2 * N; i++)
		sum += (i < N ? 1 : -1) * naive_score(pool, 2 * N, i);
	return sum;
}

static void swap_rows(uint8_t *a, uint8_t *b)
{
	uint8_t kept[T];
	memcpy(kept, a, T);
	memcpy(a, b, T);
	memcpy(b, kept, T);
}

static void test_every_signing(void)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct cells seen = random_cells(seed);
		int far[2] = { 0, 0 };
		for (int code = 0; code < 1 << N; code++) {
			struct cells c = seen;
			for (int i = 0; i < N; i++)
				if (code >> i & 1)
					swap_rows(c.at[0][i], c.at[1][i]);
			far[0] += fabs(score_sum(&c, true)) >= fabs(score_sum(&seen, true)) - 1e-9;
			far[1] += fabs(rate_sum(&c)) >= fabs(rate_sum(&seen)) - 1e-9;
		}
		struct lh_comparison got = compared(as_grid(&seen, 0), as_grid(&seen, 1));
		CHECK_NEAR(got.length.p, far[0] / (double)(1 << N), 1e-12);
		CHECK_NEAR(got.errors.p, far[1] / (double)(1 << N), 1e-12);
		CHECK_NEAR(got.length.statistic, score_sum(&seen, true), 1e-9);
		CHECK_NEAR(got.errors.statistic, rate_sum(&seen), 1e-9);
	}
}

/* Sum of own error rates of group 0 less its share of all; turns beyond `known` count for nobody. */
static double label_sum(const struct cells *c, int known)
{
	double sum[2] = { 0, 0 };
	int n[2] = { 0, 0 };
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < N; i++) {
			int turns = 0, errors = 0;
			for (int t = 0; t < known; t++) {
				turns += c->at[k][i][t] != LH_UNSEEN;
				errors += c->at[k][i][t] == LH_OUTCOME_SLIPS;
			}
			n[k] += turns > 0;
			sum[k] += turns ? (double)errors / turns : 0;
		}
	return sum[0] - (sum[0] + sum[1]) * n[0] / (n[0] + n[1]);
}

static bool all_tried(const struct cells *c)
{
	for (int i = 0; i < 2 * N; i++)
		if (c->at[i / N][i % N][0] == LH_UNSEEN)
			return false;
	return true;
}

static int known_turns(const struct cells *c, int k)
{
	int most = 0;
	for (int i = 0; i < N; i++)
		for (int t = 0; t < T; t++)
			most = c->at[k][i][t] != LH_UNSEEN && t >= most ? t + 1 : most;
	return most;
}

static void test_every_labelling(void)
{
	int worlds = 0;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct cells seen = random_cells(seed);
		int known = known_turns(&seen, 0) < known_turns(&seen, 1) ? known_turns(&seen, 0) : known_turns(&seen, 1);
		int far[2] = { 0, 0 }, all = 0;
		if (!all_tried(&seen))               /* else groups shrink, and so does what is permuted */
			continue;
		worlds++;
		for (int code = 0; code < 1 << 2 * N; code++) {
			struct cells c;
			int n[2] = { 0, 0 };
			if (__builtin_popcount((unsigned)code) != N)
				continue;
			for (int i = 0; i < 2 * N; i++) {
				int k = !(code >> i & 1);
				memcpy(c.at[k][n[k]++], seen.at[i / N][i % N], T);
			}
			all++;
			far[0] += fabs(score_sum(&c, false)) >= fabs(score_sum(&seen, false)) - 1e-9;
			far[1] += fabs(label_sum(&c, known)) >= fabs(label_sum(&seen, known)) - 1e-9;
		}
		struct lh_comparison got = apart(as_grid(&seen, 0), as_grid(&seen, 1));
		CHECK(got.length.exact && got.length.count == all && got.errors.count == all);
		CHECK_NEAR(got.length.p, far[0] / (double)all, 1e-12);
		CHECK_NEAR(got.errors.p, far[1] / (double)all, 1e-12);
	}
	CHECK(worlds > 15);
}

/* ---- the gap ---- */

static struct lh_gap gap_of(struct lh_grid policy, struct lh_grid base, struct lh_grid bound)
{
	struct lh_gap g;
	CHECK_INT(lh_gap_closed(&policy, &base, &bound, &few, &g, NULL), 0);
	return g;
}

static void test_gap(void)
{
	struct lh_grid base = GRID("ssscc", "ccsss", "ssscs", "csssc", "sscsc"), bound = GRID("ccccc", "cccsc", "scccc", "ccccc", "ccccc");
	struct lh_grid policy = GRID("sccss", "ccssc", "ccscc", "cccsc", "scccc");
	struct lh_gap g = gap_of(policy, base, bound);
	CHECK_NEAR(g.gap, (16 - 2) / 25.0, 1e-15);
	CHECK(g.gap_ci.lo > 0);
	CHECK_NEAR(g.closed, (16 - 8) / 14.0, 1e-12);
	check_wide(g.closed_ci, g.closed);
	/* Alike in every resample: none of the way, or all of it; neither for certain. */
	g = gap_of(base, base, bound);
	CHECK_NEAR(g.closed, 0, 1e-15);
	check_wide(g.closed_ci, 0);
	CHECK(g.closed_ci.lo < 0 && g.closed_ci.hi > 0);
	g = gap_of(bound, base, bound);
	CHECK_NEAR(g.closed, 1, 1e-12);
	CHECK(g.closed_ci.lo < 1 && g.closed_ci.hi > 1);
	/* No gap to speak of, one the wrong way round, and none defined. */
	struct lh_grid much = GRID("scccc", "cccsc", "scccc", "ccccc", "ccccc");
	g = gap_of(policy, much, bound);
	CHECK(isnan(g.closed) && isnan(g.closed_ci.lo) && g.gap_ci.lo <= 0 && !isnan(g.gap));
	CHECK(isnan(gap_of(policy, bound, base).closed));
	base.stop_at_error = true;
	g = gap_of(policy, base, bound);
	CHECK(isnan(g.gap) && isnan(g.closed));
	drop(base), drop(bound), drop(policy), drop(much);
}

/* ---- one bootstrap, two ways ---- */

static void one_rate(void *world, const int *weight, double *value)
{
	*value = lh_error_rate(world, weight);
}

/* Up to LH_JACKKNIFE samples the joint bootstrap is the other one to the last bit; beyond, blocks of
 * samples tell as much of the skewness as samples do. */
static void test_blocks(void)
{
	for (int samples = 500; samples <= 3000; samples += 2500) {
		uint8_t *cell = malloc((size_t)samples * 10);
		struct lh_grid g = { .samples = samples, .turns = 10, .outcome = cell, .steps_per_turn = 1 };
		for (int i = 0; i < samples; i++)            /* one in 50 errs always */
			memset(cell + i * 10, i % 50 ? LH_OUTCOME_CORRECT : LH_OUTCOME_SLIPS, 10);
		struct lh_error_table table;
		struct lh_interval want, got;
		double estimate;
		CHECK_INT(lh_error_table_init(&table, &g, 0, false, NULL), 0);
		CHECK_INT(lh_bootstrap_error_rate(&table, 3, LH_RESAMPLES, &want, NULL), 0);
		struct lh_joint j = { .samples = samples, .contributing = samples, .values = 1, .of = one_rate, .world = &table, .seed = 3 };
		CHECK_INT(lh_bootstrap_joint(&j, &estimate, &got, NULL), 0);
		printf("%d samples: [%.5f, %.5f], from blocks [%.5f, %.5f]\n", samples, want.lo, want.hi, got.lo, got.hi);
		double tolerance = samples <= LH_JACKKNIFE ? 0 : 2e-4;
		CHECK_NEAR(estimate, 0.02, 1e-15);
		CHECK_NEAR(got.lo, want.lo, tolerance);
		CHECK_NEAR(got.hi, want.hi, tolerance);
		lh_error_table_fini(&table);
		free(cell);
	}
}

/* ---- coverage and level ---- */

enum { MOST = 50, TURNS = 12 };

struct pair_of_grids { uint8_t cell[2][MOST * TURNS]; struct lh_grid grid[2]; };

/* A sample is hard or easy in both conditions, errs at times `ease` as often in the second, and an error
 * makes the next turn's twice as likely as a right turn does; mean rates 0.15 and 0.15 ease at any turn. */
static void run_sample(struct lh_random *r, double rate, uint8_t *cell)
{
	bool before = false;
	for (int t = 0; t < TURNS; t++) {
		double p = t == 0 ? rate : before ? 2 * rate / (1 + rate) : rate / (1 + rate);
		before = lh_random_unit(r) < p;
		cell[t] = before ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	}
}

static void lose_some(struct lh_random *r, double loss, uint8_t *cell)
{
	for (int t = 0; t < TURNS; t++)
		if (lh_random_unit(r) < loss) {
			memset(cell + t, LH_UNSEEN, (size_t)(TURNS - t));
			return;
		}
}

static void run_world(struct pair_of_grids *w, uint64_t world, double ease, bool paired, double loss)
{
	const int n[2] = { MOST, paired ? MOST : 40 };
	struct lh_random r = lh_random_stream(world, 0, 0, LH_FOR_CHECK, paired ? 22 : 23);
	double hard[2][MOST];
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < n[k]; i++)
			hard[k][i] = k == 1 && paired ? hard[0][i] : lh_random_unit(&r) < 0.5 ? 0.05 : 0.25;
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < n[k]; i++) {
			run_sample(&r, hard[k][i] * (k ? ease : 1), &w->cell[k][i * TURNS]);
			lose_some(&r, k ? 0 : loss, &w->cell[k][i * TURNS]);
		}
		w->grid[k] = (struct lh_grid){ .samples = n[k], .turns = TURNS, .outcome = w->cell[k], .steps_per_turn = 1 };
	}
}

static struct lh_comparison compare_world(uint64_t world, double ease, bool paired, double loss, int resamples, int permutations)
{
	struct pair_of_grids w;
	struct lh_comparison c;
	struct lh_compare_options o = { world, resamples, permutations, permutations == 1 };
	run_world(&w, world, ease, paired, loss);
	if ((paired ? lh_compare : lh_compare_apart)(&w.grid[0], &w.grid[1], &o, &c, NULL))
		exit(1);
	return c;
}

static void check_share(const char *what, int n, double lo, double hi)
{
	double share = (double)n / runs;
	printf("%-60s %d of %d, %.1f %%\n", what, n, runs, 100 * share);
	CHECK(share >= lo && share <= hi);
}

/* Chance of no error in turns 1..t, for one sample of this rate. */
static double error_free(double rate)
{
	double sum = 0, pa = 1 - rate;
	for (int t = 0; t < TURNS; t++, pa *= 1 - rate / (1 + rate))
		sum += pa;
	return sum;
}

static void test_coverage(bool paired)
{
	int rates = 0, turns = 0, each = 0;
	double ease = 0.7, truth = 0.15 * (1 - ease);
	double turns_truth = (error_free(0.05) + error_free(0.25) - error_free(0.05 * ease) - error_free(0.25 * ease)) / 2;
	for (int i = 0; i < runs; i++) {
		struct lh_comparison c = compare_world((uint64_t)i, ease, paired, 0, 600, 1);
		rates += c.error_rate.ci.lo <= truth && truth <= c.error_rate.ci.hi;
		turns += c.error_free.ci.lo <= turns_truth && turns_truth <= c.error_free.ci.hi;
		each += c.error_rate.value_ci[1].lo <= 0.15 * ease && 0.15 * ease <= c.error_rate.value_ci[1].hi;
	}
	const char *kind = paired ? "same samples" : "different samples";
	char what[96];
	snprintf(what, sizeof what, "%s: difference of turn error rates", kind);
	check_share(what, rates, 0.933, 0.965);
	snprintf(what, sizeof what, "%s: difference of error-free turns", kind);
	check_share(what, turns, 0.933, 0.965);
	snprintf(what, sizeof what, "%s: turn error rate of the second", kind);
	check_share(what, each, 0.933, paired ? 0.965 : 0.97);
}

/* Pairs alike but for one in twenty: two or three differences carry the interval. About 92 % (1,843 of 2,000 cover);
 * 500 worlds do, give or take 4 %. */
static void test_few_differ(void)
{
	int covered = 0, worlds = runs / 4;
	double truth = -0.05 * (TURNS + 1) / (2.0 * TURNS);
	for (int world = 0; world < worlds; world++) {
		struct pair_of_grids w;
		struct lh_random r = lh_random_stream((uint64_t)world, 0, 0, LH_FOR_CHECK, 26);
		struct lh_compare_options o = { .seed = (uint64_t)world, .resamples = 600, .untested = true };
		struct lh_comparison c;
		memset(w.cell, LH_OUTCOME_CORRECT, sizeof w.cell);
		for (int i = 0; i < MOST; i++)
			if (lh_random_unit(&r) < 0.05) {
				int from = (int)lh_random_below(&r, TURNS);
				memset(&w.cell[1][i * TURNS + from], LH_OUTCOME_SLIPS, (size_t)(TURNS - from));
			}
		for (int k = 0; k < 2; k++)
			w.grid[k] = (struct lh_grid){ .samples = MOST, .turns = TURNS, .outcome = w.cell[k], .steps_per_turn = 1 };
		CHECK_INT(lh_compare(&w.grid[0], &w.grid[1], &o, &c, NULL), 0);
		covered += c.error_rate.ci.lo <= truth && truth <= c.error_rate.ci.hi;
	}
	printf("one pair in twenty differs: %d of %d cover\n", covered, worlds);
	CHECK(covered >= 0.88 * worlds && covered <= 0.96 * worlds);
}

/* Two conditions between which there is no difference; the first may be cut short, the second not. */
static void test_level(bool paired, double loss)
{
	int length = 0, errors = 0;
	for (int i = 0; i < runs; i++) {
		struct lh_comparison c = compare_world((uint64_t)i, 1, paired, loss, 10, 199);
		length += c.length.p <= 0.05;
		errors += c.errors.p <= 0.05;
	}
	char what[96];
	snprintf(what, sizeof what, "%s, %.0f %% lost a turn: length, refuted", paired ? "same samples" : "different samples", 100 * loss);
	check_share(what, length, 0.035, 0.067);
	snprintf(what, sizeof what, "%s, %.0f %% lost a turn: errors, refuted", paired ? "same samples" : "different samples", 100 * loss);
	check_share(what, errors, 0.035, 0.067);
}

int main(int argc, char **argv)
{
	runs = argc > 1 ? atoi(argv[1]) : runs;
	test_by_hand();
	test_same();
	test_never_flat();
	test_drawn_apart();
	test_stopped();
	test_nothing_observed();
	test_common();
	test_usage();
	test_darwin();
	test_every_signing();
	test_every_labelling();
	test_gap();
	test_blocks();
	test_few_differ();
	for (int paired = 0; paired < 2; paired++) {
		test_coverage(paired);
		test_level(paired, 0);
		test_level(paired, 0.03);
	}
	return check_done();
}
