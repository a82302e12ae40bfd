#include "report/table.h"

#include "report/comparison_table.h"
#include "report/effects_table.h"
#include "report/gate_report.h"
#include "report/single_turn_report.h"
#include "report/prose.h"

#include <math.h>
#include <stdio.h>

enum { HORIZONS_MAX = 24 };                  /* the JSON has them all */

/* One table being filled. */
struct table {
	const struct lh_group *group;
	const struct lh_report_style *style;
	struct lh_cells cells;
	int horizons;
	struct lh_seen *seen;                /* over all tables of the report */
};

typedef struct lh_figure figure_of(const struct table *t, const struct lh_report_condition *c, int argument);

/* Adds a column with one figure a row. */
static void fill(struct table *t, enum lh_cells_rank rank, const char *head, const char *unit, figure_of *of, int argument)
{
	struct lh_figure *f = lh_cells_add(&t->cells, rank, head, unit);
	for (int row = 0; f && row < t->group->count; row++) {
		f[row] = of(t, t->group->member[row], argument);
		t->seen->none |= lh_figure_is_none(&f[row]);
		t->seen->interval |= f[row].tail[0] == '[';
	}
}

static const struct lh_horizon *horizon_of(const struct table *t, const struct lh_report_condition *c, int i)
{
	double s = t->group->member[0]->result->horizon[i].s;
	for (int k = 0; lh_report_has_horizon(c) && k < c->result->s_count; k++)
		if (c->result->horizon[k].s == s)
			return &c->result->horizon[k];
	return NULL;
}

static struct lh_figure horizon(const struct table *t, const struct lh_report_condition *c, int i)
{
	const struct lh_horizon *h = horizon_of(t, c, i);
	if (!h)
		return lh_figure_none(t->style);
	t->seen->horizon = true;
	t->seen->open |= h->censored || h->lo_open || h->hi_open;
	return lh_figure_horizon(h, t->style);
}

static struct lh_figure steps(const struct table *t, const struct lh_report_condition *c, int i)
{
	const struct lh_horizon *h = horizon_of(t, c, i);
	return h ? lh_figure_steps(h, c->result->steps_per_turn, t->style) : lh_figure_none(t->style);
}

static struct lh_figure constant_rate(const struct table *t, const struct lh_report_condition *c, int i)
{
	const struct lh_horizon *h = horizon_of(t, c, i);
	if (!h)
		return lh_figure_none(t->style);
	t->seen->open_constant |= h->constant_rate_open;
	if (h->constant_rate_window > t->seen->constant_window)
		t->seen->constant_window = h->constant_rate_window;
	return lh_figure_at_least(h->constant_rate, h->constant_rate_open, 0, t->style);
}

/* A censored horizon bounds the ratio from below. */
static struct lh_figure degradation(const struct table *t, const struct lh_report_condition *c, int i)
{
	const struct lh_horizon *h = horizon_of(t, c, i);
	return h ? lh_figure_at_least(h->degradation, h->censored, 2, t->style) : lh_figure_none(t->style);
}

static struct lh_figure error_rate(const struct table *t, const struct lh_report_condition *c, int reading)
{
	const struct lh_result *r = c->result;
	if (lh_report_observed_turns(r) == 0)
		return lh_figure_none(t->style);
	switch (reading) {
	case 0: return lh_figure_share(r->turn_error_rate, r->turn_error_rate_ci, t->style);
	case 1: return lh_figure_share(r->turn_error_rate_strict, r->turn_error_rate_strict_ci, t->style);
	default: return lh_figure_share(r->turn_error_rate_last10, r->turn_error_rate_last10_ci, t->style);
	}
}

static struct lh_figure tokens(const struct table *t, const struct lh_report_condition *c, int unused)
{
	(void)unused;
	return c->cost.turns > 0 ? lh_figure_mean((double)c->cost.tokens_in / (double)c->cost.turns, t->style) : lh_figure_none(t->style);
}

static struct lh_figure usd(const struct table *t, const struct lh_report_condition *c, int unused)
{
	(void)unused;
	return c->cost.priced ? lh_figure_usd(c->cost.cost_microusd) : lh_figure_none(t->style);
}

/* Pseudo-outcomes that share the columns of counts. */
enum { UNSHOWN = LH_OUTCOME_COUNT, OBSERVED };

static int64_t count_of(const struct lh_report_condition *c, int what)
{
	const struct lh_result *r = c->result;
	switch (what) {
	case UNSHOWN: return isnan(r->unshown) ? 0 : llround(r->unshown * (double)lh_report_observed_turns(r));
	case OBSERVED: return lh_report_observed_turns(r);
	case LH_OUTCOME_POLICY_ERROR: return r->policy_errors;
	case LH_OUTCOME_FAILED: return r->censored;
	default: return lh_report_outcome_turns(r, (enum lh_outcome)what);
	}
}

static struct lh_figure count(const struct table *t, const struct lh_report_condition *c, int what)
{
	int64_t n = count_of(c, what);
	return n < 0 ? lh_figure_none(t->style) : lh_figure_count(n);
}

static bool any(const struct lh_group *g, int what)
{
	for (int row = 0; row < g->count; row++)
		if (count_of(g->member[row], what) > 0)
			return true;
	return false;
}

static void fill_horizon(struct table *t, enum lh_cells_rank rank, const char *unit, figure_of *of, int i)
{
	char head[32];
	snprintf(head, sizeof head, "horizon(%g)", t->group->member[0]->result->horizon[i].s);
	fill(t, rank, head, unit, of, i);
}

/* How many horizons the table shows: none where no member has any. */
static int horizons(const struct lh_group *g)
{
	for (int row = 0; row < g->count; row++)
		if (lh_report_has_horizon(g->member[row]))
			return g->member[0]->result->s_count < HORIZONS_MAX ? g->member[0]->result->s_count : HORIZONS_MAX;
	return 0;
}

static void main_columns(struct table *t)
{
	const struct lh_group *g = t->group;
	bool priced = false;
	for (int i = 0; i < t->horizons; i++)
		fill_horizon(t, i == 0 ? LH_CELLS_MUST : LH_CELLS_MAIN, "turns", horizon, i);
	fill(t, LH_CELLS_MUST, "turn error rate", "all turns", error_rate, 0);
	fill(t, LH_CELLS_MUST, "input tokens", "per turn", tokens, 0);
	for (int row = 0; row < g->count; row++)
		priced |= g->member[row]->cost.priced;
	if (priced)
		fill(t, LH_CELLS_MAIN, "cost", "USD", usd, 0);
	t->seen->usd |= priced;
}

static void rate_columns(struct table *t)
{
	const struct lh_group *g = t->group;
	const struct lh_result *first = g->member[0]->result;
	bool strict = false, last10 = false, constant = t->horizons > 0, several = first->steps_per_turn > 1;
	for (int row = 0; row < g->count; row++) {
		const struct lh_result *r = g->member[row]->result;
		strict |= r->recovers_differs;
		last10 |= r->turns > 10 && !isnan(r->turn_error_rate_last10);
	}
	if (last10)
		fill(t, LH_CELLS_MORE, "turn error rate", "last 10 turns", error_rate, 2);
	if (strict)
		fill(t, LH_CELLS_MORE, "turn error rate", "strict reading", error_rate, 1);
	if (constant && several)
		fill_horizon(t, LH_CELLS_MORE, "in steps", steps, 0);
	if (constant) {
		fill(t, LH_CELLS_MORE, "constant rate", "horizon", constant_rate, 0);
		fill(t, LH_CELLS_MORE, "degradation", "ratio", degradation, 0);
	}
	t->seen->strict |= strict;
	t->seen->last10 |= last10;
	t->seen->constant |= constant;
	t->seen->steps |= constant && several;
}

static void count_columns(struct table *t)
{
	static const struct { int what; const char *head, *unit; } columns[] = {
		{ OBSERVED, "observed", "turns" },
		{ LH_OUTCOME_MALFORMED, "malformed", "turns" }, { LH_OUTCOME_MISSING, "missing", "turns" },
		{ LH_OUTCOME_TRUNCATED, "truncated", "turns" }, { LH_OUTCOME_REFUSED, "refused", "turns" },
		{ LH_OUTCOME_OVERFLOW, "overflow", "turns" }, { UNSHOWN, "unshown", "turns" },
		{ LH_OUTCOME_POLICY_ERROR, "policy error", "samples" }, { LH_OUTCOME_FAILED, "censored", "samples" },
	};
	bool counted = any(t->group, UNSHOWN);
	for (int o = LH_OUTCOME_MALFORMED; o < LH_OUTCOME_COUNT; o++)
		counted |= any(t->group, o);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		int what = columns[i].what;
		if (what == OBSERVED ? !counted : !any(t->group, what))
			continue;
		fill(t, LH_CELLS_MORE, columns[i].head, columns[i].unit, count, what);
		if (what < LH_OUTCOME_COUNT)
			t->seen->outcome[what] = true;
		t->seen->unshown |= what == UNSHOWN;
		t->seen->counts = true;
	}
}

static int names(struct table *t, struct lh_error *err)
{
	const struct lh_group *g = t->group;
	struct lh_buf name;
	int rc = lh_cells_init(&t->cells, g->count, t->style, err);
	if (rc)
		return rc;
	lh_buf_init(&name, 1 << 20);
	for (int row = 0; row < g->count; row++) {
		lh_group_name(g, row, &name);
		lh_cells_name(&t->cells, row, lh_buf_str(&name), lh_group_suffix(g, row));
	}
	t->cells.apart = g->oracles_from;
	t->cells.caption = "Horizons, turn error rates and cost by policy";
	t->seen->oracle |= g->oracles_from < g->count;
	lh_buf_fini(&name);
	return 0;
}

void lh_table_group(const struct lh_group *g, struct lh_seen *seen, const struct lh_report_style *style, struct lh_buf *out)
{
	struct table t = { .group = g, .style = style, .horizons = horizons(g), .seen = seen };
	struct lh_error err = { 0 };
	lh_group_heading(g, style, out);
	lh_buf_putc(out, '\n');
	if (g->count == 0)                   /* made histories only */
		return;
	if (names(&t, &err)) {
		out->failed = err.code;
		return;
	}
	main_columns(&t);
	rate_columns(&t);
	count_columns(&t);
	lh_cells_print(&t.cells, out);
	lh_caption_caveats(g, &t.cells, style, out);
	lh_cells_fini(&t.cells);
}

void lh_table_unfinished(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_report_run *r = &report->run;
	if (!r->status.n || lh_str_is(r->status, "done"))
		return;
	struct lh_buf line;
	lh_buf_init(&line, 1 << 16);
	lh_buf_puts(&line, "This run is NOT DONE (");
	if (lh_str_is(r->status, "running"))
		lh_buf_puts(&line, "it is still going on, or was killed");
	else
		lh_prose_shown_whole(&line, r->cause.n ? r->cause : r->status, style);
	lh_buf_puts(&line, "): what follows speaks only of the turns that were run.");
	lh_prose_caveat(out, &line, style);
	lh_buf_putc(out, '\n');
	lh_buf_fini(&line);
}

void lh_report_table(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_group group;
	struct lh_seen seen = { 0 };
	struct lh_effects_seen effects = { 0 };
	lh_table_unfinished(report, style, out);
	for (int at = 0; lh_group_next(report, &at, &group, out); lh_group_fini(&group)) {
		lh_table_group(&group, &seen, style, out);
		lh_comparison_table(&group, &seen, style, out);
		lh_report_curve_group(&group, style, out);
		if (group.count)
			lh_buf_putc(out, '\n');
		lh_effects_table(&group, &effects, style, out);
	}
	lh_single_turn_lines(report, style, out);
	if (report->count == 0 && !report->single_turn)
		lh_buf_puts(out, "No conditions: nothing was run.\n\n");
	size_t before = out->n;
	lh_caption_terms(report, &seen, style, out);
	if (effects.any && out->n > before)
		lh_buf_putc(out, '\n');
	lh_effects_terms(&effects, style, out);
	lh_caption_notes(report, style, out);
	if (report->gate_count)
		lh_buf_putc(out, '\n');
	lh_gate_lines(report, style, out);
}
