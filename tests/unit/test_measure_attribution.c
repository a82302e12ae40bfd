/* Curves under a constraint, several numbers from one bootstrap, and why accuracy fell.
 *
 *   test_measure_attribution [RUNS]
 *
 * Coverage over 200 runs by default: 179 to 198 must contain the truth (99.9 % of a binomial with
 * 0.95); with 2,000, 93.3 to 96.5 %. */
#include "unit/test_measure_grid.h"

#include "base/random.h"
#include "measure/attribution.h"
#include "measure/bootstrap.h"
#include "measure/jointboot.h"
#include "measure/wilson.h"

static int runs = 200;

/* ---- isotonic ---- */

/* Barlow and others (1972), the max-min formula: the fit at i is the largest, over starts up to i, of the least,
 * over ends from i, mean (rising). Every start and end tried. */
static double max_min(const struct lh_curve_point *p, int n, int i, double sign)
{
	double most = -INFINITY;
	for (int a = 0; a <= i; a++) {
		double least = INFINITY;
		for (int b = i; b < n; b++) {
			double sum = 0, weight = 0;
			for (int k = a; k <= b; k++) {
				sum += sign * p[k].y * p[k].weight;
				weight += p[k].weight;
			}
			least = fmin(least, sum / weight);
		}
		most = fmax(most, least);
	}
	return sign * most;
}

static void test_isotonic_is_max_min(void)
{
	for (uint64_t round = 0; round < 300; round++) {
		struct lh_random r = lh_random_stream(round, 0, 0, LH_FOR_CHECK, 11);
		struct lh_curve_point p[9];
		int n = 1 + (int)lh_random_below(&r, 9);
		for (int i = 0; i < n; i++)
			p[i] = (struct lh_curve_point){ .x = i, .y = (double)lh_random_below(&r, 6), .weight = 0.5 + (double)lh_random_below(&r, 4) };
		for (int trend = LH_FALLING; trend <= LH_RISING; trend++) {
			lh_isotonic(p, n, (enum lh_trend)trend);
			for (int i = 0; i < n; i++)
				CHECK_NEAR(p[i].fit, max_min(p, n, i, trend == LH_RISING ? 1 : -1), 1e-12);
		}
	}
}

/* Two pairs out of order are pooled; read the other way all six are. */
static void test_isotonic_by_hand(void)
{
	static const double y[] = { 1, 3, 2, 4, 3, 5 }, rising[] = { 1, 2.5, 2.5, 3.5, 3.5, 5 };
	struct lh_curve_point p[6];
	for (int i = 0; i < 6; i++)
		p[i] = (struct lh_curve_point){ .x = i, .y = y[i], .weight = 1 };
	lh_isotonic(p, 6, LH_RISING);
	for (int i = 0; i < 6; i++)
		CHECK_NEAR(p[i].fit, rising[i], 1e-15);
	lh_isotonic(p, 6, LH_FALLING);
	for (int i = 0; i < 6; i++)
		CHECK_NEAR(p[i].fit, 3, 1e-15);
}

static void test_prepare(void)
{
	struct lh_curve_point p[] = {
		{ .x = 0.4, .y = 0.5, .weight = 10 }, { .x = 0.1, .y = 0.9, .weight = 30 }, { .x = 0.2, .y = NAN, .weight = 0 }, { .x = 0.4, .y = 0.8, .weight = 20 },
	};
	CHECK_INT(lh_curve_prepare(p, 4), 2);
	CHECK(p[0].x == 0.1 && p[0].weight == 30 && p[1].x == 0.4 && p[1].weight == 30);
	CHECK_NEAR(p[1].y, 0.7, 1e-15);
	CHECK_INT(lh_curve_prepare(p, 0), 0);
}

static void test_curve_reading(void)
{
	struct lh_curve_point p[] = { { .x = 0, .fit = 0.9 }, { .x = 0.1, .fit = 0.7 }, { .x = 0.3, .fit = 0.7 }, { .x = 0.5, .fit = 0.2 } };
	bool clamped = true;
	static const struct { double x, want; bool clamped; } at[] = {
		{ 0, 0.9, false }, { 0.05, 0.8, false }, { 0.2, 0.7, false }, { 0.4, 0.45, false }, { 0.5, 0.2, false }, { 0.6, 0.2, true }, { -1, 0.9, true },
	};
	for (int i = 0; i < 7; i++) {
		CHECK_NEAR(lh_curve_at(p, 4, at[i].x, &clamped), at[i].want, 1e-15);
		CHECK(clamped == at[i].clamped);
	}
	CHECK(isnan(lh_curve_at(p, 4, NAN, NULL)) && isnan(lh_curve_at(p, 0, 0, &clamped)) && !clamped);
	static const struct { double level, want; bool clamped; } meets[] = {
		{ 0.9, 0, false }, { 0.95, 0, true }, { 0.8, 0.05, false }, { 0.7, 0.1, false }, { 0.45, 0.4, false }, { 0.2, 0.5, false }, { 0.1, 0.5, true },
	};
	for (int i = 0; i < 7; i++) {
		CHECK_NEAR(lh_curve_meets(p, 4, LH_FALLING, meets[i].level, &clamped), meets[i].want, 1e-15);
		CHECK(clamped == meets[i].clamped);
	}
	struct lh_curve_point up[] = { { .x = 1, .fit = 0 }, { .x = 2, .fit = 1 } };
	CHECK_NEAR(lh_curve_meets(up, 2, LH_RISING, 0.25, &clamped), 1.25, 1e-15);
	CHECK(!clamped && isnan(lh_curve_meets(up, 0, LH_RISING, 0.25, &clamped)));
}

/* ---- one bootstrap ---- */

struct table { struct lh_error_table error; };

static void rates(void *world, const int *weight, double *value)
{
	const struct table *t = world;
	value[0] = lh_error_rate(&t->error, weight);
	value[1] = 1 - 2 * value[0];
	value[2] = NAN;
	value[3] = 0.25;
}

/* The turn error rate by this bootstrap is the room's own, to the last bit. */
static void test_joint_is_the_rooms(void)
{
	struct lh_grid g = GRID("ccccccccccccccccssss", "cccccccccccccccccccs", "ccccccccccssssssssss", "cccccccsccscsccccscc", "cccccccccccccscscscs", "cccc!...............");
	struct table t;
	struct lh_interval want, ci[4];
	double estimate[4];
	CHECK_INT(lh_error_table_init(&t.error, &g, 0, false, NULL), 0);
	CHECK_INT(lh_bootstrap_error_rate(&t.error, 5, 500, &want, NULL), 0);
	struct lh_joint j = { .samples = 6, .contributing = 6, .values = 4, .of = rates, .world = &t, .seed = 5, .resamples = 500 };
	CHECK_INT(lh_bootstrap_joint(&j, estimate, ci, NULL), 0);
	CHECK(ci[0].lo == want.lo && ci[0].hi == want.hi && estimate[0] == lh_error_rate(&t.error, NULL));
	CHECK_NEAR(ci[1].lo, 1 - 2 * ci[0].hi, 1e-12);
	CHECK_NEAR(ci[1].hi, 1 - 2 * ci[0].lo, 1e-12);
	CHECK(isnan(estimate[2]) && isnan(ci[2].lo) && ci[3].lo == 0.25 && ci[3].hi == 0.25);
	j.contributing = 1;
	CHECK_INT(lh_bootstrap_joint(&j, estimate, ci, NULL), 0);
	CHECK(ci[0].lo == estimate[0] && ci[0].hi == estimate[0]);
	lh_error_table_fini(&t.error);
	free((void *)(uintptr_t)g.outcome);
}

/* ---- effects ---- */

#define CELLS(letters) cells(letters, (uint8_t[16]){ 0 })

static const uint8_t *cells(const char *letters, uint8_t *to)
{
	for (int i = 0; letters[i]; i++)
		to[i] = grid_cell(letters[i]);
	return to;
}

static void test_effects(void)
{
	struct lh_probe p = {
		.samples = 8, .rates = 2,
		.turn1 = CELLS("cccccccs"), .restated = CELLS("ccccccss"), .filler = CELLS("cccccsss"), .clean = CELLS("ccccccs!"),
		.injected = { CELLS("ccccssss"), CELLS("frrrssss") },
	};
	struct lh_effects paper, strict;
	CHECK_INT(lh_effects_find(&p, LH_TA_PAPER, &paper, NULL), 0);
	CHECK_INT(lh_effects_find(&p, LH_TA_STRICT, &strict, NULL), 0);
	CHECK_NEAR(paper.state.value, 1 / 8.0, 1e-15);
	CHECK_NEAR(paper.length.value, 1 / 8.0, 1e-15);
	CHECK_NEAR(paper.pattern.value, -1 / 7.0, 1e-15);            /* the failed one is left out */
	CHECK_NEAR(paper.long_context.value, 1 / 7.0, 1e-15);
	CHECK_NEAR(paper.self_conditioning[0].value, 2 / 7.0, 1e-15);
	CHECK_NEAR(paper.self_conditioning[1].value, 5 / 7.0, 1e-15);
	CHECK_NEAR(strict.self_conditioning[1].value, 2 / 7.0, 1e-15);
	CHECK(paper.self_conditioning[1].pairs.first == 5 && strict.self_conditioning[1].pairs.first == 2);
	struct lh_interval want = lh_newcombe(&(struct lh_pairs){ 6, 1, 0, 1 });
	CHECK(paper.state.ci.lo == want.lo && paper.state.ci.hi == want.hi);
	p.filler = NULL;
	CHECK_INT(lh_effects_find(&p, LH_TA_PAPER, &paper, NULL), 0);
	CHECK(isnan(paper.length.value) && isnan(paper.pattern.ci.lo) && !isnan(paper.long_context.value));
	p.rates = LH_EFFECT_RATES + 1;
	CHECK_INT(lh_effects_find(&p, LH_TA_PAPER, &paper, NULL), LH_E_LIMIT);
}

/* ---- attribution ---- */

static struct lh_attribution attribute(const struct lh_attribution_data *d, uint64_t seed, int resamples)
{
	struct lh_attribution a;
	if (lh_attribute(d, seed, resamples, &a, NULL))
		exit(1);
	return a;
}

/* Ten samples by hand: TA(1) = 1, own 0.4, clean 0.9; cells at 0.1 and 0.3 with 0.7 and 0.5; own exposure
 * 0 (4 samples), 0.05 (2), 0.2 (2), 0.5 (2, clamped): g = 0.9, 0.8, 0.6, 0.5. */
static void test_attribution_by_hand(void)
{
	static const uint8_t turn1[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, own[] = { 1, 1, 1, 1, 0, 0, 0, 0, 0, 0 }, clean[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 0 };
	static const double x[] = { 0, 0, 0, 0, 0.05, 0.05, 0.2, 0.2, 0.5, 0.5 };
	static const uint8_t propagated[] = { 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0 };
	static const double achieved[] = { 0.1, 0.1, 0.1, 0.1, 0.1, 0, 0.2, 0, 0.2, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.2, 0.4, 0.3, 0.3 };
	struct lh_attribution_data d = { 10, turn1, own, clean, x, 2, propagated, achieved };
	struct lh_attribution a = attribute(&d, 1, 500);
	CHECK_INT(a.samples, 10);
	CHECK_NEAR(a.loss.value, 0.6, 1e-12);
	CHECK_NEAR(a.length.value, 0.1, 1e-12);
	CHECK_NEAR(a.errors.value, (2 * 0.1 + 2 * 0.3 + 2 * 0.4) / 10, 1e-12);
	CHECK_NEAR(a.rest.value, 0.6 - 0.1 - 0.16, 1e-12);
	CHECK_NEAR(a.exposure, 0.15, 1e-12);
	CHECK_NEAR(a.clamped, 0.2, 1e-12);
	CHECK(a.points == 3 && a.curve[0].fit == 0.9 && a.curve[1].weight == 10);
	CHECK_NEAR(a.curve[2].x, 0.3, 1e-12);
	CHECK_NEAR(a.curve[2].fit, 0.5, 1e-12);
	CHECK(a.errors.ci.lo <= a.errors.value && a.errors.value <= a.errors.ci.hi && a.errors.ci.lo < a.errors.ci.hi);
}

/* Resamples of such a world, written out as data of their own. */
static void test_attribution_adds_up_in_every_resample(void)
{
	enum { SAMPLES = 12, CELLS_OF = 2 };
	int weight[SAMPLES];
	for (int b = 0; b < 500; b++) {
		uint8_t turn1[SAMPLES], own[SAMPLES], clean[SAMPLES], propagated[CELLS_OF * SAMPLES];
		double x[SAMPLES], achieved[CELLS_OF * SAMPLES];
		int n = 0;
		lh_bootstrap_weights(7, b, weight, SAMPLES);
		for (int i = 0; i < SAMPLES; i++)
			for (int k = 0; k < weight[i]; k++, n++) {
				turn1[n] = i != 5, own[n] = i % 3 != 0, clean[n] = i % 4 != 1;
				x[n] = 0.05 * (i % 7);
				for (int c = 0; c < CELLS_OF; c++) {
					propagated[c * SAMPLES + n] = (i + c) % (4 - c) != 0;
					achieved[c * SAMPLES + n] = 0.1 * (1 + c) + 0.01 * (i % 3);
				}
			}
		struct lh_attribution a = attribute(&(struct lh_attribution_data){ n, turn1, own, clean, x, CELLS_OF, propagated, achieved }, 1, 1);
		CHECK_INT(n, SAMPLES);
		CHECK_NEAR(a.length.value + a.errors.value + a.rest.value, a.loss.value, 1e-12);
	}
}

/* A violator is pooled with its neighbour, not with g(0); a cell without exposure says nothing. */
static void test_attribution_curve(void)
{
	static const uint8_t ones[] = { 1, 1, 1, 1 }, own[] = { 1, 0, 1, 0 }, clean[] = { 1, 1, 0, 0 };
	static const double x[] = { 0.1, 0.1, 0.2, 0.2 };
	static const uint8_t propagated[] = { 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0 };
	static const double achieved[] = { 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2 };
	struct lh_attribution a = attribute(&(struct lh_attribution_data){ 4, ones, own, clean, x, 3, propagated, achieved }, 1, 200);
	CHECK_INT(a.points, 3);
	CHECK_NEAR(a.curve[1].fit, 0.625, 1e-12);
	CHECK_NEAR(a.curve[2].fit, 0.625, 1e-12);
	CHECK_NEAR(a.errors.value, 0.5 - 0.625, 1e-12);
	CHECK_NEAR(a.clamped, 0, 0);
}

static void test_attribution_edges(void)
{
	static const uint8_t ones[] = { 1, 1, 1 }, unseen[] = { LH_UNSEEN, LH_UNSEEN, LH_UNSEEN };
	static const double none[] = { 0, 0, 0 }, some[] = { 0.2, 0, NAN };
	/* Nothing was ever wrong: all 0, but never of zero width. */
	struct lh_attribution a = attribute(&(struct lh_attribution_data){ 3, ones, ones, ones, none, 0, NULL, NULL }, 1, 100);
	CHECK(a.loss.value == 0 && a.errors.value == 0 && a.rest.value == 0 && a.points == 1);
	CHECK(a.loss.ci.lo < 0 && a.loss.ci.hi > 0 && a.loss.ci.lo >= -1 && a.errors.ci.lo < a.errors.ci.hi && a.rest.ci.hi <= 2);
	/* Exposure, but no cell that says what it costs; one sample's exposure is not known. */
	a = attribute(&(struct lh_attribution_data){ 3, ones, ones, ones, some, 0, NULL, NULL }, 1, 100);
	CHECK(a.samples == 2 && a.loss.value == 0 && isnan(a.errors.value) && isnan(a.rest.ci.hi));
	/* Nor do that sample's cells count. */
	static const uint8_t cells_right[] = { 1, 0, 0 };
	static const double achieved[] = { 0.4, 0.4, 0.1 };
	a = attribute(&(struct lh_attribution_data){ 3, ones, ones, ones, some, 1, cells_right, achieved }, 1, 100);
	CHECK(a.points == 2 && a.curve[1].fit == 0.5 && a.curve[1].x == 0.4 && a.curve[1].weight == 2);
	CHECK_NEAR(a.errors.value, 0.5 * 0.25, 1e-12);
	a = attribute(&(struct lh_attribution_data){ 3, ones, unseen, ones, none, 0, NULL, NULL }, 1, 100);
	CHECK(a.samples == 0 && isnan(a.loss.value) && isnan(a.loss.ci.lo) && isnan(a.clamped) && a.points == 0);
	a = attribute(&(struct lh_attribution_data){ 0, ones, ones, ones, none, 0, NULL, NULL }, 1, 100);
	CHECK(a.samples == 0 && isnan(a.length.value));
	struct lh_attribution out;
	CHECK_INT(lh_attribute(&(struct lh_attribution_data){ .rates = LH_EFFECT_RATES + 1 }, 1, 1, &out, NULL), LH_E_LIMIT);
}

enum { N = 100, RATES = 4, TURNS = 40 };

struct world { double slope, rest; };

static double share_of_turns(struct lh_random *r, double rate)
{
	int wrong = 0;
	for (int t = 0; t < TURNS; t++)
		wrong += lh_random_unit(r) < rate;
	return (double)wrong / TURNS;
}

/* Hard samples (h near 1) err more everywhere and so have more errors in view in their own runs. At T
 * an error has probability 0.05 + 0.1 h + slope x, and `rest` more in an own history; 0.02 at turn 1.
 * So A = 0.08, B = slope (0.02 + 0.2/2), C = rest. */
static struct lh_attribution run_world(const struct world *w, uint64_t run)
{
	static const double rate[RATES] = { 0.05, 0.1, 0.2, 0.5 };
	uint8_t turn1[N], own[N], clean[N], propagated[RATES * N];
	double x[N], achieved[RATES * N];
	for (int i = 0; i < N; i++) {
		struct lh_random r = lh_random_stream(run, (uint64_t)i, 0, LH_FOR_CHECK, 12);
		double h = lh_random_unit(&r), base = 0.05 + 0.1 * h;
		x[i] = share_of_turns(&r, 0.02 + 0.2 * h);
		turn1[i] = lh_random_unit(&r) >= 0.02;
		own[i] = lh_random_unit(&r) >= base + w->slope * x[i] + w->rest;
		clean[i] = lh_random_unit(&r) >= base;
		for (int k = 0; k < RATES; k++) {
			achieved[k * N + i] = share_of_turns(&r, rate[k]);
			propagated[k * N + i] = lh_random_unit(&r) >= base + w->slope * achieved[k * N + i];
		}
	}
	return attribute(&(struct lh_attribution_data){ N, turn1, own, clean, x, RATES, propagated, achieved }, run, 1000);
}

static bool contains(struct lh_part p, double truth)
{
	return p.ci.lo <= truth && truth <= p.ci.hi;
}

static void test_covers(struct world w)
{
	double truth[4] = { 0, 0.08, 0.12 * w.slope, w.rest };
	truth[0] = truth[1] + truth[2] + truth[3];
	int covered[4] = { 0 };
	double mean = 0;
	for (int run = 0; run < runs; run++) {
		struct lh_attribution a = run_world(&w, (uint64_t)run);
		const struct lh_part part[] = { a.loss, a.length, a.errors, a.rest };
		CHECK_NEAR(a.loss.value, a.length.value + a.errors.value + a.rest.value, 1e-12);
		mean += a.errors.value / runs;
		for (int k = 0; k < 4; k++)
			covered[k] += contains(part[k], truth[k]);
	}
	printf("slope %g, rest %g: L %d, A %d, B %d, C %d of %d; B is %.4f on average, %.4f in truth\n",
		w.slope, w.rest, covered[0], covered[1], covered[2], covered[3], runs, mean, truth[2]);
	for (int k = 0; k < 4; k++)
		CHECK(runs == 200 ? covered[k] >= 179 && covered[k] <= 198 : covered[k] >= 0.933 * runs && covered[k] <= 0.965 * runs);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		runs = atoi(argv[1]);
	test_isotonic_is_max_min();
	test_isotonic_by_hand();
	test_prepare();
	test_curve_reading();
	test_joint_is_the_rooms();
	test_effects();
	test_attribution_by_hand();
	test_attribution_adds_up_in_every_resample();
	test_attribution_curve();
	test_attribution_edges();
	test_covers((struct world){ 0.8, 0.05 });
	test_covers((struct world){ 0, 0 });
	return check_done();
}
