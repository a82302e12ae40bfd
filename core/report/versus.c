#include "report/versus.h"

#include "measure/holm.h"
#include "report/versus_match.h"

#include <math.h>
#include <stdlib.h>

/* The samples of both sides that are compared: `count` of them from `from` on, counted in the run's own rows. */
struct samples { int from[2], count[2]; };

static uint64_t first_of(const struct lh_versus *v, int side) { return v->run[side].results->first_sample; }

/* The numbers that both runs have; false: there are none. */
static bool common_samples(const struct lh_versus *v, const struct lh_versus_match *m, struct samples *s)
{
	uint64_t from = 0, to = UINT64_MAX;
	for (int side = 0; side < 2; side++) {
		uint64_t first = first_of(v, side), end = first + (uint64_t)m->side[side].condition->samples;
		from = first > from ? first : from;
		to = end < to ? end : to;
	}
	for (int side = 0; side < 2 && from < to; side++) {
		s->from[side] = (int)(from - first_of(v, side));
		s->count[side] = (int)(to - from);
	}
	return from < to;
}

static void choose_samples(const struct lh_versus *v, struct lh_versus_match *m, struct samples *s)
{
	*s = (struct samples){ { 0, 0 }, { m->side[0].condition->samples, m->side[1].condition->samples } };
	if (v->run[0].results->seed != v->run[1].results->seed)
		m->unpaired = "the seeds differ";
	else if (lh_versus_params(m->side[0].condition->task_params, m->side[1].condition->task_params) != LH_PARAMS_SAME)
		m->unpaired = "the data differ";
	else if (!common_samples(v, m, s))
		m->unpaired = "no sample is in both runs";
}

static struct lh_grid grid_of(const struct lh_versus *v, const struct lh_versus_match *m, const struct samples *s, int side)
{
	const struct lh_condition_results *c = m->side[side].condition;
	size_t at = (size_t)s->from[side] * (size_t)c->turns;
	return (struct lh_grid){ .samples = s->count[side], .turns = c->turns, .outcome = c->outcome + at, .unshown = c->unshown + at,
		.stop_at_error = v->run[side].results->stop_at_error, .steps_per_turn = c->steps_per_turn };
}

static double tokens_per_turn(const struct lh_condition_results *c, int from, int count)
{
	int64_t tokens = 0, turns = 0;
	for (int i = from; i < from + count; i++) {
		tokens += c->totals[i].tokens_in;
		turns += c->totals[i].turns;
	}
	return turns > 0 ? (double)tokens / (double)turns : NAN;
}

/* Where nothing was left out, the interval is the one that the run's own report has. */
static void take_intervals(struct lh_versus_match *m)
{
	for (int side = 0; side < 2; side++)
		if (m->side[side].result->turn_error_rate == m->of.error_rate.value[side])
			m->of.error_rate.value_ci[side] = m->side[side].result->turn_error_rate_ci;
}

static int compare_one(const struct lh_versus *v, struct lh_versus_match *m, struct lh_error *err)
{
	const struct lh_results *fresh = v->run[LH_NEW].results;
	struct lh_measure_options measure = { .s = fresh->horizon, .s_count = fresh->horizon_count };
	struct lh_compare_options o = { .seed = fresh->seed, .untested = lh_versus_oracle(m) };
	struct samples s;
	struct lh_grid grid[2];
	int rc = 0;
	choose_samples(v, m, &s);
	m->length_adjusted = m->errors_adjusted = NAN;
	for (int side = 0; side < 2 && !rc; side++) {
		grid[side] = grid_of(v, m, &s, side);
		m->side[side].tokens_per_turn = tokens_per_turn(m->side[side].condition, s.from[side], s.count[side]);
		measure.seed = v->run[side].results->seed;
		rc = lh_measure(&grid[side], &measure, &m->side[side].result, err);
	}
	if (rc)
		return rc;
	rc = m->unpaired ? lh_compare_apart(&grid[LH_NEW], &grid[LH_BASE], &o, &m->of, err) : lh_compare(&grid[LH_NEW], &grid[LH_BASE], &o, &m->of, err);
	if (!rc)
		take_intervals(m);
	return rc;
}

/* Holm over [length, errors] of every match. */
static int adjust(struct lh_versus *v, struct lh_error *err)
{
	int n = v->count;
	double *p = calloc(4 * (size_t)n + 1, sizeof *p), *adjusted = p ? p + 2 * n : NULL;
	if (!p)
		return lh_nomem(err);
	for (int i = 0; i < n; i++) {
		p[2 * i] = v->match[i].of.length.p;
		p[2 * i + 1] = v->match[i].of.errors.p;
		v->tests += !isnan(p[2 * i]) + !isnan(p[2 * i + 1]);
	}
	lh_holm(p, 2 * n, adjusted);
	for (int i = 0; i < n; i++) {
		v->match[i].length_adjusted = adjusted[2 * i];
		v->match[i].errors_adjusted = adjusted[2 * i + 1];
	}
	free(p);
	return 0;
}

int lh_versus_of(const struct lh_versus_run run[2], const char *against, struct lh_versus **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_versus *v = calloc(1, sizeof *v);
	if (!v)
		return lh_nomem(err);
	v->run[LH_NEW] = run[LH_NEW];
	v->run[LH_BASE] = run[LH_BASE];
	int rc = lh_versus_match(v, against, err);
	for (int i = 0; i < v->count && !rc; i++)
		rc = compare_one(v, &v->match[i], err);
	if (!rc)
		rc = adjust(v, err);
	if (rc) {
		lh_versus_free(v);
		return rc;
	}
	*out = v;
	return 0;
}

void lh_versus_free(struct lh_versus *v)
{
	if (!v)
		return;
	for (int i = 0; i < v->count; i++) {
		lh_result_free(v->match[i].side[LH_NEW].result);
		lh_result_free(v->match[i].side[LH_BASE].result);
	}
	for (int side = 0; side < 2; side++) {
		free(v->alone[side].condition);
		free(v->made[side].condition);
	}
	free(v->match);
	free(v);
}
