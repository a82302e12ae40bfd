/* How often the 95 % intervals contain the truth, where the truth is known.
 *
 *   test_measure_coverage [RUNS]
 *
 * 200 runs by default: 179 to 198 must cover (99.9 % of a binomial with 0.95); with 2,000, 93.3 to
 * 96.5 %. Horizons are whole numbers, so theirs cover more: only the lower limit holds. Turn accuracy
 * is held to what Wilson's interval covers exactly at that p. Seeds are fixed: the result is the same
 * at every run. */
#include "unit/test_measure_grid.h"

#include "base/random.h"
#include "measure/bootstrap.h"
#include "measure/wilson.h"

enum { SAMPLES = 100, TURNS = 100 };

static int runs = 200;

static void check_coverage(const char *what, int covered, bool discrete)
{
	double share = (double)covered / runs;
	printf("%-52s %d of %d, %.1f %%\n", what, covered, runs, 100 * share);
	bool few = runs == 200;
	CHECK(few ? covered >= 179 : share >= 0.933);
	CHECK(discrete || (few ? covered <= 198 : share <= 0.965));
}

/* How a sample errs. Every kind has the mean error rate `rate` at every turn:
 * STICKY   after an error the next is likelier (correlation 1/2 between neighbours), samples alike;
 * MIXED    as well, and a quarter of the samples err at 2.5 times the rate, the others at half;
 * SNOWBALL not stationary: a constant rate/5 until the first error, 0.6 at every turn after it. */
enum kind { STICKY, MIXED, SNOWBALL };

struct world { enum kind kind; double rate; };

static void run_sample(const struct world *w, struct lh_random *r, uint8_t *outcome)
{
	double rate = w->rate;
	if (w->kind == MIXED)
		rate *= lh_random_unit(r) < 0.75 ? 0.5 : 2.5;
	bool erred = false, before = false;
	for (int t = 0; t < TURNS; t++) {
		double p = t == 0 ? rate : before ? rate + (1 - rate) / 2 : rate / 2;
		if (w->kind == SNOWBALL)
			p = erred ? 0.6 : rate / 5;
		before = lh_random_unit(r) < p;
		erred |= before;
		outcome[t] = before ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	}
}

static double true_rate(const struct world *w)
{
	if (w->kind != SNOWBALL)
		return w->rate;
	double clean = 1, sum = 0;
	for (int t = 0; t < TURNS; t++) {
		sum += clean * w->rate / 5 + (1 - clean) * 0.6;
		clean *= 1 - w->rate / 5;
	}
	return sum / TURNS;
}

static struct lh_grid run_world(const struct world *w, int run)
{
	static uint8_t cells[SAMPLES * TURNS];
	for (int i = 0; i < SAMPLES; i++) {
		struct lh_random r = lh_random_stream((uint64_t)run, (uint64_t)i, (uint64_t)w->kind, LH_FOR_CHECK, (uint64_t)(1000 * w->rate));
		run_sample(w, &r, cells + i * TURNS);
	}
	return (struct lh_grid){ .samples = SAMPLES, .turns = TURNS, .outcome = cells, .steps_per_turn = 1 };
}

static bool contains(struct lh_interval i, double v)
{
	return i.lo <= v && v <= i.hi;
}

static void test_turn_error_rate(const struct world *w)
{
	int covered = 0;
	double truth = true_rate(w);
	for (int run = 0; run < runs; run++) {
		struct lh_grid grid = run_world(w, run);
		struct lh_error_table e;
		struct lh_interval ci;
		if (lh_error_table_init(&e, &grid, 0, false, NULL) || lh_bootstrap_error_rate(&e, (uint64_t)run, LH_RESAMPLES, &ci, NULL))
			exit(1);
		covered += contains(ci, truth);
		lh_error_table_fini(&e);
	}
	static const char *const names[] = { "sticky", "mixed", "snowball" };
	char what[80];
	snprintf(what, sizeof what, "turn error rate, %s, %.3f", names[w->kind], truth);
	check_coverage(what, covered, false);
}

static struct lh_result *measured(const struct lh_grid *grid, double s)
{
	struct lh_measure_options options = { .s = &s, .s_count = 1, .resamples = 1 };
	struct lh_result *r = NULL;
	if (lh_measure(grid, &options, &r, NULL))
		exit(1);
	return r;
}

/* Wilson's coverage at one p is not 95 % but what this sum says: heads come in whole numbers. */
static double exact_coverage(double p)
{
	double chance = pow(1 - p, SAMPLES), covered = 0;
	for (int k = 0; k <= SAMPLES; k++) {
		covered += contains(lh_wilson((double)k / SAMPLES, SAMPLES), p) ? chance : 0;
		chance *= (SAMPLES - k) / (k + 1.0) * p / (1 - p);
	}
	return covered;
}

static void test_turn_accuracy(double rate)
{
	struct world w = { STICKY, rate };
	int covered = 0;
	for (int run = 0; run < runs; run++) {
		struct lh_grid grid = run_world(&w, run);
		struct lh_result *r = measured(&grid, 0.5);
		covered += contains(r->turn_accuracy_ci[TURNS - 1], 1 - rate);
		lh_result_free(r);
	}
	double exact = exact_coverage(1 - rate);
	printf("turn accuracy %.2f: %d of %d, %.1f %%; exactly %.1f %%\n", 1 - rate, covered, runs,
		100.0 * covered / runs, 100 * exact);
	CHECK_NEAR(covered, runs * exact, 3.29 * sqrt(runs * exact * (1 - exact)));
}

/* Some samples are lost at random, at the rate `loss` a turn. */
static void censor(struct lh_grid *grid, double loss, int run)
{
	uint8_t *cells = (uint8_t *)(uintptr_t)grid->outcome;
	for (int i = 0; i < SAMPLES; i++) {
		struct lh_random r = lh_random_stream((uint64_t)run, (uint64_t)i, 99, LH_FOR_CHECK, 99);
		bool gone = false;
		for (int t = 0; t < TURNS; t++) {
			bool fails = !gone && lh_random_unit(&r) < loss;
			if (gone || fails)
				cells[i * TURNS + t] = fails ? LH_OUTCOME_FAILED : LH_UNSEEN;
			gone |= fails;
		}
	}
}

/* Until the first error SNOWBALL errs at the constant rate/5, so PA(n) = (1 - rate/5)^n. */
static void test_horizon(double hazard, double loss)
{
	struct world w = { SNOWBALL, 5 * hazard };
	int truth = (int)floor(log(0.5) / log(1 - hazard)), covered = 0;
	for (int run = 0; run < runs; run++) {
		struct lh_grid grid = run_world(&w, run);
		censor(&grid, loss, run);
		struct lh_result *r = measured(&grid, 0.5);
		const struct lh_horizon *h = &r->horizon[0];
		covered += h->lo <= truth && (truth <= h->hi || h->hi_open);
		lh_result_free(r);
	}
	char what[80];
	snprintf(what, sizeof what, "horizon(0.5) = %d, %s", truth, loss > 0 ? "1 % a turn censored" : "nothing censored");
	check_coverage(what, covered, true);
}

static void test_censored_error_rate(double rate)
{
	struct world w = { STICKY, rate };
	int covered = 0;
	for (int run = 0; run < runs; run++) {
		struct lh_grid grid = run_world(&w, run);
		censor(&grid, 0.002, run);
		struct lh_error_table e;
		struct lh_interval ci;
		if (lh_error_table_init(&e, &grid, 0, false, NULL) || lh_bootstrap_error_rate(&e, (uint64_t)run, LH_RESAMPLES, &ci, NULL))
			exit(1);
		covered += contains(ci, rate);
		lh_error_table_fini(&e);
	}
	check_coverage("turn error rate, sticky, a sixth censored", covered, false);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		runs = atoi(argv[1]);
	static const struct world worlds[] = {
		{ STICKY, 0.02 }, { STICKY, 0.1 }, { STICKY, 0.3 }, { MIXED, 0.02 }, { MIXED, 0.1 }, { MIXED, 0.3 }, { SNOWBALL, 0.1 },
	};
	for (int i = 0; i < (int)(sizeof worlds / sizeof *worlds); i++)
		test_turn_error_rate(&worlds[i]);
	test_censored_error_rate(0.1);
	test_turn_accuracy(0.02);
	test_turn_accuracy(0.1);
	test_turn_accuracy(0.25);
	test_horizon(0.02, 0);
	test_horizon(0.02, 0.01);
	return check_done();
}
