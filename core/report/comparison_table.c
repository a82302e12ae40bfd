#include "report/comparison_table.h"

#include "report/comparison_figures.h"
#include "report/prose.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct comparing {
	const struct lh_group *group;
	const struct lh_report_style *style;
	const struct lh_report_comparison *any, **row;       /* row NULL: the baseline's own */
	int rows, oracles_from;
	struct lh_cells cells;
	struct lh_seen *seen;
};

static int condition_of(const struct lh_group *g, int row)
{
	return (int)(g->member[row] - g->report->condition);
}

static const struct lh_report_comparison *comparison_of(const struct lh_report *report, int policy)
{
	for (int i = 0; i < report->comparison_count; i++)
		if (report->comparison[i].policy == policy)
			return &report->comparison[i];
	return NULL;
}

/* Rows in the order of the group's. */
static int gather(struct comparing *t)
{
	const struct lh_group *g = t->group;
	for (int row = 0; row < g->count && !t->any; row++)
		t->any = comparison_of(g->report, condition_of(g, row));
	if (!t->any)
		return 0;
	t->row = calloc((size_t)g->count, sizeof *t->row);
	if (!t->row)
		return LH_E_NOMEM;
	for (int row = 0; row < g->count; row++) {
		const struct lh_report_comparison *c = comparison_of(g->report, condition_of(g, row));
		if (row == g->oracles_from)
			t->oracles_from = t->rows;
		if (c || condition_of(g, row) == t->any->baseline)
			t->row[t->rows++] = c;
	}
	if (g->oracles_from == g->count)
		t->oracles_from = t->rows;
	return 0;
}

static const struct lh_report_condition *policy_of(const struct comparing *t, int row)
{
	return &t->group->report->condition[t->row[row] ? t->row[row]->policy : t->any->baseline];
}

static struct lh_str label_of(const struct lh_report_condition *c)
{
	return c->policy_label.n ? c->policy_label : c->policy;
}

/* ---- columns ---- */

typedef struct lh_figure figure_of(const struct comparing *t, const struct lh_report_comparison *c);

static struct lh_figure error_free(const struct comparing *t, const struct lh_report_comparison *c)
{
	return lh_figure_turns(c->of.error_free.difference, c->of.error_free.ci, t->style);
}

static struct lh_figure p_length(const struct comparing *t, const struct lh_report_comparison *c)
{
	return lh_figure_p(c->length_adjusted, t->style);
}

static struct lh_figure error_rate(const struct comparing *t, const struct lh_report_comparison *c)
{
	return lh_figure_points(c->of.error_rate.difference, c->of.error_rate.ci, t->style);
}

static struct lh_figure p_errors(const struct comparing *t, const struct lh_report_comparison *c)
{
	return lh_figure_p(c->errors_adjusted, t->style);
}

static struct lh_figure closed(const struct comparing *t, const struct lh_report_comparison *c)
{
	return lh_figure_closed(c->gap.closed, c->gap.closed_ci, t->style);
}

static struct lh_figure ratio(const struct comparing *t, const struct lh_report_comparison *c)
{
	return lh_figure_ratio(c->tokens_ratio, t->style);
}

/* A column of the rows that are compared; the baseline's own cell stays empty. */
static struct lh_figure *fill(struct comparing *t, enum lh_cells_rank rank, const char *head, const char *unit, figure_of *of)
{
	struct lh_figure *f = lh_cells_add(&t->cells, rank, head, unit);
	for (int row = 0; row < t->rows; row++) {
		if (!t->row[row])
			continue;
		f[row] = of(t, t->row[row]);
		t->seen->none |= lh_figure_is_none(&f[row]);
		t->seen->interval |= f[row].tail[0] == '[';
	}
	return f;
}

static struct lh_figure words(const char *text)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%s", text);
	return f;
}

static struct lh_figure fronts(const struct comparing *t, int row)
{
	static const char *const names[] = { "neither", "horizon", "errors", "horizon, errors" };
	unsigned on = t->row[row] ? t->row[row]->fronts : t->any->baseline_fronts;
	return words(policy_of(t, row)->oracle ? "(bound)" : names[on & 3]);
}

static bool any_gap(const struct comparing *t)
{
	for (int row = 0; row < t->rows; row++)
		if (t->row[row] && !isnan(t->row[row]->gap.closed))
			return true;
	return false;
}

static void add_columns(struct comparing *t)
{
	struct lh_figure *f = fill(t, LH_CELLS_MUST, "error-free turns", "difference, turns", error_free);
	for (int row = 0; row < t->rows; row++)
		if (!t->row[row])
			snprintf(f[row].tail, sizeof f[row].tail, "baseline");
	if (t->any->tests > 0)
		fill(t, LH_CELLS_MUST, "p length", "adjusted", p_length);
	if (!t->any->of.stopped)
		fill(t, LH_CELLS_MUST, "turn error rate", "difference, points", error_rate);
	if (!t->any->of.stopped && t->any->tests > 0)
		fill(t, LH_CELLS_MUST, "p errors", "adjusted", p_errors);
	if (any_gap(t))
		fill(t, LH_CELLS_MAIN, "gap closed", "to heal", closed);
	f = fill(t, LH_CELLS_MAIN, "input tokens", t->style->unicode ? "× baseline" : "x baseline", ratio);
	for (int row = 0; row < t->rows; row++)
		if (!t->row[row])
			f[row] = words("1");
	f = lh_cells_add(&t->cells, LH_CELLS_MAIN, "on the front", "against tokens");
	for (int row = 0; row < t->rows; row++)
		f[row] = fronts(t, row);
}

static int names(struct comparing *t, struct lh_error *err)
{
	int rc = lh_cells_init(&t->cells, t->rows, t->style, err);
	for (int row = 0; row < t->rows && !rc; row++) {
		const struct lh_report_condition *c = policy_of(t, row);
		lh_cells_name(&t->cells, row, label_of(c), c->oracle ? " (oracle)" : "");
	}
	t->cells.apart = t->oracles_from;
	return rc;
}

/* ---- around it ---- */

static void put_heading(const struct comparing *t, struct lh_buf *out)
{
	struct lh_buf line;
	int least = t->any->of.samples[0], most = least;
	for (int row = 0; row < t->rows; row++) {
		int n = t->row[row] ? t->row[row]->of.samples[0] : least;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	lh_buf_init(&line, 1 << 16);
	lh_buf_puts(&line, "Compared with ");
	lh_prose_shown(&line, label_of(&t->group->report->condition[t->any->baseline]), t->style);
	lh_buf_printf(&line, ", pair by pair on the same %d", least);
	if (most > least)
		lh_buf_printf(&line, " to %d", most);
	lh_buf_printf(&line, " sample%s:", most == 1 ? "" : "s");
	lh_prose_wrap(out, lh_buf_str(&line), 0, 2, t->style);
	lh_buf_putc(out, '\n');
	lh_buf_fini(&line);
}

static void say_cut(const struct comparing *t, int row, struct lh_buf *line)
{
	lh_buf_put_str(line, lh_cells_name_of(&t->cells, row));
	lh_buf_printf(line, ": error-free turns are compared within %d turns, as far as task accuracy is known for both.",
		t->row[row]->of.error_free.turns);
}

static void put_caveats(const struct comparing *t, struct lh_buf *out)
{
	struct lh_buf line, all;
	lh_buf_init(&line, 1 << 16);
	lh_buf_init(&all, out->max);
	if (t->cells.shortened)
		lh_caption_shortened(&t->cells, t->style, &all);
	if (t->any->of.stopped) {
		lh_buf_puts(&line, "Turn error rates are not compared: episodes were ended at their first error.");
		lh_prose_caveat(&all, &line, t->style);
	}
	for (int row = 0; row < t->rows; row++)
		if (t->row[row] && !isnan(t->row[row]->of.error_free.difference) && t->row[row]->of.error_free.turns < policy_of(t, row)->result->turns) {
			say_cut(t, row, &line);
			lh_prose_caveat(&all, &line, t->style);
		}
	if (all.n) {
		lh_buf_putc(out, '\n');
		lh_buf_put_str(out, lh_buf_str(&all));
	}
	if (all.failed || line.failed)
		out->failed = all.failed ? all.failed : line.failed;
	lh_buf_fini(&line);
	lh_buf_fini(&all);
}

void lh_comparison_table(const struct lh_group *group, struct lh_seen *seen, const struct lh_report_style *style, struct lh_buf *out)
{
	struct comparing t = { .group = group, .style = style, .seen = seen };
	struct lh_error err = { 0 };
	int rc = gather(&t);
	if (!rc && t.any)
		rc = names(&t, &err);
	if (!rc && t.any) {
		lh_buf_putc(out, '\n');
		put_heading(&t, out);
		add_columns(&t);
		t.cells.caption = "Differences from the baseline by policy";
		lh_cells_print(&t.cells, out);
		put_caveats(&t, out);
		lh_cells_fini(&t.cells);
	}
	if (rc)
		out->failed = rc;
	free(t.row);
}

/* ---- terms ---- */

/* What the comparisons of a report have, so that only that is explained. 0: they differ in it. */
struct had { int turns, tests; bool tested, errors, gap, oracle, drawn; };

static struct had look(const struct lh_report *report)
{
	struct had h = { .turns = report->condition[report->comparison[0].policy].result->turns, .tests = report->comparison[0].tests };
	for (int i = 0; i < report->comparison_count; i++) {
		const struct lh_report_comparison *c = &report->comparison[i];
		h.turns = report->condition[c->policy].result->turns == h.turns ? h.turns : 0;
		h.tests = c->tests == h.tests ? h.tests : 0;
		h.tested |= c->tests > 0;
		h.errors |= !c->of.stopped;
		h.gap |= !isnan(c->gap.closed);
		h.oracle |= report->condition[c->policy].oracle;
		h.drawn |= (!isnan(c->of.length.p) && !c->of.length.exact) || (!isnan(c->of.errors.p) && !c->of.errors.exact);
	}
	return h;
}

/* A growing text as the definition of a term. */
struct defining { int width; const struct lh_report_style *style; struct lh_buf text, *out; };

static void define(struct defining *d, const char *term)
{
	lh_prose_define(d->out, term, lh_buf_str(&d->text).p, d->width, d->style);
	if (d->text.failed)
		d->out->failed = d->text.failed;
	lh_buf_clear(&d->text);
}

static void define_length(struct defining *d, const struct had *h)
{
	lh_buf_puts(&d->text, "how many turns a sample gets through before its first error");
	if (h->turns)
		lh_buf_printf(&d->text, ", of %d", h->turns);
	lh_buf_puts(&d->text, ", on average; here the difference, policy less baseline, its interval by bootstrap.");
	define(d, "error-free turns");
}

static void define_tests(struct defining *d, const struct had *h)
{
	lh_buf_printf(&d->text, "how often chance alone would set their turns to the first error so far apart: log-rank scores of the pairs, %s.",
		h->drawn ? "signs flipped 9,999 times" : "signs flipped in every way");
	define(d, "p length");
	if (!h->errors)
		return;
	lh_buf_puts(&d->text, "the same for the samples' own turn error rates.");
	define(d, "p errors");
}

static void define_adjusted(struct defining *d, const struct had *h)
{
	lh_buf_puts(&d->text, "by Holm's method over ");
	if (h->tests > 1)
		lh_buf_printf(&d->text, "all %d tests", h->tests);
	else
		lh_buf_puts(&d->text, h->tests == 1 ? "the one test" : "all tests");
	lh_buf_puts(&d->text, " of one task and model, so that they may be read together");
	lh_buf_puts(&d->text, h->oracle ? "; an oracle is a bound and is not tested." : ".");
	lh_buf_puts(&d->text, " Intervals are not adjusted.");
	define(d, "adjusted");
}

static void define_fronts(struct defining *d, const struct lh_report *report, bool errors)
{
	const struct lh_result *r = report->condition[0].result;
	lh_buf_puts(&d->text, "no other policy has ");
	if (r->s_count > 0)
		lh_buf_printf(&d->text, "as long a horizon(%g)%s", r->horizon[0].s, errors ? ", or " : "");
	if (errors)
		lh_buf_puts(&d->text, "as low a turn error rate,");
	lh_buf_puts(&d->text, " for as few input tokens per turn (by point estimates; oracles apart).");
	define(d, "on the front");
}

void lh_comparison_terms(const struct lh_report *report, int width, const struct lh_report_style *style, struct lh_buf *out)
{
	if (report->comparison_count == 0)
		return;
	struct had h = look(report);
	struct defining d = { .width = width, .style = style, .out = out };
	lh_buf_init(&d.text, 4096);
	define_length(&d, &h);
	if (h.errors) {
		lh_buf_puts(&d.text, "turn error rate, policy less baseline, in percentage points; above 0 the policy errs more.");
		define(&d, "points");
	}
	if (h.tested) {
		define_tests(&d, &h);
		define_adjusted(&d, &h);
	}
	if (h.gap) {
		lh_buf_puts(&d.text, "how much of the way down from the baseline's turn error rate to heal's: at 100 % it is as good as that oracle.");
		define(&d, "gap closed");
	}
	lh_buf_puts(&d.text, "input tokens per turn, as a multiple of the baseline's.");
	define(&d, "× baseline");
	define_fronts(&d, report, h.errors);
	lh_buf_fini(&d.text);
}
