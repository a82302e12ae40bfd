/* Synthetic results for the report's tests: curves of a known shape, filled in by hand, so that
 * a change in core/measure cannot change what is tested here. */
#ifndef LH_TESTS_REPORT_DATA_H
#define LH_TESTS_REPORT_DATA_H

#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { DATA_S = 3 };

static inline struct lh_interval data_wilson(double p, double n)
{
	double z = 1.959964, d = 1 + z * z / n, m = (p + z * z / (2 * n)) / d;
	double h = z / d * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	if (n <= 0 || isnan(p))
		return (struct lh_interval){ NAN, NAN };
	return (struct lh_interval){ fmax(0, m - h), fmin(1, m + h) };
}

static inline void *data_array(int n, size_t size)
{
	void *p = calloc((size_t)(n > 0 ? n : 1), size);
	if (!p)
		abort();
	return p;
}

static inline struct lh_result *data_blank(int samples, int turns, int k)
{
	struct lh_result *r = data_array(1, sizeof *r);
	r->samples = samples, r->turns = turns, r->steps_per_turn = k;
	r->observed = data_array(turns, sizeof(int));
	r->tried = data_array(turns, sizeof(int));
	r->at_risk = data_array(turns, sizeof(int));
	double **rates[] = { &r->turn_accuracy, &r->turn_accuracy_strict, &r->state_accuracy, &r->task_accuracy, &r->hazard };
	struct lh_interval **cis[] = { &r->turn_accuracy_ci, &r->state_accuracy_ci, &r->task_accuracy_ci, &r->task_accuracy_bounds, &r->hazard_ci };
	for (int i = 0; i < 5; i++) {
		*rates[i] = data_array(turns, sizeof(double));
		*cis[i] = data_array(turns, sizeof(struct lh_interval));
	}
	for (int o = 0; o < LH_OUTCOME_COUNT; o++) {
		r->share[o] = data_array(turns, sizeof(double));
		r->share_ci[o] = data_array(turns, sizeof(struct lh_interval));
	}
	r->s_count = DATA_S;
	r->horizon = data_array(DATA_S, sizeof *r->horizon);
	return r;
}

static inline void data_free(struct lh_result *r)
{
	void *all[] = { r->observed, r->tried, r->at_risk, r->turn_accuracy, r->turn_accuracy_strict, r->state_accuracy,
		r->task_accuracy, r->hazard, r->turn_accuracy_ci, r->state_accuracy_ci, r->task_accuracy_ci,
		r->task_accuracy_bounds, r->hazard_ci, r->horizon };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		free(r->share[o]), free(r->share_ci[o]);
	free(r);
}

static inline int data_last_at(const struct lh_result *r, double s, int bound)
{
	int n = 0;
	for (int t = 0; t < r->turns; t++) {
		double v = bound < 0 ? r->task_accuracy_ci[t].lo : bound > 0 ? r->task_accuracy_ci[t].hi : r->task_accuracy[t];
		if (v >= s && n == t)
			n = t + 1;
	}
	return n;
}

static inline void data_horizons(struct lh_result *r)
{
	static const double wanted[DATA_S] = { 0.5, 0.8, 0.9 };
	int w = r->turns / 10 < 5 ? r->turns / 10 : 5;
	w = w < 1 ? 1 : w;
	double p = r->turns ? pow(r->task_accuracy[w - 1], 1.0 / w) : NAN;
	for (int i = 0; i < DATA_S; i++) {
		struct lh_horizon *h = &r->horizon[i];
		h->s = wanted[i];
		h->turns = data_last_at(r, h->s, 0), h->lo = data_last_at(r, h->s, -1), h->hi = data_last_at(r, h->s, 1);
		h->censored = h->turns == r->turns, h->lo_open = h->lo == r->turns, h->hi_open = h->hi == r->turns;
		h->first_below = h->censored ? 0 : h->turns + 1;
		h->steps = (int64_t)h->turns * r->steps_per_turn;
		h->constant_rate_window = w;
		h->constant_rate_open = p == 1;
		h->constant_rate = isnan(p) ? NAN : floor(log(h->s) / log(p == 1 ? pow(0.05, 1.0 / (w * r->samples)) : p));
		h->degradation = isnan(p) || p == 1 ? NAN : (h->turns + 0.5) * log(p) / log(h->s);
	}
}

/* Survival exp(-(t/scale)^shape), rounded to whole samples; turn errors at rate te in every turn. */
static inline struct lh_result *data_curve(int samples, int turns, int k, double scale, double shape, double te)
{
	struct lh_result *r = data_blank(samples, turns, k);
	int before = samples;
	for (int t = 0; t < turns; t++) {
		int now = (int)lround(samples * exp(-pow((t + 1) / scale, shape)));
		double ta = round((1 - te) * samples) / samples;
		r->observed[t] = r->tried[t] = samples;
		r->at_risk[t] = before;
		r->task_accuracy[t] = samples ? (double)now / samples : NAN;
		r->task_accuracy_ci[t] = data_wilson(r->task_accuracy[t], samples);
		r->task_accuracy_bounds[t] = (struct lh_interval){ r->task_accuracy[t], r->task_accuracy[t] };
		r->hazard[t] = before ? 1 - (double)now / before : NAN;
		r->hazard_ci[t] = data_wilson(r->hazard[t], before);
		r->turn_accuracy[t] = r->turn_accuracy_strict[t] = r->state_accuracy[t] = samples ? ta : NAN;
		r->turn_accuracy_ci[t] = r->state_accuracy_ci[t] = data_wilson(ta, samples);
		for (int o = 0; o < LH_OUTCOME_COUNT; o++) {
			double share = o == LH_OUTCOME_CORRECT ? ta : o == LH_OUTCOME_SLIPS ? 1 - ta : 0;
			r->share[o][t] = samples ? share : NAN;
			r->share_ci[o][t] = data_wilson(r->share[o][t], samples);
		}
		before = now;
	}
	r->turn_error_rate = r->turn_error_rate_strict = samples ? te : NAN;
	r->turn_error_rate_ci = r->turn_error_rate_strict_ci = data_wilson(r->turn_error_rate, samples * sqrt(turns));
	r->turn_error_rate_last10 = samples ? fmin(1, te * 1.6) : NAN;
	r->turn_error_rate_last10_ci = data_wilson(r->turn_error_rate_last10, samples * 3.0);
	data_horizons(r);
	return r;
}

static inline void data_outcome(struct lh_result *r, enum lh_outcome o, double share)
{
	for (int t = 0; t < r->turns; t++) {
		r->share[o][t] = share;
		r->share_ci[o][t] = data_wilson(share, r->samples);
	}
}

#endif
