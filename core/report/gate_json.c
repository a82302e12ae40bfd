/* The verdicts in "longhaul.report/1". */
#include "report/gate_report.h"

#include "report/json_parts.h"

static const char *const units[] = { [LH_GATE_IN_TURNS] = "turns", [LH_GATE_IN_STEPS] = "steps", [LH_GATE_IN_SHARE] = "share",
	[LH_GATE_IN_TOKENS] = "tokens", [LH_GATE_IN_DIFFERENCE] = "difference" };

static void put_known(struct lh_jw *w, const char *key, bool known, int64_t v)
{
	lh_jw_key(w, key);
	if (known)
		lh_jw_int(w, v);
	else
		lh_jw_null(w);
}

static void put_value(struct lh_jw *w, const struct lh_gate_result *r)
{
	lh_jw_key(w, "unit"), lh_jw_text(w, units[r->quantity]);
	put_double(w, "value", r->value);
	put_ci(w, "ci", r->ci);
	put_double(w, "level", r->level);
	put_bool(w, "value_censored", r->value_open);
	lh_jw_key(w, "ci_censored");
	lh_jw_open_flat(w, '[');
	lh_jw_bool(w, r->lo_open);
	lh_jw_bool(w, r->hi_open);
	lh_jw_close(w);
}

static void put_message(struct lh_jw *w, const struct lh_report *report, const struct lh_report_gate *g)
{
	static const struct lh_report_style plain = { .unicode = true, .columns = 100 };
	struct lh_buf text;
	lh_buf_init(&text, 1 << 16);
	lh_gate_sentence(report, g, &plain, &text);
	put_str(w, "message", lh_buf_str(&text));
	if (text.failed)
		w->out->failed = text.failed;
	lh_buf_fini(&text);
}

static void put_gate(struct lh_jw *w, const struct lh_report *report, const struct lh_report_gate *g)
{
	const struct lh_gate_result *r = &g->result;
	lh_jw_open(w, '{');
	put_str(w, "rule", g->rule);
	lh_jw_key(w, "verdict"), lh_jw_text(w, lh_gate_word(r->verdict));
	put_value(w, r);
	lh_jw_key(w, "operator"), lh_jw_text(w, g->at_most ? "<=" : ">=");
	put_double(w, "limit", g->limit);
	if (g->baseline) {               /* of which the limit is a multiple */
		lh_jw_key(w, "baseline");
		lh_jw_open(w, '{');
		put_double(w, "value", r->base);
		put_ci(w, "ci", r->base_ci);
		put_bool(w, "value_censored", r->base_open);
		lh_jw_key(w, "ci_censored");
		lh_jw_open_flat(w, '[');
		lh_jw_bool(w, r->base_lo_open);
		lh_jw_bool(w, r->base_hi_open);
		lh_jw_close(w);
		put_int(w, "samples", r->base_samples);
		put_double(w, "threshold", g->limit * r->base);      /* censored where the value is */
		put_double(w, "margin", r->margin);
		put_ci(w, "margin_ci", r->margin_ci);
		lh_jw_close(w);
	}
	put_int(w, "condition", g->condition);
	put_known(w, "against", g->against >= 0, g->against);
	put_known(w, "turn", g->turn > 0, g->turn);
	put_int(w, "samples", r->samples);
	put_int(w, "planned", g->planned);
	put_bool(w, "sequential", r->sequential);
	put_known(w, "decided_at", r->decided_at > 0, r->decided_at);
	put_known(w, "more_samples", r->more > 0, r->more);
	put_int(w, "censored", r->censored);
	put_int(w, "policy_errors", r->policy_errors);
	put_message(w, report, g);
	lh_jw_close(w);
}

void lh_gate_json(struct lh_jw *w, const struct lh_report *report)
{
	lh_jw_key(w, "gates");
	lh_jw_open(w, '[');
	for (int i = 0; i < report->gate_count; i++)
		put_gate(w, report, &report->gate[i]);
	lh_jw_close(w);
}
