#include "ci/parts.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

const struct lh_report_style lh_ci_style = { .unicode = true, .columns = 100 };

/* ---- figures ---- */

static struct lh_ci_figure *more(struct lh_ci_figure *list, int *n, const char *unit)
{
	list[*n].unit = unit;
	return &list[(*n)++];
}

static void add_horizon(const struct lh_report_condition *c, int i, struct lh_ci_figure *f)
{
	const struct lh_horizon *h = &c->result->horizon[i];
	snprintf(f->name, sizeof f->name, "horizon(%g)", h->s);
	f->figure = lh_report_has_horizon(c) ? lh_figure_horizon(h, &lh_ci_style) : lh_figure_none(&lh_ci_style);
}

static void add_errors(const struct lh_report_condition *c, struct lh_ci_figure *f)
{
	const struct lh_result *r = c->result;
	snprintf(f->name, sizeof f->name, "turn error rate");
	f->figure = lh_ci_observed(c) ? lh_figure_share(r->turn_error_rate, r->turn_error_rate_ci, &lh_ci_style) : lh_figure_none(&lh_ci_style);
}

static void add_tokens(const struct lh_report_cost *cost, struct lh_ci_figure *f)
{
	snprintf(f->name, sizeof f->name, "input tokens");
	f->figure = cost->turns > 0 ? lh_figure_mean((double)cost->tokens_in / (double)cost->turns, &lh_ci_style) : lh_figure_none(&lh_ci_style);
}

int lh_ci_figures(const struct lh_report_condition *c, struct lh_ci_figure out[LH_CI_FIGURES])
{
	int n = 0;
	for (int i = 0; i < c->result->s_count && n < LH_CI_FIGURES - 4; i++)
		add_horizon(c, i, more(out, &n, "turns"));
	add_errors(c, more(out, &n, ""));
	add_tokens(&c->cost, more(out, &n, "per turn"));
	struct lh_ci_figure *usd = more(out, &n, "USD");
	snprintf(usd->name, sizeof usd->name, "cost");
	usd->figure = c->cost.priced ? lh_figure_usd(c->cost.cost_microusd) : lh_figure_none(&lh_ci_style);
	return n;
}

/* ---- names ---- */

static void put_name(const struct lh_report_condition *c, struct lh_buf *out)
{
	lh_buf_put_str(out, lh_ci_label(c->policy_label, c->policy));
	lh_buf_puts(out, c->oracle ? " (oracle), " : ", ");
	lh_buf_put_str(out, lh_ci_label(c->task_label, c->task));
	lh_buf_puts(out, ", ");
	lh_buf_put_str(out, lh_ci_label(c->model_label, c->model));
	if (c->history.n && !lh_str_is(c->history, "own")) {
		lh_buf_puts(out, ", history ");
		lh_buf_put_str(out, c->history);
	}
	if (c->result->steps_per_turn != 1)
		lh_buf_printf(out, ", %d steps a turn", c->result->steps_per_turn);
}

static bool same_name(const struct lh_report_condition *a, const struct lh_report_condition *b)
{
	return lh_str_equal(lh_ci_label(a->policy_label, a->policy), lh_ci_label(b->policy_label, b->policy)) &&
		lh_str_equal(lh_ci_label(a->task_label, a->task), lh_ci_label(b->task_label, b->task)) &&
		lh_str_equal(lh_ci_label(a->model_label, a->model), lh_ci_label(b->model_label, b->model)) &&
		lh_str_equal(a->history, b->history) && a->result->steps_per_turn == b->result->steps_per_turn;
}

void lh_ci_condition_name(const struct lh_report *report, int condition, struct lh_buf *out)
{
	const struct lh_report_condition *c = &report->condition[condition];
	bool again = false;
	for (int i = 0; i < condition && !again; i++)
		again = same_name(&report->condition[i], c);
	put_name(c, out);
	if (again)
		lh_buf_printf(out, " (condition %d)", condition);
}

void lh_ci_gate_name(const struct lh_report *report, int gate, struct lh_buf *out)
{
	const struct lh_report_gate *g = &report->gate[gate];
	bool again = false;
	for (int i = 0; i < gate && !again; i++)
		again = report->gate[i].condition == g->condition && lh_str_equal(report->gate[i].rule, g->rule);
	lh_buf_put_str(out, g->rule);
	lh_buf_puts(out, ": ");
	lh_ci_condition_name(report, g->condition, out);
	if (again)
		lh_buf_printf(out, " (rule %d)", gate);
}

/* ---- ends ---- */

enum lh_ci_end lh_ci_gate_end(const struct lh_ci *ci, const struct lh_report_gate *g)
{
	switch (g->result.verdict) {
	case LH_GATE_PASS: return LH_CI_PASSED;
	case LH_GATE_FAIL: return LH_CI_FAILED;
	case LH_GATE_INFRASTRUCTURE: return LH_CI_INFRASTRUCTURE;
	default: break;
	}
	return ci->inconclusive == LH_INCONCLUSIVE_PASSES ? LH_CI_PASSED : ci->inconclusive == LH_INCONCLUSIVE_FAILS ? LH_CI_FAILED : LH_CI_UNDECIDED;
}

bool lh_ci_done(const struct lh_report *report)
{
	return !report->run.status.n || lh_str_is(report->run.status, "done");
}

bool lh_ci_observed(const struct lh_report_condition *c)
{
	return lh_report_observed_turns(c->result) > 0;
}

void lh_ci_censored_sentence(const struct lh_report_condition *c, struct lh_buf *out)
{
	const struct lh_result *r = c->result;
	if (r->censored)
		lh_buf_printf(out, "%d of %d sample%s cut off by something that is not the model's doing", r->censored, r->samples, r->censored == 1 ? " was" : "s were");
}

void lh_ci_causes(const struct lh_report_condition *c, struct lh_buf *out)
{
	for (int i = 0; i < c->cause_count; i++) {
		const struct lh_report_cause *cause = &c->causes[i];
		lh_buf_printf(out, "%" PRId64 " episode%s: ", cause->episodes, cause->episodes == 1 ? "" : "s");
		lh_put_shown(out, cause->cause, false);
		if (cause->command.n) {
			lh_buf_puts(out, "; to see it: ");
			lh_put_shown(out, cause->command, false);
		}
		lh_buf_putc(out, '\n');
	}
}
