#include "report/comparison_json.h"

#include "report/json_parts.h"

#include <stdio.h>

/* Members NAME and NAME_ci. */
static void put_number(struct lh_jw *w, const char *name, double v, struct lh_interval ci)
{
	char key[32];
	put_double(w, name, v);
	snprintf(key, sizeof key, "%s_ci", name);
	put_ci(w, key, ci);
}

static void put_samples(struct lh_jw *w, const struct lh_comparison *c, const struct lh_comparison_words *words)
{
	lh_jw_key(w, "samples");
	lh_jw_open_flat(w, '{');
	put_int(w, words->first, c->samples[0]);
	put_int(w, words->second, c->samples[1]);
	lh_jw_close(w);
}

static void put_error_free(struct lh_jw *w, const struct lh_rmst *r, const struct lh_comparison_words *words)
{
	lh_jw_key(w, "error_free_turns");
	lh_jw_open(w, '{');
	put_int(w, "within", r->turns);
	put_number(w, words->first, r->value[0], r->value_ci[0]);
	put_number(w, words->second, r->value[1], r->value_ci[1]);
	put_number(w, "difference", r->difference, r->ci);
	lh_jw_close(w);
}

static void put_error_rate(struct lh_jw *w, const struct lh_rates *r, const struct lh_comparison_words *words)
{
	lh_jw_key(w, "turn_error_rate");
	lh_jw_open(w, '{');
	put_number(w, words->first, r->value[0], r->value_ci[0]);
	put_number(w, words->second, r->value[1], r->value_ci[1]);
	put_number(w, "difference", r->difference, r->ci);
	lh_jw_close(w);
}

static void put_test(struct lh_jw *w, const char *key, const struct lh_permuted *t, double adjusted)
{
	lh_jw_key(w, key);
	if (isnan(t->p)) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open_flat(w, '{');
	put_double(w, "p", t->p);
	put_double(w, "p_adjusted", adjusted);
	put_bool(w, "exact", t->exact);
	put_int(w, "rearrangements", t->count);
	lh_jw_close(w);
}

void lh_comparison_json_effects(struct lh_jw *w, const struct lh_comparison *c, const struct lh_comparison_words *words)
{
	put_bool(w, "paired", c->paired);
	put_samples(w, c, words);
	put_error_free(w, &c->error_free, words);
	put_error_rate(w, &c->error_rate, words);
	put_test(w, "length_test", &c->length, words->length_adjusted);
	put_test(w, "errors_test", &c->errors, words->errors_adjusted);
}

static void put_fronts(struct lh_jw *w, const char *key, unsigned fronts)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '[');
	if (fronts & LH_FRONT_HORIZON)
		lh_jw_text(w, "horizon");
	if (fronts & LH_FRONT_ERRORS)
		lh_jw_text(w, "turn_error_rate");
	lh_jw_close(w);
}

static void put_gap(struct lh_jw *w, const struct lh_report *report, const struct lh_report_comparison *c)
{
	lh_jw_key(w, "gap_closed");
	if (c->heal < 0 || isnan(c->gap.gap)) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open(w, '{');
	put_str(w, "to", report->condition[c->heal].policy_label);
	put_int(w, "condition", c->heal);
	put_number(w, "gap", c->gap.gap, c->gap.gap_ci);
	put_double(w, "value", c->gap.closed);
	put_ci(w, "ci", c->gap.closed_ci);
	lh_jw_close(w);
}

static void put_comparison(struct lh_jw *w, const struct lh_report *report, const struct lh_report_comparison *c)
{
	const struct lh_report_condition *policy = &report->condition[c->policy], *baseline = &report->condition[c->baseline];
	struct lh_comparison_words words = { "policy", "baseline", c->length_adjusted, c->errors_adjusted };
	lh_jw_open(w, '{');
	put_str(w, "task", policy->task_label);
	put_str(w, "model", policy->model_label);
	put_int(w, "steps_per_turn", policy->result->steps_per_turn);
	put_str(w, "policy", policy->policy_label);
	put_str(w, "baseline", baseline->policy_label);
	put_bool(w, "oracle", policy->oracle);
	put_int(w, "condition", c->policy);
	put_int(w, "baseline_condition", c->baseline);
	lh_comparison_json_effects(w, &c->of, &words);
	put_int(w, "tests", c->tests);
	put_gap(w, report, c);
	put_double(w, "tokens_in_per_turn_ratio", c->tokens_ratio);
	put_fronts(w, "fronts", c->fronts);
	put_fronts(w, "baseline_fronts", c->baseline_fronts);
	lh_jw_close(w);
}

void lh_comparison_json(struct lh_jw *w, const struct lh_report *report)
{
	lh_jw_key(w, "comparisons");
	lh_jw_open(w, '[');
	for (int i = 0; i < report->comparison_count; i++)
		put_comparison(w, report, &report->comparison[i]);
	lh_jw_close(w);
}
