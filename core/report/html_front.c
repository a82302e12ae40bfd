/* Horizon against input tokens: what more context buys. */
#include "report/html_page.h"

#include "report/html_plot.h"
#include "report/number.h"

#include <math.h>
#include <stdio.h>

static bool placed(const struct lh_report_condition *c)
{
	return lh_report_has_horizon(c) && c->result->s_count > 0 && c->cost.turns > 0 && c->cost.tokens_in > 0;
}

static double tokens_of(const struct lh_report_condition *c) { return (double)c->cost.tokens_in / (double)c->cost.turns; }

/* By the comparison's own word (measure/pareto.h). */
static bool on_front(const struct lh_group *g, int row)
{
	int condition = (int)(g->member[row] - g->report->condition);
	for (int i = 0; i < g->report->comparison_count; i++) {
		const struct lh_report_comparison *c = &g->report->comparison[i];
		if (c->policy == condition || c->baseline == condition)
			return (c->policy == condition ? c->fronts : c->baseline_fronts) & LH_FRONT_HORIZON;
	}
	return false;
}

/* Both axes with some room; tokens by their logarithm where they span more than a power of ten. */
static bool lay_out(const struct lh_group *g, struct lh_plot *p)
{
	double least = INFINITY, most = 0, top = 1;
	int n = 0;
	for (int row = 0; row < g->count; row++) {
		const struct lh_report_condition *c = g->member[row];
		if (!placed(c))
			continue;
		n++;
		least = fmin(least, tokens_of(c));
		most = fmax(most, tokens_of(c));
		top = fmax(top, fmax(c->result->horizon[0].turns, c->result->horizon[0].hi));
	}
	p->log_x = most > 10 * least;
	p->x0 = p->log_x ? least / 1.3 : 0;
	p->x1 = p->log_x ? most * 1.3 : most * 1.1;
	p->y0 = 0;
	p->y1 = top * 1.05;
	return n > 1;
}

static void put_marks(const struct lh_group *g, struct lh_plot *p)
{
	for (int row = 0; row < g->count; row++) {
		const struct lh_report_condition *c = g->member[row];
		if (!placed(c))
			continue;
		const struct lh_horizon *h = &c->result->horizon[0];
		lh_plot_dot(p, tokens_of(c), h->turns, row, c->oracle ? "dot hollow" : on_front(g, row) ? "dot best" : "dot", h->censored ? "≥" : "");
	}
}

void lh_html_front(const struct lh_group *g, struct lh_buf *out)
{
	struct lh_plot p = { .out = out };
	char label[200];
	if (!lay_out(g, &p))
		return;
	snprintf(label, sizeof label, "Horizon(%g) in turns against input tokens per turn, a mark a policy; the figures are in the table above.", g->member[0]->result->horizon[0].s);
	lh_buf_printf(out, "<figure><figcaption><b>What tokens buy</b>: horizon(%g) in turns (line: 95 %% interval) against input tokens per turn. Ringed: on the front, no other policy"
		" goes as far for as few tokens. Hollow: oracles, which are bounds. ≥: the end was not seen.</figcaption>\n", g->member[0]->result->horizon[0].s);
	lh_plot_open(&p, lh_str_of(label), p.log_x ? "input tokens per turn (logarithmic)" : "input tokens per turn");
	for (int row = 0; row < g->count; row++)
		if (placed(g->member[row]))
			lh_plot_bar(&p, tokens_of(g->member[row]), g->member[row]->result->horizon[0].lo, g->member[row]->result->horizon[0].hi, row);
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	lh_plot_y_ticks(&p, "");
	put_marks(g, &p);
	lh_plot_close(&p);
	lh_buf_puts(out, "</figure>\n");
}
