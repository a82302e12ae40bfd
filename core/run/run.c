#include "run/scheduler.h"

#include "base/clock.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

#define JUDGED_MAX LH_STATE_MAX
#define TEXT_MAX (1u << 20)

static char *copy(struct lh_str s) { return lh_str_dup(s); }

static int name_condition(struct lh_condition_results *r, const struct lh_condition *c, int samples, struct lh_error *err)
{
	r->task = copy(lh_str_of(lh_family_name(lh_taskset_family(c->task))));
	r->task_params = copy(lh_taskset_params_json(c->task));
	r->model = copy(lh_str_of(lh_model_name(c->model)));
	r->model_options = copy(lh_model_options_json(c->model));
	r->policy = copy(lh_str_of(lh_policy_name(c->policy)));
	r->policy_options = copy(lh_policy_options_json(c->policy));
	r->history = copy(lh_str_of(c->history));
	r->task_label = copy(lh_str_of(c->task_label));
	r->model_label = copy(lh_str_of(c->model_label));
	r->policy_label = copy(lh_str_of(c->policy_label));
	r->oracle = lh_policy_needs(c->policy) & LH_NEEDS_ORACLE;
	r->steps_per_turn = (int)c->steps_per_turn;
	if (!r->task || !r->task_params || !r->model || !r->model_options || !r->policy || !r->policy_options || !r->history ||
		!r->task_label || !r->model_label || !r->policy_label)
		return lh_nomem(err);
	return lh_results_shape(r, samples, (int)c->turns, err);
}

static int new_results(const struct lh_experiment *e, const struct lh_plan *p, struct lh_results **out, struct lh_error *err)
{
	struct lh_results *r = calloc(1, sizeof *r);
	if (!r)
		return lh_nomem(err);
	*out = r;
	char now[32];
	lh_clock_utc(now);
	r->version = copy(LH_STR(LH_VERSION));
	r->config_sha256 = copy(lh_str_of(p->config_sha256));
	r->started = copy(lh_str_of(now));
	r->seed = e->seed;
	r->stop_at_error = e->stop_at_error;
	r->first_sample = p->first_sample;
	r->horizon_count = e->horizon_count;
	memcpy(r->horizon, e->horizon, sizeof r->horizon);
	r->condition = calloc((size_t)p->conditions, sizeof *r->condition);
	if (!r->version || !r->config_sha256 || !r->started || !r->condition)
		return lh_nomem(err);
	for (; r->conditions < p->conditions; r->conditions++) {
		int rc = name_condition(&r->condition[r->conditions], &p->condition[r->conditions], (int)p->samples, err);
		if (rc) {
			r->conditions++;
			return rc;
		}
	}
	return lh_results_note_lines(r, lh_buf_str(&p->notes), err);
}

/* What is not identity: JSON for the run row. */
static void put_settings(struct lh_buf *b, const struct lh_experiment *e, const struct lh_plan *p)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "samples"), lh_jw_int(&w, (int64_t)p->samples);
	lh_jw_key(&w, "first_sample"), lh_jw_int(&w, (int64_t)p->first_sample);
	lh_jw_key(&w, "concurrency"), lh_jw_int(&w, e->concurrency);
	lh_jw_key(&w, "stop_at_error"), lh_jw_bool(&w, e->stop_at_error);
	lh_jw_key(&w, "horizon");
	lh_jw_open(&w, '[');
	for (int i = 0; i < e->horizon_count; i++)
		lh_jw_double(&w, e->horizon[i]);
	lh_jw_close(&w);
	const char *names[] = { "task_labels", "model_labels", "policy_labels" };
	for (int k = 0; k < 3; k++) {
		lh_jw_key(&w, names[k]);
		lh_jw_open(&w, '[');
		for (int i = 0; i < p->conditions; i++) {
			const struct lh_condition *c = &p->condition[i];
			lh_jw_text(&w, k == 0 ? c->task_label : k == 1 ? c->model_label : c->policy_label);
		}
		lh_jw_close(&w);
	}
	lh_jw_key(&w, "notes"), lh_jw_str(&w, lh_buf_str(&p->notes));
	lh_jw_close(&w);
}

static int put_run(struct lh_run_context *run, struct lh_error *err)
{
	const struct lh_plan *p = run->plan;
	struct lh_buf settings;
	lh_buf_init(&settings, 64u << 20);
	put_settings(&settings, run->experiment, p);
	struct lh_run_row row = { .version = LH_STR(LH_VERSION), .compiler = LH_STR(__VERSION__), .config = lh_buf_str(&p->config),
		.config_sha256 = lh_str_of(p->config_sha256), .settings = lh_buf_str(&settings), .sources = lh_buf_str(&p->sources),
		.seed = (int64_t)run->experiment->seed, .started = lh_str_of(run->results->started), .status = LH_STR("running") };
	int rc = lh_buf_ok(&settings, err);
	if (!rc)
		rc = lh_journal_put_run(run->journal, &row, err);
	lh_buf_fini(&settings);
	run->results->run = row.id;
	for (int i = 0; i < p->conditions && !rc; i++) {
		const struct lh_condition_results *c = &run->results->condition[i];
		struct lh_condition_row condition = { .id = i, .run = row.id, .task = lh_str_of(c->task), .task_params = lh_str_of(c->task_params),
			.model = lh_str_of(c->model), .model_options = lh_str_of(c->model_options), .policy = lh_str_of(c->policy),
			.policy_options = lh_str_of(c->policy_options), .history = lh_str_of(c->history), .oracle = c->oracle,
			.steps_per_turn = c->steps_per_turn, .turns = c->turns };
		rc = lh_journal_put_condition(run->journal, &condition, err);
	}
	return rc ? rc : lh_journal_next_episode(run->journal, &run->first_episode, err);
}

static int open_journal(struct lh_run_context *run, struct lh_error *err)
{
	const char *path = run->experiment->output ? run->experiment->output : LH_RUN_FILE;
	if (!strcmp(path, "none"))
		return 0;
	int rc = lh_journal_create(path, run->plan->simulated, &run->journal, err);
	return rc ? rc : put_run(run, err);
}

/* Ends the run's row and closes the file; worthless runs take their file with them. */
static int close_journal(struct lh_run_context *run, int rc, struct lh_error *err)
{
	struct lh_results *r = run->results;
	if (!run->journal)
		return rc;
	if (rc && run->plan->simulated && rc != LH_E_IO) {
		lh_journal_forget(run->journal, r->run, run->first_episode);
		return rc;
	}
	if (rc) {
		lh_journal_discard(run->journal);
		return rc;
	}
	rc = lh_journal_end_run(run->journal, r->run, lh_str_of(r->status), lh_str_of(r->status_cause), lh_str_of(r->ended), err);
	if (rc) {
		lh_journal_discard(run->journal);
		return rc;
	}
	return lh_journal_close(run->journal, err);
}

static int end_results(struct lh_results *r, bool stopped, struct lh_error *err)
{
	char now[32];
	lh_clock_utc(now);
	r->ended = copy(lh_str_of(now));
	r->status = copy(stopped ? LH_STR("stopped") : LH_STR("done"));
	r->status_cause = copy(stopped ? LH_STR("interrupted") : LH_STR(""));
	return r->ended && r->status && r->status_cause ? 0 : lh_nomem(err);
}

static int carry_out(struct lh_run_context *run, const struct lh_run_hooks *hooks, struct lh_error *err)
{
	int64_t virtual_us, start = lh_clock_mono_us();
	int rc = open_journal(run, err);
	if (!rc)
		rc = lh_schedule(run, hooks, &virtual_us, err);
	if (!rc)
		rc = end_results(run->results, hooks && hooks->stop && *hooks->stop, err);
	run->results->wall_s = (double)(lh_clock_mono_us() - start) / 1e6;
	return close_journal(run, rc, err);
}

int lh_run(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_results **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_plan plan;
	int rc = lh_plan_make(e, &plan, err);
	if (rc)
		return rc;
	struct lh_run_context run = { .experiment = e, .plan = &plan };
	if (hooks) {
		run.watch = hooks->watch;
		run.watch_user = hooks->user;
	}
	lh_buf_init(&run.text, TEXT_MAX);
	lh_buf_init(&run.judged, JUDGED_MAX);
	rc = new_results(e, &plan, &run.results, err);
	if (!rc)
		rc = carry_out(&run, hooks, err);
	lh_buf_fini(&run.text);
	lh_buf_fini(&run.judged);
	lh_plan_fini(&plan);
	if (rc) {
		lh_results_free(run.results);
		return rc;
	}
	*out = run.results;
	return 0;
}
