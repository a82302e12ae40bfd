/* Task accuracy under censoring and what is read off it, against published and worked examples. */
#include "unit/test_measure_grid.h"

#include "measure/horizon.h"
#include "measure/wilson.h"

/* Remission in weeks of 21 children on 6-mercaptopurine, + censored: Freireich et al., Blood 21
 * (1963), pp. 699-716. A week is a turn; "6+" was seen through week 6 and lost before week 7.
 * Estimates and Greenwood's standard errors as in Kleinbaum, Klein, Survival Analysis, ch. 2, and
 * Klein, Moeschberger, Survival Analysis (2003), table 4.1. */
static const struct { int week; bool relapse; } children[] = {
	{ 6, 1 }, { 6, 1 }, { 6, 1 }, { 7, 1 }, { 10, 1 }, { 13, 1 }, { 16, 1 }, { 22, 1 }, { 23, 1 },
	{ 6, 0 }, { 9, 0 }, { 10, 0 }, { 11, 0 }, { 17, 0 }, { 19, 0 }, { 20, 0 }, { 25, 0 }, { 32, 0 },
	{ 32, 0 }, { 34, 0 }, { 35, 0 },
};
static const struct { int week, at_risk; double survival, standard_error; } published[] = {
	{ 6, 21, 0.8571, 0.0764 }, { 7, 17, 0.8067, 0.0869 }, { 10, 15, 0.7529, 0.0963 }, { 13, 12, 0.6902, 0.1068 },
	{ 16, 11, 0.6275, 0.1141 }, { 22, 7, 0.5378, 0.1282 }, { 23, 6, 0.4482, 0.1346 },
};

static struct lh_grid leukemia(int weeks)
{
	uint8_t *cell = malloc((size_t)(21 * weeks));
	for (int i = 0; i < 21; i++)
		for (int w = 1; w <= weeks; w++) {
			int last = children[i].week;
			int after = children[i].relapse ? LH_OUTCOME_FOLLOWS : w == last + 1 ? LH_OUTCOME_FAILED : LH_UNSEEN;
			int at = children[i].relapse && w == last ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
			cell[i * weeks + w - 1] = (uint8_t)(w > last ? after : at);
		}
	return (struct lh_grid){ .samples = 21, .turns = weeks, .outcome = cell, .steps_per_turn = 1 };
}

static void test_kaplan_meier(void)
{
	struct lh_grid grid = leukemia(35);
	struct lh_survival v;
	CHECK_INT(lh_survival_init(&v, 35, NULL), 0);
	lh_survival_count(&v, &grid);
	lh_survival_estimate(&v);
	for (int i = 0; i < 7; i++) {
		int t = published[i].week - 1;
		double s = v.task_accuracy[t];
		CHECK_INT(v.at_risk[t], published[i].at_risk);
		CHECK_NEAR(s, published[i].survival, 5e-5);
		CHECK_NEAR(sqrt(s * (1 - s) / v.effective[t]), published[i].standard_error, 5e-5);
	}
	CHECK_NEAR(v.task_accuracy[4], 1, 0);
	CHECK_NEAR(v.task_accuracy[34], v.task_accuracy[22], 0);
	lh_survival_fini(&v);
	free((void *)(uintptr_t)grid.outcome);
}

static void test_leukemia_horizons(void)
{
	struct lh_result *r = measure_grid(leukemia(35), 0.5);
	CHECK_INT(r->horizon[0].turns, 22);          /* published median remission: 23 weeks */
	CHECK_INT(r->horizon[0].first_below, 23);
	CHECK(!r->horizon[0].censored);
	CHECK_INT(r->horizon[0].lo, 12);
	CHECK(r->horizon[0].hi == 35 && r->horizon[0].hi_open && !r->horizon[0].lo_open);
	CHECK_INT(r->censored, 11);
	lh_result_free(r);
	/* Nobody is left at risk after week 35: the answer is ">= 35", whatever the length of the run. */
	r = measure_grid(leukemia(40), 0.44);
	CHECK(isnan(r->task_accuracy[35]) && isnan(r->task_accuracy_ci[35].lo) && isnan(r->hazard[35]));
	CHECK_INT(r->at_risk[34], 1);
	CHECK_INT(r->horizon[0].turns, 35);
	CHECK_INT(r->horizon[0].first_below, 0);
	CHECK(r->horizon[0].censored && r->horizon[0].hi_open);
	CHECK(isnan(r->horizon[0].degradation));
	CHECK_NEAR(r->task_accuracy_bounds[39].lo, 0, 1e-15);
	CHECK_NEAR(r->task_accuracy_bounds[39].hi, 12 / 21.0, 1e-15);
	lh_result_free(r);
	r = measure_grid(leukemia(40), 0.2);         /* L(PA(35)) = 0.22: that end is open as well */
	CHECK(r->horizon[0].lo == 35 && r->horizon[0].lo_open);
	lh_result_free(r);
}

/* Without censoring Kaplan-Meier and Greenwood are the plain share of N; and N's limits at 1 and 0. */
static void test_effective_number(void)
{
	struct lh_survival v;
	CHECK_INT(lh_survival_init(&v, 4, NULL), 0);
	static const struct { int at_risk[4], errors[4]; double pa[4], n[4]; } cases[] = {
		{ { 7, 6, 4, 0 }, { 1, 2, 4, 0 }, { 6 / 7.0, 4 / 7.0, 0, 0 }, { 7, 7, 7, 7 } },
		{ { 7, 5, 5, 3 }, { 0, 0, 0, 0 }, { 1, 1, 1, 1 }, { 7, 5, 5, 3 } },
		{ { 8, 2, 1, 0 }, { 4, 1, 1, 0 }, { 0.5, 0.25, 0, 0 }, { 8, 4.8, 4, 4 } },
		{ { 8, 3, 0, 0 }, { 2, 0, 0, 0 }, { 0.75, 0.75, NAN, NAN }, { 8, 8, NAN, NAN } },
		{ { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { NAN, NAN, NAN, NAN }, { NAN, NAN, NAN, NAN } },
	};
	for (int i = 0; i < 5; i++) {
		memcpy(v.at_risk, cases[i].at_risk, sizeof cases[i].at_risk);
		memcpy(v.first_errors, cases[i].errors, sizeof cases[i].errors);
		lh_survival_estimate(&v);
		for (int t = 0; t < 4; t++) {
			if (isnan(cases[i].pa[t])) {
				CHECK(isnan(v.task_accuracy[t]) && isnan(v.effective[t]));
				continue;
			}
			CHECK_NEAR(v.task_accuracy[t], cases[i].pa[t], 1e-15);
			CHECK_NEAR(v.effective[t], cases[i].n[t], 1e-12);
		}
	}
	lh_survival_fini(&v);
}

/* k of n samples reach s = k/n, one fewer do not, whatever s is as a double. */
static void test_bar_compares_as_integers(void)
{
	for (int percent = 1; percent < 100; percent++) {
		char text[32];
		snprintf(text, sizeof text, "0.%02d", percent);
		double s = strtod(text, NULL);
		for (int n = 100; n <= 100000; n *= 10) {
			int k = percent * (n / 100);
			CHECK(lh_reaches((double)k / n, s));
			CHECK(!lh_reaches((double)(k - 1) / n, s));
		}
	}
	CHECK(!lh_reaches(NAN, 0.5));
	struct lh_result *r = measure_grid(GRID("ccc", "ccc", "ccc", "ccs", "css"), 0.8);
	CHECK_INT(r->horizon[0].turns, 2);
	CHECK_INT(r->horizon[0].first_below, 3);
	lh_result_free(r);
	/* A product of Kaplan-Meier's, 6/9 and, after a loss, 3/5: in doubles a hair below 0.4. */
	r = measure_grid(GRID("cc", "cc", "cc", "cs", "cs", "c!", "ss", "ss", "ss"), 0.4);
	CHECK(r->task_accuracy[1] < 0.4 && r->task_accuracy[1] > 0.4 - 1e-15);
	CHECK(r->horizon[0].turns == 2 && r->horizon[0].censored);
	lh_result_free(r);
}

/* One of a hundred samples errs at each turn: PA(n) = 1 - n/100. Wilson, 100 samples: L(60) = 0.502,
 * L(59) = 0.492, U(41) = 0.508, U(40) = 0.498. */
static struct lh_grid straight_fall(int turns)
{
	uint8_t *cell = malloc((size_t)(100 * turns));
	for (int i = 0; i < 100; i++)
		for (int t = 0; t < turns; t++)
			cell[i * turns + t] = t < i ? LH_OUTCOME_CORRECT : LH_OUTCOME_FOLLOWS;
	for (int i = 0; i < 100 && i < turns; i++)
		cell[i * turns + i] = LH_OUTCOME_SLIPS;
	return (struct lh_grid){ .samples = 100, .turns = turns, .outcome = cell, .steps_per_turn = 3 };
}

static void test_inversion(void)
{
	static const struct { int turns, horizon, lo, hi; bool censored, lo_open, hi_open; } cases[] = {
		{ 100, 50, 40, 59, false, false, false },
		{ 59, 50, 40, 59, false, false, true },
		{ 50, 50, 40, 50, true, false, true },
		{ 40, 40, 40, 40, true, true, true },
		{ 41, 41, 40, 41, true, false, true },
	};
	for (int i = 0; i < 5; i++) {
		struct lh_result *r = measure_grid(straight_fall(cases[i].turns), 0.5);
		const struct lh_horizon *h = &r->horizon[0];
		CHECK_INT(h->turns, cases[i].horizon);
		CHECK_INT(h->steps, 3 * cases[i].horizon);
		CHECK_INT(h->first_below, cases[i].censored ? 0 : cases[i].horizon + 1);
		CHECK_INT(h->lo, cases[i].lo);
		CHECK_INT(h->hi, cases[i].hi);
		CHECK_INT(h->censored, cases[i].censored);
		CHECK_INT(h->lo_open, cases[i].lo_open);
		CHECK_INT(h->hi_open, cases[i].hi_open);
		CHECK_INT(isnan(h->degradation), cases[i].censored);
		lh_result_free(r);
	}
}

/* d and Y over a window of several turns: 5 errors in 100 + 99 + 98 + 97 + 96 turns at risk. */
static void test_window(void)
{
	struct lh_result *r = measure_grid(straight_fall(59), 0.5);
	CHECK_INT(r->horizon[0].constant_rate_window, 5);
	CHECK_NEAR(r->horizon[0].constant_rate, floor(log(0.5) / log(1 - 5 / 490.0)), 0);
	lh_result_free(r);
}

/* PA = 0 is known to the end of the run, though nobody is at risk: nothing is censored. */
static void test_all_err(void)
{
	struct lh_result *r = measure_grid(GRID("cscc", "sccc", "sccc", "sccc"), 0.5);
	CHECK_INT(r->at_risk[2], 0);
	CHECK_NEAR(r->task_accuracy[3], 0, 0);
	CHECK(isnan(r->hazard[2]) && isnan(r->hazard_ci[2].lo));
	CHECK_INT(r->horizon[0].turns, 0);
	CHECK_INT(r->horizon[0].first_below, 1);
	CHECK(!r->horizon[0].censored && !r->horizon[0].hi_open);
	CHECK_INT(r->horizon[0].hi, 1);              /* U(1 of 4) = 0.699, U(0 of 4) = 0.490 */
	lh_result_free(r);
}

static void test_constant_rate_without_errors(void)
{
	uint8_t cells[10 * 100] = { 0 };
	static const struct { int turns, window, at_risk; } cases[] = { { 100, 5, 50 }, { 40, 4, 40 }, { 20, 2, 20 }, { 9, 1, 10 } };
	for (int i = 0; i < 4; i++) {
		struct lh_grid grid = { .samples = 10, .turns = cases[i].turns, .outcome = cells, .steps_per_turn = 1 };
		double s = 0.5;
		struct lh_measure_options options = { .s = &s, .s_count = 1, .resamples = 50 };
		struct lh_result *r = NULL;
		CHECK_INT(lh_measure(&grid, &options, &r, NULL), 0);
		CHECK_INT(r->horizon[0].constant_rate_window, cases[i].window);
		CHECK(r->horizon[0].constant_rate_open);
		CHECK_NEAR(r->horizon[0].constant_rate, floor(cases[i].at_risk * log(0.5) / log(0.05)), 0);
		CHECK(isnan(r->horizon[0].degradation));
		lh_result_free(r);
	}
}

/* 64 samples of which half errs at every turn: constant rate 1/2, and the ratio is 1 at every s, on
 * whole turns and between them. */
static void test_constant_rate(void)
{
	uint8_t cells[64 * 6];
	for (int i = 0; i < 64; i++)
		for (int t = 0; t < 6; t++)
			cells[i * 6 + t] = i >= 64 >> (t + 1) ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	struct lh_grid grid = { .samples = 64, .turns = 6, .outcome = cells, .steps_per_turn = 1 };
	static const double s[] = { 0.5, 0.25, 0.125, 0.8, 0.3 };
	static const int want[] = { 1, 2, 3, 0, 1 };
	struct lh_measure_options options = { .s = s, .s_count = 5, .resamples = 50 };
	struct lh_result *r = NULL;
	CHECK_INT(lh_measure(&grid, &options, &r, NULL), 0);
	CHECK_INT(r->s_count, 5);
	for (int i = 0; i < 5; i++) {
		CHECK_NEAR(r->horizon[i].s, s[i], 0);
		CHECK_INT(r->horizon[i].turns, want[i]);
		CHECK_NEAR(r->horizon[i].constant_rate, want[i], 0);
		CHECK(!r->horizon[i].constant_rate_open);
		CHECK_NEAR(r->horizon[i].degradation, 1, 1e-12);
	}
	lh_result_free(r);
}

/* Faster decay after a good start: 1/10 at turn 1, then 4/9, then all. n* by hand:
 * s = 0.7: 1 + ln(0.9/0.7)/ln(0.9/0.5); s = 0.3: 2 exactly, the next PA being 0. */
static void test_degradation(void)
{
	struct lh_grid grid = GRID("ccs", "ccs", "ccs", "ccs", "ccs", "css", "css", "css", "css", "sss");
	static const double s[] = { 0.7, 0.3 };
	double want[] = { (1 + log(0.9 / 0.7) / log(0.9 / 0.5)) * log(0.9) / log(0.7), 2 * log(0.9) / log(0.3) };
	struct lh_measure_options options = { .s = s, .s_count = 2, .resamples = 50 };
	struct lh_result *r = NULL;
	CHECK_INT(lh_measure(&grid, &options, &r, NULL), 0);
	for (int i = 0; i < 2; i++)
		CHECK_NEAR(r->horizon[i].degradation, want[i], 1e-12);
	CHECK_NEAR(r->horizon[0].constant_rate, 3, 0);       /* ln 0.7 / ln 0.9 = 3.39 */
	CHECK_NEAR(r->hazard[1], 4 / 9.0, 1e-15);
	CHECK_NEAR(r->hazard_ci[1].lo, lh_wilson(4 / 9.0, 9).lo, 0);
	lh_result_free(r);
	free((void *)(uintptr_t)grid.outcome);
	/* ln 0.81 / ln 0.9 is 2 in whole turns, though not in doubles. */
	double bar = 0.81;
	r = measure_grid(GRID("c", "c", "c", "c", "c", "c", "c", "c", "c", "s"), bar);
	CHECK_NEAR(r->horizon[0].constant_rate, 2, 0);
	lh_result_free(r);
	/* All err at once: a rate of 1, no ratio. */
	r = measure_grid(GRID("s", "s"), 0.5);
	CHECK_NEAR(r->horizon[0].constant_rate, 0, 0);
	CHECK(isnan(r->horizon[0].degradation) && !r->horizon[0].constant_rate_open);
	lh_result_free(r);
}

int main(void)
{
	test_kaplan_meier();
	test_leukemia_horizons();
	test_effective_number();
	test_bar_compares_as_integers();
	test_inversion();
	test_window();
	test_all_err();
	test_constant_rate_without_errors();
	test_constant_rate();
	test_degradation();
	return check_done();
}
