/* Turns a second on one core, beside the same loop written straight; and the time to start. */
#include "bench/bench.h"
#include "bench/bench_floor.h"
#include "run/run.h"

enum { ROUNDS = 5, STARTS = 50, CASES = 8 };
#define TARGET 200000                    /* turns a second without a run file */
#define TARGET_JOURNAL 100000
#define TARGET_START_MS 5.0

static void die(const char *what)
{
	printf("%s\n", what);
	exit(1);
}

/* ---- is the floor the same loop? ---- */

static struct lh_results *run_here(int turns, int samples)
{
	struct lh_experiment e;
	struct lh_error err = { 0 };
	struct lh_results *r;
	lh_experiment_init(&e);
	e.turns = turns;
	e.samples = samples;
	if (lh_experiment_set(&e, LH_STR("output"), LH_STR("none"), LH_FROM_LINE, NULL, &err) ||
		lh_experiment_set(&e, LH_STR("model"), LH_STR(BENCH_MODEL), LH_FROM_LINE, NULL, &err) || lh_run(&e, NULL, &r, &err))
		die(err.text);
	lh_experiment_fini(&e);
	return r;
}

static void check_floor(int turns, int samples)
{
	int *errors = calloc((size_t)turns, sizeof *errors), total = 0;
	if (!errors)
		abort();
	struct lh_results *r = run_here(turns, samples);
	bench_floor(turns, samples, r->seed, errors);
	for (int t = 0; t < turns; t++) {
		int same = 0;
		for (int i = 0; i < samples; i++)
			same += !lh_outcome_turn_ok(r->condition[0].outcome[i * turns + t]);
		if (same != errors[t])
			die("the floor does not compute what longhaul does");
		total += same;
	}
	printf("The floor errs as longhaul does: the same %d errors in %d samples of %d turns, turn by turn.\n\n", total, samples, turns);
	lh_results_free(r);
	free(errors);
}

/* ---- speed ---- */

static double floor_ns(int turns, int samples)
{
	int *errors = calloc((size_t)turns, sizeof *errors);
	double start = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (!errors)
		abort();
	bench_floor(turns, samples, 1, errors);
	free(errors);
	return (bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9 / turns / samples;
}

static void print_case(const struct bench_run *r, double ns, double floor)
{
	double target = r->journal ? TARGET_JOURNAL : TARGET;
	printf("%-14s %-8s %6d %10.0f %9.0f %8.1f %9.0f  %s\n", r->policy, r->journal ? "journal" : "none", r->turns, 1e9 / ns, ns, ns / floor,
		target, bench_verdict(1e9 / ns >= target));
}

static void speed(void)
{
	static const struct bench_run cases[CASES] = {
		{ "full_history", 100, 4000, false }, { "full_history", 10000, 40, false }, { "full_history", 100, 2000, true }, { "full_history", 10000, 20, true },
		{ "window:n=5", 100, 3000, false }, { "window:n=5", 10000, 30, false }, { "window:n=5", 100, 1500, true }, { "window:n=5", 10000, 15, true },
	};
	double ns[CASES] = { 0 }, floor[2] = { 0 };
	for (int round = 0; round < ROUNDS; round++) {
		floor[0] = bench_least(floor[0], floor_ns(100, 10000));
		floor[1] = bench_least(floor[1], floor_ns(10000, 100));
		for (int i = 0; i < CASES; i++)
			ns[i] = bench_least(ns[i], bench_longhaul(&cases[i]).cpu_s * 1e9 / cases[i].turns / cases[i].samples);
	}
	printf("CPU time of a whole `longhaul run` divided by its turns: start, report and intervals included; least of %d rounds.\n\n", ROUNDS);
	printf("%-14s %-8s %6s %10s %9s %8s %9s\n", "policy", "output", "turns", "turns/s", "ns/turn", "x floor", "target");
	for (int i = 0; i < 2; i++)
		printf("%-14s %-8s %6d %10.0f %9.0f\n", "(floor)", "", i ? 10000 : 100, 1e9 / floor[i], floor[i]);
	for (int i = 0; i < CASES; i++)
		print_case(&cases[i], ns[i], floor[cases[i].turns > 100]);
}

/* ---- start ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median_ms(double *wall_s)
{
	qsort(wall_s, STARTS, sizeof *wall_s, compare);
	return 500 * (wall_s[STARTS / 2 - 1] + wall_s[STARTS / 2]);
}

static void start(void)
{
	static const char *const version[] = { BENCH_LONGHAUL, "--version", NULL }, *const empty[] = { LH_BINARY_DIR "/tests/bench/bench_empty", NULL };
	double ours[STARTS], least[STARTS];
	for (int i = 0; i < STARTS; i++) {
		ours[i] = bench_child(version).wall_s;
		least[i] = bench_child(empty).wall_s;
	}
	double ms = median_ms(ours);
	printf("\nStart, median of %d: longhaul --version %.2f ms, an empty C program %.2f ms; target < %.0f ms  %s\n",
		STARTS, ms, median_ms(least), TARGET_START_MS, bench_verdict(ms < TARGET_START_MS));
}

int main(void)
{
	bench_begin();
	check_floor(200, 100);
	speed();
	start();
	return bench_missed != 0;
}
