/* Verdicts in words. */
#include "report/gate_report.h"

#include "report/number.h"
#include "report/prose.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { WORD = 16 };                          /* columns of the longest verdict, and two spaces */

/* ---- which condition ---- */

static struct lh_str or_else(struct lh_str label, struct lh_str name) { return label.n ? label : name; }

/* What tells the report's conditions apart besides their policies. */
struct apart { bool task, model, history, steps; };

static struct apart what_differs(const struct lh_report *report)
{
	struct apart a = { false, false, false, false };
	const struct lh_report_condition *first = report->condition;
	for (int i = 1; i < report->count; i++) {
		const struct lh_report_condition *c = &report->condition[i];
		a.task |= !lh_str_equal(or_else(c->task_label, c->task), or_else(first->task_label, first->task));
		a.model |= !lh_str_equal(or_else(c->model_label, c->model), or_else(first->model_label, first->model));
		a.history |= !lh_str_equal(c->history, first->history);
		a.steps |= c->result->steps_per_turn != first->result->steps_per_turn;
	}
	return a;
}

/* "turn 1" or "clean": a side of a loss. */
static void put_side(struct lh_buf *out, const struct lh_report_condition *c, int turn, const struct lh_report_style *style)
{
	if (turn == 1)
		lh_buf_puts(out, "turn 1");
	else
		lh_prose_shown(out, c->history, style);
}

static void put_condition(const struct lh_report *report, const struct lh_report_gate *g, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_report_condition *c = &report->condition[g->condition];
	struct apart a = what_differs(report);
	lh_prose_shown(out, or_else(c->policy_label, c->policy), style);
	lh_buf_puts(out, c->oracle ? " (oracle)" : "");
	if (a.task) {
		lh_buf_puts(out, ", ");
		lh_prose_shown(out, or_else(c->task_label, c->task), style);
	}
	if (a.model) {
		lh_buf_puts(out, ", ");
		lh_prose_shown(out, or_else(c->model_label, c->model), style);
	}
	if (a.steps)
		lh_buf_printf(out, ", %d step%s a turn", c->result->steps_per_turn, c->result->steps_per_turn == 1 ? "" : "s");
	if (g->against >= 0) {
		lh_buf_puts(out, ", ");
		put_side(out, &report->condition[g->against], g->against_turn, style);
		lh_buf_puts(out, " less ");
		put_side(out, c, g->turn, style);
		lh_buf_printf(out, " at turn %d", g->turn);
	} else if (a.history) {
		lh_buf_puts(out, ", ");
		lh_prose_shown(out, c->history, style);
	}
}

/* ---- numbers ---- */

static void put_open(struct lh_buf *out, bool open, double v, const struct lh_report_style *style)
{
	lh_prose_put(out, open ? "≥ " : "", style);
	lh_buf_printf(out, "%.0f", v);
}

static void put_count(struct lh_buf *out, const struct lh_gate_result *r, const struct lh_report_style *style)
{
	put_open(out, r->value_open, r->value, style);
	lh_buf_puts(out, r->quantity == LH_GATE_IN_STEPS ? " steps [" : " turns [");
	put_open(out, r->lo_open, r->ci.lo, style);
	lh_buf_puts(out, ", ");
	put_open(out, r->hi_open, r->ci.hi, style);
	lh_buf_putc(out, ']');
}

static void put_points(struct lh_buf *out, const struct lh_gate_result *r)
{
	int d = 100 * (r->ci.hi - r->ci.lo) < 0.5 ? 2 : 1;
	lh_buf_printf(out, "%.*f points [%.*f, %.*f]", d, 100 * r->value, d, 100 * r->ci.lo, d, 100 * r->ci.hi);
}

static void put_tokens(struct lh_buf *out, const struct lh_gate_result *r, const struct lh_report_style *style)
{
	lh_buf_printf(out, "%s tokens [%s, %s]", lh_figure_mean(r->value, style).value, lh_figure_mean(r->ci.lo, style).value, lh_figure_mean(r->ci.hi, style).value);
}

static void put_value(struct lh_buf *out, const struct lh_gate_result *r, const struct lh_report_style *style)
{
	struct lh_figure f;
	if (isnan(r->value)) {
		lh_buf_puts(out, "nothing was observed");
		return;
	}
	if (isnan(r->ci.lo)) {
		lh_buf_puts(out, "too little was observed");
		return;
	}
	switch (r->quantity) {
	case LH_GATE_IN_TURNS: case LH_GATE_IN_STEPS: put_count(out, r, style); break;
	case LH_GATE_IN_DIFFERENCE: put_points(out, r); break;
	case LH_GATE_IN_TOKENS: put_tokens(out, r, style); break;
	case LH_GATE_IN_SHARE:
		f = lh_figure_share(r->value, r->ci, style);
		lh_buf_printf(out, "%s %s", f.value, f.tail);
	}
	if (r->level != 0.95)
		lh_buf_printf(out, " (%g %% interval)", 100 * r->level);
}

/* A rule on a horizon, looked at sample by sample, is one on the share of samples that got so far. */
static bool by_share(const struct lh_report_gate *g)
{
	bool horizon = g->metric == LH_METRIC_HORIZON || g->metric == LH_METRIC_HORIZON_STEPS || g->metric == LH_METRIC_FIRST_BELOW;
	return horizon && g->result.quantity == LH_GATE_IN_SHARE;
}

/* A plain number in the rule's unit; `open`: at least so much. */
static void put_bare(struct lh_buf *out, const struct lh_gate_result *r, double v, bool open, const struct lh_report_style *style)
{
	bool share = r->quantity == LH_GATE_IN_SHARE || r->quantity == LH_GATE_IN_DIFFERENCE;
	lh_prose_put(out, open ? "≥ " : "", style);
	if (isnan(v))
		lh_buf_puts(out, "?");
	else if (isinf(v))
		lh_prose_put(out, v < 0 ? "−∞" : "∞", style);
	else if (r->quantity == LH_GATE_IN_TOKENS || (!share && v == floor(v)))
		lh_buf_printf(out, "%.0f", v);
	else
		lh_buf_printf(out, "%.1f", share ? 100 * v : v);
}

static void put_range(struct lh_buf *out, const struct lh_gate_result *r, struct lh_interval ci, bool lo_open, bool hi_open, const struct lh_report_style *style)
{
	lh_buf_puts(out, " [");
	put_bare(out, r, ci.lo, lo_open, style);
	lh_buf_puts(out, ", ");
	put_bare(out, r, ci.hi, hi_open, style);
	lh_buf_putc(out, ']');
}

/* "at least 12.6, 0.9 times the baseline's 14 [11, 16] of 60 samples; the one less the other 1.4 [-2.5, 4.7]" */
static void put_against(struct lh_buf *out, const struct lh_report_gate *g, const struct lh_report_style *style)
{
	const struct lh_gate_result *r = &g->result;
	bool share = r->quantity == LH_GATE_IN_SHARE || r->quantity == LH_GATE_IN_DIFFERENCE;
	lh_buf_printf(out, "; needed: at %s ", g->at_most ? "most" : "least");
	put_bare(out, r, g->limit * r->base, r->base_open, style);
	lh_buf_printf(out, "%s, %g times the baseline's ", share ? " %" : "", g->limit);
	put_bare(out, r, r->base, r->base_open, style);
	put_range(out, r, r->base_ci, r->base_lo_open, r->base_hi_open, style);
	lh_buf_printf(out, " of %d samples; the one less the other ", r->base_samples);
	put_bare(out, r, r->margin, false, style);
	put_range(out, r, r->margin_ci, false, false, style);
}

static void put_needed(struct lh_buf *out, const struct lh_report_gate *g, const struct lh_report_style *style)
{
	if (g->baseline) {
		put_against(out, g, style);
		return;
	}
	if (by_share(g)) {
		lh_buf_printf(out, " of samples without an error through turn %d; needed: %s %g %%", g->turn, g->at_most ? "less than" : "at least", 100 * g->parameter);
		return;
	}
	lh_buf_puts(out, "; needed: ");
	lh_buf_puts(out, g->at_most ? "at most " : "at least ");
	switch (g->result.quantity) {
	case LH_GATE_IN_SHARE: lh_buf_printf(out, "%g %%", 100 * g->limit); break;
	case LH_GATE_IN_DIFFERENCE: lh_buf_printf(out, "%g", 100 * g->limit); break;
	case LH_GATE_IN_TOKENS: lh_buf_puts(out, lh_figure_mean(g->limit, style).value); break;
	default: lh_buf_printf(out, "%g", g->limit);
	}
}

/* Two figures: an estimate is worth no more. */
static int64_t about(int64_t n)
{
	int64_t unit = 1;
	while (n / unit >= 100)
		unit *= 10;
	return (n + unit - 1) / unit * unit;
}

/* ---- sentences ---- */

/* Samples of which there is an outcome: of a run that was ended from outside fewer than it has. */
static int samples_seen(const struct lh_report_condition *c)
{
	int seen = 0, turns = c->result->turns, first = c->probe_turn_count ? c->probe_turns[0] - 1 : 0;
	for (int s = 0; c->outcome && s < c->result->samples; s++)
		seen += c->outcome[(size_t)s * (size_t)turns + (size_t)first] != LH_UNSEEN;
	return c->outcome ? seen : c->result->samples;
}

static void put_samples(const struct lh_report *report, const struct lh_report_gate *g, struct lh_buf *out)
{
	const struct lh_gate_result *r = &g->result;
	if (r->sequential && r->decided_at)
		lh_buf_printf(out, "; sequential: decided after %" PRId64 " of %d samples", r->decided_at, g->planned);
	else if (r->sequential)
		lh_buf_printf(out, "; sequential: not decided after %d of %d samples", samples_seen(&report->condition[g->condition]), g->planned);
	else
		lh_buf_printf(out, "; %d sample%s", r->samples, r->samples == 1 ? "" : "s");
}

static void put_missing(struct lh_buf *out, const struct lh_report *report, const struct lh_report_gate *g)
{
	const struct lh_gate_result *r = &g->result;
	if (r->policy_errors > 0)
		lh_buf_printf(out, "; in %d sample%s the policy itself failed, and such a condition passes no gate", r->policy_errors, r->policy_errors == 1 ? "" : "s");
	if (r->verdict == LH_GATE_INFRASTRUCTURE && report->run.partial)
		lh_buf_puts(out, "; only some shards of the run are in the file");
	else if (r->verdict == LH_GATE_INFRASTRUCTURE && !lh_str_is(report->run.status, "done"))
		lh_buf_puts(out, "; the run is not done");
	else if (r->verdict == LH_GATE_INFRASTRUCTURE)
		lh_buf_printf(out, "; %d sample%s cut off by something that is not the model's doing, and would decide it", r->censored, r->censored == 1 ? " was" : "s were");
	if (r->verdict == LH_GATE_OPEN && !r->sequential && g->metric == LH_METRIC_TOKENS_PER_TURN && report->condition[g->condition].result->samples < g->planned)
		lh_buf_puts(out, "; the run stopped early, and a rule on tokens is decided at the planned number of samples");
	else if (r->verdict == LH_GATE_OPEN && g->baseline && (r->value_open || r->base_hi_open))
		lh_buf_puts(out, "; one of the two went to the last turn: more turns would tell, not more samples");
	else if (r->verdict == LH_GATE_OPEN && r->more > 0)
		lh_buf_printf(out, "; about %" PRId64 " more would decide", about(r->more));
	else if (r->verdict == LH_GATE_OPEN)
		lh_buf_puts(out, "; how many more would decide cannot be said");
}

void lh_gate_sentence(const struct lh_report *report, const struct lh_report_gate *g, const struct lh_report_style *style, struct lh_buf *out)
{
	lh_prose_shown_whole(out, g->rule, style);
	lh_buf_puts(out, ": ");
	put_condition(report, g, style, out);
	lh_buf_puts(out, ": ");
	put_value(out, &g->result, style);
	put_needed(out, g, style);
	put_samples(report, g, out);
	put_missing(out, report, g);
	lh_buf_putc(out, '.');
}

static void put_counts(const struct lh_report *report, struct lh_buf *out)
{
	static const char *const words[] = { [LH_GATE_OPEN] = "inconclusive", [LH_GATE_PASS] = "passed", [LH_GATE_FAIL] = "failed", [LH_GATE_INFRASTRUCTURE] = "for want of infrastructure not decided" };
	static const enum lh_gate_verdict order[] = { LH_GATE_FAIL, LH_GATE_INFRASTRUCTURE, LH_GATE_OPEN, LH_GATE_PASS };
	bool some = false;
	lh_buf_puts(out, "Gates: ");
	for (int v = 0; v < 4; v++) {
		int n = 0;
		for (int i = 0; i < report->gate_count; i++)
			n += report->gate[i].result.verdict == order[v];
		if (n)
			lh_buf_printf(out, "%s%d %s", some ? ", " : "", n, words[order[v]]);
		some |= n > 0;
	}
	lh_buf_putc(out, '.');
}

/* The verdict, and in its column the sentence. */
static void put_verdict(const struct lh_report_gate *g, const struct lh_buf *sentence, const struct lh_report_style *style, struct lh_buf *out)
{
	static const char *const words[] = { [LH_GATE_OPEN] = "INCONCLUSIVE", [LH_GATE_PASS] = "PASS", [LH_GATE_FAIL] = "FAIL", [LH_GATE_INFRASTRUCTURE] = "INFRASTRUCTURE" };
	const char *word = words[g->result.verdict];
	if (lh_style_is_page(style)) {
		lh_prose_define(out, word, sentence->p, 0, style);
		return;
	}
	lh_prose_tone(out, LH_TONE_BOLD, style);
	lh_buf_printf(out, "%-*s", WORD, word);
	lh_prose_tone(out, LH_TONE_PLAIN, style);
	lh_prose_wrap(out, lh_buf_str(sentence), WORD, WORD, style);
}

/* Whoever stops when it suits finds what suits more often than 95 % allow for; the betting interval does not mind. */
static void say_stopped(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *line, struct lh_buf *out)
{
	int planned = report->gate[0].planned, n = report->condition[0].result->samples;
	if (n >= planned)
		return;
	lh_buf_clear(line);
	lh_buf_printf(line, "Sampling stopped after %d of %d samples, when all rules were decided. Their intervals hold wherever one stops;"
		" those of tables are meant for a number of samples that was fixed beforehand, and are somewhat too narrow here.", n, planned);
	lh_prose_wrap(out, lh_buf_str(line), 0, 0, style);
}

void lh_gate_lines(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf line;
	if (!report->gate_count)
		return;
	lh_buf_init(&line, 1 << 16);
	put_counts(report, &line);
	lh_prose_wrap(out, lh_buf_str(&line), 0, 0, style);
	for (int i = 0; i < report->gate_count; i++) {
		lh_buf_clear(&line);
		lh_gate_sentence(report, &report->gate[i], style, &line);
		put_verdict(&report->gate[i], &line, style, out);
		if (line.failed)
			out->failed = line.failed;
	}
	say_stopped(report, style, &line, out);
	lh_buf_fini(&line);
}
