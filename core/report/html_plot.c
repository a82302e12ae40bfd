#include "report/html_plot.h"

#include "report/html_page.h"
#include "report/html_text.h"

#include <math.h>
#include <stdio.h>

enum { SIDE = 1000, COLOURS = 8, TICKS = 6 };        /* SIDE: units of the SVG, across and down */

static double share_x(const struct lh_plot *p, double x)
{
	double at = p->log_x ? log(x / p->x0) / log(p->x1 / p->x0) : (x - p->x0) / (p->x1 - p->x0);
	return fmin(1, fmax(0, at));
}

static double share_y(const struct lh_plot *p, double y) { return fmin(1, fmax(0, (p->y1 - y) / (p->y1 - p->y0))); }
static int at_x(const struct lh_plot *p, double x) { return (int)lround(SIDE * share_x(p, x)); }
static int at_y(const struct lh_plot *p, double y) { return (int)lround(SIDE * share_y(p, y)); }

void lh_plot_series(struct lh_buf *out, const char *class_name, int row)
{
	lh_buf_printf(out, " class=\"%s", class_name);
	if (row < LH_HTML_SERIES)
		lh_buf_printf(out, " s%d", row);
	lh_buf_printf(out, "\" style=\"--k:var(--c%d)", row % COLOURS);
}

void lh_plot_dashes(struct lh_buf *out, int row)
{
	static const char *const dashes[] = { "", "8 3", "2 3", "10 3 2 3", "14 4", "5 2 1 2 1 2" };
	const char *d = dashes[row % 6];
	if (*d)
		lh_buf_printf(out, " stroke-dasharray=\"%s\"", d);
}

void lh_plot_open(struct lh_plot *p, struct lh_str label, const char *x_title)
{
	lh_buf_printf(p->out, "<div class=\"plot%s%s\" role=\"img\" aria-label=\"", p->look ? " " : "", p->look ? p->look : "");
	lh_html_put(p->out, label);
	lh_buf_puts(p->out, "\"><span class=\"xt\">");
	lh_html_put(p->out, lh_str_of(x_title));
	lh_buf_printf(p->out, "</span><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\n", SIDE, SIDE);
}

void lh_plot_marks(struct lh_plot *p) { lh_buf_puts(p->out, "</svg>\n"); }

/* ---- ticks ---- */

/* The least of 1, 2, 5 times a power of ten that is at least v. */
static double round_up(double v)
{
	double power = pow(10, floor(log10(v)));
	static const double steps[] = { 1, 2, 5, 10 };
	for (int i = 0; i < 4; i++)
		if (steps[i] * power >= v * (1 - 1e-9))
			return steps[i] * power;
	return 10 * power;
}

static void x_tick(struct lh_plot *p, double v)
{
	lh_buf_printf(p->out, "<span class=\"x\" style=\"left:%.2f%%\">%.10g</span>", 100 * share_x(p, v), fabs(v) < 1e-9 ? 0 : v);
}

void lh_plot_x_ticks(struct lh_plot *p)
{
	if (p->log_x) {
		for (double v = round_up(p->x0); v <= p->x1; v = round_up(v * 1.5))
			x_tick(p, v);
		return;
	}
	double step = round_up((p->x1 - p->x0) / TICKS);
	if (p->x1 - p->x0 >= 1 && p->x0 == 0.5)          /* turns: whole, the first is 1 */
		step = fmax(1, step), x_tick(p, 1);
	for (double v = ceil(p->x0 / step) * step; v <= p->x1; v += step)
		if (p->x0 != 0.5 || v > 0.5 * step)
			if (p->x0 != 0.5 || v != 1)
				x_tick(p, v);
}

void lh_plot_y_ticks(struct lh_plot *p, const char *unit)
{
	double step = round_up((p->y1 - p->y0) / 5);
	for (double v = ceil(p->y0 / step) * step; v <= p->y1 * (1 + 1e-9); v += step)
		lh_buf_printf(p->out, "<span class=\"y\" style=\"top:%.2f%%\">%.10g%s</span>", 100 * share_y(p, v), fabs(v) < 1e-12 ? 0 : v, unit);
}

/* ---- curves ---- */

static double value_of(const struct lh_steps *s, int i, int which)
{
	double v = which == 0 ? s->v[i] : which < 0 ? s->ci[i].lo : s->ci[i].hi;
	return v * s->scale;
}

static bool known(const struct lh_steps *s, int i, int which) { return i >= 0 && i < s->n && !isnan(value_of(s, i, which)); }

struct pen { int x, y; bool down, level; };  /* level: on its way along y, which is not written yet */

static void put_level(struct lh_buf *out, struct pen *pen)
{
	if (pen->level)
		lh_buf_printf(out, "H%d", pen->x);
	pen->level = false;
}

/* Only where the curve changes: a long run has no more of it than there are places, nor than it has steps. */
static void draw_to(struct lh_buf *out, struct pen *pen, int x, int y)
{
	bool level = pen->down && y == pen->y && (pen->level || x != pen->x);
	if (!level)
		put_level(out, pen);
	if (!pen->down)
		lh_buf_printf(out, "M%d %d", x, y);
	else if (y != pen->y && x == pen->x)
		lh_buf_printf(out, "V%d", y);
	else if (y != pen->y)
		lh_buf_printf(out, "L%d %d", x, y);
	*pen = (struct pen){ x, y, true, level };
}

/* Several turns in one place: the last of them is drawn. */
static bool hidden(const struct lh_plot *p, const struct lh_steps *s, int i, int end)
{
	return i + 1 < end && at_x(p, s->first + (i + 0.5) * s->width) == at_x(p, s->first + (i + 1.5) * s->width);
}

/* Steps from `from` until `end`, forwards or backwards. */
static void put_side(struct lh_plot *p, const struct lh_steps *s, int from, int end, int which, bool back, struct pen *pen)
{
	for (int k = 0; k < end - from; k++) {
		int i = back ? end - 1 - k : from + k;
		double left = s->first + (i - 0.5) * s->width, right = s->first + (i + 0.5) * s->width;
		int y = at_y(p, value_of(s, i, which));
		if (hidden(p, s, i, end))
			continue;
		draw_to(p->out, pen, at_x(p, back ? right : left), y);
		draw_to(p->out, pen, at_x(p, back ? left : right), y);
	}
}

static int end_of(const struct lh_steps *s, int from, int which)
{
	int end = from;
	while (known(s, end, which))
		end++;
	return end;
}

void lh_plot_band(struct lh_plot *p, const struct lh_steps *s, int row)
{
	lh_buf_puts(p->out, "<path");
	lh_plot_series(p->out, "band", row);
	lh_buf_printf(p->out, ";opacity:%.2f\" d=\"", fmax(0.02, 0.5 / (2 + p->bands)));
	for (int i = 0; i < s->n; i++) {
		int end = end_of(s, i, 1);
		struct pen pen = { 0 };
		if (end == i)
			continue;
		put_side(p, s, i, end, 1, false, &pen);
		put_level(p->out, &pen);             /* the way back is one of its own */
		put_side(p, s, i, end, -1, true, &pen);
		put_level(p->out, &pen);
		lh_buf_putc(p->out, 'Z');
		i = end;
	}
	lh_buf_puts(p->out, "\"/>\n");
}

void lh_plot_line(struct lh_plot *p, const struct lh_steps *s, int row, bool oracle)
{
	lh_buf_puts(p->out, "<path");
	lh_plot_series(p->out, oracle ? "line oracle" : "line", row);
	lh_buf_putc(p->out, '"');
	lh_plot_dashes(p->out, row);
	lh_buf_puts(p->out, " d=\"");
	for (int i = 0; i < s->n; i++) {
		int end = end_of(s, i, 0);
		struct pen pen = { 0 };
		put_side(p, s, i, end, 0, false, &pen);
		put_level(p->out, &pen);
		i = end;
	}
	lh_buf_puts(p->out, "\"/>\n");
}

/* ---- marks ---- */

void lh_plot_bar(struct lh_plot *p, double x, double lo, double hi, int row)
{
	lh_buf_puts(p->out, "<path");
	lh_plot_series(p->out, "bar", row);
	lh_buf_printf(p->out, "\" d=\"M%d %dV%d\"/>\n", at_x(p, x), at_y(p, lo), at_y(p, hi));
}

void lh_plot_join(struct lh_plot *p, double x0, double y0, double x1, double y1, int row)
{
	lh_buf_puts(p->out, "<path");
	lh_plot_series(p->out, "line", row);
	lh_buf_putc(p->out, '"');
	lh_plot_dashes(p->out, row);
	lh_buf_printf(p->out, " d=\"M%d %dL%d %d\"/>\n", at_x(p, x0), at_y(p, y0), at_x(p, x1), at_y(p, y1));
}

void lh_plot_dot(struct lh_plot *p, double x, double y, int row, const char *class_name, const char *sign)
{
	if (p->dots < LH_PLOT_DOTS)
		p->dot[p->dots++] = (struct lh_plot_dot){ .x = share_x(p, x), .y = share_y(p, y), .row = row, .class_name = class_name, .sign = sign };
}

/* Thousandths of width and height. SAME: one place. NEAR: on a narrow screen a mark there covers this one. MANY: more marks are drawn
 * smaller. ASIDE_MOST: no mark goes further from its place than so many of them. */
enum { SAME_X = 4, SAME_Y = 10, NEAR_X = 65, NEAR_Y = 100, MANY = 10, ASIDE_MOST = 3 };

static bool within(const struct lh_plot_dot *a, const struct lh_plot_dot *b, int x, int y)
{
	return fabs(a->x - b->x) * 1000 < x && fabs(a->y - b->y) * 1000 < y;
}

static void put_dot(struct lh_plot *p, struct lh_plot_dot *d)
{
	lh_buf_puts(p->out, "<span");
	lh_plot_series(p->out, d->class_name, d->row);
	lh_buf_printf(p->out, "\">%s%d</span>", d->sign, d->row + 1);
	d->done = true;
}

/* Marks of one place stand together, around it. Others stand where they belong, unless that is nearer than --n marks to the one
 * that they would cover, which is --d percent of the width away: how many pixels that is only the style sheet knows. */
static void put_place(struct lh_plot *p, int at)
{
	struct lh_plot_dot *d = &p->dot[at], *by = NULL;
	for (int i = 0; i < at && !by; i++)
		by = within(&p->dot[i], d, NEAR_X, NEAR_Y) ? &p->dot[i] : NULL;
	bool before = by && (d->x < by->x || (d->x > 0.85 && d->x <= by->x));
	lh_buf_printf(p->out, "<div class=\"at%s%s\" style=\"", p->dots > MANY ? " many" : "", !by ? "" : before ? " before" : " after");
	if (by) {
		int n = before ? ++by->before : ++by->after;
		n = n < ASIDE_MOST ? n : ASIDE_MOST;
		lh_buf_printf(p->out, "--n:%d;--d:%.2f;", before ? -n : n, 100 * (d->x - by->x));
	}
	lh_buf_printf(p->out, "left:%.2f%%;top:%.2f%%\">", 100 * d->x, 100 * d->y);
	for (int i = at; i < p->dots; i++)
		if (!p->dot[i].done && within(&p->dot[i], d, SAME_X, SAME_Y))
			put_dot(p, &p->dot[i]);
	lh_buf_puts(p->out, "</div>\n");
}

void lh_plot_close(struct lh_plot *p)
{
	for (int i = 0; i < p->dots; i++)
		if (!p->dot[i].done)
			put_place(p, i);
	lh_buf_puts(p->out, "</div>\n");
}

void lh_plot_block(struct lh_plot *p, double x0, double x1, const char *class_name)
{
	double left = share_x(p, fmin(x0, x1)), right = share_x(p, fmax(x0, x1));
	lh_buf_printf(p->out, "<span class=\"%s\" style=\"left:%.2f%%;width:%.2f%%\"></span>\n", class_name, 100 * left, 100 * (right - left));
}
