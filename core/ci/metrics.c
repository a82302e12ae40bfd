/* OpenMetrics text: what a merge request shows side by side with the branch it goes to. A value that was not seen to end is a
 * metric of its own, …_at_least: it is never compared with one that was. */
#include "ci/ci.h"

#include "base/utf8.h"
#include "ci/neutral.h"
#include "ci/parts.h"

#include <math.h>

enum { LABEL = 1 << 20 };

/* ---- labels ---- */

static void put_label(struct lh_buf *out, const char *name, struct lh_str value)
{
	struct lh_buf shown, line;
	lh_buf_init(&shown, LABEL);
	lh_buf_init(&line, LABEL);
	lh_put_shown(&shown, value, false);
	lh_ci_log_lines(&line, lh_buf_str(&shown));
	lh_buf_printf(out, "%s%s=\"", out->p[out->n - 1] == '{' ? "" : ",", name);
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '"' || line.p[i] == '\\')
			lh_buf_putc(out, '\\');
		lh_buf_putc(out, line.p[i]);
	}
	lh_buf_putc(out, '"');
	if (shown.failed || line.failed)
		out->failed = LH_E_LIMIT;
	lh_buf_fini(&shown);
	lh_buf_fini(&line);
}

/* Which condition, as its name tells them apart. */
static void put_condition(struct lh_buf *out, const struct lh_report *report, int condition)
{
	struct lh_buf name;
	lh_buf_init(&name, LABEL);
	lh_ci_condition_name(report, condition, &name);
	put_label(out, "condition", lh_buf_str(&name));
	lh_buf_fini(&name);
}

/* ---- families ---- */

struct family {
	const char *name, *help;
	/* The value under a condition, horizon i where it is one; NAN: none. *open: at least so much. */
	double (*of)(const struct lh_report_condition *c, int i, bool *open);
	bool horizon;
};

static double horizon(const struct lh_report_condition *c, int i, bool *open) { return *open = c->result->horizon[i].censored, c->result->horizon[i].turns; }
static double horizon_low(const struct lh_report_condition *c, int i, bool *open) { return *open = c->result->horizon[i].lo_open, c->result->horizon[i].lo; }
static double horizon_high(const struct lh_report_condition *c, int i, bool *open) { return *open = c->result->horizon[i].hi_open, c->result->horizon[i].hi; }
static bool has_rate(const struct lh_report_condition *c) { return !isnan(c->result->turn_error_rate_ci.lo) && !isnan(c->result->turn_error_rate_ci.hi); }
static double rate(const struct lh_report_condition *c, int i, bool *open) { return (void)i, (void)open, has_rate(c) ? c->result->turn_error_rate : NAN; }
static double rate_low(const struct lh_report_condition *c, int i, bool *open) { return (void)i, (void)open, has_rate(c) ? c->result->turn_error_rate_ci.lo : NAN; }
static double rate_high(const struct lh_report_condition *c, int i, bool *open) { return (void)i, (void)open, has_rate(c) ? c->result->turn_error_rate_ci.hi : NAN; }
static double tokens(const struct lh_report_condition *c, int i, bool *open)
{
	(void)i, (void)open;
	return c->cost.turns > 0 ? (double)c->cost.tokens_in / (double)c->cost.turns : NAN;
}
static double usd(const struct lh_report_condition *c, int i, bool *open) { return (void)i, (void)open, c->cost.priced ? (double)c->cost.cost_microusd / 1e6 : NAN; }
static double samples(const struct lh_report_condition *c, int i, bool *open) { return (void)i, (void)open, c->result->samples; }
static double censored(const struct lh_report_condition *c, int i, bool *open) { return (void)i, (void)open, c->result->censored; }

static const struct family families[] = {
	{ "longhaul_horizon_turns", "The most turns that a share of samples got through without one error.", horizon, true },
	{ "longhaul_horizon_low_turns", "Lower end of its 95 % interval.", horizon_low, true },
	{ "longhaul_horizon_high_turns", "Upper end of its 95 % interval.", horizon_high, true },
	{ "longhaul_turn_error_rate", "The share of turns answered wrongly, by what the model was shown.", rate, false },
	{ "longhaul_turn_error_rate_low", "Lower end of its 95 % interval.", rate_low, false },
	{ "longhaul_turn_error_rate_high", "Upper end of its 95 % interval.", rate_high, false },
	{ "longhaul_input_tokens_per_turn", "Input tokens per turn.", tokens, false },
	{ "longhaul_cost_usd", "Cost in US dollars, where prices are known.", usd, false },
	{ "longhaul_samples", "Samples.", samples, false },
	{ "longhaul_samples_censored", "Samples cut off by something that is not the model's doing.", censored, false },
};

static void put_sample(const struct family *f, const char *suffix, const struct lh_report *report, int condition, int i, double value, struct lh_buf *out)
{
	lh_buf_printf(out, "%s%s{", f->name, suffix);
	put_condition(out, report, condition);
	if (f->horizon)
		lh_buf_printf(out, ",share=\"%g\"", report->condition[condition].result->horizon[i].s);
	lh_buf_puts(out, "} ");
	lh_buf_put_double(out, value);
	lh_buf_putc(out, '\n');
}

/* Those that are open, or those that are not; the head only where there is one. */
static void put_family(const struct family *f, const struct lh_report *report, bool wanted, struct lh_buf *out)
{
	const char *suffix = wanted ? "_at_least" : "";
	bool headed = false;
	for (int c = 0; c < report->count; c++) {
		const struct lh_report_condition *condition = &report->condition[c];
		int n = !f->horizon ? 1 : lh_report_has_horizon(condition) ? condition->result->s_count : 0;
		for (int i = 0; i < n; i++) {
			bool open = false;
			double value = f->of(condition, i, &open);
			if (isnan(value) || open != wanted)
				continue;
			if (!headed)
				lh_buf_printf(out, "# TYPE %s%s gauge\n# HELP %s%s %s%s\n", f->name, suffix, f->name, suffix, f->help, wanted ? " Not seen to end: at least so much." : "");
			headed = true;
			put_sample(f, suffix, report, c, i, value, out);
		}
	}
}

/* ---- rules ---- */

static void put_rules(const struct lh_ci *ci, struct lh_buf *out)
{
	static const char *const states[LH_CI_ENDS] = { "pass", "fail", "inconclusive", "infrastructure" };
	struct lh_buf name;
	if (!ci->report->gate_count)
		return;
	lh_buf_init(&name, LABEL);
	lh_buf_puts(out, "# TYPE longhaul_rule stateset\n# HELP longhaul_rule What became of a rule.\n");
	for (int i = 0; i < ci->report->gate_count; i++)
		for (int s = 0; s < LH_CI_ENDS; s++) {
			lh_buf_clear(&name);
			lh_ci_gate_name(ci->report, i, &name);
			lh_buf_puts(out, "longhaul_rule{");
			put_label(out, "rule", lh_buf_str(&name));
			lh_buf_printf(out, ",longhaul_rule=\"%s\"} %d\n", states[s], (int)lh_ci_gate_end(ci, &ci->report->gate[i]) == s);
		}
	lh_buf_fini(&name);
}

void lh_ci_metrics(const struct lh_ci *ci, struct lh_buf *out)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		put_family(&families[i], ci->report, false, out);
		put_family(&families[i], ci->report, true, out);
	}
	put_rules(ci, out);
	lh_buf_puts(out, "# EOF\n");
}
