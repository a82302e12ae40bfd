#include "ci/github.h"

#include "base/utf8.h"
#include "ci/neutral.h"
#include "ci/parts.h"
#include "report/gate_report.h"

#include <inttypes.h>
#include <string.h>

enum { ANNOTATIONS = 10, TEXT = 1 << 20, MESSAGE = 4000 };

static int count_of(const struct lh_ci *ci, enum lh_ci_end end)
{
	int n = 0;
	for (int i = 0; i < ci->report->gate_count; i++)
		n += lh_ci_gate_end(ci, &ci->report->gate[i]) == end;
	return n;
}

const char *lh_ci_verdict(const struct lh_ci *ci)
{
	if (!lh_ci_done(ci->report) || count_of(ci, LH_CI_INFRASTRUCTURE))
		return "infrastructure";
	if (count_of(ci, LH_CI_FAILED))
		return "fail";
	if (count_of(ci, LH_CI_UNDECIDED))
		return "inconclusive";
	return ci->report->gate_count ? "pass" : "none";
}

/* ---- outputs ---- */

static void put_value(struct lh_buf *out, const char *name, struct lh_str value)
{
	lh_buf_printf(out, "%s=", name);
	lh_put_shown(out, value, false);         /* on one line, so no delimiter is needed */
	lh_buf_putc(out, '\n');
}

/* A value that was not seen to end keeps its sign: whoever computes with it shall notice. */
static void put_horizon(const struct lh_report_condition *c, struct lh_buf *out)
{
	static const struct lh_report_style ascii = { .columns = 100 };
	const struct lh_horizon *h = &c->result->horizon[0];
	lh_buf_printf(out, "horizon_share=%g\n", h->s);
	put_value(out, "horizon", lh_str_of(lh_figure_at_least(h->turns, h->censored, 0, &ascii).value));
	put_value(out, "ci_lo", lh_str_of(lh_figure_at_least(h->lo, h->lo_open, 0, &ascii).value));
	put_value(out, "ci_hi", lh_str_of(lh_figure_at_least(h->hi, h->hi_open, 0, &ascii).value));
}

static void put_totals(const struct lh_report *report, struct lh_buf *out)
{
	int64_t tokens_in = 0, tokens_out = 0, microusd = 0;
	bool priced = report->count > 0;
	for (int i = 0; i < report->count; i++) {
		tokens_in += report->condition[i].cost.tokens_in;
		tokens_out += report->condition[i].cost.tokens_out;
		microusd += report->condition[i].cost.cost_microusd;
		priced = priced && report->condition[i].cost.priced;
	}
	lh_buf_printf(out, "tokens_in=%" PRId64 "\ntokens_out=%" PRId64 "\n", tokens_in, tokens_out);
	if (priced)
		put_value(out, "cost_usd", lh_str_of(lh_figure_usd(microusd).value));
}

void lh_ci_github_outputs(const struct lh_ci *ci, const char *run_file, struct lh_buf *out)
{
	const struct lh_report_condition *first = ci->report->count ? &ci->report->condition[0] : NULL;
	lh_buf_printf(out, "verdict=%s\n", lh_ci_verdict(ci));
	lh_buf_printf(out, "rules_passed=%d\nrules_failed=%d\nrules_inconclusive=%d\n", count_of(ci, LH_CI_PASSED), count_of(ci, LH_CI_FAILED), count_of(ci, LH_CI_UNDECIDED));
	if (first && first->result->s_count && lh_report_has_horizon(first))
		put_horizon(first, out);
	if (first)
		put_totals(ci->report, out);
	if (run_file)
		put_value(out, "run_file", lh_str_of(run_file));
}

/* ---- annotations ---- */

static void put_data(struct lh_buf *out, struct lh_str shown, bool property)
{
	for (size_t i = 0; i < shown.n; i++) {
		char c = shown.p[i];
		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			lh_buf_printf(out, "%%%02X", (unsigned)c);
		else
			lh_buf_putc(out, c);
	}
}

/* Shown, and with nothing in it that the older form of commands would be. */
static void put_harmless(struct lh_buf *out, struct lh_str text, bool property)
{
	struct lh_buf shown, lines;
	lh_buf_init(&shown, TEXT);
	lh_buf_init(&lines, TEXT);
	lh_put_shown(&shown, text.n > MESSAGE ? (struct lh_str){ text.p, MESSAGE } : text, false);
	lh_ci_log_lines(&lines, lh_buf_str(&shown));
	put_data(out, lh_buf_str(&lines), property);
	lh_buf_fini(&shown);
	lh_buf_fini(&lines);
}

struct annotations {
	struct lh_str file;                      /* that the rules stand in; empty: none */
	struct lh_buf *out;
	int written, wanted;
};

static void annotate(struct annotations *a, const char *kind, const char *title, int line, struct lh_str message)
{
	a->wanted++;
	if (a->written >= ANNOTATIONS - 1)       /* the last says how many more there are */
		return;
	a->written++;
	lh_buf_printf(a->out, "::%s ", kind);
	if (line && a->file.n) {
		lh_buf_puts(a->out, "file=");
		put_harmless(a->out, a->file, true);
		lh_buf_printf(a->out, ",line=%d,", line);
	}
	lh_buf_printf(a->out, "title=longhaul%%3A %s::", title);
	put_harmless(a->out, message, false);
	lh_buf_putc(a->out, '\n');
}

static void annotate_rules(const struct lh_ci *ci, enum lh_ci_end end, const char *kind, const char *title, struct annotations *a)
{
	struct lh_buf text;
	lh_buf_init(&text, TEXT);
	for (int i = 0; i < ci->report->gate_count; i++) {
		const struct lh_report_gate *g = &ci->report->gate[i];
		if (lh_ci_gate_end(ci, g) != end)
			continue;
		lh_buf_clear(&text);
		lh_gate_sentence(ci->report, g, &lh_ci_style, &text);
		annotate(a, kind, title, g->line, lh_buf_str(&text));
	}
	lh_buf_fini(&text);
}

static void annotate_conditions(const struct lh_ci *ci, struct annotations *a)
{
	struct lh_buf text;
	lh_buf_init(&text, TEXT);
	for (int i = 0; i < ci->report->count; i++) {
		const struct lh_report_condition *c = &ci->report->condition[i];
		if (!c->result->censored && !c->result->policy_errors)
			continue;
		lh_buf_clear(&text);
		lh_ci_condition_name(ci->report, i, &text);
		lh_buf_puts(&text, ": ");
		lh_ci_censored_sentence(c, &text);
		if (c->result->policy_errors)
			lh_buf_printf(&text, "%sin %d samples the policy itself failed", c->result->censored ? "; " : "", c->result->policy_errors);
		annotate(a, "warning", "samples lost", 0, lh_buf_str(&text));
	}
	lh_buf_fini(&text);
}

void lh_ci_github_annotations(const struct lh_ci *ci, const char *file, struct lh_buf *out)
{
	struct annotations a = { .file = lh_str_of(file), .out = out };
	const struct lh_report_run *run = &ci->report->run;
	if (!lh_ci_done(ci->report))
		annotate(&a, "error", "the run is not done", 0, run->cause.n ? run->cause : run->status);
	annotate_rules(ci, LH_CI_FAILED, "error", "a rule failed", &a);
	annotate_rules(ci, LH_CI_INFRASTRUCTURE, "error", "a rule is not decided, for want of infrastructure", &a);
	annotate_rules(ci, LH_CI_UNDECIDED, "warning", "a rule is not decided", &a);
	annotate_conditions(ci, &a);
	if (a.wanted > a.written)
		lh_buf_printf(out, "::notice title=longhaul%%3A more::%d more: see the summary of this step\n", a.wanted - a.written);
}

void lh_ci_github_skipped(struct lh_str reason, struct lh_buf *out)
{
	struct annotations a = { .out = out };
	annotate(&a, "notice", "skipped", 0, reason);
}
