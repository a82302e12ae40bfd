/* Accuracy against the errors in view: does a model that sees its own errors make more of them? */
#include "report/html_page.h"

#include "report/html_parts.h"
#include "report/html_plot.h"

#include <math.h>

/* Before the last probed turn: the history's answers were right or wrong by lot, and it was observed. NULL: not so. */
static const struct lh_effects_cell *drawn(const struct lh_report_effects *e, int history)
{
	const struct lh_history *m = &e->history[history].made;
	const struct lh_effects_cell *c = &e->cell[history * e->turns + e->turns - 1];
	bool lot = m->mode == LH_HISTORY_CLEAN || m->mode == LH_HISTORY_INJECTED || m->mode == LH_HISTORY_PROPAGATED;
	return lot && !m->last && c->observed > 0 && !isnan(c->update) && !isnan(c->strict.value) ? c : NULL;
}

/* Every cell of the figure: which part of it is to be done. */
enum part { COUNT, RANGE, BARS, DOTS };

/* Histories of one kind rise in rate; a line through them begins at the clean one. */
static void put_lines(struct lh_plot *p, const struct lh_report_effects *e, int row)
{
	static const enum lh_history_mode kinds[] = { LH_HISTORY_INJECTED, LH_HISTORY_PROPAGATED };
	for (int k = 0; k < 2; k++) {
		const struct lh_effects_cell *last = NULL;
		for (int h = 0; h < e->histories; h++) {
			const struct lh_effects_cell *c = drawn(e, h);
			enum lh_history_mode mode = e->history[h].made.mode;
			if (!c || (mode != LH_HISTORY_CLEAN && mode != kinds[k]))
				continue;
			if (last)
				lh_plot_join(p, 100 * last->update, 100 * last->strict.value, 100 * c->update, 100 * c->strict.value, row);
			last = c;
		}
	}
}

static int each_cell(const struct lh_group *g, bool thoughts, enum part part, struct lh_plot *p)
{
	int n = 0;
	for (int i = 0; i < g->report->effects_count; i++) {
		const struct lh_report_effects *e = &g->report->effects[i];
		for (int h = 0; lh_html_effects_of(g, i, thoughts) && h < e->histories; h++) {
			const struct lh_effects_cell *c = drawn(e, h);
			if (!c)
				continue;
			n++;
			if (part == RANGE) {
				p->x1 = fmax(p->x1, 105 * c->update);
				p->y0 = fmin(p->y0, 10 * floor(10 * c->strict.ci.lo));
			} else if (part == BARS) {
				lh_plot_bar(p, 100 * c->update, 100 * c->strict.ci.lo, 100 * c->strict.ci.hi, lh_html_effects_row(g, i));
			} else if (part == DOTS) {
				lh_plot_dot(p, 100 * c->update, 100 * c->strict.value, lh_html_effects_row(g, i), e->history[h].made.mode == LH_HISTORY_PROPAGATED ? "dot hollow" : "dot", "");
			}
		}
	}
	return n;
}

static void put_plot(const struct lh_group *g, bool thoughts, struct lh_buf *out)
{
	struct lh_plot p = { .out = out, .x0 = -2, .x1 = 5, .y0 = 90, .y1 = 100 };
	if (each_cell(g, thoughts, COUNT, &p) < 2)
		return;
	each_cell(g, thoughts, RANGE, &p);
	lh_buf_printf(out, "<figure><figcaption><b>Self-conditioning</b>%s: turn accuracy (strict reading; line: 95 %% interval) at the last turn asked, against the share of wrong updates"
		" among the answers in view. Filled: clean and injected histories; hollow: propagated. A number is a policy's.</figcaption>\n",
		thoughts ? ", answers with thoughts" : "");
	lh_html_effects_key(g, thoughts, out);
	lh_plot_open(&p, LH_STR("Turn accuracy in percent against update exposure in percent, a mark a history; the figures are in the tables below."), "update exposure, %");
	each_cell(g, thoughts, BARS, &p);
	for (int i = 0; i < g->report->effects_count; i++)
		if (lh_html_effects_of(g, i, thoughts))
			put_lines(&p, &g->report->effects[i], lh_html_effects_row(g, i));
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	lh_plot_y_ticks(&p, " %");
	each_cell(g, thoughts, DOTS, &p);
	lh_plot_close(&p);
	lh_buf_puts(out, "</figure>\n");
}

void lh_html_effects(const struct lh_group *g, const struct lh_report_style *style, struct lh_buf *out)
{
	put_plot(g, false, out);
	put_plot(g, true, out);
	lh_html_parts(g, false, style, out);
	lh_html_parts(g, true, style, out);
}
