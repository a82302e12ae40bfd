/* What came out, before any table: the gates, and of each task and model who goes further than whom. */
#include "report/html_page.h"

#include "report/comparison_figures.h"
#include "report/effects_text.h"
#include "report/gate_report.h"
#include "report/prose.h"
#include "report/single_turn_report.h"

#include <math.h>

enum { NAMED = 6 };                          /* policies called by name in one list */

static struct lh_str label_of(const struct lh_report_condition *c) { return c->policy_label.n ? c->policy_label : c->policy; }
static bool in_group(const struct lh_group *g, int condition) { return lh_group_together(g->lead, &g->report->condition[condition]); }

/* ---- who differs ---- */

enum question { LENGTH, ERRORS };
enum answer { LESS = -1, NOT_SHOWN, MORE };

static bool tested(const struct lh_report_comparison *c, enum question q) { return !isnan(q == LENGTH ? c->length_adjusted : c->errors_adjusted); }

static enum answer answer_of(const struct lh_report_comparison *c, enum question q)
{
	double p = q == LENGTH ? c->length_adjusted : c->errors_adjusted;
	double difference = q == LENGTH ? c->of.error_free.difference : c->of.error_rate.difference;
	return p > LH_DIFFERS || difference == 0 || isnan(difference) ? NOT_SHOWN : difference > 0 ? MORE : LESS;
}

/* "a, b and c": those of the group with this answer; how many. */
static int put_those(const struct lh_group *g, enum question q, enum answer wanted, const struct lh_report_style *style, struct lh_buf *out)
{
	int all = 0, n = 0;
	for (int i = 0; i < g->report->comparison_count; i++) {
		const struct lh_report_comparison *c = &g->report->comparison[i];
		all += in_group(g, c->policy) && tested(c, q) && answer_of(c, q) == wanted;
	}
	if (all > NAMED)
		lh_buf_printf(out, "%d policies", all);
	for (int i = 0; i < g->report->comparison_count && all <= NAMED; i++) {
		const struct lh_report_comparison *c = &g->report->comparison[i];
		if (!in_group(g, c->policy) || !tested(c, q) || answer_of(c, q) != wanted)
			continue;
		lh_buf_puts(out, n == 0 ? "" : n + 1 == all ? " and " : ", ");
		lh_prose_shown(out, label_of(&g->report->condition[c->policy]), style);
		n++;
	}
	return all;
}

/* Behind a comma or what was said before: "a and b go further; c goes less far; d is not shown to differ in length" */
static void say_question(const struct lh_group *g, enum question q, const struct lh_report_style *style, struct lh_buf *line)
{
	static const char *const verbs[2][2][2] = {        /* question, more or less, one or several */
		{ { " goes less far", " go less far" }, { " goes further", " go further" } },
		{ { " errs in fewer turns", " err in fewer turns" }, { " errs in more turns", " err in more turns" } } };
	static const enum answer order[2][2] = { { MORE, LESS }, { LESS, MORE } };
	for (int k = 0; k < 3; k++) {
		struct lh_buf names;
		enum answer a = k < 2 ? order[q][k] : NOT_SHOWN;
		lh_buf_init(&names, line->max);
		int n = put_those(g, q, a, style, &names);
		if (n > 0) {
			lh_buf_puts(line, line->p[line->n - 1] == ',' ? " " : "; ");
			lh_buf_put_str(line, lh_buf_str(&names));
			if (a == NOT_SHOWN)
				lh_buf_printf(line, " %s not shown to differ in %s", n > 1 ? "are" : "is", q == LENGTH ? "length" : "errors");
			else
				lh_buf_puts(line, verbs[q][a == MORE][n > 1]);
		}
		if (names.failed)
			line->failed = names.failed;
		lh_buf_fini(&names);
	}
}

/* ---- one policy's own figures ---- */

static void say_own(const struct lh_report_condition *c, const struct lh_report_style *style, struct lh_buf *line)
{
	const struct lh_result *r = c->result;
	lh_prose_shown(line, label_of(c), style);
	lh_buf_puts(line, c->oracle ? " (oracle)" : "");
	if (lh_report_has_horizon(c) && r->s_count > 0) {
		struct lh_figure f = lh_figure_horizon(&r->horizon[0], style);
		lh_buf_printf(line, ": horizon(%g) %s%s%s turns, turn error rate ", r->horizon[0].s, f.value, *f.tail ? " " : "", f.tail);
	} else {
		lh_buf_puts(line, ": turn error rate ");
	}
	struct lh_figure rate = lh_report_observed_turns(r) ? lh_figure_share(r->turn_error_rate, r->turn_error_rate_ci, style) : lh_figure_none(style);
	lh_buf_printf(line, "%s%s%s.", rate.value, *rate.tail ? " " : "", rate.tail);
}

static int baseline_of(const struct lh_group *g)
{
	for (int i = 0; i < g->report->comparison_count; i++)
		if (in_group(g, g->report->comparison[i].policy))
			return g->report->comparison[i].baseline;
	return -1;
}

static bool any_tested(const struct lh_group *g, enum question q)
{
	for (int i = 0; i < g->report->comparison_count; i++)
		if (in_group(g, g->report->comparison[i].policy) && tested(&g->report->comparison[i], q))
			return true;
	return false;
}

static void say_group(const struct lh_group *g, bool several, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf line;
	int base = baseline_of(g);
	if (g->count == 0)
		return;
	lh_buf_init(&line, 1 << 20);
	if (several) {
		const struct lh_report_condition *c = g->lead;
		lh_prose_shown(&line, c->task_label.n ? c->task_label : c->task, style);
		lh_buf_puts(&line, " on ");
		lh_prose_shown(&line, c->model_label.n ? c->model_label : c->model, style);
		lh_buf_printf(&line, ", %d step%s a turn: ", c->result->steps_per_turn, c->result->steps_per_turn == 1 ? "" : "s");
	}
	say_own(base >= 0 ? &g->report->condition[base] : g->member[0], style, &line);
	if (base >= 0 && any_tested(g, LENGTH)) {
		lh_buf_puts(&line, " Compared with it,");
		say_question(g, LENGTH, style, &line);
		say_question(g, ERRORS, style, &line);
		lh_buf_putc(&line, '.');
	}
	lh_prose_wrap(out, lh_buf_str(&line), 0, 0, style);
	if (line.failed)
		out->failed = line.failed;
	lh_buf_fini(&line);
}

/* ---- all ---- */

static int groups_of(const struct lh_report *report, struct lh_buf *out)
{
	struct lh_group group;
	int n = 0;
	for (int at = 0; lh_group_next(report, &at, &group, out); lh_group_fini(&group))
		n++;
	return n;
}

/* Whether some policy of its task and model has a run of its own: then there is a sentence on that. */
static bool has_own_run(const struct lh_report *report, const struct lh_report_effects *e)
{
	for (int i = 0; i < report->count; i++)
		if (lh_group_own(&report->condition[i]) && lh_group_together(&report->condition[i], &report->condition[e->condition]))
			return true;
	return false;
}

/* Where a loss was shown, what it is made of; without any run of its own at least the slope. */
static void say_effects(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf text, shown;
	lh_buf_init(&text, 1 << 20);
	lh_buf_init(&shown, 1 << 20);
	for (int i = 0; i < report->effects_count; i++) {
		const struct lh_report_effects *e = &report->effects[i];
		bool sentence = lh_effects_has_sentence(e);
		if (!sentence && has_own_run(report, e))
			continue;
		lh_buf_clear(&text);
		lh_buf_clear(&shown);
		lh_effects_policy_name(&report->condition[e->condition], &text);
		lh_buf_printf(&text, "%s%s: ", report->condition[e->condition].oracle ? " (oracle)" : "", e->thoughts ? ", answers with thoughts" : "");
		if (sentence)
			lh_effects_put_sentence(report, e, &text);
		else
			lh_effects_put_slope(e, &text);
		lh_prose_shown_whole(&shown, lh_buf_str(&text), style);
		lh_prose_wrap(out, lh_buf_str(&shown), 0, 0, style);
	}
	if (text.failed || shown.failed)
		out->failed = text.failed ? text.failed : shown.failed;
	lh_buf_fini(&text);
	lh_buf_fini(&shown);
}

static void say_searches(const struct lh_searches *s, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf line;
	lh_buf_init(&line, 1 << 16);
	for (int i = 0; i < s->count; i++) {
		lh_buf_clear(&line);
		lh_prose_shown(&line, lh_str_of(s->of[i].policy_label), style);
		lh_buf_puts(&line, s->of[i].oracle ? " (oracle), " : ", ");
		lh_prose_shown(&line, lh_str_of(s->of[i].model_label), style);
		lh_buf_puts(&line, ": ");
		lh_single_turn_sentence(s, &s->of[i], &line);
		lh_prose_wrap(out, lh_buf_str(&line), 0, 0, style);
	}
	if (line.failed)
		out->failed = line.failed;
	lh_buf_fini(&line);
}

void lh_html_verdict(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_group group;
	int groups = groups_of(report, out);
	lh_gate_lines(report, style, out);
	for (int at = 0; lh_group_next(report, &at, &group, out); lh_group_fini(&group))
		say_group(&group, groups > 1, style, out);
	say_effects(report, style, out);
	if (report->single_turn)
		say_searches(report->single_turn, style, out);
	if (report->comparison_count)
		lh_buf_printf(out, "<p><small>A difference counts as shown at an adjusted p of at most %g; the comparisons stand below each table.</small></p>\n", LH_DIFFERS);
}
