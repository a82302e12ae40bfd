#include "measure/rates.h"

#include "measure/grid.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>

int lh_counts_init(struct lh_counts *c, int turns, struct lh_error *err)
{
	c->turns = turns;
	c->of = calloc((size_t)turns, LH_OUTCOME_COUNT * sizeof *c->of);
	return c->of ? 0 : lh_nomem(err);
}

void lh_counts_fini(struct lh_counts *c)
{
	free(c->of);
	*c = (struct lh_counts){ 0 };
}

int lh_counts_add(struct lh_counts *c, const struct lh_grid *grid, struct lh_error *err)
{
	for (int i = 0; i < grid->samples; i++) {
		const uint8_t *outcome = lh_grid_row(grid, i);
		for (int t = 0; t < grid->turns; t++) {
			if (outcome[t] < LH_OUTCOME_COUNT)
				c->of[(size_t)t * LH_OUTCOME_COUNT + outcome[t]]++;
			else if (outcome[t] != LH_UNSEEN)
				return lh_fail(err, LH_E_DATA, "sample %d, turn %d: %d is no outcome", i + 1, t + 1, outcome[t]);
		}
	}
	return 0;
}

/* How many of one turn's counts satisfy a reading. */
static int count_if(const int *of, bool (*reading)(int outcome))
{
	int n = 0;
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		if (reading(o))
			n += of[o];
	return n;
}

static void fill_counts(struct lh_result *r, const int *of, int t)
{
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		r->tried[t] += of[o];
	r->observed[t] = r->tried[t] - of[LH_OUTCOME_FAILED];
}

static void fill_share(double *share, struct lh_interval *ci, int k, int n)
{
	*share = lh_share(k, n);
	if (ci)
		*ci = lh_wilson(*share, n);
}

/* hidden: as if nobody had been observed. */
static void fill_turn(struct lh_result *r, const int *of, int t, bool hidden)
{
	int n = hidden ? 0 : r->observed[t];
	fill_share(&r->turn_accuracy[t], &r->turn_accuracy_ci[t], count_if(of, lh_outcome_turn_ok), n);
	fill_share(&r->turn_accuracy_strict[t], NULL, count_if(of, lh_outcome_turn_ok_strict), n);
	fill_share(&r->state_accuracy[t], &r->state_accuracy_ci[t], count_if(of, lh_outcome_state_ok), n);
	for (int o = 0; o < LH_OUTCOME_COUNT; o++) {
		int among = o == LH_OUTCOME_FAILED && !hidden ? r->tried[t] : n;
		fill_share(&r->share[o][t], &r->share_ci[o][t], of[o], among);
	}
	if (!hidden && of[LH_OUTCOME_RECOVERS] > 0)
		r->recovers_differs = true;
}

void lh_rates_fill(struct lh_result *r, const struct lh_counts *c, bool stop_at_error)
{
	for (int t = 0; t < c->turns; t++) {
		const int *of = c->of + (size_t)t * LH_OUTCOME_COUNT;
		fill_counts(r, of, t);
		fill_turn(r, of, t, stop_at_error && t > 0);
	}
}

static bool cut_short(const struct lh_grid *grid, int sample)
{
	const uint8_t *outcome = lh_grid_row(grid, sample);
	if (outcome[0] == LH_UNSEEN)
		return false;
	bool erred = false;
	for (int t = 0; t < grid->turns; t++) {
		if (outcome[t] == LH_OUTCOME_FAILED)
			return true;
		if (outcome[t] == LH_UNSEEN)
			return !(grid->stop_at_error && erred);
		erred |= !lh_outcome_state_ok(outcome[t]);
	}
	return false;
}

/* Of turns asked one by one. */
static bool lost_a_probe(const struct lh_grid *grid, int sample)
{
	const uint8_t *outcome = lh_grid_row(grid, sample);
	bool tried = false, missing = false;
	for (int k = 0; k < grid->probes; k++) {
		int o = outcome[grid->probe[k] - 1];
		if (o == LH_OUTCOME_FAILED)
			return true;
		tried |= o != LH_UNSEEN;
		missing |= o == LH_UNSEEN;
	}
	return tried && missing;
}

int lh_count_censored(const struct lh_grid *grid)
{
	int n = 0;
	for (int i = 0; i < grid->samples; i++)
		n += grid->probe ? lost_a_probe(grid, i) : cut_short(grid, i);
	return n;
}

static bool has_outcome(const struct lh_grid *grid, int sample, int outcome)
{
	for (int t = 0; t < grid->turns; t++)
		if (lh_grid_row(grid, sample)[t] == outcome)
			return true;
	return false;
}

int lh_count_policy_errors(const struct lh_grid *grid)
{
	int n = 0;
	for (int i = 0; i < grid->samples; i++)
		n += has_outcome(grid, i, LH_OUTCOME_POLICY_ERROR);
	return n;
}

double lh_unshown_share(const struct lh_grid *grid)
{
	int64_t observed = 0, unshown = 0;
	size_t cells = (size_t)grid->samples * (size_t)grid->turns;
	for (size_t i = 0; i < cells; i++) {
		if (!lh_observed(grid->outcome[i]))
			continue;
		observed++;
		unshown += grid->unshown && grid->unshown[i];
	}
	return lh_share(unshown, observed);
}
