#include "report/comparison_figures.h"

#include <math.h>
#include <stdio.h>

struct lh_figure lh_figure_p(double p, const struct lh_report_style *style)
{
	if (isnan(p))
		return lh_figure_none(style);
	struct lh_figure f = { "", "" };
	if (p < 0.001)
		snprintf(f.value, sizeof f.value, "< 0.001");
	else
		snprintf(f.value, sizeof f.value, "%.*f", fabs(p - LH_DIFFERS) < 0.0005 ? 4 : 3, p);
	return f;
}

/* No "-0.0". */
static double rounded(double v, int decimals)
{
	double scale = pow(10, decimals), r = round(v * scale) / scale;
	return r == 0 ? 0 : r;
}

/* A number with its interval; `sign`: + in front of what lies above 0. */
static struct lh_figure with_interval(double v, struct lh_interval ci, int decimals, bool sign, const struct lh_report_style *style)
{
	if (isnan(v) || isnan(ci.lo) || isnan(ci.hi))
		return lh_figure_none(style);
	struct lh_figure f = { "", "" };
	v = rounded(v, decimals);
	snprintf(f.value, sizeof f.value, sign && v > 0 ? "+%.*f" : "%.*f", decimals, v);
	snprintf(f.tail, sizeof f.tail, "[%.*f, %.*f]", decimals, rounded(ci.lo, decimals), decimals, rounded(ci.hi, decimals));
	return f;
}

/* Two figures of the interval's width, at least one decimal. */
static int decimals_of(struct lh_interval ci)
{
	double width = ci.hi - ci.lo;
	return width < 0.05 ? 3 : width < 0.5 ? 2 : 1;
}

struct lh_figure lh_figure_turns_each(double v, struct lh_interval ci, const struct lh_report_style *style)
{
	return with_interval(v, ci, decimals_of(ci), false, style);
}

struct lh_figure lh_figure_turns(double v, struct lh_interval ci, const struct lh_report_style *style)
{
	return with_interval(v, ci, decimals_of(ci), true, style);
}

struct lh_figure lh_figure_points(double v, struct lh_interval ci, const struct lh_report_style *style)
{
	struct lh_interval points = { 100 * ci.lo, 100 * ci.hi };
	return with_interval(100 * v, points, decimals_of(points), true, style);
}

struct lh_figure lh_figure_closed(double v, struct lh_interval ci, const struct lh_report_style *style)
{
	if (isnan(v) || isnan(ci.lo) || isnan(ci.hi))
		return lh_figure_none(style);
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%.0f %%", rounded(100 * v, 0));
	snprintf(f.tail, sizeof f.tail, "[%.0f, %.0f]", rounded(100 * ci.lo, 0), rounded(100 * ci.hi, 0));
	return f;
}

struct lh_figure lh_figure_ratio(double v, const struct lh_report_style *style)
{
	if (!isfinite(v) || v > 1e15)
		return lh_figure_none(style);
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%.2f", v);
	return f;
}
