#include "run/outline.h"

#include "base/clock.h"
#include "json/writer.h"
#include "run/baseline.h"

#include <stdlib.h>
#include <string.h>

static int describe(const struct lh_condition *c, struct lh_outline_condition *out, struct lh_error *err)
{
	struct { char **to; struct lh_str from; } texts[] = {
		{ &out->task, lh_str_of(lh_family_name(lh_taskset_family(c->task))) }, { &out->task_params, lh_taskset_params_json(c->task) },
		{ &out->model, lh_str_of(lh_model_name(c->model)) }, { &out->model_options, lh_model_options_json(c->model) },
		{ &out->policy, lh_str_of(lh_policy_name(c->policy)) }, { &out->policy_options, lh_policy_options_json(c->policy) },
		{ &out->history, lh_str_of(c->history) }, { &out->probes, lh_str_of(c->probes) }, { &out->task_label, lh_str_of(c->task_label) },
		{ &out->model_label, lh_str_of(c->model_label) }, { &out->policy_label, lh_str_of(c->policy_label) },
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!(*texts[i].to = lh_str_dup(texts[i].from)))
			return lh_nomem(err);
	out->oracle = lh_policy_needs(c->policy) & LH_NEEDS_ORACLE;
	out->live = lh_model_carrier(c->model) != LH_CARRIER_NONE;
	out->model_index = c->model_index;
	out->steps_per_turn = (int)c->steps_per_turn;
	out->turns = (int)c->turns;
	return 0;
}

int lh_outline_of(const struct lh_plan *p, struct lh_outline *out, struct lh_error *err)
{
	*out = (struct lh_outline){ .samples = p->samples, .first_sample = p->first_sample, .steps_most = p->steps_most, .samples_most = p->samples_most, .cells = p->cells, .simulated = p->simulated };
	memcpy(out->config_sha256, p->config_sha256, sizeof out->config_sha256);
	out->config = lh_str_dup(lh_buf_str(&p->config));
	out->sources = lh_str_dup(lh_buf_str(&p->sources));
	out->notes = lh_str_dup(lh_buf_str(&p->notes));
	out->condition = calloc((size_t)p->conditions + 1, sizeof *out->condition);
	int rc = out->config && out->sources && out->notes && out->condition ? 0 : lh_nomem(err);
	while (!rc && out->conditions < p->conditions) {
		out->conditions++;
		rc = describe(&p->condition[out->conditions - 1], &out->condition[out->conditions - 1], err);
	}
	if (rc)
		lh_outline_fini(out);
	return rc;
}

void lh_outline_fini(struct lh_outline *o)
{
	for (int i = 0; i < o->conditions; i++) {
		struct lh_outline_condition *c = &o->condition[i];
		char *texts[] = { c->task, c->task_params, c->model, c->model_options, c->policy, c->policy_options, c->history, c->probes,
			c->task_label, c->model_label, c->policy_label };
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			free(texts[k]);
	}
	free(o->condition);
	free(o->config);
	free(o->sources);
	free(o->notes);
	*o = (struct lh_outline){ 0 };
}

static char *copy(const char *text) { return lh_str_dup(lh_str_of(text)); }

static int name_condition(struct lh_condition_results *r, const struct lh_outline_condition *c, int samples, struct lh_error *err)
{
	r->task = copy(c->task);
	r->task_params = copy(c->task_params);
	r->model = copy(c->model);
	r->model_options = copy(c->model_options);
	r->policy = copy(c->policy);
	r->policy_options = copy(c->policy_options);
	r->history = copy(c->history);
	r->task_label = copy(c->task_label);
	r->model_label = copy(c->model_label);
	r->policy_label = copy(c->policy_label);
	r->oracle = c->oracle;
	r->steps_per_turn = c->steps_per_turn;
	if (!r->task || !r->task_params || !r->model || !r->model_options || !r->policy || !r->policy_options || !r->history ||
		!r->task_label || !r->model_label || !r->policy_label)
		return lh_nomem(err);
	int rc = lh_results_probes(r, lh_str_of(c->probes), c->turns, err);
	return rc ? rc : lh_results_shape(r, samples, c->turns, err);
}

/* One sample on its own is looked at, not judged. */
static bool is_gated(const struct lh_experiment *e) { return e->gates.count && e->only_sample < 0; }

static int add_gates(struct lh_results *r, const struct lh_experiment *e, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < e->gates.count && is_gated(e) && !rc; i++)
		rc = lh_results_gate(r, lh_str_of(e->gates.item[i]), err);
	r->sequential = e->only_sample < 0 ? e->sequential : 0;
	if (!rc && e->file)
		rc = lh_results_source(r, lh_str_of(e->file), e->gates.origin == LH_FROM_FILE ? e->gate_line : NULL, e->gate_lines, err);
	return rc || !e->baseline ? rc : lh_baseline_load(e->baseline, &r->baseline, err);
}

static int fill(struct lh_results *r, const struct lh_outline *o, const struct lh_experiment *e, struct lh_error *err)
{
	char now[32];
	lh_clock_utc(now);
	r->version = copy(LH_VERSION);
	r->config_sha256 = copy(o->config_sha256);
	r->started = copy(now);
	r->seed = e->seed;
	r->stop_at_error = e->stop_at_error;
	r->first_sample = o->first_sample;
	lh_shards_one(&r->shards, e->shard, e->shards);
	r->whole = (int)o->samples;
	r->planned = (int)lh_shards_samples(&r->shards, (int64_t)o->samples);
	r->steps_most = o->steps_most;
	r->samples_most = o->samples_most;
	r->horizon_count = e->horizon_count;
	memcpy(r->horizon, e->horizon, sizeof r->horizon);
	r->condition = calloc((size_t)o->conditions + 1, sizeof *r->condition);
	if (!r->version || !r->config_sha256 || !r->started || !r->condition)
		return lh_nomem(err);
	while (r->conditions < o->conditions) {
		int i = r->conditions++;
		int rc = name_condition(&r->condition[i], &o->condition[i], r->planned, err);
		if (rc)
			return rc;
	}
	int rc = lh_results_note_lines(r, lh_str_of(o->notes), err);
	if (!rc)
		rc = lh_results_note_shards(r, (int64_t)o->samples, err);
	return rc ? rc : add_gates(r, e, err);
}

int lh_outline_results(const struct lh_outline *o, const struct lh_experiment *e, struct lh_results **out, struct lh_error *err)
{
	struct lh_results *r = calloc(1, sizeof *r);
	if (!r)
		return lh_nomem(err);
	int rc = fill(r, o, e, err);
	if (rc)
		lh_results_free(r);
	else
		*out = r;
	return rc;
}

/* To what search the run belongs, and what it found there is: so that the file alone tells how it went. */
static void put_stage(struct lh_jw *w, const struct lh_outline *o, const struct lh_experiment *e)
{
	const struct lh_stage *s = &e->stage;
	lh_jw_key(w, "search");
	lh_jw_open(w, '{');
	lh_jw_key(w, "id"), lh_jw_int(w, s->search);
	lh_jw_key(w, "key"), lh_jw_text(w, s->key);
	lh_jw_key(w, "index"), lh_jw_int(w, s->index);
	lh_jw_key(w, "of"), lh_jw_int(w, s->of);
	lh_jw_key(w, "stage"), lh_jw_int(w, s->number);
	lh_jw_key(w, "q"), lh_jw_double(w, e->search->single_turn);
	lh_jw_key(w, "cap"), lh_jw_int(w, e->search->cap);
	lh_jw_key(w, "steps_most"), lh_jw_int(w, o->steps_most < INT32_MAX ? (int64_t)o->steps_most : INT32_MAX);
	lh_jw_key(w, "samples_most"), lh_jw_int(w, o->samples_most < INT32_MAX ? (int64_t)o->samples_most : INT32_MAX);
	lh_jw_close(w);
}

/* Where the gates stand, for whoever shows a verdict beside its gate. */
static void put_source(struct lh_jw *w, const struct lh_experiment *e)
{
	lh_jw_key(w, "experiment"), lh_jw_text(w, e->file);
	lh_jw_key(w, "gate_lines");
	lh_jw_open(w, '[');
	for (int i = 0; i < e->gate_lines && is_gated(e) && e->gates.origin == LH_FROM_FILE; i++)
		lh_jw_int(w, e->gate_line[i]);
	lh_jw_close(w);
}

void lh_outline_settings(const struct lh_outline *o, const struct lh_experiment *e, struct lh_buf *out)
{
	struct lh_jw w;
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "samples"), lh_jw_int(&w, (int64_t)o->samples);
	lh_jw_key(&w, "first_sample"), lh_jw_int(&w, (int64_t)o->first_sample);
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
		for (int i = 0; i < o->conditions; i++) {
			const struct lh_outline_condition *c = &o->condition[i];
			lh_jw_text(&w, k == 0 ? c->task_label : k == 1 ? c->model_label : c->policy_label);
		}
		lh_jw_close(&w);
	}
	lh_jw_key(&w, "notes"), lh_jw_text(&w, o->notes);
	lh_jw_key(&w, "gates");
	lh_jw_open(&w, '[');
	for (int i = 0; i < e->gates.count && is_gated(e); i++)
		lh_jw_text(&w, e->gates.item[i]);
	lh_jw_close(&w);
	lh_jw_key(&w, "sequential"), lh_jw_double(&w, is_gated(e) ? e->sequential : 0);
	if (e->file)
		put_source(&w, e);
	if (e->search)
		put_stage(&w, o, e);
	struct lh_shards shards;
	lh_shards_one(&shards, e->shard, e->shards);
	lh_shards_write(&w, &shards);
	lh_jw_close(&w);
}
