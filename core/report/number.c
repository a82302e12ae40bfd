#include "report/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *at_least(bool open, const struct lh_report_style *style)
{
	return !open ? "" : style->unicode ? "≥ " : ">= ";
}

struct lh_figure lh_figure_none(const struct lh_report_style *style)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%s", style->unicode ? "–" : "-");
	return f;
}

bool lh_figure_is_none(const struct lh_figure *f)
{
	return strcmp(f->value, "–") == 0 || strcmp(f->value, "-") == 0;
}

/* Two figures of the interval's width, at least one decimal. */
static int share_decimals(struct lh_interval ci)
{
	double percent = 100 * (ci.hi - ci.lo);
	return percent < 0.05 ? 3 : percent < 0.5 ? 2 : 1;
}

struct lh_figure lh_figure_share(double v, struct lh_interval ci, const struct lh_report_style *style)
{
	if (isnan(v) || isnan(ci.lo) || isnan(ci.hi))
		return lh_figure_none(style);
	struct lh_figure f;
	int d = share_decimals(ci);
	snprintf(f.value, sizeof f.value, "%.*f %%", d, 100 * v);
	snprintf(f.tail, sizeof f.tail, "[%.*f, %.*f]", d, 100 * ci.lo, d, 100 * ci.hi);
	return f;
}

struct lh_figure lh_figure_horizon(const struct lh_horizon *h, const struct lh_report_style *style)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%s%d", at_least(h->censored, style), h->turns);
	if (!(h->censored && h->lo_open))
		snprintf(f.tail, sizeof f.tail, "[%s%d, %s%d]", at_least(h->lo_open, style), h->lo, at_least(h->hi_open, style), h->hi);
	return f;
}

struct lh_figure lh_figure_steps(const struct lh_horizon *h, int steps_per_turn, const struct lh_report_style *style)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%s%" PRId64, at_least(h->censored, style), h->steps);
	if (!h->censored)
		snprintf(f.tail, sizeof f.tail, "to %" PRId64, h->steps + steps_per_turn - 1);
	return f;
}

struct lh_figure lh_figure_at_least(double v, bool open, int decimals, const struct lh_report_style *style)
{
	if (!isfinite(v))
		return lh_figure_none(style);
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%s%.*f", at_least(open, style), decimals, v);
	return f;
}

struct lh_figure lh_figure_count(int64_t n)
{
	struct lh_figure f = { "", "" };
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%" PRId64, n), k = 0;
	for (int i = 0; i < length; i++) {
		f.value[k++] = digits[i];
		if (i + 1 < length && (length - 1 - i) % 3 == 0 && digits[i] != '-')
			f.value[k++] = ',';
	}
	return f;
}

struct lh_figure lh_figure_mean(double v, const struct lh_report_style *style)
{
	if (!isfinite(v) || fabs(v) > 1e15)
		return lh_figure_none(style);
	return v < 10 ? lh_figure_at_least(v, false, 1, style) : lh_figure_count(llround(v));
}

struct lh_figure lh_figure_usd(int64_t microusd)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%.*f", microusd != 0 && llabs((long long)microusd) < 1000000 ? 4 : 2, (double)microusd / 1e6);
	return f;
}

int64_t lh_report_outcome_turns(const struct lh_result *r, enum lh_outcome outcome)
{
	int64_t n = 0;
	const int *of = outcome == LH_OUTCOME_FAILED ? r->tried : r->observed;
	for (int t = 0; t < r->turns; t++) {
		if (of[t] > 0 && isnan(r->share[outcome][t]))
			return -1;
		n += of[t] > 0 ? llround(r->share[outcome][t] * of[t]) : 0;
	}
	return n;
}

int64_t lh_report_observed_turns(const struct lh_result *r)
{
	int64_t n = 0;
	for (int t = 0; t < r->turns; t++)
		n += r->observed[t];
	return n;
}

bool lh_report_has_horizon(const struct lh_report_condition *c)
{
	const struct lh_result *r = c->result;
	return (c->history.n == 0 || lh_str_is(c->history, "own")) && r->turns > 0 && !isnan(r->task_accuracy[0]);
}
