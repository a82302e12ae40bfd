/* Pools of a plan: what is known of each sample, what a change makes of them, what two of them show. */
#include "measure/planning.h"

#include "measure/betting.h"
#include "measure/errortable.h"
#include "measure/grid.h"
#include "measure/horizon.h"
#include "measure/jointboot.h"
#include "measure/rmst.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>

/* ---- samples ---- */

static int observed_turns(const uint8_t *row, int turns)
{
	int n = 0;
	while (n < turns && lh_observed(row[n]))
		n++;
	return n;
}

static int turn_errors(const struct lh_grid *g, int sample)
{
	const uint8_t *row = lh_grid_row(g, sample);
	int n = 0;
	for (int t = 0; t < observed_turns(row, g->turns); t++)
		n += !lh_outcome_turn_ok(row[t]);
	return n;
}

/* With every turn error left out a sample is followed to the end, unless its first state error is none:
 * then it was shown a wrong state that nobody had answered, as a policy may do. */
static struct lh_follow spared(const struct lh_plan_sample *s, const uint8_t *row)
{
	if (s->follow.erred && lh_outcome_turn_ok(row[s->follow.turns - 1]))
		return s->follow;
	return (struct lh_follow){ s->observed, false };
}

static void fill_sample(struct lh_plan_pool *p, int i, int *at, const struct lh_grid *g)
{
	struct lh_plan_sample *s = &p->sample[i];
	const uint8_t *row = lh_grid_row(g, i);
	s->observed = observed_turns(row, g->turns);
	s->first = *at;
	for (int t = 0; t < s->observed; t++)
		if (!lh_outcome_turn_ok(row[t]))
			p->error[(*at)++] = (struct lh_plan_error){ t + 1, lh_outcome_state_ok(row[t]) };
	s->errors = *at - s->first;
	s->rate = p->rated && s->observed ? (double)s->errors / s->observed : NAN;
	s->spared = spared(s, row);
}

static int fill(struct lh_plan_pool *p, const struct lh_grid *g, struct lh_error *err)
{
	struct lh_follow *follow = calloc((size_t)g->samples + 1, sizeof *follow);
	int at = 0;
	if (!follow)
		return lh_nomem(err);
	lh_follow_grid(g, follow);
	for (int i = 0; i < g->samples; i++) {
		p->sample[i].follow = follow[i];
		fill_sample(p, i, &at, g);
	}
	free(follow);
	return 0;
}

int lh_plan_pool_init(struct lh_plan_pool *p, const struct lh_grid *g, struct lh_error *err)
{
	int64_t errors = 0;
	*p = (struct lh_plan_pool){ .samples = g->samples, .turns = g->turns, .rated = !g->stop_at_error || g->turns == 1 };
	for (int i = 0; i < g->samples; i++)
		errors += turn_errors(g, i);
	if (errors > INT32_MAX)
		return lh_fail(err, LH_E_LIMIT, "%lld turn errors are too many for one pool: take fewer samples or turns", (long long)errors);
	p->sample = calloc((size_t)g->samples + 1, sizeof *p->sample);
	p->error = calloc((size_t)errors + 1, sizeof *p->error);
	int rc = p->sample && p->error ? fill(p, g, err) : lh_nomem(err);
	if (rc)
		lh_plan_pool_fini(p);
	return rc;
}

void lh_plan_pool_fini(struct lh_plan_pool *p)
{
	free(p->sample);
	free(p->error);
	*p = (struct lh_plan_pool){ 0 };
}

/* ---- a change's task accuracy ---- */

/* Samples at risk and first errors at each turn, in parts of a sample. */
struct expected { double *at_risk, *errors; };

static void expect(const struct expected *x, const struct lh_plan_pool *p, const struct lh_plan_sample *s, double change)
{
	const struct lh_plan_error *e = p->error + s->first, *end = e + s->errors;
	double left = 1;                         /* chance that all errors so far are left out */
	for (int t = 1; t <= s->spared.turns; t++) {
		x->at_risk[t - 1] += left;
		if (e < end && e->turn == t && !(e++)->returns) {
			x->errors[t - 1] += left * (1 - change);
			left *= change;
		}
	}
	if (s->spared.erred)
		x->errors[s->spared.turns - 1] += left;
}

/* measure/survival.h's estimates, from parts. */
static void estimate(struct lh_survival *v, const struct expected *x)
{
	double pa = 1, greenwood = 0;
	for (int t = 0; t < v->turns; t++) {
		double n = x->at_risk[t], d = x->errors[t], left = n - d;
		if (n <= 0 && pa > 0) {
			v->task_accuracy[t] = v->effective[t] = NAN;
			continue;
		}
		pa *= n > 0 ? left / n : 1;
		greenwood += n > 0 && left > 0 ? d / (n * left) : 0;
		v->task_accuracy[t] = pa;
		v->effective[t] = greenwood > 0 && pa > 0 ? (1 - pa) / (pa * greenwood) : greenwood > 0 ? x->at_risk[0] : n;
	}
}

static void find_horizon(struct lh_survival *v, const struct expected *x, struct lh_interval *band, int steps_per_turn, double s, struct lh_horizon *out)
{
	estimate(v, x);
	for (int t = 0; t < v->turns; t++)
		band[t] = lh_wilson(v->task_accuracy[t], v->effective[t]);
	*out = lh_horizon_find(v, band, steps_per_turn, s);
	out->constant_rate = out->degradation = NAN;
}

int lh_plan_horizon(const struct lh_plan_pool *p, double change, int steps_per_turn, double s, struct lh_horizon *out, struct lh_error *err)
{
	struct lh_survival v = { 0 };
	size_t turns = (size_t)p->turns;
	*out = (struct lh_horizon){ .s = s };
	struct expected x = { .at_risk = calloc(2 * turns + 1, sizeof *x.at_risk) };
	struct lh_interval *band = calloc(turns + 1, sizeof *band);
	int rc = x.at_risk && band ? lh_survival_init(&v, p->turns, err) : lh_nomem(err);
	if (!rc) {
		x.errors = x.at_risk + turns;
		for (int i = 0; i < p->samples; i++)
			expect(&x, p, &p->sample[i], change);
		find_horizon(&v, &x, band, steps_per_turn, s, out);
		lh_survival_fini(&v);
	}
	free(x.at_risk);
	free(band);
	return rc;
}

/* ---- an effect that was seen ---- */

static void conclude(struct lh_plan_effect *e)
{
	e->shown = e->ci.lo > 0 || e->ci.hi < 0;
	e->nearer = e->ci.lo > 0 ? e->ci.lo : e->ci.hi < 0 ? e->ci.hi : 0;
	e->shared = e->shown ? e->nearer / e->difference : 0;
}

static int length_effect(const struct lh_grid *first, const struct lh_grid *second, uint64_t seed, struct lh_plan_effect *out, struct lh_error *err)
{
	struct lh_follow *follow = calloc(2 * (size_t)first->samples + 1, sizeof *follow);
	struct lh_rmst r;
	if (!follow)
		return lh_nomem(err);
	lh_follow_grid(first, follow);
	lh_follow_grid(second, follow + first->samples);
	int rc = lh_rmst_compare(follow, follow + first->samples, first->samples, first->turns, seed, 0, &r, err);
	if (!rc) {
		out->difference = r.difference;
		out->ci = r.ci;
	}
	free(follow);
	return rc;
}

static void rate_difference(void *tables, const int *weight, double *value)
{
	const struct lh_error_table *t = tables;
	*value = lh_error_rate(&t[0], weight) - lh_error_rate(&t[1], weight);
}

/* Where no resample differs: the betting interval on the samples' own differences (measure/betting.h). */
static int widen(const struct lh_grid *first, const struct lh_grid *second, struct lh_plan_effect *out, struct lh_error *err)
{
	double *x = calloc((size_t)first->samples + 1, sizeof *x);
	int n = 0;
	if (!x)
		return lh_nomem(err);
	for (int i = 0; i < first->samples; i++) {
		int a = observed_turns(lh_grid_row(first, i), first->turns), b = observed_turns(lh_grid_row(second, i), second->turns);
		if (a && b)
			x[n++] = 0.5 + ((double)turn_errors(first, i) / a - (double)turn_errors(second, i) / b) / 2;
	}
	struct lh_interval bet = lh_bet_interval(x, n);
	out->ci = (struct lh_interval){ fmin(2 * bet.lo - 1, out->difference), fmax(2 * bet.hi - 1, out->difference) };
	free(x);
	return 0;
}

static int rate_effect(const struct lh_grid *first, const struct lh_grid *second, uint64_t seed, struct lh_plan_effect *out, struct lh_error *err)
{
	struct lh_error_table table[2] = { { 0 }, { 0 } };
	struct lh_joint j = { .samples = first->samples, .contributing = first->samples, .values = 1, .of = rate_difference, .world = table, .seed = seed };
	int rc = lh_error_table_init(&table[0], first, 0, false, err);
	if (!rc)
		rc = lh_error_table_init(&table[1], second, 0, false, err);
	if (!rc)
		rc = lh_bootstrap_joint(&j, &out->difference, &out->ci, err);
	if (!rc && !isnan(out->difference) && !(out->ci.lo < out->ci.hi))
		rc = widen(first, second, out, err);
	lh_error_table_fini(&table[0]);
	lh_error_table_fini(&table[1]);
	return rc;
}

int lh_plan_effect(const struct lh_grid *first, const struct lh_grid *second, enum lh_plan_test test, uint64_t seed, struct lh_plan_effect *out, struct lh_error *err)
{
	*out = (struct lh_plan_effect){ .difference = NAN, .ci = { NAN, NAN } };
	int rc = test == LH_PLAN_LENGTH ? length_effect(first, second, seed, out, err) : rate_effect(first, second, seed, out, err);
	if (!rc)
		conclude(out);
	return rc;
}
