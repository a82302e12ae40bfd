/* Hazard by turn: do errors come faster as a run goes on? */
#include "report/html_page.h"

#include "report/html_plot.h"
#include "report/number.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>

/* A step has EACH first errors on average, as far as at least FEW and at most BINS steps come of that: of fewer errors one sees chance.
 * MANY: a step is drawn where one of so many samples is left of those that began. */
enum { BINS = 60, FEW = 8, EACH = 5, MANY = 20 };

struct hazard { double v[BINS]; struct lh_interval ci[BINS]; int n, turns, each; };       /* turns: looked at; each: of a step */

/* Before turn t, from 0, enough are left of those that began. */
static bool has_many(const struct lh_result *r, int t) { return r->at_risk[t] > 0 && (int64_t)r->at_risk[t] * MANY >= r->at_risk[0]; }

/* `each` turns together: first errors in them, of samples at risk in them. Where few are left, one error is a large share and none
 * says little: such steps are NAN. */
static void take(const struct lh_result *r, struct hazard *h)
{
	int end = r->turns < h->turns ? r->turns : h->turns;
	h->n = (end + h->each - 1) / h->each;
	for (int i = 0; i < h->n; i++) {
		int64_t errors = 0, at_risk = 0;
		for (int t = i * h->each; t < end && t < (i + 1) * h->each; t++)
			if (r->at_risk[t] > 0 && !isnan(r->hazard[t])) {
				errors += llround(r->hazard[t] * r->at_risk[t]);
				at_risk += r->at_risk[t];
			}
		bool many = has_many(r, i * h->each);
		h->v[i] = many ? lh_share(errors, at_risk) : NAN;
		h->ci[i] = lh_wilson(h->v[i], (double)at_risk);
	}
}

/* The last turn at which enough are left under any policy. */
static int end_of(const struct lh_group *g)
{
	int end = 0;
	for (int row = 0; row < g->count; row++)
		for (int t = end; lh_report_has_horizon(g->member[row]) && t < g->member[row]->result->turns; t++)
			end = has_many(g->member[row]->result, t) ? t + 1 : end;
	return end;
}

/* Turns of a step. */
static int width_of(const struct lh_group *g, int turns)
{
	double most = 0;
	for (int row = 0; row < g->count; row++) {
		const struct lh_result *r = g->member[row]->result;
		double errors = 0;
		for (int t = 0; lh_report_has_horizon(g->member[row]) && t < r->turns; t++)
			errors += r->at_risk[t] > 0 && !isnan(r->hazard[t]) ? r->hazard[t] * r->at_risk[t] : 0;
		most = fmax(most, errors);
	}
	int steps = (int)fmin(BINS, fmax(FEW, most / EACH));
	int each = (turns + steps - 1) / steps;
	while (turns % each * 2 < each && turns % each)        /* no last step of next to nothing */
		each++;
	return each;
}

/* Room for the intervals, but no more than for the values themselves: where few are left they are wide. */
static double top_of(const struct lh_group *g, int turns, int each)
{
	double top = 0, high = 0;
	for (int row = 0; row < g->count; row++) {
		struct hazard h = { .turns = turns, .each = each };
		if (!lh_report_has_horizon(g->member[row]))
			continue;
		take(g->member[row]->result, &h);
		for (int i = 0; i < h.n; i++)
			if (!isnan(h.v[i])) {
				top = fmax(top, h.v[i]);
				high = fmax(high, h.ci[i].hi);
			}
	}
	return fmin(2 * top, 1.02 * high);
}

static void put_series(struct lh_plot *p, const struct lh_group *g, int turns, int each, bool band)
{
	for (int row = g->count - 1; row >= 0; row--) {
		struct hazard h = { .turns = turns, .each = each };
		if (!lh_report_has_horizon(g->member[row]))
			continue;
		take(g->member[row]->result, &h);
		const struct lh_steps s = { h.v, h.ci, h.n, 0.5 + 0.5 * each, each, 100 };
		if (band)
			lh_plot_band(p, &s, row);
		else
			lh_plot_line(p, &s, row, g->member[row]->oracle);
	}
}

void lh_html_hazard(const struct lh_group *g, struct lh_buf *out)
{
	int turns = end_of(g), each = turns ? width_of(g, turns) : 1;
	double top = turns ? top_of(g, turns, each) : 0;
	if (!(top > 0) || g->turns_most < 2)
		return;
	struct lh_plot p = { .out = out, .x0 = 0.5, .x1 = turns + 0.5, .y0 = 0, .y1 = fmin(100, 100 * top), .bands = g->count };
	lh_buf_printf(out, "<figure><figcaption><b>Hazard</b>: of the samples without an error before a turn, the share that errs in it. It rises where errors come faster as a run goes"
		" on. Shaded: 95 %% (Wilson); what lies beyond the top is drawn at it.");
	if (turns < g->turns_most)
		lh_buf_printf(out, " Not drawn: turns before which fewer than one sample of %d is left without an error; turn %d is the last with more.", MANY, turns);
	if (each > 1)
		lh_buf_printf(out, " %d turns are taken together.", each);
	lh_buf_puts(out, "</figcaption>\n");
	lh_plot_open(&p, LH_STR("Hazard in percent by turn, a line a policy; the JSON has the figures of every turn."), "turn");
	put_series(&p, g, turns, each, true);
	put_series(&p, g, turns, each, false);
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	lh_plot_y_ticks(&p, " %");
	lh_plot_close(&p);
	lh_buf_puts(out, "</figure>\n");
}
