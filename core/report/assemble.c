#include "report/assemble.h"

#include "report/effects_build.h"
#include "report/failures.h"
#include "report/gate_report.h"
#include "report/policy_columns.h"
#include "run/repeat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_cost(struct lh_report_condition *to, const struct lh_condition_results *c)
{
	struct lh_totals all = { 0 };
	for (size_t i = 0; i < (size_t)c->samples * (size_t)c->episodes; i++) {
		const struct lh_totals *t = &c->totals[i];
		all.calls += t->calls;
		all.attempts += t->attempts;
		all.tokens_in += t->tokens_in;
		all.tokens_cached += t->tokens_cached;
		all.tokens_out += t->tokens_out;
		all.tokens_reasoning += t->tokens_reasoning;
		all.latency_us += t->latency_us;
		all.cost_microusd += t->cost_microusd;
		all.turns += t->turns;
		all.exposure_update += t->exposure_update;
		all.exposure_state += t->exposure_state;
		all.exposure_unusable += t->exposure_unusable;
		all.reusable_prefix += t->reusable_prefix;
		all.priced = all.priced || t->priced;
		all.counted += t->counted;
		all.thoughts_kept += t->thoughts_kept;
		all.thoughts_dropped += t->thoughts_dropped;
	}
	double calls = all.calls ? (double)all.calls : NAN, turns = all.turns ? (double)all.turns : NAN;
	to->cost = (struct lh_report_cost){ all.calls, all.attempts, all.tokens_in, all.tokens_cached, all.tokens_out, all.tokens_reasoning,
		all.latency_us, all.cost_microusd, all.priced, all.turns, all.reusable_prefix / calls,
		all.counted, all.thoughts_kept, all.thoughts_dropped };
	to->exposure = (struct lh_report_exposure){ all.exposure_update / turns, all.exposure_state / turns, all.exposure_unusable / turns, NAN };
}

/* The turn at which an episode's record ends. */
static int last_turn(const struct lh_condition_results *c, int episode)
{
	int sample = episode / c->episodes;
	if (lh_history_made(&c->made))
		return c->probe[episode % c->episodes];
	const uint8_t *row = c->outcome + (size_t)sample * (size_t)c->turns;
	for (int t = 0; t < c->turns; t++)
		if (row[t] == LH_UNSEEN || row[t] == LH_OUTCOME_FAILED || row[t] == LH_OUTCOME_OVERFLOW || row[t] == LH_OUTCOME_POLICY_ERROR)
			return t + 1;
	return c->turns;
}

static enum lh_cause_kind kind_of(const struct lh_condition_results *c, int episode)
{
	int turn = last_turn(c, episode);
	uint8_t outcome = turn ? c->outcome[(size_t)(episode / c->episodes) * (size_t)c->turns + (size_t)turn - 1] : LH_UNSEEN;
	if (outcome == LH_OUTCOME_FAILED || outcome == LH_OUTCOME_POLICY_ERROR)
		return outcome == LH_OUTCOME_FAILED ? LH_CAUSE_CENSORED : LH_CAUSE_POLICY;
	return lh_repeat_of_finish(lh_str_of(c->cause[episode])) ? LH_CAUSE_FINISH : LH_CAUSE_OTHER;
}

#define CAUSES_MAX 100                    /* kinds listed of one condition */

/* "cause (first in sample 3, turn 7)", the report's own. */
static int new_cause(struct lh_report_cause *to, const struct lh_results *r, const struct lh_condition_results *c, int episode, struct lh_error *err)
{
	struct lh_buf b;
	struct lh_str what;
	lh_repeat_split(lh_str_of(c->cause[episode]), &what, &to->command);
	to->kind = kind_of(c, episode);
	lh_buf_init(&b, 1 << 16);
	lh_buf_printf(&b, "%.*s (first in sample %llu, turn %d)", LH_ARG(what),
		(unsigned long long)lh_results_sample(r, episode / c->episodes), last_turn(c, episode));
	if (lh_buf_ok(&b, err)) {
		lh_buf_fini(&b);
		return err->code;
	}
	to->cause = lh_buf_str(&b);              /* takes the buffer's memory */
	return 0;
}

/* Causes with their counts, in order of first appearance; their commands, which differ by sample, apart. */
static int add_causes(struct lh_report_condition *to, const struct lh_results *r, const struct lh_condition_results *c, struct lh_error *err)
{
	const char *seen[CAUSES_MAX];
	struct lh_report_cause *list = calloc(CAUSES_MAX, sizeof *list);
	if (!list)
		return lh_nomem(err);
	to->causes = list;
	for (int i = 0; i < c->samples * c->episodes; i++) {
		int k = 0;
		if (!c->cause[i])
			continue;
		while (k < to->cause_count && !lh_repeat_alike(lh_str_of(seen[k]), lh_str_of(c->cause[i])))
			k++;
		if (k == CAUSES_MAX)
			continue;
		if (k == to->cause_count) {
			int rc = new_cause(&list[k], r, c, i, err);
			if (rc)
				return rc;
			seen[to->cause_count++] = c->cause[i];
		}
		list[k].episodes++;
	}
	return 0;
}

static int add_condition(struct lh_report_condition *to, const struct lh_results *r, const struct lh_condition_results *c, struct lh_error *err)
{
	*to = (struct lh_report_condition){ .task = lh_str_of(c->task), .task_params = lh_str_of(c->task_params), .model = lh_str_of(c->model),
		.model_options = lh_str_of(c->model_options), .policy = lh_str_of(c->policy), .policy_options = lh_str_of(c->policy_options),
		.policy_label = lh_str_of(c->policy_label), .task_label = lh_str_of(c->task_label), .model_label = lh_str_of(c->model_label),
		.history = lh_str_of(c->history), .oracle = c->oracle,
		.probe_turns = c->probe, .probe_turn_count = lh_history_made(&c->made) ? c->probes : 0 };
	struct lh_grid grid = lh_results_grid(r, c);
	struct lh_measure_options o = { .s = r->horizon, .s_count = r->horizon_count, .seed = r->seed };
	struct lh_result *result;
	int rc = lh_measure(&grid, &o, &result, err);
	if (rc)
		return rc;
	to->result = result;
	to->outcome = c->outcome;
	add_cost(to, c);
	to->exposure.unshown = result->unshown;
	struct lh_report_column *columns;
	rc = lh_report_columns(c->extra, c->samples * c->episodes, &columns, &to->column_count, err);
	to->columns = columns;
	return rc ? rc : add_causes(to, r, c, err);
}

int lh_report_of(const struct lh_results *r, const char *command, struct lh_report **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_report *report = calloc(1, sizeof *report);
	struct lh_report_condition *list = calloc((size_t)r->conditions + 1, sizeof *list);
	if (!report || !list) {
		free(report);
		free(list);
		return lh_nomem(err);
	}
	report->condition = list;
	report->run = (struct lh_report_run){ .id = r->run, .version = lh_str_of(r->version), .seed = r->seed, .started = lh_str_of(r->started),
		.ended = lh_str_of(r->ended), .status = lh_str_of(r->status), .cause = lh_str_of(r->status_cause),
		.config_sha256 = lh_str_of(r->config_sha256), .partial = r->shards.of > 0, .experiment = lh_str_of(r->experiment), .command = lh_str_of(command), .wall_s = r->wall_s };
	report->notes = (const char *const *)r->note;
	report->note_count = r->notes;
	int rc = 0;
	for (; report->count < r->conditions && !rc; report->count++)
		rc = add_condition(&list[report->count], r, &r->condition[report->count], err);
	struct lh_report_effects *effects = NULL;
	if (!rc)
		rc = lh_effects_build(r, NULL, &effects, &report->effects_count, err);
	report->effects = effects;
	if (rc)
		lh_report_free(report);
	else
		*out = report;
	return rc;
}

void lh_report_free(struct lh_report *report)
{
	if (!report)
		return;
	for (int i = 0; i < report->count; i++) {
		lh_result_free((struct lh_result *)report->condition[i].result);
		for (int k = 0; k < report->condition[i].cause_count; k++)
			free((void *)report->condition[i].causes[k].cause.p);
		free((void *)report->condition[i].causes);
		lh_report_columns_free(report->condition[i].columns, report->condition[i].column_count);
	}
	free((void *)report->condition);
	free((void *)report->comparison);
	lh_effects_free((struct lh_report_effects *)report->effects, report->effects_count);
	lh_gate_report_free(report);
	lh_report_failures_free(report);
	free(report);
}
