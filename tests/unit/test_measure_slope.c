/* The self-conditioning slope over a grid of made histories. */
#include "check.h"

#include "base/random.h"
#include "measure/slope.h"

enum { N = 80, RATES = 4 };

static struct lh_slope slope(const struct lh_slope_cell *cell, int cells, uint64_t seed)
{
	struct lh_slope s;
	struct lh_error err = { 0 };
	if (lh_slope_find(cell, cells, seed, 999, &s, &err)) {
		printf("lh_slope_find: %s\n", err.text);
		exit(1);
	}
	return s;
}

/* Two turns of two cells in four samples, arranged by hand: it is Firth's fit on exposure and an
 * indicator of the second turn, and the permutation over eight blocks. */
static void test_by_hand(void)
{
	struct lh_slope_cell cell[100];
	double x[200], exposure[100], outcome[100];
	int events[100], start[51], n = 0;
	for (int i = 0; i < 25; i++)
		for (int t = 0; t < 2; t++) {
			start[2 * i + t] = n;
			for (int k = 0; k < 2; k++, n++) {
				bool wrong = (3 * i + 5 * t + 7 * k) % 11 < 2 + 4 * k;
				cell[n] = (struct lh_slope_cell){ i, t ? 50 : 10, 0.3 * k, !wrong };
				x[2 * n] = exposure[n] = 0.3 * k;
				x[2 * n + 1] = t;
				outcome[n] = events[n] = wrong;
			}
		}
	start[50] = n;
	struct lh_firth_data d = { .rows = 100, .covariates = 2, .x = x, .events = events, .samples = 25 };
	struct lh_blocks b = { 50, start, exposure, outcome };
	struct lh_firth f;
	struct lh_permuted p;
	CHECK(lh_firth_fit(&d, &f, NULL) == 0 && lh_permute_blocks(&b, 3, 999, &p, NULL) == 0);
	struct lh_interval ci = lh_firth_interval(&d, &f, 1);
	struct lh_slope s = slope(cell, 100, 3);
	CHECK(s.value == f.beta[1] && s.ci.lo == ci.lo && s.ci.hi == ci.hi && s.test.p == p.p && s.fit.coefficients == 3);
	/* A cell that was not observed is as good as none. */
	struct lh_slope_cell more[101];
	memcpy(more, cell, 50 * sizeof *more);
	more[50] = (struct lh_slope_cell){ 12, 99, 0.7, LH_UNSEEN };
	memcpy(more + 51, cell + 50, 50 * sizeof *more);
	struct lh_slope same = slope(more, 101, 3);
	CHECK(same.value == s.value && same.test.p == s.test.p);
}

/* One probed turn: what one sample did is not mixed with the next one's. */
static void test_samples_are_blocks(void)
{
	struct lh_slope_cell cell[30];
	double exposure[30], outcome[30];
	int start[11];
	for (int n = 0; n < 30; n++) {
		bool wrong = n % 3 == 2 || n / 3 < 4;
		cell[n] = (struct lh_slope_cell){ n / 3, 10, 0.1 * (n % 3) + 0.05 * (n / 3), !wrong };
		exposure[n] = cell[n].exposure;
		outcome[n] = wrong;
		start[n / 3] = n - n % 3;
	}
	start[10] = 30;
	struct lh_permuted p;
	CHECK_INT(lh_permute_blocks(&(struct lh_blocks){ 10, start, exposure, outcome }, 3, 999, &p, NULL), 0);
	struct lh_slope s = slope(cell, 30, 3);
	CHECK(s.test.p == p.p && s.test.statistic == p.statistic);
}

static void test_not_estimable(void)
{
	struct lh_slope_cell cell[40];
	for (int i = 0; i < 40; i++)
		cell[i] = (struct lh_slope_cell){ i / 2, 10, 0.2 * (i % 2), i != 7 };
	struct lh_slope s = slope(cell, 40, 1);
	CHECK(s.fit.status == LH_FIRTH_FEW && isnan(s.value) && isnan(s.ci.lo));
	CHECK_INT(s.fit.samples_needed, 200);
	CHECK(s.test.p > 0.5);
	s = slope(cell, 0, 1);
	CHECK(s.fit.status == LH_FIRTH_FEW && s.test.p == 1);
	for (int i = 0; i < 40; i++)
		cell[i].turn = i / 5;
	CHECK_INT(lh_slope_find(cell, 40, 1, 99, &s, NULL), LH_E_LIMIT);
}

static double share_of_turns(struct lh_random *r, double rate)
{
	int wrong = 0;
	for (int t = 0; t < 30; t++)
		wrong += lh_random_unit(r) < rate;
	return wrong / 30.0;
}

/* 200 grids in which log-odds rise by `truth` per unit. The same truth in all samples: 179 to 198
 * intervals contain it. Truth 0 with unequal samples: the test refutes 2 to 20 (99.9 %) at 5 %. */
static void test_known_truth(double truth, double unequal)
{
	static const double rate[RATES] = { 0, 0.1, 0.2, 0.4 };
	struct lh_slope_cell cell[N * RATES];
	int covered = 0, refuted = 0;
	for (uint64_t run = 0; run < 200; run++) {
		for (int i = 0; i < N; i++) {
			struct lh_random r = lh_random_stream(run, (uint64_t)i, 0, LH_FOR_CHECK, 30);
			double base = -2.5 + unequal * (lh_random_unit(&r) - 0.5);
			for (int k = 0; k < RATES; k++) {
				double x = share_of_turns(&r, rate[k]);
				bool wrong = lh_random_unit(&r) < 1 / (1 + exp(-base - truth * x));
				cell[i * RATES + k] = (struct lh_slope_cell){ i, 100, x, !wrong };
			}
		}
		struct lh_slope s = slope(cell, N * RATES, run);
		covered += s.ci.lo <= truth && truth <= s.ci.hi;
		refuted += s.test.p <= 0.05;
	}
	printf("slope %g, samples unequal by %g: %d of 200 intervals contain it, %d refute 0\n", truth, unequal, covered, refuted);
	CHECK(covered >= 179 && covered <= 198);
	CHECK(truth > 0 ? refuted >= 180 : refuted >= 2 && refuted <= 20);
}

int main(void)
{
	test_by_hand();
	test_samples_are_blocks();
	test_not_estimable();
	test_known_truth(4, 0);
	test_known_truth(0, 0);
	test_known_truth(0, 3);
	return check_done();
}
