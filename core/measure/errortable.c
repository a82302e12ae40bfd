#include "measure/errortable.h"

#include "measure/grid.h"

#include <math.h>
#include <stdlib.h>

static struct lh_error_sums stretch_sums(const struct lh_error_table *e, int stretch, const int *weight)
{
	const int *errors = e->errors + (size_t)stretch * (size_t)e->samples;
	const uint8_t *seen = e->observed + (size_t)stretch * (size_t)e->samples;
	struct lh_error_sums s = { 0, 0 };
	for (int i = 0; i < e->samples; i++) {
		int64_t w = weight ? weight[i] : 1;
		s.errors += w * errors[i];
		s.observed += w * seen[i];
	}
	return s;
}

/* starts[t]: 1 where someone is observed at t and not at t - 1, or the reverse. */
static int find_stretches(const struct lh_grid *grid, int from, uint8_t *starts)
{
	for (int i = 0; i < grid->samples; i++)
		for (int t = from + 1; t < grid->turns; t++)
			starts[t] |= lh_observed(lh_grid_row(grid, i)[t]) != lh_observed(lh_grid_row(grid, i)[t - 1]);
	int n = 0;
	for (int t = from; t < grid->turns; t++)
		n += t == from || starts[t];
	return n;
}

static void fill(struct lh_error_table *e, const struct lh_grid *grid, int from, bool strict, const uint8_t *starts)
{
	bool (*ok)(int) = strict ? lh_outcome_turn_ok_strict : lh_outcome_turn_ok;
	int at = -1;
	for (int t = from; t < grid->turns; t++) {
		at += t == from || starts[t];
		e->turns[at]++;
	}
	for (int i = 0; i < grid->samples; i++) {
		size_t cell = (size_t)i;
		for (int t = from; t < grid->turns; t++) {
			if (t > from && starts[t])
				cell += (size_t)grid->samples;
			int outcome = lh_grid_row(grid, i)[t];
			e->observed[cell] = lh_observed(outcome);
			e->errors[cell] += lh_observed(outcome) && !ok(outcome);
		}
	}
	for (int k = 0; k < e->stretches; k++)
		e->total[k] = stretch_sums(e, k, NULL);
}

int lh_error_table_init(struct lh_error_table *e, const struct lh_grid *grid, int from, bool strict, struct lh_error *err)
{
	*e = (struct lh_error_table){ .samples = grid->samples };
	uint8_t *starts = calloc((size_t)grid->turns, 1);
	if (!starts)
		return lh_nomem(err);
	e->stretches = find_stretches(grid, from, starts);
	/* One more than needed: calloc(0) may return NULL. */
	size_t cells = (size_t)e->stretches * (size_t)e->samples + 1;
	e->turns = calloc((size_t)e->stretches + 1, sizeof *e->turns);
	e->errors = calloc(cells, sizeof *e->errors);
	e->observed = calloc(cells, 1);
	e->total = calloc((size_t)e->stretches + 1, sizeof *e->total);
	int code = 0;
	if (e->turns && e->errors && e->observed && e->total)
		fill(e, grid, from, strict, starts);
	else
		code = lh_nomem(err);
	free(starts);
	if (code)
		lh_error_table_fini(e);
	return code;
}

void lh_error_table_fini(struct lh_error_table *e)
{
	free(e->turns);
	free(e->errors);
	free(e->observed);
	free(e->total);
	*e = (struct lh_error_table){ 0 };
}

/* Sum of 1 - TA(t) over the stretches added so far, and the turns they hold. */
struct mean { double sum; int64_t turns; };

static void add_stretch(struct mean *m, struct lh_error_sums s, int turns)
{
	if (s.observed == 0)
		return;
	m->sum += (double)s.errors / (double)s.observed;
	m->turns += turns;
}

double lh_error_rate(const struct lh_error_table *e, const int *weight)
{
	struct mean m = { 0, 0 };
	for (int k = 0; k < e->stretches; k++)
		add_stretch(&m, stretch_sums(e, k, weight), e->turns[k]);
	return m.turns ? m.sum / (double)m.turns : NAN;
}

double lh_error_rate_without(const struct lh_error_table *e, int sample)
{
	struct mean m = { 0, 0 };
	for (int k = 0; k < e->stretches; k++) {
		size_t cell = (size_t)k * (size_t)e->samples + (size_t)sample;
		struct lh_error_sums s = e->total[k];
		s.errors -= e->errors[cell];
		s.observed -= e->observed[cell];
		add_stretch(&m, s, e->turns[k]);
	}
	return m.turns ? m.sum / (double)m.turns : NAN;
}

int lh_error_rate_each(const struct lh_error_table *e, double *own)
{
	int n = 0;
	for (int i = 0; i < e->samples; i++) {
		int64_t errors = 0, turns = 0;
		for (int k = 0; k < e->stretches; k++) {
			size_t cell = (size_t)k * (size_t)e->samples + (size_t)i;
			errors += e->errors[cell];
			turns += e->observed[cell] ? e->turns[k] : 0;
		}
		if (turns)
			own[n++] = (double)errors / (double)turns;
	}
	return n;
}
