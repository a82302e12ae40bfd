#include "report/html_parts.h"

#include "report/effects_text.h"
#include "report/html_plot.h"
#include "report/html_text.h"
#include "report/number.h"

#include <math.h>
#include <stdio.h>

enum { PARTS = 3 };                          /* length, own errors, rest: they add up to the loss */
static const char *const part_name[PARTS] = { "length", "own errors", "rest" };

int lh_html_effects_row(const struct lh_group *g, int entry)
{
	const struct lh_report_condition *c = &g->report->condition[g->report->effects[entry].condition];
	for (int row = 0; row < g->count; row++)
		if (lh_str_equal(g->member[row]->policy, c->policy) && lh_str_equal(g->member[row]->policy_options, c->policy_options))
			return row;
	return g->count + entry;
}

bool lh_html_effects_of(const struct lh_group *g, int entry, bool thoughts)
{
	const struct lh_report_effects *e = &g->report->effects[entry];
	return e->thoughts == thoughts && e->turns > 0 && e->turn[e->turns - 1] > 1 && lh_group_together(g->lead, &g->report->condition[e->condition]);
}

static void put_policy(const struct lh_report *report, int entry, struct lh_buf *out)
{
	const struct lh_report_condition *c = &report->condition[report->effects[entry].condition];
	struct lh_buf name;
	lh_buf_init(&name, 1 << 16);
	lh_effects_policy_name(c, &name);
	lh_html_put_name(out, lh_buf_str(&name));
	lh_buf_puts(out, c->oracle ? " (oracle)" : "");
	lh_buf_fini(&name);
}

void lh_html_effects_key(const struct lh_group *g, bool thoughts, struct lh_buf *out)
{
	bool some = false;
	for (int i = 0; i < g->report->effects_count; i++) {
		if (!lh_html_effects_of(g, i, thoughts) || lh_html_effects_row(g, i) < g->count)
			continue;
		lh_buf_printf(out, "%s<li>%d ", some ? "" : "<ul class=\"key\">", lh_html_effects_row(g, i) + 1);
		put_policy(g->report, i, out);
		lh_buf_puts(out, "</li>");
		some = true;
	}
	lh_buf_puts(out, some ? "</ul>\n" : "");
}

static const struct lh_part *part_of(const struct lh_attribution *a, int k)
{
	return k == 0 ? &a->length : k == 1 ? &a->errors : &a->rest;
}

static bool has_parts(const struct lh_group *g, int entry, bool thoughts)
{
	const struct lh_effects_attribution *a = &g->report->effects[entry].attribution;
	return lh_html_effects_of(g, entry, thoughts) && !a->why && !isnan(a->strict.loss.value);
}

/* ---- the bar ----
 *
 * Parts above 0 lie one behind another to the right of the zero line, those below 0 to its left: nothing lies upon anything, and
 * what is right of the line less what is left of it is the loss, which is marked by itself. */

/* Both ends of all the group's bars, in points. */
static void widen(const struct lh_attribution *a, double *lo, double *hi)
{
	double below = fmin(0, 100 * a->loss.value), above = fmax(0, 100 * a->loss.value), left = 0, right = 0;
	for (int k = 0; k < PARTS; k++) {
		double v = isnan(part_of(a, k)->value) ? 0 : 100 * part_of(a, k)->value;
		left += fmin(0, v);
		right += fmax(0, v);
	}
	*lo = fmin(*lo, fmin(below, left));
	*hi = fmax(*hi, fmax(above, right));
}

static void put_blocks(struct lh_plot *p, const struct lh_attribution *a)
{
	double left = 0, right = 0;
	for (int k = 0; k < PARTS; k++) {
		const struct lh_part *part = part_of(a, k);
		char name[32];
		double *end = part->value < 0 ? &left : &right, from = *end;
		if (isnan(part->value))
			continue;
		*end += 100 * part->value;
		snprintf(name, sizeof name, "block p%d%s", k, lh_effects_shows_nothing(part->ci) ? " pale" : "");
		lh_plot_block(p, from, *end, name);
	}
	lh_plot_block(p, 0, 0, "zero");
	lh_plot_block(p, 100 * a->loss.value, 100 * a->loss.value, "whole");
}

/* "full_history: loss 2.5 points, of it length -0.5, own errors 2.3, rest 0.7": what the bar shows. */
static void put_label(const struct lh_group *g, int entry, const struct lh_attribution *a, const struct lh_report_style *style, struct lh_buf *label)
{
	lh_effects_policy_name(&g->report->condition[g->report->effects[entry].condition], label);
	lh_buf_printf(label, ": a loss of %s points, made of", lh_effects_points(a->loss.value, a->loss.ci, style).value);
	for (int k = 0; k < PARTS; k++)
		lh_buf_printf(label, "%s %s %s", k ? "," : "", part_name[k], lh_effects_points(part_of(a, k)->value, part_of(a, k)->ci, style).value);
}

static void put_bar(const struct lh_group *g, int entry, double lo, double hi, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_attribution *a = &g->report->effects[entry].attribution.strict;
	double room = 0.04 * (hi - lo);
	struct lh_plot p = { .out = out, .look = "parts", .x0 = lo - room, .x1 = hi + room, .y0 = 0, .y1 = 1 };
	struct lh_buf label;
	lh_buf_init(&label, 4096);
	put_label(g, entry, a, style, &label);
	lh_plot_open(&p, lh_buf_str(&label), "points lost");
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	put_blocks(&p, a);
	lh_plot_close(&p);
	lh_buf_fini(&label);
}

/* ---- its figures ---- */

static void put_row(const char *swatch, const char *name, const struct lh_part *part, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_figure f = lh_effects_points(part->value, part->ci, style);
	lh_buf_printf(out, "<tr><th scope=\"row\"><i class=\"%s\"></i>%s</th><td>%s</td><td><span>%s</span></td></tr>\n", swatch, name, f.value, f.tail);
}

static void put_figures(const struct lh_attribution *a, const struct lh_report_style *style, struct lh_buf *out)
{
	lh_buf_puts(out, "<table class=\"parts\"><caption>The loss and its parts</caption><thead><tr><th scope=\"col\">part</th><th scope=\"col\">points</th>"
		"<th scope=\"col\">95 % interval</th></tr></thead>\n");
	put_row("whole", "loss", &a->loss, style, out);
	for (int k = 0; k < PARTS; k++) {
		char swatch[32];
		snprintf(swatch, sizeof swatch, "block p%d%s", k, lh_effects_shows_nothing(part_of(a, k)->ci) ? " pale" : "");
		put_row(swatch, part_name[k], part_of(a, k), style, out);
	}
	lh_buf_puts(out, "</table>\n");
}

static void put_policy_parts(const struct lh_group *g, int entry, double lo, double hi, const struct lh_report_style *style, struct lh_buf *out)
{
	int row = lh_html_effects_row(g, entry);
	const struct lh_effects_attribution *a = &g->report->effects[entry].attribution;
	lh_buf_printf(out, "<div class=\"loss%s", row < LH_HTML_SERIES ? "" : "\">");
	if (row < LH_HTML_SERIES)
		lh_buf_printf(out, " s%d\">", row);
	lh_buf_printf(out, "<p><b>%d ", row + 1);
	put_policy(g->report, entry, out);
	lh_buf_printf(out, "</b> from turn 1 to turn %d%s</p>\n", a->turn, lh_effects_shows_nothing(a->strict.loss.ci) ? "; the interval of the loss holds 0: no loss is shown" : "");
	put_bar(g, entry, lo, hi, style, out);
	put_figures(&a->strict, style, out);
	lh_buf_puts(out, "</div>\n");
}

void lh_html_parts(const struct lh_group *g, bool thoughts, const struct lh_report_style *style, struct lh_buf *out)
{
	double lo = 0, hi = 0;
	int n = 0;
	for (int i = 0; i < g->report->effects_count; i++)
		if (has_parts(g, i, thoughts)) {
			widen(&g->report->effects[i].attribution.strict, &lo, &hi);
			n++;
		}
	if (n == 0)
		return;
	if (hi - lo < 1)                     /* a point, where nothing was lost or gained */
		hi = lo + 1;
	lh_buf_printf(out, "<figure><figcaption><b>What the loss is made of</b>%s: turn accuracy lost, in percentage points (strict reading; intervals by one bootstrap). Length, own"
		" errors and rest add up to the loss, which the upright line marks; what lies left of 0 is a gain. Pale and dashed: its interval holds 0, so that nothing is shown.</figcaption>\n",
		thoughts ? ", answers with thoughts" : "");
	for (int i = 0; i < g->report->effects_count; i++)
		if (has_parts(g, i, thoughts))
			put_policy_parts(g, i, lo, hi, style, out);
	lh_buf_puts(out, "</figure>\n");
}
