/* What made histories say, drawn: accuracy against the errors in view, and what a loss is made of. */
#include "report/html_page.h"

#include "report/effects_text.h"
#include "report/html_plot.h"
#include "report/html_text.h"
#include "report/number.h"

#include <math.h>
#include <stdio.h>

/* The policy's row in the legend; further ones have numbers behind it. */
static int row_of(const struct lh_group *g, int entry)
{
	const struct lh_report_condition *c = &g->report->condition[g->report->effects[entry].condition];
	for (int row = 0; row < g->count; row++)
		if (lh_str_equal(g->member[row]->policy, c->policy) && lh_str_equal(g->member[row]->policy_options, c->policy_options))
			return row;
	return g->count + entry;
}

static bool belongs(const struct lh_group *g, int entry, bool thoughts)
{
	const struct lh_report_effects *e = &g->report->effects[entry];
	return e->thoughts == thoughts && e->turns > 0 && e->turn[e->turns - 1] > 1 && lh_group_together(g->lead, &g->report->condition[e->condition]);
}

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

static int each_cell(const struct lh_group *g, bool thoughts, enum part part, struct lh_plot *p)
{
	int n = 0;
	for (int i = 0; i < g->report->effects_count; i++) {
		const struct lh_report_effects *e = &g->report->effects[i];
		for (int h = 0; belongs(g, i, thoughts) && h < e->histories; h++) {
			const struct lh_effects_cell *c = drawn(e, h);
			if (!c)
				continue;
			n++;
			if (part == RANGE) {
				p->x1 = fmax(p->x1, 105 * c->update);
				p->y0 = fmin(p->y0, 10 * floor(10 * c->strict.ci.lo));
			} else if (part == BARS) {
				lh_plot_bar(p, 100 * c->update, 100 * c->strict.ci.lo, 100 * c->strict.ci.hi, row_of(g, i));
			} else if (part == DOTS) {
				lh_plot_dot(p, 100 * c->update, 100 * c->strict.value, row_of(g, i), e->history[h].made.mode == LH_HISTORY_PROPAGATED ? "dot hollow" : "dot", "");
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
		" among the answers in view. Filled: clean and injected histories; hollow: propagated. Numbers are the policies' of the legend.</figcaption>\n",
		thoughts ? ", answers with thoughts" : "");
	lh_plot_open(&p, LH_STR("Turn accuracy in percent against update exposure in percent, a mark a history; the figures are in the tables below."), "update exposure, %");
	each_cell(g, thoughts, BARS, &p);
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	lh_plot_y_ticks(&p, " %");
	each_cell(g, thoughts, DOTS, &p);
	lh_plot_close(&p);
	lh_buf_puts(out, "</figure>\n");
}

/* ---- the parts of a loss ---- */

static void put_part(const char *name, const struct lh_part *part, double most, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_figure f = lh_effects_points(part->value, part->ci, style);
	lh_buf_printf(out, "<dl><dt>%s</dt><dd>%s %s", name, f.value, f.tail);
	if (!isnan(part->value) && most > 0)
		lh_buf_printf(out, "<div class=\"part%s\" style=\"width:%.1f%%\"></div>", part->value < 0 ? " below" : "", 100 * fabs(part->value) / most);
	lh_buf_puts(out, "</dd></dl>\n");
}

static void put_parts(const struct lh_report *report, const struct lh_report_effects *e, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_attribution *a = &e->attribution.strict;
	const struct lh_part *parts[] = { &a->loss, &a->length, &a->errors, &a->rest };
	static const char *const names[] = { "loss", "length", "own errors", "rest" };
	double most = 0;
	struct lh_buf name;
	for (int i = 0; i < 4; i++)
		most = fmax(most, fabs(parts[i]->value));
	lh_buf_init(&name, 1 << 16);
	lh_effects_policy_name(&report->condition[e->condition], &name);
	lh_buf_puts(out, "<figure><figcaption><b>What the loss is made of</b>: ");
	lh_html_put(out, lh_buf_str(&name));
	lh_buf_puts(out, report->condition[e->condition].oracle ? " (oracle)" : "");
	lh_buf_printf(out, "%s, turn accuracy lost from turn 1 to turn %d, in percentage points (strict reading, 95 %% intervals by one bootstrap); length, own errors and rest add up"
		" to it. Outlined: below 0, a gain.</figcaption>\n", e->thoughts ? ", answers with thoughts" : "", e->attribution.turn);
	for (int i = 0; i < 4; i++)
		put_part(names[i], parts[i], most, style, out);
	lh_buf_puts(out, "</figure>\n");
	lh_buf_fini(&name);
}

void lh_html_effects(const struct lh_group *g, const struct lh_report_style *style, struct lh_buf *out)
{
	put_plot(g, false, out);
	put_plot(g, true, out);
	for (int i = 0; i < g->report->effects_count; i++) {
		const struct lh_report_effects *e = &g->report->effects[i];
		if (belongs(g, i, e->thoughts) && !e->attribution.why && !isnan(e->attribution.strict.loss.value))
			put_parts(g->report, e, style, out);
	}
}
