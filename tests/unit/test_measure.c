/* Outcomes in, rates out: which outcome counts in which rate, and who is the denominator. */
#include "unit/test_measure_grid.h"

#include <time.h>

/* One turn each: what an outcome counts as. */
static void test_meaning_of_outcomes(void)
{
	static const struct { const char *letter; double turn, strict, state; } cases[] = {
		{ "c", 1, 1, 1 }, { "f", 1, 1, 0 }, { "r", 0, 1, 1 }, { "s", 0, 0, 0 }, { "m", 0, 0, 0 },
		{ "i", 0, 0, 0 }, { "t", 0, 0, 0 }, { "x", 0, 0, 0 }, { "o", 0, 0, 0 }, { "p", 0, 0, 0 },
	};
	for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
		struct lh_result *r = measure_grid(GRID(cases[i].letter), 0.5);
		CHECK_NEAR(r->turn_accuracy[0], cases[i].turn, 0);
		CHECK_NEAR(r->turn_accuracy_strict[0], cases[i].strict, 0);
		CHECK_NEAR(r->state_accuracy[0], cases[i].state, 0);
		CHECK_NEAR(r->task_accuracy[0], cases[i].state, 0);
		CHECK_NEAR(r->turn_error_rate, 1 - cases[i].turn, 0);
		CHECK_NEAR(r->turn_error_rate_strict, 1 - cases[i].strict, 0);
		CHECK_NEAR(r->share[i][0], 1, 0);
		CHECK_NEAR(r->share[LH_OUTCOME_FAILED][0], 0, 0);
		CHECK_INT(r->recovers_differs, cases[i].strict != cases[i].turn);
		CHECK_INT(r->policy_errors, i == LH_OUTCOME_POLICY_ERROR);
		CHECK_INT(r->censored, 0);
		lh_result_free(r);
	}
}

/* A later right answer restores turn and state accuracy, never task accuracy. */
static void test_task_accuracy_is_a_prefix(void)
{
	struct lh_result *r = measure_grid(GRID("csrc", "cccc", "cffr", "ccsc"), 0.5);
	static const double turn[] = { 1, 0.75, 0.5, 0.75 }, state[] = { 1, 0.5, 0.5, 1 }, task[] = { 1, 0.5, 0.25, 0.25 };
	static const double hazard[] = { 0, 0.5, 0.5, 0 };
	static const int at_risk[] = { 4, 4, 2, 1 };
	for (int t = 0; t < 4; t++) {
		CHECK_NEAR(r->turn_accuracy[t], turn[t], 0);
		CHECK_NEAR(r->state_accuracy[t], state[t], 0);
		CHECK_NEAR(r->task_accuracy[t], task[t], 0);
		CHECK_NEAR(r->task_accuracy_bounds[t].lo, task[t], 0);
		CHECK_NEAR(r->task_accuracy_bounds[t].hi, task[t], 0);
		CHECK_NEAR(r->hazard[t], hazard[t], 0);
		CHECK_INT(r->at_risk[t], at_risk[t]);
	}
	CHECK_NEAR(r->turn_error_rate, 0.25, 1e-15);
	CHECK_NEAR(r->turn_error_rate_strict, 2 / 16.0, 1e-15);
	lh_result_free(r);
}

static void test_failed_censors(void)
{
	struct lh_result *r = measure_grid(GRID("cc!.", "cccc", "cscc", "s!.."), 0.5);
	static const int observed[] = { 4, 3, 2, 2 }, tried[] = { 4, 4, 3, 2 }, at_risk[] = { 4, 3, 1, 1 };
	static const double turn[] = { 0.75, 2 / 3.0, 1, 1 }, task[] = { 0.75, 0.5, 0.5, 0.5 };
	static const double failed[] = { 0, 0.25, 1 / 3.0, 0 };
	for (int t = 0; t < 4; t++) {
		CHECK_INT(r->observed[t], observed[t]);
		CHECK_INT(r->tried[t], tried[t]);
		CHECK_INT(r->at_risk[t], at_risk[t]);
		CHECK_NEAR(r->turn_accuracy[t], turn[t], 1e-15);
		CHECK_NEAR(r->task_accuracy[t], task[t], 1e-15);
		CHECK_NEAR(r->share[LH_OUTCOME_FAILED][t], failed[t], 1e-15);
	}
	CHECK_NEAR(r->task_accuracy_bounds[2].lo, 0.25, 0);
	CHECK_NEAR(r->task_accuracy_bounds[3].hi, 0.5, 0);
	CHECK_INT(r->censored, 2);
	/* Turn by turn over those observed, not sample by sample: (1/4 + 1/3 + 0 + 0) / 4. */
	CHECK_NEAR(r->turn_error_rate, (0.25 + 1 / 3.0) / 4, 1e-15);
	lh_result_free(r);
}

/* After an overflow or a policy error the rest of the episode is errors, not gaps. */
static void test_ended_episodes_are_errors(void)
{
	struct lh_result *r = measure_grid(GRID("cooo", "cccc", "ccpp", "cccc"), 0.5);
	static const double turn[] = { 1, 0.75, 0.5, 0.5 };
	for (int t = 0; t < 4; t++) {
		CHECK_INT(r->observed[t], 4);
		CHECK_NEAR(r->turn_accuracy[t], turn[t], 0);
		CHECK_NEAR(r->task_accuracy[t], turn[t], 0);
	}
	CHECK_NEAR(r->share[LH_OUTCOME_OVERFLOW][3], 0.25, 0);
	CHECK_NEAR(r->share[LH_OUTCOME_POLICY_ERROR][3], 0.25, 0);
	CHECK_INT(r->policy_errors, 1);
	CHECK_INT(r->censored, 0);
	CHECK_NEAR(r->turn_error_rate, 5 / 16.0, 1e-15);
	lh_result_free(r);
}

static void check_hidden(const struct lh_result *r, int t)
{
	CHECK(isnan(r->turn_accuracy[t]) && isnan(r->turn_accuracy_ci[t].lo));
	CHECK(isnan(r->turn_accuracy_strict[t]));
	CHECK(isnan(r->state_accuracy[t]) && isnan(r->state_accuracy_ci[t].hi));
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		CHECK(isnan(r->share[o][t]) && isnan(r->share_ci[o][t].lo));
}

static void test_stop_at_error(void)
{
	struct lh_grid grid = GRID("cccc", "cs..", "m...", "ccs.");
	grid.stop_at_error = true;
	struct lh_result *r = measure_grid(grid, 0.5);
	static const double task[] = { 0.75, 0.5, 0.25, 0.25 };
	for (int t = 0; t < 4; t++) {
		CHECK_NEAR(r->task_accuracy[t], task[t], 0);
		CHECK_NEAR(r->task_accuracy_bounds[t].lo, task[t], 0);
	}
	CHECK_NEAR(r->turn_accuracy[0], 0.75, 0);
	CHECK_NEAR(r->share[LH_OUTCOME_MALFORMED][0], 0.25, 0);
	for (int t = 1; t < 4; t++)
		check_hidden(r, t);
	CHECK(isnan(r->turn_error_rate) && isnan(r->turn_error_rate_ci.lo));
	CHECK(isnan(r->turn_error_rate_strict) && isnan(r->turn_error_rate_last10));
	CHECK_INT(r->censored, 0);
	CHECK_INT(r->horizon[0].turns, 2);
	CHECK_NEAR(r->hazard[2], 0.5, 0);
	lh_result_free(r);
	/* The same cells without the flag are an interrupted run. */
	r = measure_grid(GRID("cccc", "cs..", "m...", "ccs."), 0.5);
	CHECK_INT(r->censored, 3);
	CHECK_NEAR(r->turn_accuracy[1], 2 / 3.0, 1e-15);
	lh_result_free(r);
}

static void test_unshown(void)
{
	struct lh_grid grid = GRID("cc!.", "scc!");
	static const uint8_t unshown[] = { 0, 1, 1, 1, 0, 1, 0, 1 };
	grid.unshown = unshown;
	struct lh_result *r = measure_grid(grid, 0.5);
	CHECK_NEAR(r->unshown, 2 / 5.0, 1e-15);
	lh_result_free(r);
	r = measure_grid(GRID("cs"), 0.5);
	CHECK_NEAR(r->unshown, 0, 0);
	lh_result_free(r);
	r = measure_grid(GRID("!."), 0.5);
	CHECK(isnan(r->unshown));
	lh_result_free(r);
}

/* An interrupted run: samples never tried count nowhere, one broken off counts as censored. */
static void test_interrupted(void)
{
	struct lh_result *r = measure_grid(GRID("ccc", "cc.", "...", "s.."), 0.5);
	CHECK_INT(r->tried[0], 3);
	CHECK_INT(r->observed[2], 1);
	CHECK_INT(r->censored, 2);
	CHECK_NEAR(r->task_accuracy[2], 2 / 3.0, 1e-15);
	CHECK_NEAR(r->task_accuracy_bounds[2].lo, 1 / 3.0, 1e-15);
	CHECK_NEAR(r->task_accuracy_bounds[2].hi, 2 / 3.0, 1e-15);
	lh_result_free(r);
}

static void test_nothing_observed(void)
{
	struct lh_result *r = measure_grid(grid_of(NULL, 0), 0.5);
	struct lh_result *failed = measure_grid(GRID("!.", "!."), 0.5);
	const struct lh_result *each[] = { r, failed };
	for (int i = 0; i < 2; i++) {
		CHECK_INT(each[i]->observed[0], 0);
		CHECK(isnan(each[i]->turn_accuracy[0]) && isnan(each[i]->turn_accuracy_ci[0].lo));
		CHECK(isnan(each[i]->task_accuracy[0]) && isnan(each[i]->task_accuracy_ci[0].hi));
		CHECK(isnan(each[i]->hazard[0]) && isnan(each[i]->turn_error_rate) && isnan(each[i]->turn_error_rate_ci.hi));
		CHECK(isnan(each[i]->turn_error_rate_last10));
		CHECK_INT(each[i]->horizon[0].turns, 0);
		CHECK(each[i]->horizon[0].censored && each[i]->horizon[0].hi_open);
		CHECK(isnan(each[i]->horizon[0].constant_rate) && isnan(each[i]->horizon[0].degradation));
	}
	CHECK(isnan(r->task_accuracy_bounds[0].lo));
	CHECK(isnan(r->share[LH_OUTCOME_FAILED][0]));
	CHECK_INT(r->censored, 0);
	CHECK_NEAR(failed->share[LH_OUTCOME_FAILED][0], 1, 0);
	CHECK_INT(failed->censored, 2);
	CHECK_NEAR(failed->task_accuracy_bounds[0].lo, 0, 0);
	CHECK_NEAR(failed->task_accuracy_bounds[1].hi, 1, 0);
	lh_result_free(r);
	lh_result_free(failed);
}

static void test_one_sample_one_turn(void)
{
	struct lh_grid grid = GRID("c");
	grid.stop_at_error = true;       /* turn 1 is observed in full, so even then there is a rate */
	struct lh_result *r = measure_grid(grid, 0.5);
	CHECK_NEAR(r->turn_accuracy[0], 1, 0);
	CHECK_NEAR(r->turn_accuracy_ci[0].lo, 0.2065, 5e-5);
	CHECK_NEAR(r->turn_accuracy_ci[0].hi, 1, 0);
	CHECK_NEAR(r->turn_error_rate, 0, 0);
	CHECK(r->turn_error_rate_ci.lo == 0 && r->turn_error_rate_ci.hi > 0.9);
	CHECK_INT(r->horizon[0].turns, 1);
	CHECK(r->horizon[0].censored && r->horizon[0].hi_open && !r->horizon[0].lo_open);
	CHECK_INT(r->horizon[0].lo, 0);
	lh_result_free(r);
}

static void test_last_ten_turns(void)
{
	struct lh_result *r = measure_grid(GRID("sscccccccccs", "ssccccccccss"), 0.5);
	CHECK_NEAR(r->turn_error_rate, 7 / 24.0, 1e-15);
	CHECK_NEAR(r->turn_error_rate_last10, 3 / 20.0, 1e-15);
	CHECK(r->turn_error_rate_last10_ci.lo < 0.15 && r->turn_error_rate_last10_ci.hi > 0.15);
	lh_result_free(r);
	r = measure_grid(GRID("sccc"), 0.5);
	CHECK_NEAR(r->turn_error_rate_last10, 0.25, 0);
	lh_result_free(r);
}

static void test_steps(void)
{
	struct lh_grid grid = GRID("ccc", "ccs");
	grid.steps_per_turn = 2000000000;
	struct lh_result *r = measure_grid(grid, 0.9);
	CHECK_INT(r->horizon[0].turns, 2);
	CHECK_INT(r->horizon[0].steps, 4000000000);
	CHECK_INT(r->steps_per_turn, 2000000000);
	lh_result_free(r);
}

static void check_refused(struct lh_grid grid, struct lh_measure_options options, int code, const char *part)
{
	struct lh_result *r = (struct lh_result *)&grid;
	struct lh_error err = { 0 };
	CHECK_INT(lh_measure(&grid, &options, &r, &err), code);
	CHECK(r == NULL);
	CHECK_HAS(err.text, part);
}

static void test_refusals(void)
{
	uint8_t cells[] = { 0, 0, 11, 0 };
	double half = 0.5, one = 1, none = 0, nan = NAN;
	struct lh_grid grid = { .samples = 2, .turns = 2, .outcome = cells, .steps_per_turn = 1 };
	struct lh_measure_options options = { .s = &half, .s_count = 1 };
	check_refused(grid, options, LH_E_DATA, "sample 2, turn 1: 11");
	cells[2] = 0;
	for (int i = 0; i < 3; i++) {
		options.s = (const double *[]){ &one, &none, &nan }[i];
		check_refused(grid, options, LH_E_USAGE, "between 0 and 1");
	}
	options.s = &half;
	grid.turns = 0;
	check_refused(grid, options, LH_E_USAGE, "0 turns");
	grid.turns = 2;
	grid.steps_per_turn = 0;
	check_refused(grid, options, LH_E_USAGE, "0 steps");
	grid.steps_per_turn = 1;
	options.resamples = -1;
	check_refused(grid, options, LH_E_USAGE, "-1 resamples");
}

/* Printed, not asserted: how long it takes depends on the machine. */
static void show_speed(const char *what, int censor_every)
{
	enum { SAMPLES = 200, TURNS = 1000 };
	static uint8_t cells[SAMPLES * TURNS];
	for (int i = 0; i < SAMPLES; i++)
		for (int t = 0; t < TURNS; t++) {
			bool gone = censor_every && i % censor_every == 0 && t > 5 * i;
			cells[i * TURNS + t] = gone ? LH_UNSEEN : (i * 7919 + t * 104729) % 97 < 5 ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
		}
	struct lh_grid grid = { .samples = SAMPLES, .turns = TURNS, .outcome = cells, .steps_per_turn = 1 };
	static const double s[] = { 0.5, 0.8, 0.9 };
	struct lh_measure_options options = { .s = s, .s_count = 3 };
	struct lh_result *r = NULL;
	clock_t start = clock();
	CHECK_INT(lh_measure(&grid, &options, &r, NULL), 0);
	printf("200 samples x 1,000 turns, 2,000 resamples, %s: %.1f ms\n", what, 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC);
	lh_result_free(r);
}

/* 100 samples with two errors in 20 turns each, but for `wild` of them that err at every turn. */
static bool is_uneven(int wild)
{
	const char *rows[100];
	for (int i = 0; i < 100; i++)
		rows[i] = i < wild ? "ssssssssssssssssssss" : i % 2 ? "cccccsccccccccccsccc" : "cccccccccccccccccccc";
	struct lh_result *r = measure_grid(grid_of(rows, 100), 0.5);
	bool uneven = r->errors_uneven;
	lh_result_free(r);
	return uneven;
}

static void test_errors_in_few_samples_are_told(void)
{
	CHECK(!is_uneven(0));
	CHECK(is_uneven(2));
	CHECK(!is_uneven(40));
}

int main(void)
{
	test_errors_in_few_samples_are_told();
	test_meaning_of_outcomes();
	test_task_accuracy_is_a_prefix();
	test_failed_censors();
	test_ended_episodes_are_errors();
	test_stop_at_error();
	test_unshown();
	test_interrupted();
	test_nothing_observed();
	test_one_sample_one_turn();
	test_last_ten_turns();
	test_steps();
	test_refusals();
	lh_result_free(NULL);
	show_speed("nothing censored", 0);
	show_speed("every tenth censored", 10);
	show_speed("all censored, each at a turn of its own", 1);
	return check_done();
}
