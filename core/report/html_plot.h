/* report/html_plot.h - a plot that fits any width: curves in an SVG that is stretched, words and marks beside it as text
 * that is not. */
#ifndef LH_REPORT_HTML_PLOT_H
#define LH_REPORT_HTML_PLOT_H

#include "report/group.h"

enum { LH_PLOT_DOTS = 256 };         /* further ones are left out */
struct lh_plot_dot { double x, y; int row; const char *class_name, *sign; bool done; int before, after; };   /* x, y: shares of width and height */

struct lh_plot {
	struct lh_buf *out;
	double x0, x1, y0, y1;           /* what the edges stand for; x0 < x1, y0 < y1 */
	bool log_x;                      /* 0 < x0 */
	const char *look;                /* a further class of the plot, or NULL */
	int bands;                       /* so many may lie on each other: each is that much fainter */
	struct lh_plot_dot dot[LH_PLOT_DOTS]; int dots;
};

/* label: what the plot shows, for those who do not see it; x_title: below its axis. Both may hold text from outside. */
void lh_plot_open(struct lh_plot *p, struct lh_str label, const char *x_title);
/* Ends the curves: from here on marks. */
void lh_plot_marks(struct lh_plot *p);
void lh_plot_close(struct lh_plot *p);

/* Ticks at round numbers, with a line across the plot for those of y. unit: behind each number, "" or " %". */
void lh_plot_x_ticks(struct lh_plot *p);
void lh_plot_y_ticks(struct lh_plot *p, const char *unit);

/* n steps, step i around x = first + i * width, as wide as that; a NAN is a gap. Values are drawn `scale` times as large. Bands
 * go first, so that no line lies under one. */
struct lh_steps { const double *v; const struct lh_interval *ci; int n; double first, width, scale; };
void lh_plot_band(struct lh_plot *p, const struct lh_steps *s, int row);
void lh_plot_line(struct lh_plot *p, const struct lh_steps *s, int row, bool oracle);
/* A vertical line from lo to hi. */
void lh_plot_bar(struct lh_plot *p, double x, double lo, double hi, int row);
/* A straight line from one place to another. */
void lh_plot_join(struct lh_plot *p, double x0, double y0, double x1, double y1, int row);
/* The number of a row at its place, behind a sign of ours or "". Both texts are borrowed until the plot is closed. */
void lh_plot_dot(struct lh_plot *p, double x, double y, int row, const char *class_name, const char *sign);
/* From x0 to x1, whichever is more, as high as the plot: among the marks. */
void lh_plot_block(struct lh_plot *p, double x0, double x1, const char *class_name);

/* class="CLASS sN" style="--k:…, its last quote left open for more: the series and its colour. */
void lh_plot_series(struct lh_buf *out, const char *class_name, int row);
/* " stroke-dasharray=…" that tells lines apart without colour; the first is whole. */
void lh_plot_dashes(struct lh_buf *out, int row);

#endif
