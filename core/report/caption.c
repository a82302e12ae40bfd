#include "report/caption.h"

#include "base/utf8.h"
#include "report/comparison_table.h"
#include "report/prose.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { TERM = 15, FEW_SAMPLES = 30, CAUSES_SHOWN = 5 };

/* ---- caveats: one paragraph each, marked "!" ---- */

static int64_t episodes_of(const struct lh_report_condition *c, enum lh_cause_kind kind)
{
	int64_t n = 0;
	for (int i = 0; i < c->cause_count; i++)
		n += c->causes[i].kind == kind ? c->causes[i].episodes : 0;
	return n;
}

static void put_causes(struct lh_buf *line, const struct lh_report_condition *c, enum lh_cause_kind kind, const struct lh_report_style *style)
{
	int n = 0;
	for (int i = 0; i < c->cause_count; i++) {
		if (c->causes[i].kind != kind || ++n > CAUSES_SHOWN)
			continue;
		lh_buf_puts(line, n > 1 ? ", " : " (");
		lh_prose_shown(line, c->causes[i].cause, style);
		lh_buf_printf(line, ": %" PRId64, c->causes[i].episodes);
	}
	if (n > CAUSES_SHOWN)
		lh_buf_printf(line, ", %d more causes", n - CAUSES_SHOWN);
	lh_buf_puts(line, n > 0 ? ")" : "");
}

/* What shows them, each on a line that is not broken: to be pasted. */
static void put_commands(struct lh_buf *out, const struct lh_report_condition *c, enum lh_cause_kind kind, const struct lh_report_style *style)
{
	int n = 0;
	for (int i = 0; i < c->cause_count; i++) {
		if (c->causes[i].kind != kind || ++n > CAUSES_SHOWN || !c->causes[i].command.n)
			continue;
		lh_prose_command(out, "To see it: ", c->causes[i].command, style);
	}
}

static void put_bounds(struct lh_buf *line, const struct lh_report_condition *c)
{
	const struct lh_result *r = c->result;
	int t = r->turns;
	while (t > 0 && (isnan(r->task_accuracy_bounds[t - 1].lo) || isnan(r->task_accuracy_bounds[t - 1].hi)))
		t--;
	if (t > 0 && lh_report_has_horizon(c))
		lh_buf_printf(line, " Had all of them erred where they stopped, task accuracy at turn %d would be %.1f %%;"
			" had none erred at all, %.1f %%.", t, 100 * r->task_accuracy_bounds[t - 1].lo, 100 * r->task_accuracy_bounds[t - 1].hi);
}

static void say_censored(struct lh_buf *line, struct lh_str name, const struct lh_report_condition *c, const struct lh_report_style *style)
{
	lh_buf_put_str(line, name);
	lh_buf_printf(line, ": %d of %d samples %s cut off by something that is not the model's doing", c->result->censored,
		c->result->samples, c->result->censored == 1 ? "was" : "were");
	put_causes(line, c, LH_CAUSE_CENSORED, style);
	lh_buf_puts(line, "; counted up to there.");
	put_bounds(line, c);
}

static void say_policy_errors(struct lh_buf *line, struct lh_str name, const struct lh_report_condition *c, const struct lh_report_style *style)
{
	int n = c->result->policy_errors;
	lh_buf_put_str(line, name);
	lh_buf_printf(line, ": in %d of %d samples the policy itself failed", n, c->result->samples);
	put_causes(line, c, LH_CAUSE_POLICY, style);
	lh_buf_puts(line, ". This counts against the policy, not the model, and such a condition passes no gate.");
}

static void say_finish(struct lh_buf *line, struct lh_str name, const struct lh_report_condition *c, const struct lh_report_style *style)
{
	lh_buf_put_str(line, name);
	lh_buf_printf(line, ": in %" PRId64 " of %d samples its finish() failed", episodes_of(c, LH_CAUSE_FINISH), c->result->samples);
	put_causes(line, c, LH_CAUSE_FINISH, style);
	lh_buf_puts(line, ". What it was to count is missing there; nothing else is.");
}

static void say_unshown(struct lh_buf *line, struct lh_str name, const struct lh_report_condition *c)
{
	lh_buf_put_str(line, name);
	lh_buf_printf(line, ": in %.0f %% of its turns no valid earlier answer was in view. Those turns are judged against the"
		" true state, so its turn error rate does not compare with that of policies that show them.", 100 * c->result->unshown);
}

static void say_few(struct lh_buf *line, int samples)
{
	lh_buf_printf(line, "%d sample%s few: about %d more (three times as many again) would halve the intervals.",
		samples, samples == 1 ? " is" : "s are", 3 * samples);
}

/* What stands behind the tokens of the whole table. Nothing where they were counted and no thoughts cut. */
static void say_tokens(struct lh_buf *line, const struct lh_group *group)
{
	int64_t calls = 0, estimated = 0, kept = 0, dropped = 0;
	for (int row = 0; row < group->count; row++) {
		const struct lh_report_cost *c = &group->member[row]->cost;
		calls += c->calls;
		estimated += c->calls - c->counted;
		kept += c->thoughts_kept;
		dropped += c->thoughts_dropped;
	}
	if (estimated > 0)
		lh_buf_printf(line, "Tokens are estimated from bytes where the server counts none: in %" PRId64 " of %" PRId64 " calls.", estimated, calls);
	if (dropped > 0)
		lh_buf_printf(line, "%sOf the earlier replies that had thoughts, %.3g %% were sent without them.", line->n ? " " : "",
			100 * (double)dropped / (double)(dropped + kept));
}

static void say_uneven(struct lh_buf *line, struct lh_str name, int samples)
{
	lh_buf_put_str(line, name);
	lh_buf_printf(line, ": most of its errors sit in a few samples, so with %d samples the interval of its turn error rate is somewhat"
		" too narrow (it covers about 90 %% where 95 %% are meant). Twice as many samples would mend that.", samples);
}

void lh_caption_shortened(const struct lh_cells *cells, const struct lh_report_style *style, struct lh_buf *out)
{
	for (int row = 0; row < cells->rows; row++) {
		struct lh_str name = lh_cells_name_of(cells, row);
		if (lh_utf8_columns(name) <= cells->name_width)
			continue;
		lh_buf_puts(out, "  ");
		lh_prose_short(out, name, cells->name_width, style);
		lh_buf_puts(out, " = ");
		lh_prose_wrap(out, name, cells->name_width + 5, 4, style);
	}
}

/* What the policy's finish() returned. */
static void say_columns(struct lh_buf *line, struct lh_str name, const struct lh_report_condition *c)
{
	lh_buf_put_str(line, name);
	lh_buf_puts(line, " counted, a sample: ");
	for (int i = 0; i < c->column_count; i++) {
		const struct lh_report_column *k = &c->columns[i];
		lh_buf_puts(line, i ? "; " : "");
		lh_put_shown(line, k->name, false);
		lh_buf_printf(line, " %.4g", k->mean);
		if (isnan(k->ci.lo))
			lh_buf_printf(line, " in %s of %d", k->samples > 1 ? "each" : "the one", k->samples);
		else
			lh_buf_printf(line, " [%.4g, %.4g]", k->ci.lo, k->ci.hi);
	}
	lh_buf_putc(line, '.');
}

static void say_row(const struct lh_report_condition *c, struct lh_str name, const struct lh_report_style *style, struct lh_buf *line, struct lh_buf *out)
{
	if (c->result->censored > 0) {
		say_censored(line, name, c, style);
		lh_prose_caveat(out, line, style);
		put_commands(out, c, LH_CAUSE_CENSORED, style);
	}
	if (c->column_count > 0) {
		say_columns(line, name, c);
		lh_prose_caveat(out, line, style);
	}
	if (c->result->errors_uneven && c->probe_turn_count == 0) {
		say_uneven(line, name, c->result->samples);
		lh_prose_caveat(out, line, style);
	}
	if (c->result->policy_errors > 0) {
		say_policy_errors(line, name, c, style);
		lh_prose_caveat(out, line, style);
		put_commands(out, c, LH_CAUSE_POLICY, style);
	}
	if (episodes_of(c, LH_CAUSE_FINISH) > 0) {
		say_finish(line, name, c, style);
		lh_prose_caveat(out, line, style);
		put_commands(out, c, LH_CAUSE_FINISH, style);
	}
	if (c->result->unshown > 0.2) {
		say_unshown(line, name, c);
		lh_prose_caveat(out, line, style);
	}
}

void lh_caption_caveats(const struct lh_group *group, const struct lh_cells *cells, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf line, all;
	lh_buf_init(&line, 1 << 16);
	lh_buf_init(&all, out->max);
	if (cells->shortened)
		lh_caption_shortened(cells, style, &all);
	if (group->samples_least > 0 && group->samples_least < FEW_SAMPLES) {
		say_few(&line, group->samples_least);
		lh_prose_caveat(&all, &line, style);
	}
	say_tokens(&line, group);
	if (line.n)
		lh_prose_caveat(&all, &line, style);
	for (int row = 0; row < group->count; row++)
		say_row(group->member[row], lh_cells_name_of(cells, row), style, &line, &all);
	if (all.n) {
		lh_buf_putc(out, '\n');
		lh_buf_put_str(out, lh_buf_str(&all));
	}
	if (all.failed)
		out->failed = all.failed;
	lh_buf_fini(&line);
	lh_buf_fini(&all);
}

/* ---- terms: one entry for each heading and sign ---- */

struct terms { const struct lh_seen *seen; const struct lh_report_style *style; struct lh_buf *out; };

static void define(const struct terms *t, bool wanted, const char *term, const char *text)
{
	if (wanted)
		lh_prose_define(t->out, term, text, TERM, t->style);
}

static void define_horizon(const struct terms *t, const struct lh_report *report)
{
	struct lh_buf text;
	char term[32];
	const struct lh_result *r = report->condition[0].result;
	if (!t->seen->horizon || r->s_count == 0)
		return;
	lh_buf_init(&text, 4096);
	snprintf(term, sizeof term, "horizon(%g)", r->horizon[0].s);
	lh_buf_printf(&text, "the most turns that at least %g %% of samples got through without one error", 100 * r->horizon[0].s);
	for (int i = 1; i < r->s_count; i++)
		lh_buf_printf(&text, "%s %g %%", i == 1 ? "; the others: the same for" : i + 1 == r->s_count ? " and" : ",", 100 * r->horizon[i].s);
	lh_buf_putc(&text, '.');
	define(t, true, term, text.p ? text.p : "");
	lh_buf_fini(&text);
}

static void define_rates(const struct terms *t)
{
	const struct lh_seen *seen = t->seen;
	define(t, seen->horizon || seen->interval, "turn error rate",
		"the share of turns answered wrongly, judged against what the model was shown: carrying an earlier error on"
		" faithfully is no new error.");
	define(t, seen->horizon, "why both", "a horizon ends at a sample's first error and cannot see what errors lead to afterwards;"
		" the turn error rate does.");
	define(t, seen->last10, "last 10 turns", "the turn error rate there: above the whole run's where errors grow more frequent.");
	define(t, seen->strict, "strict reading",
		"returning to the true state in spite of a wrong answer in view counts as right; in the plain turn error rate,"
		" as in the paper, it counts as an error.");
	define(t, seen->steps, "in steps", "the first horizon, in steps: the whole turns got through, and as far as the next could reach.");
}

static void define_constant(const struct terms *t, double s)
{
	char text[512], turns[32];
	if (!t->seen->constant)
		return;
	snprintf(turns, sizeof turns, t->seen->constant_window == 1 ? "the first turn" : "turns 1 to %d", t->seen->constant_window);
	snprintf(text, sizeof text, "what horizon(%g) would be if errors came all along as often as in %s (%s).", s, turns,
		t->seen->open_constant ? "a point estimate; ≥ where there were none" : "a point estimate");
	define(t, true, "constant rate", text);
	define(t, true, "degradation", "the horizon reached, divided by that one (point estimate): below 1, errors come faster as the"
		" run goes on.");
}

static void define_counts(const struct terms *t)
{
	const bool *o = t->seen->outcome;
	define(t, o[LH_OUTCOME_MALFORMED], "malformed", "an answer was given, but it is no valid state: an error.");
	define(t, o[LH_OUTCOME_MISSING], "missing", "a complete reply without an answer: an error.");
	define(t, o[LH_OUTCOME_TRUNCATED], "truncated", "the output limit was hit before an answer: an error.");
	define(t, o[LH_OUTCOME_REFUSED], "refused", "a refusal or content filter: an error.");
	define(t, o[LH_OUTCOME_OVERFLOW], "overflow", "the request did not fit the model's context: this and all later turns are errors.");
	define(t, t->seen->unshown, "unshown", "no valid earlier answer was in view, though there was one.");
	define(t, o[LH_OUTCOME_POLICY_ERROR], "policy error", "the policy failed; the model is not to blame.");
	define(t, o[LH_OUTCOME_FAILED], "censored", "cut off by something that is not the model's doing; no error.");
}

static void define_signs(const struct terms *t)
{
	const struct lh_seen *seen = t->seen;
	define(t, seen->oracle, "(oracle)", "knows the true state, as no agent does: shows what could be gained at most.");
	define(t, seen->interval, "[lo, hi]", "95 % interval. Horizon: by inversion of the Wilson band; turn error rate: bootstrap over samples;"
		" other shares: Wilson.");
	define(t, seen->open, "≥ n", "the end was not seen: at least n.");
	define(t, seen->none, "–", "not measured, or not defined.");
}

void lh_caption_terms(const struct lh_report *report, const struct lh_seen *seen, const struct lh_report_style *style, struct lh_buf *out)
{
	struct terms t = { seen, style, out };
	if (report->count == 0)
		return;
	define_horizon(&t, report);
	define_rates(&t);
	define_constant(&t, report->condition[0].result->s_count ? report->condition[0].result->horizon[0].s : NAN);
	define_counts(&t);
	lh_comparison_terms(report, TERM, style, out);
	define_signs(&t);
}

void lh_caption_notes(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf line;
	const struct lh_report_run *run = &report->run;
	lh_buf_init(&line, 1 << 20);
	if (report->note_count > 0)
		lh_buf_putc(out, '\n');
	for (int i = 0; i < report->note_count; i++) {
		lh_buf_clear(&line);
		lh_prose_shown_whole(&line, lh_str_of(report->notes[i]), style);
		lh_prose_wrap(out, lh_buf_str(&line), 0, 0, style);
	}
	if (run->status.n && !lh_str_is(run->status, "done")) {
		lh_buf_clear(&line);
		lh_buf_puts(&line, "The run is not done: ");
		lh_prose_shown(&line, run->status, style);
		lh_buf_puts(&line, run->cause.n ? ", " : "");
		lh_prose_shown(&line, run->cause, style);
		lh_buf_puts(&line, ". All of the above is about what was observed so far.");
		lh_buf_putc(out, '\n');
		lh_prose_caveat(out, &line, style);
	}
	if (line.failed)
		out->failed = line.failed;
	lh_buf_fini(&line);
}
