/* Turns to the first error, compared: the 6-mercaptopurine trial, by hand, and over all signings. */
#include "unit/test_measure_grid.h"

#include "base/random.h"
#include "measure/betting.h"
#include "measure/logrank.h"
#include "measure/permute.h"
#include "measure/rmst.h"

/* Freireich and others, Blood 21 (1963), pp. 699-716: weeks in remission, 21 pairs of children; by pair
 * as in Klein, Moeschberger, Survival Analysis (2003), table 1.1. R's survdiff: 6-MP 9 relapses of 19.3
 * expected, placebo 21 of 10.7, chi-square 16.8, p 4.17e-05; the textbooks' digits are 19.25, 10.75,
 * 16.79. */
static const struct lh_follow mercaptopurine[21] = {
	{ 10, true }, { 7, true }, { 32, false }, { 23, true }, { 22, true }, { 6, true }, { 16, true }, { 34, false }, { 32, false },
	{ 25, false }, { 11, false }, { 20, false }, { 19, false }, { 6, true }, { 17, false }, { 35, false }, { 6, true },
	{ 13, true }, { 9, false }, { 6, false }, { 10, false },
};
static const struct lh_follow placebo[21] = {
	{ 1, true }, { 22, true }, { 3, true }, { 12, true }, { 8, true }, { 17, true }, { 2, true }, { 11, true }, { 8, true },
	{ 12, true }, { 2, true }, { 5, true }, { 4, true }, { 15, true }, { 8, true }, { 23, true }, { 5, true },
	{ 11, true }, { 4, true }, { 1, true }, { 8, true },
};

static void test_freireich(void)
{
	struct lh_logrank r, turned;
	CHECK_INT(lh_logrank_test(mercaptopurine, 21, placebo, 21, &r, NULL), 0);
	CHECK_INT(lh_logrank_test(placebo, 21, mercaptopurine, 21, &turned, NULL), 0);
	printf("6-MP: O %g E %.4f, placebo: O %g E %.4f, variance %.4f, chi-square %.4f, p %.3g\n",
		r.observed[0], r.expected[0], r.observed[1], r.expected[1], r.variance, r.chi_square, r.p);
	CHECK(r.observed[0] == 9 && r.observed[1] == 21);
	CHECK_NEAR(r.expected[0], 19.25, 0.005);
	CHECK_NEAR(r.expected[1], 10.75, 0.005);
	CHECK_NEAR(r.variance, 6.257, 0.0005);
	CHECK_NEAR(r.chi_square, 16.79, 0.005);
	CHECK_NEAR(r.p, 4.17e-5, 5e-8);
	CHECK_NEAR(turned.chi_square, r.chi_square, 1e-12);
}

/* Scores in one pool: sum 0, over a group its observed less expected. */
static void test_scores(void)
{
	struct lh_follow pool[42];
	double score[42], sum = 0, group = 0;
	memcpy(pool, mercaptopurine, sizeof mercaptopurine);
	memcpy(pool + 21, placebo, sizeof placebo);
	CHECK_INT(lh_logrank_scores(pool, 42, score, NULL), 0);
	for (int i = 0; i < 42; i++) {
		sum += score[i];
		group += i < 21 ? score[i] : 0;
	}
	CHECK_NEAR(sum, 0, 1e-12);
	struct lh_logrank r;
	CHECK_INT(lh_logrank_test(mercaptopurine, 21, placebo, 21, &r, NULL), 0);
	CHECK_NEAR(group, r.observed[0] - r.expected[0], 1e-12);
	struct lh_permuted p;
	CHECK_INT(lh_permute_labels(score, 21, 21, 1, LH_PERMUTATIONS, &p, NULL), 0);
	CHECK_NEAR(p.statistic, group, 1e-12);
	CHECK(p.p < 0.001);
	/* By hand: turn 1: 1 of 3; turn 2: 1 of 2. */
	static const struct lh_follow three[] = { { 1, true }, { 2, true }, { 2, false } };
	CHECK_INT(lh_logrank_scores(three, 3, score, NULL), 0);
	CHECK_NEAR(score[0], 1 - 1 / 3.0, 1e-15);
	CHECK_NEAR(score[1], 1 - 1 / 3.0 - 1 / 2.0, 1e-15);
	CHECK_NEAR(score[2], -1 / 3.0 - 1 / 2.0, 1e-15);
}

/* The trial was paired. Cut at a censored partner; then flipping a pair's two follows flips the sign
 * of its difference and leaves every other as it was. */
static void test_paired(void)
{
	double d[21], swapped[21];
	CHECK_INT(lh_logrank_paired(mercaptopurine, placebo, 21, d, NULL), 0);
	for (int k = 0; k < 21; k++) {
		struct lh_follow a[21], b[21];
		memcpy(a, mercaptopurine, sizeof a);
		memcpy(b, placebo, sizeof b);
		a[k] = placebo[k];
		b[k] = mercaptopurine[k];
		CHECK_INT(lh_logrank_paired(a, b, 21, swapped, NULL), 0);
		for (int i = 0; i < 21; i++)
			CHECK_NEAR(swapped[i], i == k ? -d[i] : d[i], 1e-15);
	}
	struct lh_permuted p = lh_permute_signs(d, 21, 1, LH_PERMUTATIONS);
	printf("6-MP in pairs: sum %.3f, p %.4f\n", p.statistic, p.p);
	CHECK(p.statistic < 0 && p.p < 0.005);
}

static void test_cut(void)
{
	/* The partner was lost after turn 2: an error at 5 is not seen, one at 2 is. */
	static const struct lh_follow lost[] = { { 2, false }, { 2, false }, { 0, false } }, erred[] = { { 5, true }, { 2, true }, { 7, true } };
	static const struct lh_follow cut[] = { { 2, false }, { 2, true }, { 0, false } };
	double d[3], want[3];
	CHECK_INT(lh_logrank_paired(lost, erred, 3, d, NULL), 0);
	CHECK_INT(lh_logrank_paired(lost, cut, 3, want, NULL), 0);
	for (int i = 0; i < 3; i++)
		CHECK_NEAR(d[i], want[i], 0);
	CHECK(d[0] == 0 && d[1] == -1 && d[2] == 0);
	/* An error cuts nothing: turn 3, 1 of 4; turn 5, 1 of 3. */
	static const struct lh_follow sooner[] = { { 3, true }, { 6, false } }, later[] = { { 5, true }, { 6, false } };
	CHECK_INT(lh_logrank_paired(sooner, later, 2, d, NULL), 0);
	CHECK_NEAR(d[0], (1 - 1 / 4.0) - (1 - 1 / 4.0 - 1 / 3.0), 1e-15);
	CHECK_NEAR(d[1], 0, 1e-15);
	static const struct lh_follow bad[] = { { 0, true } };
	struct lh_error err = { 0 };
	CHECK_INT(lh_logrank_paired(bad, cut, 1, d, &err), LH_E_USAGE);
	struct lh_logrank r;
	CHECK_INT(lh_logrank_test(cut, 3, bad, 1, &r, NULL), LH_E_USAGE);
	CHECK_INT(lh_logrank_test(lost, 3, lost, 0, &r, NULL), 0);
	CHECK(isnan(r.chi_square) && isnan(r.p));
}

static void test_follow_grid(void)
{
	struct lh_grid g = GRID("cccs", "crcc", "cc!.", "....", "fccc", "ccc.");
	struct lh_follow f[6];
	lh_follow_grid(&g, f);
	static const struct lh_follow want[] = { { 4, true }, { 4, false }, { 2, false }, { 0, false }, { 1, true }, { 3, false } };
	for (int i = 0; i < 6; i++)
		CHECK(f[i].turns == want[i].turns && f[i].erred == want[i].erred);
	free((void *)(uintptr_t)g.outcome);
}

/* 6-MP's Kaplan-Meier curve steps at 6, 7, 10, 13, 16, 22, 23 to 18/21, times 16/17, 14/15, 11/12,
 * 10/11, 6/7, 5/6; on placebo all relapse, after 8.67 weeks on average. */
static void test_rmst_published(void)
{
	int scratch[2 * 36];
	/* The area from 0 to 35 counts PA(0..34): one less at each end of PA(1..34), plus the first. */
	double drug = 1 + lh_error_free_turns(mercaptopurine, 21, NULL, 34, scratch), none = 1 + lh_error_free_turns(placebo, 21, NULL, 34, scratch);
	printf("mean weeks within 35: 6-MP %.4f, placebo %.4f\n", drug, none);
	static const int at[] = { 6, 7, 10, 13, 16, 22, 23, 35 };
	static const double left[] = { 18 / 21.0, 16 / 17.0, 14 / 15.0, 11 / 12.0, 10 / 11.0, 6 / 7.0, 5 / 6.0 };
	double area = 6, pa = 1;
	for (int i = 0; i < 7; i++)
		area += (pa *= left[i]) * (at[i + 1] - at[i]);
	CHECK_NEAR(drug, area, 1e-12);
	CHECK_NEAR(none, 182 / 21.0, 1e-12);
	CHECK_INT(lh_known_turns(mercaptopurine, 21, 50), 35);
	CHECK_INT(lh_known_turns(placebo, 21, 50), 50);
}

static void test_rmst_by_hand(void)
{
	static const struct lh_follow a[] = { { 1, true }, { 3, true }, { 5, false }, { 5, false } }, b[] = { { 1, true }, { 2, true }, { 5, true }, { 5, false } };
	struct lh_rmst r;
	CHECK_INT(lh_rmst_compare(a, b, 4, 5, 1, 500, &r, NULL), 0);
	CHECK_NEAR(r.value[0], (0 + 2 + 5 + 5) / 4.0, 1e-15);
	CHECK_NEAR(r.value[1], (0 + 1 + 4 + 5) / 4.0, 1e-15);
	CHECK_NEAR(r.difference, 0.5, 1e-15);
	CHECK(r.turns == 5 && r.ci.lo <= 0.5 && 0.5 <= r.ci.hi && r.ci.lo >= 0 && r.ci.hi <= 1);
	/* No resample differs: never of zero width. */
	CHECK_INT(lh_rmst_compare(a, a, 4, 5, 1, 500, &r, NULL), 0);
	CHECK(r.difference == 0 && r.ci.lo < 0 && r.ci.hi > 0 && r.ci.lo >= -5 && r.ci.hi <= 5);
	static const struct lh_follow none[] = { { 0, false }, { 0, false }, { 0, false }, { 0, false } };
	/* Two good turns before an error at 3 against three before it was lost: known up to turn 3. */
	static const struct lh_follow short_run[] = { { 3, true }, { 3, true } }, lost[] = { { 3, false }, { 3, false } };
	CHECK_INT(lh_rmst_compare(short_run, lost, 2, 5, 1, 500, &r, NULL), 0);
	struct lh_interval bet = lh_bet_interval((double[]){ 0.5 - 1 / 6.0, 0.5 - 1 / 6.0 }, 2);
	CHECK(r.turns == 3 && r.difference == -1);
	CHECK_NEAR(r.ci.lo, 3 * (2 * bet.lo - 1), 1e-12);
	CHECK_NEAR(r.ci.hi, 3 * (2 * bet.hi - 1), 1e-12);
	CHECK_INT(lh_rmst_compare(a, none, 4, 5, 1, 500, &r, NULL), 0);
	CHECK(isnan(r.difference) && isnan(r.ci.lo) && isnan(r.ci.hi));
	CHECK_INT(lh_rmst_compare(a, b, 0, 5, 1, 500, &r, NULL), 0);
	CHECK(isnan(r.difference));
}

/* Weights are repetitions. */
static void test_rmst_weights(void)
{
	int weight[21], scratch[80], n = 0;
	struct lh_follow repeated[80];
	for (int i = 0; i < 21; i++) {
		weight[i] = i % 4;
		for (int k = 0; k < weight[i]; k++)
			repeated[n++] = mercaptopurine[i];
	}
	CHECK_NEAR(lh_error_free_turns(mercaptopurine, 21, weight, 20, scratch), lh_error_free_turns(repeated, n, NULL, 20, scratch), 1e-12);
}

static struct lh_follow draw(struct lh_random *r, double hazard, int turns, double loss)
{
	for (int t = 1; t <= turns; t++) {
		if (lh_random_unit(r) < loss)
			return (struct lh_follow){ t - 1, false };
		if (lh_random_unit(r) < hazard)
			return (struct lh_follow){ t, true };
	}
	return (struct lh_follow){ turns, false };
}

/* Two equal policies, unequally censored, samples unequally hard: the paired test refutes 5 % of 1,000
 * (29 to 72). One that halves the hazard: the interval of the difference contains the truth in 179 to
 * 198 of 200. */
static void test_level_and_coverage(void)
{
	enum { N = 60, T = 40 };
	int refuted = 0, covered = 0;
	struct lh_follow a[N], b[N];
	double d[N], truth = 0;
	for (uint64_t run = 0; run < 1000; run++) {
		struct lh_random r = lh_random_stream(run, 0, 0, LH_FOR_CHECK, 8);
		for (int i = 0; i < N; i++) {
			double hazard = 0.1 * lh_random_unit(&r);
			a[i] = draw(&r, hazard, T, 0.03);
			b[i] = draw(&r, hazard, T, 0);
		}
		if (lh_logrank_paired(a, b, N, d, NULL))
			exit(1);
		refuted += lh_permute_signs(d, N, run, 199).p <= 0.05;
	}
	for (int t = 1; t <= T; t++)
		truth += pow(0.98, t) - pow(0.96, t);
	for (uint64_t run = 0; run < 200; run++) {
		struct lh_random r = lh_random_stream(run, 0, 0, LH_FOR_CHECK, 9);
		for (int i = 0; i < N; i++) {
			a[i] = draw(&r, 0.02, T, 0.005);
			b[i] = draw(&r, 0.04, T, 0.005);
		}
		struct lh_rmst m;
		if (lh_rmst_compare(a, b, N, T, run, 1000, &m, NULL))
			exit(1);
		covered += m.turns == T && m.ci.lo <= truth && truth <= m.ci.hi;
	}
	printf("equal policies: %d of 1000 refuted; difference %.3f turns: %d of 200 cover\n", refuted, truth, covered);
	CHECK(refuted >= 29 && refuted <= 72);
	CHECK(covered >= 179 && covered <= 198);
}

int main(void)
{
	test_freireich();
	test_scores();
	test_paired();
	test_cut();
	test_follow_grid();
	test_rmst_published();
	test_rmst_by_hand();
	test_rmst_weights();
	test_level_and_coverage();
	return check_done();
}
