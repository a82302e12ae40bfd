/* Task accuracy by turn, and the legend that all of a group's pictures share. */
#include "report/html_page.h"

#include "report/cells.h"
#include "report/html_plot.h"
#include "report/html_text.h"
#include "report/number.h"
#include "report/prose.h"

#include <math.h>
#include <stdio.h>

enum { NUMBERS = 8 };                        /* turns in the table below */

static bool any_curve(const struct lh_group *g)
{
	for (int row = 0; row < g->count; row++)
		if (lh_report_has_horizon(g->member[row]))
			return true;
	return false;
}

/* First and last, and what lies evenly between. */
static int chosen(const struct lh_group *g, int k)
{
	int turns = g->turns_most, n = turns < NUMBERS ? turns : NUMBERS;
	return n == 1 ? 1 : 1 + (int)((int64_t)k * (turns - 1) / (n - 1));
}

static void put_numbers(const struct lh_group *g, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_cells c;
	struct lh_buf name;
	struct lh_error err = { 0 };
	if (lh_cells_init(&c, g->count, style, &err)) {
		out->failed = err.code;
		return;
	}
	lh_buf_init(&name, 1 << 20);
	for (int row = 0; row < g->count; row++) {
		lh_group_name(g, row, &name);
		lh_cells_name(&c, row, lh_buf_str(&name), lh_group_suffix(g, row));
	}
	c.apart = g->oracles_from;
	c.caption = "Task accuracy by policy, at some turns";
	for (int k = 0; k < NUMBERS && k < g->turns_most; k++) {
		char head[32];
		int t = chosen(g, k);
		snprintf(head, sizeof head, "turn %d", t);
		struct lh_figure *f = lh_cells_add(&c, LH_CELLS_MAIN, head, "");
		for (int row = 0; row < g->count; row++) {
			const struct lh_result *r = g->member[row]->result;
			bool known = lh_report_has_horizon(g->member[row]) && t <= r->turns;
			f[row] = known ? lh_figure_share(r->task_accuracy[t - 1], r->task_accuracy_ci[t - 1], style) : lh_figure_none(style);
		}
	}
	lh_buf_puts(out, "<details><summary>The same in numbers</summary>\n");
	lh_cells_print(&c, out);
	lh_buf_puts(out, "</details>\n");
	lh_cells_fini(&c);
	lh_buf_fini(&name);
}

static void put_level(struct lh_plot *p, double percent)
{
	int y = (int)lround(1000 - 10 * percent);
	lh_buf_printf(p->out, "<path class=\"grid\" d=\"M0 %dH1000\"/>", y);
}

/* The first policy last: above the others. */
static void put_series(struct lh_plot *p, const struct lh_group *g, bool band)
{
	for (int row = g->count - 1; row >= 0; row--) {
		const struct lh_report_condition *c = g->member[row];
		const struct lh_steps s = { c->result->task_accuracy, c->result->task_accuracy_ci, c->result->turns, 1, 1, 100 };
		if (lh_report_has_horizon(c) && band)
			lh_plot_band(p, &s, row);
		else if (lh_report_has_horizon(c))
			lh_plot_line(p, &s, row, c->oracle);
	}
}

static void put_plot(const struct lh_group *g, struct lh_buf *out)
{
	struct lh_plot p = { .out = out, .x0 = 0.5, .x1 = g->turns_most + 0.5, .y0 = 0, .y1 = 100, .bands = g->count };
	lh_plot_open(&p, LH_STR("Task accuracy in percent by turn, a line a policy with its 95 % band; the figures are in the table below."), "turn");
	for (int percent = 20; percent <= 100; percent += 20)
		put_level(&p, percent);
	put_series(&p, g, true);
	put_series(&p, g, false);
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	lh_plot_y_ticks(&p, " %");
	lh_plot_close(&p);
}

void lh_html_curves(const struct lh_group *g, const struct lh_report_style *style, struct lh_buf *out)
{
	if (!any_curve(g))
		return;
	lh_buf_puts(out, "<figure><figcaption><b>Task accuracy</b>: samples without an error so far, by turn; shaded: 95 % bands, for each turn by itself."
		"</figcaption>\n");
	put_plot(g, out);
	put_numbers(g, style, out);
	lh_buf_puts(out, "</figure>\n");
}

/* ---- legend ---- */

static void put_entry(const struct lh_group *g, int row, struct lh_buf *name, struct lh_buf *out)
{
	lh_group_name(g, row, name);
	lh_buf_puts(out, "<label>");
	if (row < LH_HTML_SERIES)
		lh_buf_printf(out, "<input type=\"checkbox\" class=\"t%d\" checked>", row);
	lh_buf_puts(out, "<svg viewBox=\"0 0 36 12\" aria-hidden=\"true\"><path class=\"line\"");
	lh_buf_printf(out, " style=\"--k:var(--c%d)\"", row % 8);
	lh_plot_dashes(out, row);
	lh_buf_printf(out, " d=\"M0 6H36\"/></svg><span>%d&nbsp;", row + 1);
	lh_html_put_name(out, lh_buf_str(name));
	lh_buf_printf(out, "%s</span></label>\n", lh_group_suffix(g, row));
}

void lh_html_legend(const struct lh_group *g, struct lh_buf *out)
{
	struct lh_buf name;
	if (g->count == 0)
		return;
	lh_buf_init(&name, 1 << 20);
	lh_buf_puts(out, "<fieldset class=\"legend\"><legend>Shown in the pictures below:</legend>\n");
	for (int row = 0; row < g->count; row++)
		put_entry(g, row, &name, out);
	lh_buf_puts(out, "</fieldset>\n");
	lh_buf_fini(&name);
}
