/* The intervals of a large condition: 200 samples of 1,000 turns, 2,000 resamples. */
#include "bench/bench.h"
#include "base/random.h"
#include "measure/measure.h"

enum { ROUNDS = 5, SAMPLES = 200, TURNS = 1000, RESAMPLES = 2000 };

static double once(const struct lh_grid *grid, struct lh_interval *ci)
{
	static const double s[] = { 0.5, 0.8, 0.9 };
	struct lh_measure_options options = { .s = s, .s_count = 3, .resamples = RESAMPLES, .seed = 1 };
	struct lh_result *r;
	struct lh_error err = { 0 };
	double start = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (lh_measure(grid, &options, &r, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	*ci = r->turn_error_rate_ci;
	lh_result_free(r);
	return bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

int main(void)
{
	uint8_t *cell = malloc(SAMPLES * TURNS);
	struct lh_random random = { 1, 0 };
	struct lh_interval ci = { 0 };
	double least = 0;
	if (!cell)
		abort();
	for (int i = 0; i < SAMPLES * TURNS; i++)
		cell[i] = lh_random_unit(&random) < 0.03 ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	struct lh_grid grid = { .samples = SAMPLES, .turns = TURNS, .outcome = cell, .steps_per_turn = 1 };
	for (int i = 0; i < ROUNDS; i++)
		least = bench_least(least, once(&grid, &ci));
	printf("lh_measure of %d samples x %d turns, %d resamples for each of three error rates: %.1f ms (least of %d)\n"
		"turn error rate [%.4f, %.4f]\n", SAMPLES, TURNS, RESAMPLES, least * 1e3, ROUNDS, ci.lo, ci.hi);
	free(cell);
	return 0;
}
