/* Two runs compared, on a terminal: for each match a small table and a sentence. */
#include "report/versus.h"

#include "report/comparison_figures.h"
#include "report/cells.h"
#include "report/prose.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HORIZONS_MAX = 24, TERM = 15 };       /* the JSON has them all */
enum { ROW_BASE, ROW_NEW, ROW_DIFFERENCE, ROW_P, ROWS };

struct printing {
	const struct lh_versus *v;
	const struct lh_report_style *style;
	struct lh_buf *out;
	struct lh_buf heading;               /* the latest one printed */
	bool open, none;                     /* "≥", "–" were printed */
};

static const char *const side_name[] = { [LH_NEW] = "NEW", [LH_BASE] = "BASE" };
static const int row_of[] = { [LH_NEW] = ROW_NEW, [LH_BASE] = ROW_BASE };

static struct lh_str label_of(const char *label, const char *name)
{
	return lh_str_of(label && *label ? label : name);
}

static void put_line(struct printing *p, struct lh_buf *line, int hang)
{
	lh_prose_wrap(p->out, lh_buf_str(line), 0, hang, p->style);
	if (line->failed)
		p->out->failed = line->failed;
	lh_buf_clear(line);
}

/* ---- the sentence ---- */

/* "fell by 2.1 points [1.2, 3.0]": the change without its sign, the interval turned with it. */
static void put_change(struct lh_buf *out, const char *up, const char *down, double v, struct lh_interval ci,
	struct lh_figure (*figure)(double, struct lh_interval, const struct lh_report_style *), const char *unit, const struct lh_report_style *style)
{
	bool fell = v < 0;
	struct lh_interval turned = { -ci.hi, -ci.lo };
	struct lh_figure f = figure(fabs(v), fell ? turned : ci, style);
	lh_buf_printf(out, "%s by %s%s %s", fell ? down : up, f.value[0] == '+' ? f.value + 1 : f.value, unit, f.tail);
}

static void put_p(struct lh_buf *out, double p, const struct lh_report_style *style)
{
	struct lh_figure f = lh_figure_p(p, style);
	lh_buf_printf(out, f.value[0] == '<' ? " (p %s)" : " (p = %s)", f.value);
}

static void put_length(struct lh_buf *out, const struct lh_versus_match *m, const struct lh_report_style *style)
{
	const struct lh_rmst *r = &m->of.error_free;
	if (m->length_adjusted <= LH_DIFFERS) {
		lh_buf_printf(out, "error-free turns within %d ", r->turns);
		put_change(out, "rose", "fell", r->difference, r->ci, lh_figure_turns, "", style);
	} else {
		lh_buf_puts(out, "horizon not shown to differ");
	}
	put_p(out, m->length_adjusted, style);
}

static void put_errors(struct lh_buf *out, const struct lh_versus_match *m, const struct lh_report_style *style)
{
	const struct lh_rates *r = &m->of.error_rate;
	lh_buf_puts(out, "turn error rate ");
	if (m->errors_adjusted <= LH_DIFFERS)
		put_change(out, "rose", "fell", r->difference, r->ci, lh_figure_points, " points", style);
	else
		lh_buf_puts(out, "not shown to differ");
	put_p(out, m->errors_adjusted, style);
}

static void put_name(struct lh_buf *out, const struct lh_versus_match *m, const struct lh_report_style *style)
{
	const struct lh_condition_results *fresh = m->side[LH_NEW].condition, *base = m->side[LH_BASE].condition;
	lh_prose_shown(out, label_of(fresh->policy_label, fresh->policy), style);
	lh_buf_puts(out, fresh->oracle ? " (oracle)" : "");
	if (!m->policy_differs)
		return;
	lh_buf_puts(out, " against ");
	lh_prose_shown(out, label_of(base->policy_label, base->policy), style);
	lh_buf_puts(out, base->oracle ? " (oracle)" : "");
}

void lh_versus_sentence(const struct lh_versus_match *m, const struct lh_report_style *style, struct lh_buf *out)
{
	put_name(out, m, style);
	lh_buf_puts(out, ": ");
	if (lh_versus_oracle(m)) {
		lh_buf_puts(out, "an oracle is a bound; its differences are shown and not tested.");
		return;
	}
	if (isnan(m->length_adjusted))
		lh_buf_puts(out, "not compared, as nothing was observed");
	else
		put_length(out, m, style);
	if (!isnan(m->errors_adjusted)) {
		lh_buf_puts(out, "; ");
		put_errors(out, m, style);
	} else if (m->of.stopped) {
		lh_buf_puts(out, "; turn error rates are not compared, as episodes were ended at their first error");
	}
	lh_buf_putc(out, '.');
}

/* ---- one match ---- */

static void note_figures(struct printing *p, const struct lh_figure *f)
{
	for (int row = 0; row < ROWS; row++)
		p->none |= lh_figure_is_none(&f[row]);
}

static void add_horizons(struct printing *p, const struct lh_versus_match *m, struct lh_cells *cells)
{
	const struct lh_result *r[2] = { m->side[LH_NEW].result, m->side[LH_BASE].result };
	for (int i = 0; i < r[0]->s_count && i < HORIZONS_MAX; i++) {
		char head[32];
		snprintf(head, sizeof head, "horizon(%g)", r[0]->horizon[i].s);
		struct lh_figure *f = lh_cells_add(cells, i == 0 ? LH_CELLS_MUST : LH_CELLS_MAIN, head, "turns");
		for (int side = 0; side < 2; side++) {
			const struct lh_horizon *h = &r[side]->horizon[i];
			bool known = !isnan(r[side]->task_accuracy[0]);
			f[row_of[side]] = known ? lh_figure_horizon(h, p->style) : lh_figure_none(p->style);
			p->open |= known && (h->censored || h->lo_open || h->hi_open);
		}
		note_figures(p, f);
	}
}

/* Under the intervals, so that it does not widen the column of values. */
static struct lh_figure p_below(double p, const struct lh_report_style *style)
{
	struct lh_figure f = lh_figure_p(p, style);
	if (!lh_figure_is_none(&f)) {
		memcpy(f.tail, f.value, sizeof f.value);
		*f.value = 0;
	}
	return f;
}

static void add_effects(struct printing *p, const struct lh_versus_match *m, struct lh_cells *cells)
{
	const struct lh_rmst *free_turns = &m->of.error_free;
	const struct lh_rates *errors = &m->of.error_rate;
	char within[32];
	snprintf(within, sizeof within, "within %d", free_turns->turns);
	struct lh_figure *f = lh_cells_add(cells, LH_CELLS_MUST, "error-free turns", within);
	for (int side = 0; side < 2; side++)
		f[row_of[side]] = lh_figure_turns_each(free_turns->value[side], free_turns->value_ci[side], p->style);
	f[ROW_DIFFERENCE] = lh_figure_turns(free_turns->difference, free_turns->ci, p->style);
	f[ROW_P] = p_below(m->length_adjusted, p->style);
	note_figures(p, f);
	f = lh_cells_add(cells, LH_CELLS_MUST, "turn error rate", "all turns");
	for (int side = 0; side < 2; side++)
		f[row_of[side]] = lh_figure_share(errors->value[side], errors->value_ci[side], p->style);
	f[ROW_DIFFERENCE] = lh_figure_points(errors->difference, errors->ci, p->style);
	f[ROW_P] = p_below(m->errors_adjusted, p->style);
	note_figures(p, f);
}

static void add_tokens(struct printing *p, const struct lh_versus_match *m, struct lh_cells *cells)
{
	struct lh_figure *f = lh_cells_add(cells, LH_CELLS_MAIN, "input tokens", "per turn");
	double fresh = m->side[LH_NEW].tokens_per_turn, base = m->side[LH_BASE].tokens_per_turn;
	f[ROW_NEW] = lh_figure_mean(fresh, p->style);
	f[ROW_BASE] = lh_figure_mean(base, p->style);
	struct lh_figure ratio = lh_figure_ratio(fresh / base, p->style);
	f[ROW_DIFFERENCE] = ratio;
	if (!lh_figure_is_none(&ratio))
		snprintf(f[ROW_DIFFERENCE].value, sizeof ratio.value, "%s %.40s", p->style->unicode ? "×" : "x", ratio.value);
	note_figures(p, f);
}

static void print_match_table(struct printing *p, const struct lh_versus_match *m)
{
	static const char *const rows[] = { [ROW_BASE] = "BASE", [ROW_NEW] = "NEW", [ROW_DIFFERENCE] = "NEW - BASE", [ROW_P] = "p, adjusted" };
	struct lh_cells cells;
	struct lh_error err = { 0 };
	if (lh_cells_init(&cells, ROWS, p->style, &err)) {
		p->out->failed = err.code;
		return;
	}
	cells.head = "run";
	for (int row = 0; row < ROWS; row++)
		lh_cells_name(&cells, row, lh_str_of(rows[row]), "");
	add_horizons(p, m, &cells);
	add_effects(p, m, &cells);
	add_tokens(p, m, &cells);
	lh_cells_print(&cells, p->out);
	lh_cells_fini(&cells);
}

static void say_cut(struct printing *p, const struct lh_versus_match *m, struct lh_buf *line)
{
	for (int side = 0; side < 2; side++) {
		const struct lh_result *r = m->side[side].result;
		if (r->censored == 0)
			continue;
		lh_buf_printf(line, "! %s: %d of %d samples were cut off by something that is not the model's doing. Turn error rates are over the turns"
			" that both runs have.", side_name[side], r->censored, r->samples);
		put_line(p, line, 2);
	}
}

static void print_match(struct printing *p, const struct lh_versus_match *m)
{
	struct lh_buf line;
	lh_buf_init(&line, 1 << 20);
	put_name(&line, m, p->style);
	lh_prose_tone(p->out, LH_TONE_BOLD, p->style);
	put_line(p, &line, 2);
	lh_prose_tone(p->out, LH_TONE_PLAIN, p->style);
	print_match_table(p, m);
	lh_buf_putc(p->out, '\n');
	say_cut(p, m, &line);
	lh_versus_sentence(m, p->style, &line);
	put_line(p, &line, 2);
	lh_buf_putc(p->out, '\n');
	lh_buf_fini(&line);
}

/* ---- headings ---- */

static void put_task(struct lh_buf *out, const struct lh_condition_results *c, const struct lh_report_style *style)
{
	lh_prose_shown(out, label_of(c->task_label, c->task), style);
}

static void put_model(struct lh_buf *out, const struct lh_condition_results *c, const struct lh_report_style *style)
{
	lh_prose_shown(out, label_of(c->model_label, c->model), style);
}

static void put_size(struct lh_buf *out, const struct lh_condition_results *c)
{
	lh_buf_printf(out, "%d turn%s of %d step%s", c->turns, c->turns == 1 ? "" : "s", c->steps_per_turn, c->steps_per_turn == 1 ? "" : "s");
}

static void put_samples(struct printing *p, const struct lh_versus_match *m, struct lh_buf *out)
{
	const int *n = m->of.samples;
	if (!m->unpaired) {
		lh_buf_printf(out, "; the same %d sample%s in both, compared pair by pair", n[LH_NEW], n[LH_NEW] == 1 ? "" : "s");
		return;
	}
	lh_buf_printf(out, "; UNPAIRED: %d samples of NEW and %d of BASE are not the same ones, as %s", n[LH_NEW], n[LH_BASE], m->unpaired);
	if (p->v->run[0].results->seed != p->v->run[1].results->seed)
		lh_buf_printf(out, " (%" PRIu64 " and %" PRIu64 ")", p->v->run[LH_NEW].results->seed, p->v->run[LH_BASE].results->seed);
}

/* What is compared, where it is not what was compared just before. */
static void print_heading(struct printing *p, const struct lh_versus_match *m)
{
	const struct lh_condition_results *fresh = m->side[LH_NEW].condition, *base = m->side[LH_BASE].condition;
	struct lh_buf text, line;
	lh_buf_init(&text, 1 << 20);
	lh_buf_init(&line, 1 << 20);
	put_task(&line, fresh, p->style);
	lh_buf_puts(&line, m->model_differs ? ", on two models: NEW " : " on ");
	put_model(&line, fresh, p->style);
	if (m->model_differs) {
		lh_buf_puts(&line, ", BASE ");
		put_model(&line, base, p->style);
	}
	lh_prose_wrap(&text, lh_buf_str(&line), 0, 2, p->style);
	lh_buf_clear(&line);
	put_size(&line, fresh);
	put_samples(p, m, &line);
	lh_prose_wrap(&text, lh_buf_str(&line), 0, 2, p->style);
	if (!lh_str_equal(lh_buf_str(&text), lh_buf_str(&p->heading))) {
		lh_buf_put_str(p->out, lh_buf_str(&text));
		lh_buf_putc(p->out, '\n');
		lh_buf_clear(&p->heading);
		lh_buf_put_str(&p->heading, lh_buf_str(&text));
	}
	if (text.failed || line.failed)
		p->out->failed = text.failed ? text.failed : line.failed;
	lh_buf_fini(&text);
	lh_buf_fini(&line);
}

static void say_unfinished(struct printing *p, struct lh_buf *line)
{
	for (int side = 0; side < 2; side++) {
		const struct lh_results *r = p->v->run[side].results;
		if (p->v->run[side].done)
			continue;
		lh_buf_printf(line, "! %s is NOT DONE (", side_name[side]);
		if (!strcmp(r->status, "running"))
			lh_buf_puts(line, "it is still going on, or was killed");
		else
			lh_prose_shown_whole(line, lh_str_of(*r->status_cause ? r->status_cause : r->status), p->style);
		lh_buf_puts(line, "): what follows speaks only of the turns that were run.");
		put_line(p, line, 2);
	}
}

static void print_runs(struct printing *p)
{
	struct lh_buf line;
	lh_buf_init(&line, 1 << 20);
	say_unfinished(p, &line);
	for (int side = 0; side < 2; side++) {
		lh_buf_printf(&line, "%s%s is run %" PRId64 " of ", side ? "; " : "", side_name[side], p->v->run[side].results->run);
		lh_prose_shown_whole(&line, lh_str_of(p->v->run[side].path), p->style);
	}
	lh_buf_puts(&line, ". Differences are NEW less BASE.");
	put_line(p, &line, 2);
	lh_buf_putc(p->out, '\n');
	lh_buf_fini(&line);
}

/* ---- what was not compared ---- */

static void print_list(struct printing *p, const struct lh_versus_list *list, const char *what, int side)
{
	struct lh_buf line;
	if (list->count == 0)
		return;
	lh_buf_init(&line, 1 << 20);
	lh_buf_printf(&line, what, side_name[side]);
	put_line(p, &line, 2);
	for (int i = 0; i < list->count; i++) {
		const struct lh_condition_results *c = list->condition[i];
		lh_prose_shown(&line, label_of(c->policy_label, c->policy), p->style);
		lh_buf_puts(&line, c->oracle ? " (oracle)" : "");
		if (strcmp(c->history, "own")) {
			lh_buf_puts(&line, ", history ");
			lh_prose_shown(&line, lh_str_of(c->history), p->style);
		}
		lh_buf_puts(&line, "; ");
		put_task(&line, c, p->style);
		lh_buf_puts(&line, " on ");
		put_model(&line, c, p->style);
		lh_buf_puts(&line, ", ");
		put_size(&line, c);
		lh_prose_spaces(p->out, 2);
		lh_prose_wrap(p->out, lh_buf_str(&line), 2, 4, p->style);
		lh_buf_clear(&line);
	}
	lh_buf_putc(p->out, '\n');
	lh_buf_fini(&line);
}

static void print_rest(struct printing *p)
{
	for (int side = 0; side < 2; side++)
		print_list(p, &p->v->alone[side], "Not compared, only in %s:", side);
	for (int side = 0; side < 2; side++)
		print_list(p, &p->v->made[side], "Not compared, made histories of %s:", side);
}

/* ---- terms ---- */

static void define_horizon(struct printing *p)
{
	char term[32], text[160];
	const struct lh_result *r = p->v->match[0].side[LH_NEW].result;
	if (r->s_count == 0)
		return;
	snprintf(term, sizeof term, "horizon(%g)", r->horizon[0].s);
	snprintf(text, sizeof text, "the most turns that at least %g %% of samples got through without one error.", 100 * r->horizon[0].s);
	lh_prose_define(p->out, term, text, TERM, p->style);
}

static void define_p(struct printing *p)
{
	char text[600];
	bool paired = false, apart = false;
	for (int i = 0; i < p->v->count; i++) {
		paired |= !p->v->match[i].unpaired;
		apart |= p->v->match[i].unpaired != NULL;
	}
	snprintf(text, sizeof text, "how often chance alone would set the two so far apart: turns to the first error by log-rank scores, errors by the samples' own"
		" turn error rates%s%s. By Holm's method over all %d tests, so that they may be read together. Intervals are not adjusted.",
		paired ? "; signs flipped within pairs" : "", apart ? "; where samples differ, labels permuted" : "", p->v->tests);
	lh_prose_define(p->out, "p, adjusted", text, TERM, p->style);
}

static void print_terms(struct printing *p)
{
	if (p->v->count == 0)
		return;
	define_horizon(p);
	lh_prose_define(p->out, "error-free turns", "how many turns a sample gets through before its first error, on average.", TERM, p->style);
	lh_prose_define(p->out, "turn error rate", "the share of turns answered wrongly, judged against what the model was shown; differences in percentage points.",
		TERM, p->style);
	if (p->v->tests > 0)
		define_p(p);
	lh_prose_define(p->out, "[lo, hi]", "95 % interval. Horizon: by inversion of the Wilson band; the others: bootstrap over samples.", TERM, p->style);
	if (p->open)
		lh_prose_define(p->out, "≥ n", "the end was not seen: at least n.", TERM, p->style);
	if (p->none)
		lh_prose_define(p->out, "–", "not measured, not tested, or not defined.", TERM, p->style);
}

void lh_versus_table(const struct lh_versus *v, const struct lh_report_style *style, struct lh_buf *out)
{
	struct printing p = { .v = v, .style = style, .out = out };
	lh_buf_init(&p.heading, 1 << 20);
	print_runs(&p);
	for (int i = 0; i < v->count; i++) {
		print_heading(&p, &v->match[i]);
		print_match(&p, &v->match[i]);
	}
	if (v->count == 0)
		lh_buf_puts(out, "No condition of NEW is one of BASE's: nothing is compared.\n\n");
	print_rest(&p);
	print_terms(&p);
	if (p.heading.failed)
		out->failed = p.heading.failed;
	lh_buf_fini(&p.heading);
}
