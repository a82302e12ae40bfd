/* "longhaul.report/1": the schema is the interface; additions are allowed, changes are not. */
#include "report/report.h"

#include "report/comparison_json.h"
#include "report/effects_json.h"
#include "report/gate_report.h"
#include "report/json_parts.h"
#include "report/number.h"
#include "report/single_turn_report.h"

#include <math.h>

static void put_numbers(struct lh_jw *w, const char *key, const double *v, int n)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '[');
	for (int i = 0; i < n; i++)
		lh_jw_double(w, v[i]);
	lh_jw_close(w);
}

static void put_ints(struct lh_jw *w, const char *key, const int *v, int n)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '[');
	for (int i = 0; i < n; i++)
		lh_jw_int(w, v[i]);
	lh_jw_close(w);
}

static void put_pairs(struct lh_jw *w, const char *key, const struct lh_interval *v, int n)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '[');
	for (int i = 0; i < n; i++)
		put_pair(w, v[i]);
	lh_jw_close(w);
}

static void put_run(struct lh_jw *w, const struct lh_report_run *run, bool timing)
{
	lh_jw_key(w, "run");
	lh_jw_open(w, '{');
	if (timing)
		put_int(w, "id", run->id);
	put_str(w, "version", run->version);
	lh_jw_key(w, "seed");
	lh_jw_uint_text(w, run->seed);
	if (timing) {
		put_str(w, "started", run->started);
		put_str(w, "ended", run->ended);
		put_double(w, "wall_s", run->wall_s);
		put_str(w, "command", run->command);         /* --jobs and paths are in it */
	}
	put_str(w, "status", run->status);
	put_str(w, "cause", run->cause);
	put_str(w, "config_sha256", run->config_sha256);
	lh_jw_close(w);
}

static void put_identity(struct lh_jw *w, const struct lh_report_condition *c)
{
	const struct lh_result *r = c->result;
	put_str(w, "task", c->task);
	put_object(w, "task_params", c->task_params);
	put_str(w, "task_label", c->task_label);
	put_str(w, "model", c->model);
	put_object(w, "model_options", c->model_options);
	put_str(w, "model_label", c->model_label);
	put_str(w, "policy", c->policy);
	put_object(w, "policy_options", c->policy_options);
	put_str(w, "policy_label", c->policy_label);
	put_bool(w, "oracle", c->oracle);
	put_str(w, "history", c->history);
	lh_jw_key(w, "probe_turns");
	if (c->probe_turn_count) {
		lh_jw_open_flat(w, '[');
		for (int i = 0; i < c->probe_turn_count; i++)
			lh_jw_int(w, c->probe_turns[i]);
		lh_jw_close(w);
	} else {
		lh_jw_null(w);
	}
	put_int(w, "samples", r->samples);
	put_int(w, "turns", r->turns);
	put_int(w, "steps_per_turn", r->steps_per_turn);
	put_int(w, "censored", r->censored);
	put_int(w, "policy_errors", r->policy_errors);
}

static void put_rates(struct lh_jw *w, const struct lh_result *r)
{
	int n = r->turns;
	put_numbers(w, "turn_accuracy", r->turn_accuracy, n);
	put_pairs(w, "turn_accuracy_ci", r->turn_accuracy_ci, n);
	put_numbers(w, "turn_accuracy_strict", r->turn_accuracy_strict, n);
	put_numbers(w, "state_accuracy", r->state_accuracy, n);
	put_pairs(w, "state_accuracy_ci", r->state_accuracy_ci, n);
	put_numbers(w, "task_accuracy", r->task_accuracy, n);
	put_pairs(w, "task_accuracy_ci", r->task_accuracy_ci, n);
	put_pairs(w, "task_accuracy_bounds", r->task_accuracy_bounds, n);
	put_numbers(w, "hazard", r->hazard, n);
	put_pairs(w, "hazard_ci", r->hazard_ci, n);
	put_ints(w, "observed", r->observed, n);
	put_ints(w, "tried", r->tried, n);
	put_ints(w, "at_risk", r->at_risk, n);
}

static void put_error_rate(struct lh_jw *w, const struct lh_result *r)
{
	lh_jw_key(w, "turn_error_rate");
	lh_jw_open(w, '{');
	put_double(w, "value", r->turn_error_rate);
	put_ci(w, "ci", r->turn_error_rate_ci);
	put_double(w, "last10", r->turn_error_rate_last10);
	put_ci(w, "last10_ci", r->turn_error_rate_last10_ci);
	put_double(w, "strict", r->turn_error_rate_strict);
	put_ci(w, "strict_ci", r->turn_error_rate_strict_ci);
	lh_jw_key(w, "uneven");
	lh_jw_bool(w, r->errors_uneven);
	lh_jw_close(w);
}

static void put_outcomes(struct lh_jw *w, const struct lh_result *r)
{
	lh_jw_key(w, "outcomes");
	lh_jw_open(w, '{');
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		put_numbers(w, lh_outcome_name(o), r->share[o], r->turns);
	lh_jw_close(w);
	lh_jw_key(w, "outcomes_ci");
	lh_jw_open(w, '{');
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		put_pairs(w, lh_outcome_name(o), r->share_ci[o], r->turns);
	lh_jw_close(w);
}

static void put_int_or_null(struct lh_jw *w, const char *key, bool known, int64_t v)
{
	lh_jw_key(w, key);
	if (known)
		lh_jw_int(w, v);
	else
		lh_jw_null(w);
}

static void put_horizon_ci(struct lh_jw *w, const struct lh_horizon *h)
{
	lh_jw_key(w, "ci");
	lh_jw_open_flat(w, '[');
	lh_jw_int(w, h->lo);
	lh_jw_int(w, h->hi);
	lh_jw_close(w);
	lh_jw_key(w, "ci_censored");
	lh_jw_open_flat(w, '[');
	lh_jw_bool(w, h->lo_open);
	lh_jw_bool(w, h->hi_open);
	lh_jw_close(w);
}

/* Where task accuracy does not exist, every part of a horizon but its s is null. */
void lh_report_horizon_json(struct lh_jw *w, const struct lh_horizon *h, bool known)
{
	lh_jw_open(w, '{');
	put_double(w, "s", h->s);
	put_int_or_null(w, "turns", known, h->turns);
	put_int_or_null(w, "steps", known, h->steps);
	put_int_or_null(w, "first_below", known && h->first_below > 0, h->first_below);
	put_bool(w, "censored", known && h->censored);
	if (known) {
		put_horizon_ci(w, h);
	} else {
		put_ci(w, "ci", (struct lh_interval){ NAN, NAN });
		put_ci(w, "ci_censored", (struct lh_interval){ NAN, NAN });
	}
	put_double(w, "constant_rate", known ? h->constant_rate : NAN);
	put_bool(w, "constant_rate_censored", known && h->constant_rate_open);
	put_int_or_null(w, "constant_rate_window", known, h->constant_rate_window);
	put_double(w, "degradation", known ? h->degradation : NAN);
	lh_jw_close(w);
}

static void put_horizons(struct lh_jw *w, const struct lh_report_condition *c)
{
	lh_jw_key(w, "horizon");
	lh_jw_open(w, '[');
	for (int i = 0; i < c->result->s_count; i++)
		lh_report_horizon_json(w, &c->result->horizon[i], lh_report_has_horizon(c));
	lh_jw_close(w);
}

static void put_cost(struct lh_jw *w, const struct lh_report_cost *cost, bool timing)
{
	lh_jw_key(w, "cost");
	lh_jw_open(w, '{');
	put_int(w, "calls", cost->calls);
	put_int(w, "attempts", cost->attempts);
	put_int(w, "turns", cost->turns);
	put_int(w, "tokens_in", cost->tokens_in);
	put_int(w, "tokens_cached", cost->tokens_cached);
	put_int(w, "tokens_out", cost->tokens_out);
	put_int(w, "tokens_reasoning", cost->tokens_reasoning);
	put_double(w, "tokens_in_per_turn", cost->turns > 0 ? (double)cost->tokens_in / (double)cost->turns : NAN);
	put_double(w, "reusable_prefix", cost->reusable_prefix);
	put_double(w, "tokens_counted", cost->calls > 0 ? (double)cost->counted / (double)cost->calls : NAN);
	lh_jw_key(w, "thoughts");
	lh_jw_open_flat(w, '{');
	put_int(w, "kept", cost->thoughts_kept);
	put_int(w, "dropped", cost->thoughts_dropped);
	lh_jw_close(w);
	put_double(w, "usd", cost->priced ? (double)cost->cost_microusd / 1e6 : NAN);
	if (timing)
		put_int(w, "latency_us", cost->latency_us);
	lh_jw_close(w);
}

static void put_exposure(struct lh_jw *w, const struct lh_report_exposure *e)
{
	lh_jw_key(w, "exposure");
	lh_jw_open_flat(w, '{');
	put_double(w, "update", e->update);
	put_double(w, "state", e->state);
	put_double(w, "unusable", e->unusable);
	put_double(w, "unshown", e->unshown);
	lh_jw_close(w);
}

/* What the policy itself counted. */
static void put_columns(struct lh_jw *w, const struct lh_report_condition *c)
{
	lh_jw_key(w, "columns");
	lh_jw_open(w, '[');
	for (int i = 0; i < c->column_count; i++) {
		lh_jw_open_flat(w, '{');
		put_str(w, "name", c->columns[i].name);
		put_double(w, "mean", c->columns[i].mean);
		put_ci(w, "ci", c->columns[i].ci);
		put_int(w, "samples", c->columns[i].samples);
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

static void put_causes(struct lh_jw *w, const struct lh_report_condition *c)
{
	lh_jw_key(w, "causes");
	lh_jw_open(w, '[');
	for (int i = 0; i < c->cause_count; i++) {
		lh_jw_open_flat(w, '{');
		put_str(w, "cause", c->causes[i].cause);
		put_int(w, "episodes", c->causes[i].episodes);
		if (c->causes[i].command.n)
			put_str(w, "to_see_it", c->causes[i].command);
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

static void put_condition(struct lh_jw *w, const struct lh_report_condition *c, bool timing)
{
	lh_jw_open(w, '{');
	put_identity(w, c);
	put_rates(w, c->result);
	put_error_rate(w, c->result);
	put_outcomes(w, c->result);
	put_horizons(w, c);
	put_cost(w, &c->cost, timing);
	put_exposure(w, &c->exposure);
	put_causes(w, c);
	put_columns(w, c);
	lh_jw_close(w);
}

static void put_notes(struct lh_jw *w, const struct lh_report *report)
{
	lh_jw_key(w, "notes");
	lh_jw_open(w, '[');
	for (int i = 0; i < report->note_count; i++)
		lh_jw_text(w, report->notes[i]);
	lh_jw_close(w);
}

void lh_report_json(const struct lh_report *report, bool timing, struct lh_buf *out)
{
	struct lh_jw w;
	lh_jw_init(&w, out, true);
	lh_jw_open(&w, '{');
	put_str(&w, "schema", LH_STR("longhaul.report/1"));
	put_run(&w, &report->run, timing);
	lh_jw_key(&w, "conditions");
	lh_jw_open(&w, '[');
	for (int i = 0; i < report->count; i++)
		put_condition(&w, &report->condition[i], timing);
	lh_jw_close(&w);
	lh_effects_json(&w, report);
	lh_comparison_json(&w, report);
	lh_gate_json(&w, report);
	lh_single_turn_json(&w, report);
	put_notes(&w, report);
	lh_jw_close(&w);
	lh_buf_putc(out, '\n');
}
